"""What a unit sees: theoretical and effective receptive fields; a filter applied by hand. Problem 2 (3), (4) of 004.

The theoretical field is every pixel that has a path to the unit. The effective one is where those pixels are that
matter: the gradient of a unit for them, over many images, falls off from the middle like a Gaussian, whose width grows
with the square root of the depth while the theoretical field grows with the depth itself (Luo et al.,
arXiv:1701.04128).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3 import cnn
from hw3.cnn import geometry
from hw3.ensembles import sampling

# A pixel belongs to the effective field if it matters more than this share of the most important one: Luo et al.,
# section 4, who take one minus the mass within two standard deviations of a Gaussian.
THRESHOLD = 1 - 0.9545


class Field(NamedTuple):
    """The pixels that a layer's middle unit sees: a square of `side` pixels whose first is (row, col)."""

    layer: str
    row: int
    col: int
    side: int


def theoretical(model: cnn.CNN, image_shape: tuple[int, int, int]) -> list[Field]:
    """The fields of the middle unit of every convolution and pooling, in order."""
    fields = []
    for name, shape, _ in cnn.layer_rows(model, image_shape):
        if name.startswith(("conv", "maxpool")):
            rows = geometry.field(model.layers, name, shape[0] // 2, shape[1] // 2)
            fields.append(Field(name, rows[0], rows[2], rows[1] - rows[0] + 1))
    return fields


def below(model: cnn.CNN, params: cnn.Params, images: jax.Array, layer: str) -> jax.Array:
    """The output of one convolution or pooling for images of any size that reach up to it, [batch, h, w, channels]."""
    x = images
    names = cnn.layer_names(model.layers)
    last = names.index(layer)
    for name, spec in zip(names[: last + 1], model.layers[: last + 1], strict=True):
        if spec.kind == "conv":
            x = cnn.Convolution(spec.features, spec.window).apply({"params": params[name]}, x)
        elif spec.kind == "maxpool":
            x = cnn.MaxPool(spec.window).apply({}, x, False)
    return x


@partial(jax.jit, static_argnums=(0, 4))
def _squared(model: cnn.CNN, params: cnn.Params, images: jax.Array, key: jax.Array, layer: str) -> jax.Array:
    output, pull = jax.vjp(lambda x: below(model, params, x, layer), images)
    return pull(jax.random.rademacher(key, output.shape, output.dtype))[0] ** 2


def squared_gradients(model: cnn.CNN, params: cnn.Params, images: jax.Array, field: Field, key: jax.Array) -> jax.Array:
    """Squared gradients of a layer's middle unit for the pixels of its field, [batch, side, side].

    Summed over the input's channels and, in expectation, over the layer's: the cotangents are random signs, whose
    products vanish in the mean. Only the field is cut out of the images float32 [batch, height, width, channels].
    """
    row, col, side = field.row, field.col, field.side
    pixels = images[:, row : row + side, col : col + side]
    return _squared(model, params, pixels, key, field.layer).sum(-1)


def effective_side(squared: np.ndarray) -> float:
    """The side in pixels of a square as large as the effective field of mean squared gradients [height, width].

    The root of the number of pixels whose root mean squared gradient exceeds `THRESHOLD` times the largest.

    >>> effective_side(np.array([[1.0, 1.0], [1.0, 1e-6]])) ** 2
    2.9999999999999996
    """
    size = np.sqrt(np.asarray(squared, float))
    return float(np.sqrt((size > THRESHOLD * size.max()).sum()))


@jax.jit
def _stack_gradients(kernels: jax.Array, images: jax.Array) -> jax.Array:
    def top(x: jax.Array) -> jax.Array:
        for kernel in kernels:
            x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = jnp.maximum(x, 0)
        return x.sum()

    return (jax.grad(top)(images) ** 2).mean((0, 3))


def stack_sides(key: jax.Array, depths: Sequence[int], channels: int = 16, batch: int = 8) -> np.ndarray:
    """Effective sides [depths] of a unit on top of so many 3x3 convolutions with ReLU, whose theoretical side is
    2 depth + 1.

    Random weights and noise for images, as in the paper's first experiments; the image is just the theoretical field.
    """
    side = 2 * max(depths) + 1
    shapes = [(batch, side, side, channels), (max(depths), 3, 3, channels, channels)]
    images, kernels = sampling.draw(key, shapes, [2, 9 * channels])
    return np.array(
        [
            effective_side(np.asarray(_stack_gradients(kernels[:depth], images[:, : 2 * depth + 1, : 2 * depth + 1])))
            for depth in depths
        ]
    )


def growth_exponent(depths: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """The power of the depth [depths] that sides [..., depths] grow with: the slope in log-log, [...]."""
    x = np.log(depths) - np.log(depths).mean()
    return np.asarray((np.log(sides) * x).sum(-1) / (x**2).sum())


def by_hand(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A convolution layer with ReLU in NumPy: the filters laid over every place of the input in turn, in float64.

    Args: x [height, width, channels]; kernel [window, window, channels, filters]; bias [filters].
    Returns [height - window + 1, width - window + 1, filters].
    """
    x, kernel, bias = (np.asarray(values, np.float64) for values in (x, kernel, bias))
    window = len(kernel)
    rows, columns = (size - window + 1 for size in x.shape[:2])
    out = np.empty((rows, columns, kernel.shape[-1]))
    for row in range(rows):
        for column in range(columns):
            seen = x[row : row + window, column : column + window]
            out[row, column] = (seen[..., None] * kernel).sum((0, 1, 2)) + bias
    return np.maximum(out, 0)


class HandComparison(NamedTuple):
    """A layer's feature maps against the same by hand, for one image; relative to the largest activation."""

    layer: str
    filters: int
    products: int  # in one activation
    float32: float  # largest difference from the network as it runs
    float64: float  # and from the network run in float64


def compare_by_hand(model: cnn.CNN, params: cnn.Params, image: np.ndarray) -> list[HandComparison]:
    """Every convolution of a network by hand, beside the feature maps of the whole network as it runs on the image.

    Args: image float32 [height, width, channels].
    """
    taps = _taps(model, params, image, np.float32)
    with jax.enable_x64(True):
        wide = _taps(model, params, image, np.float64)
    found = []
    for name in (name for name in cnn.layer_names(model.layers) if name.startswith("conv")):
        weights: Any = params[name]["linear"]
        window, _, channels, filters = weights["kernel"].shape
        differences = []
        for maps in (taps, wide):
            expected = by_hand(maps[below_of(model, name)], weights["kernel"], weights["bias"])
            largest = max(float(expected.max()), 1e-30)
            differences.append(float(np.abs(maps[name] - expected).max()) / largest)
        found.append(HandComparison(name, filters, window**2 * channels, *differences))
    return found


def _taps(model: cnn.CNN, params: cnn.Params, image: np.ndarray, dtype: Any) -> dict[str, np.ndarray]:
    """The image under the name "image" and every layer's output for it, computed by the network in one precision."""
    cast = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf), dtype), params)
    taps = jax.jit(partial(cnn.activations, model))(cast, jnp.asarray(image, dtype)[None])
    return {"image": np.asarray(image)} | {name: np.asarray(values)[0] for name, values in taps.items()}


def below_of(model: cnn.CNN, layer: str) -> str:
    """The name of the layer whose output a layer gets, or "image"."""
    names = cnn.layer_names(model.layers)
    position = names.index(layer)
    return names[position - 1] if position else "image"
