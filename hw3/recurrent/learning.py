"""Learning to classify long sequences: the RNN and the LSTM by full back-propagation, echo states by their readout.

Training sequences are drawn anew for every update, so no network can learn them by heart, and the sequences of a test
are drawn with a key of their own. All seeds of a learner are trained together (vmap): each has motifs, initial
parameters and sequences of its own, the same for every learner.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, PartitionSpec

from hw3 import batches, optimizers
from hw3.compilation import DRAWING, ONCE
from hw3.datasets import proteins
from hw3.datasets.proteins import AMINO_ACIDS, Sequences, Task
from hw3.errors import InvalidInput
from hw3.recurrent import batched, echo_state
from hw3.recurrent.echo_state import Reservoir
from hw3.recurrent.initializers import random_lstm, random_rnn
from hw3.recurrent.lstm import LSTMParams
from hw3.recurrent.rnn import RNNParams

Params = RNNParams | LSTMParams
INPUTS = len(AMINO_ACIDS)
LAST_SEEN = 20  # residues that the memoryless baseline reads
SEQUENCES_A_DEVICE = 16  # of a batch at least: with fewer, the devices wait for each other more than they save
ORTHOGONAL = jax.nn.initializers.orthogonal()


class Recipe(NamedTuple):
    """How a network is trained: Adam, the norm of the whole gradient cut off at `clip` if given."""

    updates: int = 200
    batch: int = 64
    learning_rate: float = 3e-3
    clip: float | None = None
    tanh_candidate: bool = True


class Keys(NamedTuple):
    """What is random about each seed, each `[seeds]`."""

    motifs: jax.Array
    initial: jax.Array
    training: jax.Array
    test: jax.Array


class Sets(NamedTuple):
    """What all learners of a seed share: motifs `[seeds, classes, motif_length]`, and sequences, a batch a seed."""

    motifs: jax.Array
    fit: Sequences  # for readouts
    test: Sequences


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
    losses: np.ndarray
    gradient_norms: np.ndarray


def seed_keys(seeds: int, seed: int = 0) -> Keys:
    """The keys of so many seeds, each entry `[seeds]`; the first do not depend on how many there are."""
    folded = jax.vmap(functools.partial(jax.random.fold_in, jax.random.key(seed)))(jnp.arange(seeds))
    return Keys(*jnp.moveaxis(jax.vmap(lambda key: jax.random.split(key, len(Keys._fields)))(folded), 1, 0))


@functools.partial(jax.jit, static_argnums=(1, 2), compiler_options=DRAWING)
def initial_rnns(keys: jax.Array, hidden: int, classes: int) -> RNNParams:
    """For each key W orthogonal, so that gradients at first change through the slope of tanh alone, and U small."""
    return jax.vmap(lambda key: random_rnn(key, hidden, INPUTS, classes, 1.0, 0.1, ORTHOGONAL, jnp.float32))(keys)


@functools.partial(jax.jit, static_argnums=(1, 2), compiler_options=DRAWING)
def initial_lstms(keys: jax.Array, hidden: int, classes: int, forget_bias: Any, input_bias: Any = 0.0) -> LSTMParams:
    """For each key every W orthogonal, U small, all biases 0 but those given: a number or `[keys, hidden]`."""
    sizes = (hidden, INPUTS, classes, 1.0, 0.1)

    def one(key: jax.Array, forget: jax.Array, input_: jax.Array) -> LSTMParams:
        return random_lstm(key, *sizes, forget, input_, ORTHOGONAL, jnp.float32)

    biases = (jnp.broadcast_to(bias, (len(keys), hidden)) for bias in (forget_bias, input_bias))
    return jax.vmap(one)(keys, *biases)


def chrono_biases(keys: jax.Array, hidden: int, length: int) -> jax.Array:
    """b_f `[keys, hidden]` of memories as long as the sequence: log u, u uniform in [1, length - 1]; b_g = -b_f.

    Tallec and Ollivier, Can recurrent neural networks warp time?, ICLR 2018. Raises ValueError for a length below 3.
    """
    if length < 3:
        raise InvalidInput(f"length is {length}; it must be at least 3")
    own = jax.vmap(jax.random.fold_in, in_axes=(0, None))(keys, 1)  # not what the parameters are drawn with
    return jnp.log(jax.vmap(lambda key: jax.random.uniform(key, (hidden,), jnp.float32, 1, length - 1))(own))


def optimizer(recipe: Recipe) -> optax.GradientTransformation:
    """Adam behind a clip of the gradient's norm, which may be traced; without one it is infinite."""
    return optimizers.adam(recipe.learning_rate, recipe.clip)


def cross_entropy(params: Params, xs: jax.Array, labels: jax.Array, tanh_candidate: bool = True) -> jax.Array:
    """The mean of -log y_hat[label] after the last step `[]`, from xs `[batch, T, d]`, labels `[batch]`."""
    o = batched.logits(params, xs, tanh_candidate=tanh_candidate)
    return optax.softmax_cross_entropy_with_integer_labels(o, labels).mean()


def training_step(recipe: Recipe, params: Params, state: Any, xs: jax.Array, labels: jax.Array, axis: Any = ()) -> Step:
    """One update with the gradient through all steps of xs `[batch, T, d]`; jit it with the recipe static.

    `axis` names the axes of a mesh along which the batch is split (`over_devices`).
    """
    loss, gradient = jax.value_and_grad(cross_entropy)(params, xs, labels, recipe.tanh_candidate)
    loss, gradient = jax.lax.pmean((loss, gradient), axis)
    params, state = optimizers.step(optimizer(recipe), gradient, state, params)
    norm = jnp.linalg.norm(jax.flatten_util.ravel_pytree(gradient)[0])
    return Step(params, state, loss, norm)


def mesh_for(batch: int) -> Mesh:
    """The devices to split batches of so many sequences over: of CPU devices as many as pay, otherwise one.

    Products of this size occupy one core. The CPU has more than one device if `jax_num_cpu_devices` says so.
    """
    devices = jax.local_devices() if jax.default_backend() == "cpu" else jax.local_devices()[:1]
    pays = [k for k in range(1, len(devices) + 1) if batch % k == 0 and batch // k >= SEQUENCES_A_DEVICE]
    return Mesh(np.array(devices[: max(pays, default=1)]), batches.AXIS)


def over_devices(mesh: Mesh, step: Callable[..., Any], batch_axis: int = 0) -> Callable[..., Any]:
    """`step(xs, labels, *others)` with each device working on its part of xs and labels, split along `batch_axis`.

    The step has to average what it returns over the axes `sharding.AXIS`.
    """
    part, whole = PartitionSpec(*[None] * batch_axis, batches.AXIS), PartitionSpec()

    def split(xs: Any, labels: Any, *others: Any) -> Any:
        specs = (part, part, *[whole] * len(others))
        return jax.shard_map(step, mesh=mesh, in_specs=specs, out_specs=whole, check_vma=False)(xs, labels, *others)

    return split


@functools.partial(jax.vmap, in_axes=(0, 0, None, None))
def _generate(key: jax.Array, motifs: jax.Array, task: Task, batch: int) -> Sequences:
    return proteins.generate(key, task, motifs, batch)


# Compiled once for each shape, whichever learner asks: compiling is what short runs wait for.
_draw = jax.jit(_generate, static_argnums=(2, 3), compiler_options=DRAWING)
_draw_once = jax.jit(_generate, static_argnums=(2, 3), compiler_options=ONCE)
_folded = jax.jit(jax.vmap(jax.random.fold_in, in_axes=(0, None)))


def draw_sets(keys: Keys, task: Task, fit: int = 1000, test: int = 500) -> Sets:
    """So many sequences for every seed in keys; errors as `sequences.check`."""
    motifs = jax.vmap(lambda key: proteins.motifs(key, task))(keys.motifs)
    return Sets(motifs, _draw_once(keys.training, motifs, task, fit), _draw_once(keys.test, motifs, task, test))


@functools.partial(jax.jit, static_argnums=(0, 1), donate_argnums=(2, 3))
def _update(recipe: Recipe, mesh: Mesh, params: Params, state: Any, batch: Sequences, clip: Any) -> Step:
    @functools.partial(jax.vmap, in_axes=(0, 0, 0, 0, None))
    def step(residues: jax.Array, labels: jax.Array, params: Params, state: Any, clip: Any) -> Step:
        xs = proteins.one_hot(residues)
        return training_step(recipe._replace(clip=clip), params, state, xs, labels, batches.AXIS)

    return over_devices(mesh, step, batch_axis=1)(batch.residues, batch.labels, params, state, clip)


@functools.partial(jax.jit, static_argnums=2)
@functools.partial(jax.vmap, in_axes=(0, 0, None))
def _accuracy(params: Params, test: Sequences, tanh_candidate: bool) -> jax.Array:
    o = batched.logits(params, proteins.one_hot(test.residues), tanh_candidate=tanh_candidate)
    return proteins.accuracy(o, test.labels)


def train(
    keys: Keys,
    task: Task,
    sets: Sets,
    recipe: Recipe,
    params: Params,
    advance: Callable[[int], None] = lambda count: None,
    mesh: Mesh | None = None,
) -> Learned:
    """Trains initial params, with an axis of seeds in front of everything, and tests on the sets' test sequences.

    `params` are donated: they cannot be used afterwards. `advance` is told how many sequences were seen since its last
    call. Every batch is split over the devices of `mesh`, `mesh_for` it if None. Raises ValueError if it cannot be.
    """
    mesh = batches.checked(mesh or mesh_for(recipe.batch))
    if recipe.batch % mesh.size:
        raise InvalidInput(f"batch is {recipe.batch}; the {mesh.size} devices of the mesh must divide it")
    params = batches.replicated(mesh, params)
    state = batches.replicated(mesh, jax.vmap(optimizer(recipe).init)(params))  # as a step leaves it: one program
    compiled_for = recipe._replace(clip=None, updates=0)  # one program for all that differ in these alone
    clip = batches.replicated(mesh, jnp.float32(jnp.inf if recipe.clip is None else recipe.clip))
    losses, norms = [], []
    for number in range(recipe.updates):
        batch = _draw(_folded(keys.training, number + 1), sets.motifs, task, recipe.batch)
        batch = batches.replicated(mesh, batch)  # small: each device takes its part of it
        params, state, loss, norm = _update(compiled_for, mesh, params, state, batch, clip)
        losses.append(jax.block_until_ready(loss))
        norms.append(norm)
        advance(recipe.batch * len(loss))
    params = jax.device_put(params, jax.local_devices()[0])
    accuracy = jax.block_until_ready(_accuracy(params, sets.test, recipe.tanh_candidate))
    return Learned(params, accuracy, np.stack(losses, 1), np.stack(norms, 1))


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
    return proteins.accuracy(echo_state.read(echo_state.ridge(features[0], targets, penalty), features[1]), labels[1])


@functools.partial(jax.jit, static_argnums=0, compiler_options=ONCE)
def baselines(task: Task, sets: Sets) -> Baselines:
    """What is possible, and what is possible without memory, for every seed; errors as `sequences.check`."""
    seen = min(LAST_SEEN, task.length - task.early)
    if not seen:
        raise InvalidInput(f"length is {task.length}; it must be above early, {task.early}, for there to be a baseline")

    @jax.vmap
    def one(own: Sets) -> Baselines:
        motifs, fit, test = own
        ends = [proteins.one_hot(batch.residues[:, -seen:]).reshape(len(batch.labels), -1) for batch in (fit, test)]
        filtered = proteins.posterior(task, motifs, test.residues)
        return Baselines(
            proteins.accuracy(filtered, test.labels),
            ridge_accuracy((ends[0], ends[1]), (fit.labels, test.labels), task.classes, 1.0),
        )

    return one(sets)


@functools.partial(jax.jit, static_argnames=("classes",))
def echo_state_accuracy(
    reservoirs: Reservoir, sets: Sets, classes: int, penalty: float | jax.Array = 1e-6
) -> EchoStateAccuracy:
    """The sets' sequences read by a reservoir for each seed, readouts fitted to its states by ridge regression.

    Args: reservoirs: with an axis of seeds in front of everything.
    """

    def one(own: tuple[Reservoir, Sets]) -> EchoStateAccuracy:
        reservoir, (_, fit, test) = own
        features = [echo_state.summaries(reservoir, proteins.one_hot(batch.residues)) for batch in (fit, test)]
        labels = (fit.labels, test.labels)
        return EchoStateAccuracy(
            *(ridge_accuracy(pair, labels, classes, penalty) for pair in zip(*features, strict=True))
        )

    return jax.lax.map(one, (reservoirs, sets))  # the states of all seeds at once would not fit the caches
