"""What a convolution saves: sparse connections and shared weights against a dense layer, problem 2 (1) of document 004.

Three layers with the same input and output sizes: dense; local, in which each output sees a small window of the input
through weights of its own (a convolution without sharing); and a convolution. Parameters, floating point operations,
and accuracy when there are few training images.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from hw3.datasets import Dataset
from hw3.ensembles import lanes
from hw3.ensembles.lanes import Recipe

KINDS = ("convolution", "local", "dense")


class Shape(NamedTuple):
    """A convolution without padding; `window` is the side of its kernel, `stride` its step."""

    height: int  # of the input
    width: int
    channels: int
    window: int
    features: int
    stride: int = 1

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        return (self.height - self.window) // self.stride + 1, (self.width - self.window) // self.stride + 1


class Cost(NamedTuple):
    """What a layer costs for one image."""

    parameters: int  # biases included
    flops: int  # of the forward pass: a multiplication and an addition for each connection, biases left out


def cost(shape: Shape, kind: str) -> Cost:
    """The cost of a layer with the input and output sizes of a convolution.

    >>> cost(Shape(28, 28, 1, 3, 12), "convolution"), cost(Shape(28, 28, 1, 3, 12), "dense").parameters
    (Cost(parameters=120, flops=146016), 6367920)
    """
    places = math.prod(shape.positions)
    in_window = shape.window**2 * shape.channels
    pixels = shape.height * shape.width * shape.channels
    outputs = places * shape.features
    return {
        "convolution": Cost((in_window + 1) * shape.features, 2 * in_window * outputs),
        "local": Cost((in_window + 1) * outputs, 2 * in_window * outputs),
        "dense": Cost((pixels + 1) * outputs, 2 * pixels * outputs),
    }[kind]


def unfold(images: jax.Array, window: int, stride: int = 1) -> jax.Array:
    """Every window of images [batch, height, width, channels]: [batch, rows, columns, window * window * channels].

    A convolution is the matrix product with its kernel, reshaped to [window * window * channels, features].
    """
    rows, columns = ((size - window) // stride + 1 for size in images.shape[1:3])
    parts = [
        images[:, i : i + stride * rows : stride, j : j + stride * columns : stride][:, :rows, :columns]
        for i in range(window)
        for j in range(window)
    ]
    return jnp.concatenate(parts, -1)


class Connected(nn.Module):
    """One layer of a kind in `KINDS` with the sizes of `shape`."""

    kind: str
    shape: Shape

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        """[batch, height, width, channels] -> [batch, rows, columns, features]."""
        shape, (rows, columns) = self.shape, self.shape.positions
        if self.kind == "dense":
            flat = images.reshape(len(images), -1)
            x = nn.Dense(rows * columns * shape.features)(flat)
            return x.reshape(-1, rows, columns, shape.features)
        windows = unfold(images, shape.window, shape.stride)
        if self.kind == "convolution":
            return nn.Dense(shape.features)(windows)
        places = windows.reshape(len(images), rows * columns, -1)
        outputs = rows * columns * shape.features
        kernel = self.param("kernel", nn.initializers.he_uniform(), (places.shape[-1], outputs))
        bias = self.param("bias", nn.initializers.zeros, (outputs,))
        # Each place has a kernel of its own: [in the window, place, feature].
        x = jnp.einsum("bpk,kpf->bpf", places, kernel.reshape(-1, rows * columns, shape.features))
        return (x.reshape(len(images), -1) + bias[None]).reshape(-1, rows, columns, shape.features)


class ConnectedNetwork(nn.Module):
    """`Connected` layers, each with ReLU, and a dense classifier, as `small_networks` trains it; without settings."""

    kind: str
    shapes: tuple[Shape, ...]
    classes: int

    @nn.compact
    def __call__(self, images: jax.Array, settings: jax.Array, train: bool) -> jax.Array:
        """Logits [batch, classes]."""
        x = images
        for shape in self.shapes:
            x = nn.relu(Connected(self.kind, shape)(x))
        return nn.Dense(self.classes)(x.reshape(len(x), -1))


def few_images(
    shapes: tuple[Shape, ...],
    recipe: Recipe,
    steps: int,
    key: jax.Array,
    seeds: int,
    counts: Sequence[int],
    kinds: Sequence[str],
    dataset: Dataset,
    advance: Callable[[int], None] = lambda images: None,
) -> np.ndarray:
    """Test accuracy [seeds, kinds, counts] of a `ConnectedNetwork` of each kind trained on so many images.

    Every network is trained for `steps` steps. Lanes with few images see them again in one "epoch" of as many steps, so
    that all counts train as one batch.
    """
    pool = jnp.asarray(dataset.train_images)
    drawn = lanes.lanes(key, seeds, max(counts), dataset.train_labels, jnp.zeros((len(counts), 1)))

    def repeated(rows: jax.Array) -> jax.Array:
        by_seed = np.asarray(rows).reshape(seeds, len(counts), -1)
        first = [
            np.resize(by_seed[:, i, :count].T, (steps * recipe.batch_size, seeds)) for i, count in enumerate(counts)
        ]
        return jnp.asarray(np.stack(first, 1).T.reshape(seeds * len(counts), -1))

    inputs = drawn._replace(rows=repeated(drawn.rows), labels=repeated(drawn.labels))
    found = np.zeros((seeds, len(kinds), len(counts)))
    for row, kind in enumerate(kinds):
        network = ConnectedNetwork(kind, shapes, dataset.classes)
        variables = lanes.trained(network, recipe, 1, inputs, pool, advance)
        predicted = lanes.logits(network, variables, dataset.test_images, inputs.settings)
        found[:, row] = lanes.by_seed(lanes.accuracy(predicted, dataset.test_labels), seeds)
    return found
