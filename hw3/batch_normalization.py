"""Batch normalisation, measured: what document 004 says of it in its problem 1 (3) to (5).

Normalised by the statistics of the batch in training and by their running averages at test time (Ioffe and Szegedy,
arXiv:1502.03167). Small batches; gradients at initialisation (Yang et al., arXiv:1902.08129); and the shift of
variance between training and test that dropout causes (Li et al., arXiv:1801.05134).
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from hw3 import small_networks
from hw3.data import Dataset, as_float
from hw3.dense_networks import DenseNetwork
from hw3.small_networks import Lanes, Recipe

EPSILON = 1e-5  # added to a variance, as Flax does
REFERENCE_BATCH = 128  # the batch for which a recipe's learning rate is given
SAMPLE = 2000  # training images on which variances are measured
REMEMBERED_IMAGES = 1280  # that the running statistics look back on, whatever the size of the batch
# Mean squared gradients grow by pi / (pi - 1) a layer with ReLU and large batches: Yang et al., section 5.
THEORETICAL_GROWTH = math.sqrt(math.pi / (math.pi - 1))


def scaled(recipe: Recipe, batch_size: int) -> Recipe:
    """The recipe for batches of another size: the learning rate is proportional to it (Goyal et al.,
    arXiv:1706.02677), so that a pass over the data moves the weights equally far."""
    return recipe._replace(batch_size=batch_size, learning_rate=recipe.learning_rate * batch_size / REFERENCE_BATCH)


def memory(batch_size: int) -> float:
    """The decay per step of running statistics that look back on `REMEMBERED_IMAGES`."""
    return max(0.0, 1 - batch_size / REMEMBERED_IMAGES)


@partial(jax.jit, static_argnums=(0, 5))
def _by_batch(
    network: nn.Module, variables: Any, groups: jax.Array, labels: jax.Array, settings: Any, train: bool
) -> jax.Array:
    def one(group: jax.Array) -> jax.Array:
        return small_networks.forward(network, variables, as_float(group), settings, jax.random.key(0), train)[0]

    predicted = jax.lax.map(one, groups, batch_size=max(1, 256 // groups.shape[1]))  # [groups, lanes, batch, classes]
    return (predicted.argmax(-1) == labels[:, None]).mean((0, 2))


def accuracy_by_batch(
    network: nn.Module,
    variables: Any,
    images: np.ndarray,
    labels: np.ndarray,
    settings: Any,
    batch_size: int,
    own_statistics: bool = True,
) -> np.ndarray:
    """Accuracy [lanes] on batches of `batch_size` images, each normalised by its own statistics, without dropping.

    Args: images uint8 [n, height, width, channels], what is left over after the last whole batch is not counted;
      own_statistics: or, if False, the running ones.
    """
    count = len(images) // batch_size
    groups = images[: count * batch_size].reshape(count, batch_size, *images.shape[1:])
    still = jax.tree.map(jnp.zeros_like, settings)
    return np.asarray(
        _by_batch(network, variables, groups, labels[: count * batch_size].reshape(count, -1), still, own_statistics)
    )


class BatchSizeRun(NamedTuple):
    """Test accuracies by the size of the batch in training, [seeds, sizes]."""

    plain: np.ndarray  # without normalisation
    running: np.ndarray  # normalised by the running statistics at test time
    batch: np.ndarray  # the same networks normalised by the statistics of test batches of the training's size
    train: np.ndarray  # accuracy of `running` on the training images
    large_then_small: np.ndarray  # trained with the largest batches, tested with the statistics of batches of each size
    large_then_running: np.ndarray  # the same on the smallest and the largest with the running statistics, [seeds, 2]


def batch_sizes(
    widths: tuple[int, ...],
    recipe: Recipe,
    epochs: int,
    inputs: Lanes,
    dataset: Dataset,
    sizes: Sequence[int],
    advance: Callable[[int], None] = lambda images: None,
) -> BatchSizeRun:
    """Trains one network a lane (a seed) with and one without normalisation for every size of the batch.

    Args: inputs: lanes that drop nothing; sizes: ascending; recipe: for batches of `REFERENCE_BATCH`.
    """
    pool = jnp.asarray(dataset.train_images)
    plain: list[np.ndarray] = []
    running: list[np.ndarray] = []
    batch, train = [], []
    for size in sizes:
        for normalise in (False, True):
            # One network for all sizes to measure by, so that it is compiled once: only training has a memory.
            network = DenseNetwork(widths, dataset.classes, normalise, drops=())
            learner = network.clone(memory=memory(size))
            variables = small_networks.trained(learner, scaled(recipe, size), epochs, inputs, pool, advance)
            predicted = small_networks.logits(network, variables, dataset.test_images, inputs.settings)
            (running if normalise else plain).append(small_networks.accuracy(predicted, dataset.test_labels))
        by_batch = partial(
            accuracy_by_batch, network, variables, dataset.test_images, dataset.test_labels, inputs.settings
        )
        batch.append(by_batch(size))
        train.append(small_networks.train_accuracy(network, variables, inputs, pool))
    # The last network is that of the largest batches; all sizes divide the same images.
    whole = len(dataset.test_labels) // math.lcm(*sizes) * math.lcm(*sizes) or len(dataset.test_labels)
    images, labels = dataset.test_images[:whole], dataset.test_labels[:whole]
    last = partial(accuracy_by_batch, network, variables, images, labels, inputs.settings)
    small = [last(size) for size in sizes]
    still = [last(size, False) for size in (sizes[0], sizes[-1])]
    return BatchSizeRun(*(np.stack(values, 1) for values in (plain, running, batch, train, small, still)))


class Kernels(NamedTuple):
    """Of a ReLU network without biases whose hidden layers all have the same width."""

    first: jax.Array  # float32 [pixels, width]
    hidden: jax.Array  # float32 [depth - 1, width, width]
    last: jax.Array  # float32 [width, classes]


def kernels(key: jax.Array, depth: int, width: int, pixels: int, classes: int, gain: float = 2.0) -> Kernels:
    """Fresh kernels with variance `gain` over the number of inputs, as `small_networks.draw`."""
    shapes = [(pixels, width), (depth - 1, width, width), (width, classes)]
    return Kernels(*map(jnp.asarray, small_networks.draw(key, shapes, [pixels, width, width], gain)))


def cut(weights: Kernels, depth: int) -> Kernels:
    """The same network with only the first `depth` of its hidden layers."""
    return weights._replace(hidden=weights.hidden[: depth - 1])


def _loss(weights: Kernels, images: jax.Array, labels: jax.Array, normalise: bool) -> jax.Array:
    def layer(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, None]:
        z = x @ kernel
        if normalise:
            z = (z - z.mean(0, keepdims=True)) / jnp.sqrt(z.var(0, keepdims=True) + EPSILON)
        return nn.relu(z), None

    x, _ = layer(images.reshape(len(images), -1), weights.first)
    x, _ = jax.lax.scan(layer, x, weights.hidden)
    return optax.softmax_cross_entropy_with_integer_labels(x @ weights.last, labels).mean()


@partial(jax.jit, static_argnums=3)
def gradient_norms(weights: Kernels, images: jax.Array, labels: jax.Array, normalise: bool) -> jax.Array:
    """Norms [depth] of the loss's gradient for the kernel of each hidden layer, the one on the pixels first.

    Args: images float32 [batch, ...], labels int [batch]; normalise: by the batch, before every ReLU.
    """
    gradient = jax.grad(_loss)(weights, images, labels, normalise)
    return jnp.concatenate([jnp.linalg.norm(gradient.first)[None], jnp.linalg.norm(gradient.hidden, axis=(1, 2))])


@partial(jax.jit, static_argnums=3)
def descend(
    weights: Kernels, images: jax.Array, labels: jax.Array, normalise: bool, learning_rate: float
) -> tuple[Kernels, jax.Array]:
    """The kernels after a step of SGD on each batch, and the losses [steps] before each.

    Args: images uint8 [steps, batch, ...], labels int [steps, batch].
    """

    def step(weights: Kernels, batch: tuple[jax.Array, jax.Array]) -> tuple[Kernels, jax.Array]:
        loss, gradient = jax.value_and_grad(_loss)(weights, as_float(batch[0]), batch[1], normalise)
        return jax.tree.map(lambda w, g: w - learning_rate * g, weights, gradient), loss

    return jax.lax.scan(step, weights, (images, labels))


def growth(norms: np.ndarray) -> np.ndarray:
    """The factor by which gradient norms [..., depth] grow per layer on the way down, between the two ends of the
    layers of equal shape (all but the first): above 1 they explode with depth, below 1 they vanish."""
    return (norms[..., 1] / norms[..., -1]) ** (1 / (norms.shape[-1] - 2))


PLACEMENTS = ("no dropout", "before every normalisation", "after every block", "after the last block only")


def placements(rate: float, blocks: int) -> jax.Array:
    """The dropout rates of `PLACEMENTS`, float32 [4, blocks, 2], as settings of a `DenseNetwork`."""
    rates = np.zeros((len(PLACEMENTS), blocks, 2), np.float32)
    rates[1, :, 0] = rate
    rates[2, :, 1] = rate
    rates[3, -1, 1] = rate
    return jnp.asarray(rates)


@partial(jax.jit, static_argnums=(0, 5))
def _input_variances(
    network: nn.Module, variables: Any, groups: jax.Array, settings: Any, key: jax.Array, train: bool
) -> list[tuple[jax.Array, jax.Array]]:
    """Mean and variance of every block's input of the normalisation, averaged over batches [groups, batch, ...]."""

    def one(group_and_key: tuple[jax.Array, jax.Array]) -> list[tuple[jax.Array, jax.Array]]:
        group, key = group_and_key
        taps = small_networks.forward(network, variables, as_float(group), settings, key, train)[1]
        inputs = [taps[f"before_{block}"] for block in range(len(taps) // 2)]
        return [(values.mean(1), values.var(1)) for values in inputs]

    found = jax.lax.map(one, (groups, jax.random.split(key, len(groups))))
    return jax.tree.map(lambda leaf: leaf.mean(0), found)


def variance_ratios(
    network: nn.Module,
    variables: Any,
    images: np.ndarray,
    settings: Any,
    key: jax.Array,
    batch_size: int,
    test_images: np.ndarray | None = None,
) -> np.ndarray:
    """The variance that each normalisation sees in training over that at test time, [lanes, blocks], mean over units.

    In training it is that of batches of `images` with dropout; at test time that of `test_images` (the same if not
    given) without it, each layer before it normalised by its running statistics. Units without variance are left out.
    """
    sets = (images, images if test_images is None else test_images)
    groups = [s[: len(s) // batch_size * batch_size].reshape(-1, batch_size, *s.shape[1:]) for s in sets]
    seen = _input_variances(network, variables, groups[0], settings, key, True)
    met = _input_variances(network, variables, groups[1], settings, key, False)
    ratios = []
    for (_, in_training), (_, at_test) in zip(seen, met, strict=True):
        training, test = np.asarray(in_training), np.asarray(at_test)
        alive = test > 1e-8
        ratio = np.where(alive, training / np.where(alive, test, 1.0), 0.0)
        ratios.append(ratio.sum(-1) / np.maximum(alive.sum(-1), 1))
    return np.stack(ratios, -1)


def with_test_statistics(network: nn.Module, variables: Any, images: np.ndarray, settings: Any, batch_size: int) -> Any:
    """The same networks with running statistics measured anew without dropout, layer after layer, on `images`.

    What they then gain in accuracy is what the shift of variance had cost: nothing else has changed.
    """
    groups = images[: len(images) // batch_size * batch_size].reshape(-1, batch_size, *images.shape[1:])
    blocks = len(variables["batch_stats"])
    for block in range(blocks):  # each needs those below it to be right
        mean, variance = _input_variances(network, variables, groups, settings, jax.random.key(0), False)[block]
        statistics = {"mean": mean, "var": variance}
        variables = variables | {
            "batch_stats": variables["batch_stats"] | {f"BatchNorm_{block}": statistics},
        }
    return variables


class VarianceShiftRun(NamedTuple):
    """By placement of the dropout, [seeds, 4] in the order of `PLACEMENTS`, for one rate."""

    ratio: np.ndarray  # [seeds, 4, blocks], see `variance_ratios`
    accuracy: np.ndarray  # of the test images, normalised by the running statistics
    corrected: np.ndarray  # the same with `with_test_statistics`
    plain_accuracy: np.ndarray  # of networks with the same dropout and without normalisation


def variance_shift(
    network: DenseNetwork,
    recipe: Recipe,
    epochs: int,
    inputs: Lanes,
    seeds: int,
    dataset: Dataset,
    advance: Callable[[int], None] = lambda images: None,
) -> VarianceShiftRun:
    """Trains one network a lane, [seed, placement], and compares training with test time.

    Args: network: normalises, and has its dropout in front of that compiled in; inputs: with `placements` as settings.
    """
    pool = jnp.asarray(dataset.train_images)
    plain = network.clone(normalise=False)
    variables, of_plain = (
        small_networks.trained(each, recipe, epochs, inputs, pool, advance) for each in (network, plain)
    )
    sample = dataset.train_images[np.asarray(inputs.rows[0])[:SAMPLE]]
    settings = inputs.settings
    key = jax.random.fold_in(inputs.key[0], 10**6)
    ratio = variance_ratios(network, variables, sample, settings, key, recipe.batch_size)
    corrected = with_test_statistics(network, variables, sample, settings, recipe.batch_size)
    accuracies = [
        small_networks.accuracy(small_networks.logits(each, v, dataset.test_images, settings), dataset.test_labels)
        for each, v in ((network, variables), (network, corrected), (plain, of_plain))
    ]
    return VarianceShiftRun(*(small_networks.by_seed(values, seeds) for values in (ratio, *accuracies)))
