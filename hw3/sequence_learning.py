"""Learning to classify long sequences: the RNN and the LSTM by full back-propagation, echo states by their readout.

Training sequences are drawn anew for every update, so no network can learn them by heart, and the sequences of a test
are drawn with a key of their own. All seeds of a learner are trained together (vmap): each has motifs, initial
parameters and sequences of its own, the same for every learner.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from hw3 import batched_recurrence, echo_state, sequences
from hw3.lstm import LSTMParams
from hw3.random_networks import random_lstm, random_rnn
from hw3.rnn import RNNParams
from hw3.sequences import AMINO_ACIDS, Task

Params = RNNParams | LSTMParams
INPUTS = len(AMINO_ACIDS)
LAST_SEEN = 20  # residues that the memoryless baseline reads
ORTHOGONAL = jax.nn.initializers.orthogonal()


class Recipe(NamedTuple):
    """How a network is trained: Adam, the norm of the whole gradient cut off at `clip` if given."""

    updates: int = 200
    batch: int = 64
    learning_rate: float = 3e-3
    clip: float | None = None
    tanh_candidate: bool = True


class Keys(NamedTuple):
    """What is random about one seed, each `[]`."""

    motifs: jax.Array
    initial: jax.Array
    training: jax.Array
    test: jax.Array


class Step(NamedTuple):
    """After an update: parameters, the optimiser's state; loss and norm of the gradient before it, both `[]`."""

    params: Any
    state: Any
    loss: jax.Array
    gradient_norm: jax.Array


class Learned(NamedTuple):
    """What came out for each seed: test accuracy `[seeds]`, losses and norms of gradients `[seeds, updates]`."""

    params: Any
    accuracy: jax.Array
    losses: jax.Array
    gradient_norms: jax.Array


def seed_keys(seeds: int, seed: int = 0) -> Keys:
    """The keys of so many seeds, each entry `[seeds]`; the first do not depend on how many there are."""
    folded = jax.vmap(functools.partial(jax.random.fold_in, jax.random.key(seed)))(jnp.arange(seeds))
    return Keys(*jnp.moveaxis(jax.vmap(lambda key: jax.random.split(key, len(Keys._fields)))(folded), 1, 0))


@functools.partial(jax.jit, static_argnames=("hidden", "classes"))
def initial_rnn(key: jax.Array, hidden: int, classes: int) -> RNNParams:
    """W orthogonal, so that at the start gradients neither vanish nor explode but for the slope of tanh; U small."""
    return random_rnn(key, hidden, INPUTS, classes, 1.0, 0.1, ORTHOGONAL, jnp.float32)


@functools.partial(jax.jit, static_argnames=("hidden", "classes"))
def initial_lstm(
    key: jax.Array, hidden: int, classes: int, forget_bias: float | jax.Array, input_bias: float | jax.Array = 0.0
) -> LSTMParams:
    """Every W orthogonal, U small, all biases 0 but those given, each a number or `[hidden]`."""
    return random_lstm(key, hidden, INPUTS, classes, 1.0, 0.1, forget_bias, input_bias, ORTHOGONAL, jnp.float32)


@functools.partial(jax.jit, static_argnames=("hidden", "classes"))
def initial_chrono_lstm(key: jax.Array, hidden: int, classes: int, length: int | jax.Array) -> LSTMParams:
    """The same with b_f = log u, b_g = -log u, u uniform in [1, length - 1]: memories as long as the sequence.

    Tallec and Ollivier, Can recurrent neural networks warp time?, ICLR 2018; length at least 3.
    """
    bias_key, key = jax.random.split(key)
    longest = jnp.asarray(length, jnp.float32) - 1
    bias = jnp.log(jax.random.uniform(bias_key, (hidden,), jnp.float32, 1, longest))
    return initial_lstm(key, hidden, classes, bias, -bias)


def optimizer(recipe: Recipe) -> optax.GradientTransformation:
    """Adam, behind a clip of the gradient's norm if the recipe has one."""
    adam = optax.adam(recipe.learning_rate)
    return adam if recipe.clip is None else optax.chain(optax.clip_by_global_norm(recipe.clip), adam)


def cross_entropy(params: Params, xs: jax.Array, labels: jax.Array, tanh_candidate: bool = True) -> jax.Array:
    """The mean of -log y_hat[label] after the last step `[]`, from xs `[batch, T, d]`, labels `[batch]`."""
    o = batched_recurrence.logits(params, xs, tanh_candidate=tanh_candidate)
    return optax.softmax_cross_entropy_with_integer_labels(o, labels).mean()


def training_step(recipe: Recipe, params: Params, state: Any, xs: jax.Array, labels: jax.Array) -> Step:
    """One update with the gradient through all steps of xs `[batch, T, d]`; jit it with the recipe static."""
    loss, gradient = jax.value_and_grad(cross_entropy)(params, xs, labels, recipe.tanh_candidate)
    changes, state = optimizer(recipe).update(gradient, state, params)
    return Step(optax.apply_updates(params, changes), state, loss, optax.global_norm(gradient))


# Compiled once for each shape, whichever learner asks: compiling is what short runs wait for.
@functools.partial(jax.jit, static_argnums=(2, 3))
@functools.partial(jax.vmap, in_axes=(0, 0, None, None))
def _draw(key: jax.Array, motifs: jax.Array, task: Task, batch: int) -> tuple[jax.Array, jax.Array]:
    drawn = sequences.generate(key, task, motifs, batch)
    return drawn.residues, drawn.labels


@functools.partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
@functools.partial(jax.vmap, in_axes=(None, 0, 0, 0, 0))
def _update(recipe: Recipe, params: Params, state: Any, residues: jax.Array, labels: jax.Array) -> Step:
    return training_step(recipe, params, state, sequences.one_hot(residues), labels)


@functools.partial(jax.jit, static_argnums=3)
@functools.partial(jax.vmap, in_axes=(0, 0, 0, None))
def _accuracy(params: Params, residues: jax.Array, labels: jax.Array, tanh_candidate: bool) -> jax.Array:
    o = batched_recurrence.logits(params, sequences.one_hot(residues), tanh_candidate=tanh_candidate)
    return sequences.accuracy(o, labels)


def train(
    keys: Keys,
    task: Task,
    recipe: Recipe,
    initial: Callable[[jax.Array], Params],
    test_sequences: int = 500,
    advance: Callable[[int], None] = lambda count: None,
) -> Learned:
    """Trains from `initial(key)` for every seed in keys and tests on new sequences; errors as `sequences.check`.

    `advance` is told the number of sequences seen since its last call.
    """
    motifs = jax.vmap(lambda key: sequences.motifs(key, task))(keys.motifs)
    params = jax.vmap(initial)(keys.initial)
    state = jax.vmap(optimizer(recipe).init)(params)
    fold = jax.vmap(jax.random.fold_in, in_axes=(0, None))
    losses, norms = [], []
    for number in range(recipe.updates):
        drawn = _draw(fold(keys.training, number), motifs, task, recipe.batch)
        params, state, loss, norm = _update(recipe, params, state, *drawn)
        losses.append(jax.block_until_ready(loss))
        norms.append(norm)
        advance(recipe.batch * len(loss))
    accuracy = _accuracy(params, *_draw(keys.test, motifs, task, test_sequences), recipe.tanh_candidate)
    return Learned(params, jax.block_until_ready(accuracy), jnp.stack(losses, 1), jnp.stack(norms, 1))


class Baselines(NamedTuple):
    """Test accuracy `[seeds]` of the matched filter and of a ridge classifier of the last residues alone."""

    matched_filter: jax.Array
    last_residues: jax.Array


class EchoStateAccuracy(NamedTuple):
    """Test accuracy `[seeds]` of ridge readouts of the last state, and of the mean of all states."""

    last: jax.Array
    mean: jax.Array


def ridge_accuracy(
    features: tuple[jax.Array, jax.Array], labels: tuple[jax.Array, jax.Array], classes: int, penalty: float | jax.Array
) -> jax.Array:
    """Fits class indicators on the first of each pair by ridge regression and returns the accuracy on the second."""
    targets = jax.nn.one_hot(labels[0], classes, dtype=features[0].dtype)
    return sequences.accuracy(echo_state.read(echo_state.ridge(features[0], targets, penalty), features[1]), labels[1])


def _pair(key: Keys, task: Task, counts: tuple[int, int]) -> tuple[jax.Array, sequences.Sequences, sequences.Sequences]:
    """One seed's motifs, its sequences to fit a readout to, and those to test on."""
    motifs = sequences.motifs(key.motifs, task)
    fit, test = (sequences.generate(k, task, motifs, n) for k, n in zip((key.training, key.test), counts, strict=True))
    return motifs, fit, test


@functools.partial(jax.jit, static_argnums=(1, 2))
def baselines(keys: Keys, task: Task, counts: tuple[int, int] = (1000, 500)) -> Baselines:
    """What is possible, and what is possible without memory, on the sequences of every seed's test.

    Args: counts: sequences to fit to and to test on. Errors as `sequences.check`.
    """

    @jax.vmap
    def both(key: Keys) -> Baselines:
        motifs, fit, test = _pair(key, task, counts)
        ends = [
            sequences.one_hot(batch.residues[:, -min(LAST_SEEN, task.length - task.early) :]).reshape(count, -1)
            for batch, count in zip((fit, test), counts, strict=True)
        ]
        filtered = sequences.posterior(task, motifs, test.residues)
        return Baselines(
            sequences.accuracy(filtered, test.labels),
            ridge_accuracy((ends[0], ends[1]), (fit.labels, test.labels), task.classes, 1.0),
        )

    return both(keys)


@functools.partial(jax.jit, static_argnames=("task", "hidden", "counts"))
def echo_state_accuracy(
    keys: Keys,
    task: Task,
    hidden: int,
    radius: float | jax.Array,
    leak: float | jax.Array,
    penalty: float | jax.Array = 1e-6,
    counts: tuple[int, int] = (1000, 500),
) -> EchoStateAccuracy:
    """The same sequences read by a reservoir for each seed, readouts fitted to its states; errors as `baselines`."""

    def one(key: Keys) -> EchoStateAccuracy:
        _, fit, test = _pair(key, task, counts)
        reservoir = echo_state.random_reservoir(key.initial, hidden, INPUTS, radius, leak=leak, dtype=jnp.float32)
        fits, tests = (echo_state.summaries(reservoir, sequences.one_hot(batch.residues)) for batch in (fit, test))
        labels = (fit.labels, test.labels)
        return EchoStateAccuracy(
            *(ridge_accuracy(pair, labels, task.classes, penalty) for pair in zip(fits, tests, strict=True))
        )

    return jax.lax.map(one, keys)  # one seed after the other: the states of all sequences at once fill the caches
