"""Who learns: networks trained by gradients through all steps, and reservoirs of which a readout alone is learned."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from hw3.errors import InvalidInput
from hw3.recurrent import learning

RNN, LSTM, ECHO_STATE = "RNN", "LSTM", "echo state"


class Learner(NamedTuple):
    """What is trained; of the fields behind `kind` each is of one kind alone."""

    name: str  # for people
    kind: str  # RNN, LSTM or ECHO_STATE
    clipped: bool = False  # an RNN whose gradient's norm is cut off
    forget_bias: float | None = None  # an LSTM's, at the start; None for memories up to the length: chrono biases
    leak: float = 1.0  # a reservoir's
    reads_mean: bool = False  # a readout of the mean of all states of a reservoir rather than of the last

    @property
    def is_network(self) -> bool:
        """Whether gradients train it."""
        return self.kind != ECHO_STATE


LEARNERS = (
    Learner("RNN", RNN),
    Learner("RNN, clipped", RNN, clipped=True),
    Learner("LSTM, forget bias 0", LSTM, forget_bias=0.0),
    Learner("LSTM, forget bias 1", LSTM, forget_bias=1.0),
    Learner("LSTM, forget bias log T", LSTM),
    Learner("echo state, leak 1", ECHO_STATE),
    Learner("echo state, leak 0.01", ECHO_STATE, leak=0.01),
    Learner("echo state, mean of states", ECHO_STATE, reads_mean=True),
)


def learners_named(names: Sequence[str]) -> tuple[Learner, ...]:
    """Those of `LEARNERS` with these names, in this order. Raises ValueError for a name that none has."""
    known = {learner.name: learner for learner in LEARNERS}
    for name in names:
        if name not in known:
            raise InvalidInput(f"learners: no learner is called {name!r}; there are {'; '.join(known)}")
    return tuple(known[name] for name in names)


def initial_parameters(learner: Learner, keys: jax.Array, hidden: int, classes: int, length: int) -> learning.Params:
    """How a network begins, with an axis [keys] in front of everything."""
    if learner.kind == RNN:
        return learning.initial_rnns(keys, hidden, classes)
    if learner.forget_bias is None:
        biases = learning.chrono_biases(keys, hidden, length)
        return learning.initial_lstms(keys, hidden, classes, biases, -biases)
    biases = jnp.full((len(keys), hidden), learner.forget_bias, jnp.float32)
    return learning.initial_lstms(keys, hidden, classes, biases, 0 * biases)
