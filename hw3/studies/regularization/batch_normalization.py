"""Batch normalisation, measured: what document 004 says of it in its problem 1 (3) and (4).

Normalised by the statistics of the batch in training and by their running averages at test time (Ioffe and Szegedy,
arXiv:1502.03167). Small batches; gradients at initialisation (Yang et al., arXiv:1902.08129).
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

from hw3.datasets import Dataset, as_float
from hw3.ensembles import lanes, sampling
from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Lanes, Recipe

EPSILON = 1e-5  # added to a variance, as Flax does
REFERENCE_BATCH = 128  # the batch for which a recipe's learning rate is given
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
        return lanes.forward(network, variables, as_float(group), settings, jax.random.key(0), train)[0]

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
            variables = lanes.trained(learner, scaled(recipe, size), epochs, inputs, pool, advance)
            predicted = lanes.logits(network, variables, dataset.test_images, inputs.settings)
            (running if normalise else plain).append(lanes.accuracy(predicted, dataset.test_labels))
        by_batch = partial(
            accuracy_by_batch, network, variables, dataset.test_images, dataset.test_labels, inputs.settings
        )
        batch.append(by_batch(size))
        train.append(lanes.train_accuracy(network, variables, inputs, pool))
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
    """Fresh kernels with variance `gain` over the number of inputs, as `draws.draw`."""
    shapes = [(pixels, width), (depth - 1, width, width), (width, classes)]
    return Kernels(*map(jnp.asarray, sampling.draw(key, shapes, [pixels, width, width], gain)))


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
