"""What a convolution saves: sparse connections and shared weights against a dense layer, problem 2 (1) of document 004.

Three layers with the same input and output sizes: dense; local, in which each output sees a small window of the input
through weights of its own (a convolution without sharing); and a convolution.
"""

import math
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

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


def layer_cost(shape: Shape, kind: str) -> Cost:
    """The cost of a layer with the input and output sizes of a convolution.

    >>> shape = Shape(28, 28, 1, 3, 12)
    >>> layer_cost(shape, "convolution"), layer_cost(shape, "dense").parameters
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
        # Zeros, as `sampling.fresh_variables` takes the shapes alone and draws the kernels of all modules itself.
        kernel = self.param("kernel", nn.initializers.zeros, (places.shape[-1], outputs))
        bias = self.param("bias", nn.initializers.zeros, (outputs,))
        # Each place has a kernel of its own: [in the window, place, feature].
        x = jnp.einsum("bpk,kpf->bpf", places, kernel.reshape(-1, rows * columns, shape.features))
        return (x.reshape(len(images), -1) + bias[None]).reshape(-1, rows, columns, shape.features)


class ConnectedNetwork(nn.Module):
    """`Connected` layers, each with ReLU, and a dense classifier, as `lanes` trains it; without settings."""

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
