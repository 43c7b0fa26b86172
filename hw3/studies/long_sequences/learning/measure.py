"""Every learner at every length, on the same sequences: what it gets right, its time and its gradients."""

import functools
import math
import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.compilation import DRAWING
from hw3.datasets import proteins
from hw3.datasets.proteins import Task
from hw3.errors import InvalidInput
from hw3.recurrent import echo_state, learning
from hw3.studies.long_sequences.learning.learners import LEARNERS, Learner, initial_parameters
from hw3.studies.progress import Advance, Progress, quiet

ECHO_RADIUS = 0.99  # spectral radius of the reservoirs
FIT_SEQUENCES = 1000  # for a readout
LOSS_STRIDE = 10  # every so many updates a loss is kept

TASK, RECIPE = Task(length=1000), learning.Recipe()


class Settings(NamedTuple):
    """What fixes every number but the seconds, at the homework's own case."""

    lengths: tuple[int, ...] = (50, 100, 300, 1000, 3000)  # of the sequences, in residues, ascending
    seeds: int = 3  # runs of each learner
    updates: int = RECIPE.updates  # of each network
    batch_size: int = RECIPE.batch  # sequences in an update
    learning_rate: float = RECIPE.learning_rate  # step size of Adam
    clip: float = 1.0  # the largest norm of a gradient that is clipped
    hidden: int = 32  # units of RNN and LSTM
    reservoir: int = 200  # units of the echo state networks
    test_sequences: int = 500  # new ones, for each seed
    tanh_candidate: bool = RECIPE.tanh_candidate  # the usual tanh for the LSTM's candidate; the book's sigmoid if not
    classes: int = TASK.classes  # each with a motif of its own
    motif_length: int = TASK.motif_length  # residues
    copies: int = TASK.copies  # times that a sequence holds its motif
    early: int = TASK.early  # residues at the beginning that hold the motifs
    substitution: float = TASK.substitution  # probability that a motif's residue is replaced
    seed: int = 0  # of motifs, networks and sequences
    learners: tuple[Learner, ...] = LEARNERS


FULL = Settings()
QUICK = Settings(lengths=(50, 100, 200), seeds=2, updates=100)


class Training(NamedTuple):
    """How a network's training went; norms are those of the gradient before any clipping."""

    losses: np.ndarray  # in nats a sequence, of every 10th update [seeds, updates / 10]
    smallest_norms: tuple[float, ...]  # over the updates, of each seed
    median_norms: tuple[float, ...]
    largest_norms: tuple[float, ...]
    above_clip: tuple[float, ...]  # share of a seed's updates with a norm above `Settings.clip`


class Outcome(NamedTuple):
    """A learner at a length."""

    learner: Learner
    length: int
    accuracies: tuple[float, ...]  # on new sequences, in [0, 1], of each seed
    seconds: float  # of learning for all seeds together, without compiling
    training: Training | None  # of a network


class Bounds(NamedTuple):
    """What is possible at a length, and what is possible without memory: accuracies of each seed."""

    length: int
    matched_filter: tuple[float, ...]  # the Bayes rule, which knows the motifs
    last_residues: tuple[float, ...]  # a ridge classifier of the last residues alone


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    bounds: tuple[Bounds, ...]  # a length each
    outcomes: tuple[Outcome, ...]  # by length, and there by learner

    def of(self, learner: Learner) -> tuple[Outcome, ...]:
        """A learner at every length."""
        return tuple(outcome for outcome in self.outcomes if outcome.learner == learner)


def measure(settings: Settings = FULL, *, progress: Progress = quiet) -> Results:
    """Trains and tests all learners.

    Raises ValueError for a task that cannot be (`hw3.datasets.proteins.check`), lengths that are not ascending, and a
    learning_rate or clip that isn't positive.
    """
    tasks = _checked_tasks(settings)
    keys = learning.seed_keys(settings.seeds, settings.seed)
    reservoirs = _reservoirs(settings, keys.initial)
    networks = [learner for learner in settings.learners if learner.is_network]
    work = sum(settings.lengths) * settings.seeds * len(networks) * settings.updates * settings.batch_size
    bounds, outcomes = [], []
    with progress("learning", max(work, 1), "residues") as advance:
        for task in tasks:
            sets = learning.draw_sets(keys, task, FIT_SEQUENCES, settings.test_sequences)
            bound = learning.baselines(task, sets)
            bounds.append(Bounds(task.length, _floats(bound.matched_filter), _floats(bound.last_residues)))
            read = _readouts(settings, sets, reservoirs)
            for learner in settings.learners:
                if learner.is_network:
                    outcomes.append(_trained(learner, settings, task, keys, sets, advance))
                else:
                    found, seconds = read(learner.leak)
                    accuracies = found.mean if learner.reads_mean else found.last
                    outcomes.append(Outcome(learner, task.length, _floats(accuracies), seconds, None))
    return Results(settings, tuple(bounds), tuple(outcomes))


def _checked_tasks(settings: Settings) -> list[Task]:
    for name, value in (("learning_rate", settings.learning_rate), ("clip", settings.clip)):
        if not 0 < value < math.inf:
            raise InvalidInput(f"{name} is {value}; it must be positive and finite")
    if not settings.lengths or list(settings.lengths) != sorted(set(settings.lengths)):
        raise InvalidInput(f"lengths must be ascending, not {settings.lengths}")
    if not settings.learners:
        raise InvalidInput("learners: there must be at least one")
    own = {name: getattr(settings, name) for name in Task._fields[1:]}
    tasks = [Task(length, **own) for length in settings.lengths]
    for task in tasks:
        proteins.check(task)
    return tasks


def _floats(values: jax.Array | np.ndarray) -> tuple[float, ...]:
    return tuple(np.asarray(values).tolist())


def _trained(
    learner: Learner, settings: Settings, task: Task, keys: learning.Keys, sets: learning.Sets, advance: Advance
) -> Outcome:
    """A network, trained from its start and tested."""
    recipe = learning.Recipe(
        settings.updates,
        settings.batch_size,
        settings.learning_rate,
        settings.clip if learner.clipped else None,
        settings.tanh_candidate,
    )
    start = initial_parameters(learner, keys.initial, settings.hidden, settings.classes, task.length)
    clock = [time.monotonic()]

    def tell(sequences: int) -> None:
        clock.append(time.monotonic())
        advance(task.length * sequences)  # in residues, for longer sequences take longer

    learned = learning.train(keys, task, sets, recipe, start, tell)
    norms = learned.gradient_norms
    training = Training(
        learned.losses[:, ::LOSS_STRIDE],
        _floats(norms.min(1)),
        _floats(np.median(norms, 1)),
        _floats(norms.max(1)),
        _floats((norms > settings.clip).mean(1)),
    )
    # The median update stands for all: the first also compiles.
    seconds = float(np.median(np.diff(clock))) * settings.updates
    return Outcome(learner, task.length, _floats(learned.accuracy), seconds, training)


def _reservoirs(settings: Settings, keys: jax.Array) -> echo_state.Reservoir:
    """A reservoir for each key, with an axis of seeds in front of everything."""
    draw = functools.partial(
        echo_state.random_reservoir,
        hidden=settings.reservoir,
        inputs=learning.INPUTS,
        radius=ECHO_RADIUS,
        dtype=jnp.float32,
    )
    return jax.jit(jax.vmap(draw), compiler_options=DRAWING)(keys)


def _readouts(
    settings: Settings, sets: learning.Sets, reservoirs: echo_state.Reservoir
) -> Callable[[float], tuple[learning.EchoStateAccuracy, float]]:
    """Both readouts' accuracies and the seconds they took, by leak; each leak is worked out once."""

    def accuracies(leak: float) -> learning.EchoStateAccuracy:
        leaking = reservoirs._replace(leak=jnp.full(settings.seeds, leak, jnp.float32))
        return jax.block_until_ready(learning.echo_state_accuracy(leaking, sets, settings.classes))

    @functools.cache
    def read(leak: float) -> tuple[learning.EchoStateAccuracy, float]:
        start = time.monotonic()
        found = accuracies(leak)
        return found, time.monotonic() - start

    if not all(learner.is_network for learner in settings.learners):
        accuracies(1.0)  # compiles
    return read
