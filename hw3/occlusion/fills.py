"""What a patch shows: a number, a colour, another image, the image's own mean, the image blurred."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from hw3 import classifiers
from hw3.classifiers import check_images
from hw3.errors import InvalidInput


def check_fill(fill: Any, images: np.ndarray, layout: str | None = None) -> np.ndarray:
    """The fill as images [1 or n, ...spatial axes, channels].

    Args:
      fill: in the layout of the caller's images: a number, one a channel, an image, or one for each image.
      images: float32 [n, ...spatial axes, channels].

    Raises ValueError for any other shape, for what `classifiers.check_numbers` refuses but whole numbers, and for
    values outside [0, 1] where all images lie in it.
    """
    if isinstance(fill, str):
        raise InvalidInput(f"fill must be a number or an array, not {fill!r}; see mean_fill and blur_fill")
    if isinstance(fill, int | np.integer) and not isinstance(fill, bool):
        fill = float(fill)
    fill = classifiers.check_numbers(fill, "fill")
    if classifiers.channels_first(layout) and fill.ndim >= images.ndim - 1:
        fill = np.moveaxis(fill, 1 - images.ndim, -1)
    allowed = ((), images.shape[-1:], images.shape[1:], images.shape)
    if fill.shape not in allowed:
        raise InvalidInput(
            f"fill must be a number or have one of the shapes {', '.join(map(str, allowed[1:]))}, not {fill.shape}"
        )
    lowest, highest = (float(f(images, initial=0)) for f in (np.min, np.max))
    if lowest >= 0 and highest <= 1 and fill.size and not (fill.min() >= -1e-5 and fill.max() <= 1 + 1e-5):
        raise InvalidInput(
            f"fill must lie in [0, 1] as the images do, not {fill.min():.4g}..{fill.max():.4g}: give it in their range"
        )
    if fill.ndim == images.ndim:
        return fill
    return np.broadcast_to(fill, (1, *images.shape[1:]))


def mean_fill(images: Any, layout: str | None = None) -> jax.Array:
    """Each image's mean per channel as a filling for `sweep`: [n, ...spatial axes, channels] -> the same shape.

    Args: layout: as for `sweep`.
    """
    images = jnp.asarray(images)
    spatial = range(2, images.ndim) if classifiers.channels_first(layout) else range(1, images.ndim - 1)
    return jnp.broadcast_to(images.mean(axis=tuple(spatial), keepdims=True), images.shape)


def blur_fill(images: Any, sigma: float = 3.0, layout: str | None = None) -> jax.Array:
    """Each image blurred by a Gaussian of `sigma` pixels, edges clamped: [n, ...spatial axes, channels] -> the same
    shape.

    Args: layout: as for `sweep`. Raises ValueError unless sigma is positive, and for images as `sweep` does.
    """
    if not sigma > 0:
        raise InvalidInput(f"sigma must be positive, not {sigma}")
    images = jnp.asarray(check_images(images, layout=layout))
    radius = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights /= weights.sum()
    images = _averaged(images, jnp.asarray(weights, images.dtype))
    return jnp.moveaxis(images, -1, 1) if classifiers.channels_first(layout) else images


@jax.jit
def _averaged(images: jax.Array, weights: jax.Array) -> jax.Array:
    """Sums along every spatial axis of a pixel and its neighbours, weighted by `weights` [2 radius + 1]."""
    radius = len(weights) // 2
    for axis in range(1, images.ndim - 1):
        size = images.shape[axis]
        padded = jnp.pad(images, [(radius, radius) if a == axis else (0, 0) for a in range(images.ndim)], mode="edge")
        shifted = [jax.lax.slice_in_dim(padded, k, k + size, axis=axis) for k in range(len(weights))]
        images = (weights.reshape(-1, *[1] * images.ndim) * jnp.stack(shifted)).sum(0)
    return images


def occluded(image: np.ndarray, row: int, col: int, patch: tuple[int, int], fill: Any = 0.0) -> np.ndarray:
    """A copy of `image` [height, width, channels] with the patch whose first pixel is (row, col) filled with `fill`."""
    copy = np.array(image)
    copy[row : row + patch[0], col : col + patch[1]] = np.broadcast_to(np.asarray(fill, copy.dtype), copy.shape)[
        row : row + patch[0], col : col + patch[1]
    ]
    return copy
