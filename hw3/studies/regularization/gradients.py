"""Gradients under batch normalisation, measured: document 004's problem 1 (3), 1.

Normalised by the batch, the gradients of a fresh deep network explode with its depth (Yang et al., arXiv:1902.08129).
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from hw3.compilation import LIGHTLY
from hw3.datasets import Dataset, as_float
from hw3.ensembles import sampling
from hw3.studies.progress import Advance, Progress, quiet
from hw3.studies.regularization.settings import Settings

WIDTH = 128  # units of every hidden layer
BATCH = 128  # images
LAST_STEPS = 20  # of a descent, over which its loss is averaged
EPSILON = 1e-5  # added to a variance, as Flax does
HE, LECUN = 2.0, 1.0  # the variance of fresh kernels times their number of inputs
# Mean squared gradients grow by pi / (pi - 1) a layer with ReLU and large batches: Yang et al., section 5.
THEORETICAL_GROWTH = math.sqrt(math.pi / (math.pi - 1))


class Norms(NamedTuple):
    """Of the gradients of networks of one kind, [seeds, depths]."""

    growth: np.ndarray  # per layer on the way down, see `growth`
    first: np.ndarray  # the norm for the first layer's kernel


class Descent(NamedTuple):
    """Networks of one kind after some steps of SGD."""

    norms: Norms
    loss: np.ndarray  # [seeds, trained depths], mean over the last steps, nats


class Gradients(NamedTuple):
    """Fresh networks at every depth, and trained ones at some."""

    normalised: Norms  # by the batch, He et al.'s kernels
    plain: Norms  # the same kernels without normalisation
    plain_lecun: Norms  # LeCun's
    trained_normalised: Descent
    trained_plain: Descent


class Kernels(NamedTuple):
    """Of a ReLU network without biases whose hidden layers all have the same width."""

    first: jax.Array  # float32 [pixels, width]
    hidden: jax.Array  # float32 [depth - 1, width, width]
    last: jax.Array  # float32 [width, classes]


def kernels(key: jax.Array, depth: int, width: int, pixels: int, classes: int, gain: float = HE) -> Kernels:
    """Fresh kernels with variance `gain` over the number of inputs, as `sampling.draw`."""
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


@partial(jax.jit, static_argnums=3, compiler_options=LIGHTLY)
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


def measure(settings: Settings, dataset: Dataset, key: jax.Array, progress: Progress = quiet) -> Gradients:
    """Norms of the gradients of fresh and trained networks; shallow ones begin with the kernels of the deepest."""
    networks = settings.seeds * (3 * len(settings.depths) + 2 * len(settings.trained_depths))
    with progress("gradients", networks, "networks") as advance:
        return _measure(settings, dataset, key, advance)


def _measure(settings: Settings, dataset: Dataset, key: jax.Array, advance: Advance) -> Gradients:
    images, labels = as_float(jnp.asarray(dataset.train_images[:BATCH])), jnp.asarray(dataset.train_labels[:BATCH])
    of_kernels, of_orders = jax.random.split(key, (2, settings.seeds))
    deepest = max(*settings.depths, *settings.trained_depths)

    def fresh(of_network: jax.Array, depth: int, gain: float) -> Kernels:
        return cut(kernels(of_network, deepest, WIDTH, images[0].size, dataset.classes, gain), depth)

    def norms_of(weights: Kernels, normalise: bool) -> np.ndarray:
        advance(1)
        return np.asarray(gradient_norms(weights, images, labels, normalise))

    def fresh_norms(normalise: bool, gain: float) -> Norms:
        return _norms([[norms_of(fresh(k, depth, gain), normalise) for depth in settings.depths] for k in of_kernels])

    def descent(normalise: bool) -> Descent:
        norms, losses = [], []
        for of_network, of_order in zip(of_kernels, of_orders, strict=True):
            order = sampling.permutation(of_order, len(dataset.train_labels))
            rows = np.resize(order, (settings.descent_steps, BATCH))
            batches = dataset.train_images[rows], dataset.train_labels[rows]
            ends = [
                descend(fresh(of_network, depth, HE), *batches, normalise, settings.descent_rate)
                for depth in settings.trained_depths
            ]
            norms.append([norms_of(weights, normalise) for weights, _ in ends])
            losses.append([float(loss[-LAST_STEPS:].mean()) for _, loss in ends])
        return Descent(_norms(norms), np.array(losses))

    return Gradients(
        normalised=fresh_norms(True, HE),
        plain=fresh_norms(False, HE),
        plain_lecun=fresh_norms(False, LECUN),
        trained_normalised=descent(True),
        trained_plain=descent(False),
    )


def _norms(by_seed_and_depth: Sequence[Sequence[np.ndarray]]) -> Norms:
    """Of norms [depth of the network] for every seed and depth."""
    return Norms(
        np.array([[growth(norms) for norms in row] for row in by_seed_and_depth]),
        np.array([[norms[0] for norms in row] for row in by_seed_and_depth]),
    )
