"""What a unit sees: theoretical and effective receptive fields.

The theoretical field is every pixel that has a path to the unit. The effective one is where those pixels are that
matter: the gradient of a unit for them, over many images, falls off from the middle like a Gaussian, whose width grows
with the square root of the depth while the theoretical field grows with the depth itself (Luo et al.,
arXiv:1701.04128).
"""

from functools import partial
from typing import NamedTuple

import jax
import numpy as np

from hw3 import cnn
from hw3.cnn import geometry
from hw3.compilation import LIGHTLY

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


@partial(jax.jit, static_argnums=(0, 4), compiler_options=LIGHTLY)
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
