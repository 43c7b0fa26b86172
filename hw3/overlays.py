"""Patches cut from other images: can a piece of another digit, pasted somewhere, fool the classifier?

Problem 2 (3) of the assignment (document 002), after "The Elephant in the Room" (arXiv:1808.03305). Document 001
slides a window through which another digit shows (`hw3.occlusion.sweep` with that digit as `fill`); document 000
pastes one patch and document 003 tries many by hand. Here every candidate of a grid is tried: donor image x patch
size x place of the cut x place of the paste.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.occlusion import (
    Predict,
    as_pytree,
    check_images,
    check_predict,
    check_probabilities,
    covers,
    positions,
)


class Search(NamedTuple):
    """Every candidate of one patch size and what the classifier says of it."""

    patch: tuple[int, int]  # height and width in pixels
    cut_rows: np.ndarray  # int [cut rows], top pixel row of the cut in the donor
    cut_cols: np.ndarray  # int [cut cols]
    paste_rows: np.ndarray  # int [paste rows], top pixel row of the patch in the image
    paste_cols: np.ndarray  # int [paste cols]
    predicted: np.ndarray  # int16 [donors, cut rows, cut cols, paste rows, paste cols]
    probability: np.ndarray  # float32, the same shape: probability of the predicted label

    @property
    def candidates(self) -> int:
        """How many candidates were tried."""
        return self.predicted.size


class Overlay(NamedTuple):
    """One candidate."""

    donor: int  # position among the donors
    patch: tuple[int, int]
    cut: tuple[int, int]  # top row and left column of the patch in the donor
    paste: tuple[int, int]  # top row and left column of the patch in the image
    predicted: int
    probability: float  # of the predicted label


def paste(image: jax.Array, donor: jax.Array, cut: jax.Array, place: jax.Array, patch: tuple[int, int]) -> jax.Array:
    """`image` with the patch of `donor` whose first pixel is `cut` (int [2]) pasted so that it begins at `place` (int
    [2]).

    Both images [height, width, channels]; the patch must lie inside both.
    """
    height, width = image.shape[:2]
    offset = cut - place
    rows = jnp.clip(jnp.arange(height) + offset[0], 0, donor.shape[0] - 1)
    cols = jnp.clip(jnp.arange(width) + offset[1], 0, donor.shape[1] - 1)
    return jnp.where(covers(place, patch, (height, width))[..., None], donor[rows][:, cols], image)


@partial(jax.jit, static_argnames="patch")
def _classify(
    predict: Predict,
    image: jax.Array,
    donors: jax.Array,
    which: jax.Array,
    cuts: jax.Array,
    places: jax.Array,
    patch: tuple[int, int],
) -> tuple[jax.Array, jax.Array, jax.Array]:
    pasted = jax.vmap(lambda index, cut, place: paste(image, donors[index], cut, place, patch))(which, cuts, places)
    probabilities = predict(pasted)
    return probabilities.argmax(-1), probabilities.max(-1), probabilities.sum(-1)


def search(
    predict: Predict,
    image: Any,
    donors: Any,
    *,
    patch_sizes: tuple[int, ...] = (4, 6, 8, 10, 12),
    cut_stride: int = 4,
    paste_stride: int = 2,
    batch_size: int = 1024,
    advance: Callable[[int], None] = lambda candidates: None,
) -> Iterator[Search]:
    """Classifies `image` with every patch of the grid pasted in; yields the result of one patch size at a time.

    Args:
      predict: as for `hw3.occlusion.sweep`.
      image: float [height, width, channels] in [0, 1].
      donors: float [donors, height, width, channels] in [0, 1], from which the patches are cut.
      patch_sizes: sides of the square patches in pixels.
      cut_stride, paste_stride: pixels from one place of the cut, or of the paste, to the next; the last place that
      fits is
        always among them.
      batch_size: candidates classified at once; bounds the memory, never changes the result beyond rounding.
      advance: called with a number of candidates whenever so many more are done.

    Raises ValueError for patches larger than an image, and numbers below 1.
    """
    image = check_images(jnp.asarray(image)[None])[0]
    donors = check_images(donors)
    if donors.shape[1:] != image.shape:
        raise ValueError(f"donors must have the shape of the image, {image.shape}, not {donors.shape[1:]}")
    if not len(donors):
        raise ValueError("donors must hold at least one image")
    check_grid(image.shape[:2], patch_sizes, cut_stride, paste_stride)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    check_predict(predict, image.shape)
    predict = as_pytree(predict)
    for side in patch_sizes:
        axes = grid_axes(image.shape[:2], side, cut_stride, paste_stride)
        shape = (len(donors), *map(len, axes))
        total = int(np.prod(shape))
        size = min(batch_size, total)
        predicted = np.empty(total, np.int16)
        probability = np.empty(total, np.float32)
        for first in range(0, total, size):
            flat = np.minimum(np.arange(first, first + size), total - 1)
            which, *at = np.unravel_index(flat, shape)
            cut_row, cut_col, row, col = (axis[index] for axis, index in zip(axes, at, strict=True))
            label, highest, sums = _classify(
                predict,
                image,
                donors,
                which.astype(np.int32),
                np.stack([cut_row, cut_col], -1).astype(np.int32),
                np.stack([row, col], -1).astype(np.int32),
                (side, side),
            )
            check_probabilities(np.asarray(sums)[:, None])
            valid = min(size, total - first)
            predicted[first : first + valid] = np.asarray(label)[:valid]
            probability[first : first + valid] = np.asarray(highest)[:valid]
            advance(valid)
        cut_rows, cut_cols, paste_rows, paste_cols = axes
        yield Search(
            (side, side),
            cut_rows,
            cut_cols,
            paste_rows,
            paste_cols,
            predicted.reshape(shape),
            probability.reshape(shape),
        )


def check_grid(shape: tuple[int, int], patch_sizes: tuple[int, ...], cut_stride: int, paste_stride: int) -> None:
    """Raises ValueError unless the grid of a search makes sense for images of `shape` (height, width)."""
    if min(cut_stride, paste_stride) < 1:
        raise ValueError(f"cut_stride and paste_stride must be at least 1, not {cut_stride} and {paste_stride}")
    if not patch_sizes:
        raise ValueError("patch_sizes must name at least one size")
    for side in patch_sizes:
        if not 1 <= side <= min(shape):
            raise ValueError(f"patch_sizes must lie in 1..{min(shape)} for images of {shape[0]}x{shape[1]}, not {side}")


def grid_axes(shape: tuple[int, int], side: int, cut_stride: int, paste_stride: int) -> tuple[np.ndarray, ...]:
    """First rows and columns of the cut and of the paste, in the order of `Search`'s axes."""
    strides = (cut_stride, cut_stride, paste_stride, paste_stride)
    return tuple(positions(shape[i % 2], side, stride, reach_edge=True) for i, stride in enumerate(strides))


def count(shape: tuple[int, int], donors: int, patch_sizes: tuple[int, ...], cut_stride: int, paste_stride: int) -> int:
    """How many candidates `search` will try on images of `shape` (height, width)."""
    check_grid(shape, patch_sizes, cut_stride, paste_stride)
    sizes = (np.prod([len(axis) for axis in grid_axes(shape, side, cut_stride, paste_stride)]) for side in patch_sizes)
    return donors * int(sum(sizes))


def success_rates(result: Search, label: int) -> np.ndarray:
    """Per donor, the fraction of its candidates that are not classified as `label`: float [donors]."""
    return (result.predicted != label).reshape(len(result.predicted), -1).mean(axis=1)


def most_confident(result: Search, among: np.ndarray) -> Overlay | None:
    """The candidate with the highest probability of its predicted label; None if `among` is empty.

    Args: among: bool, shaped like `result.predicted`, the candidates to choose from.
    """
    if not among.any():
        return None
    donor, i, j, k, l = map(int, np.unravel_index(np.where(among, result.probability, -1.0).argmax(), among.shape))
    return Overlay(
        donor,
        result.patch,
        (int(result.cut_rows[i]), int(result.cut_cols[j])),
        (int(result.paste_rows[k]), int(result.paste_cols[l])),
        int(result.predicted[donor, i, j, k, l]),
        float(result.probability[donor, i, j, k, l]),
    )


def beyond_black(result: Search, label: int, black: np.ndarray) -> np.ndarray:
    """Which candidates flip the label although a black patch at the same place does not: bool, shaped like `predicted`.

    Args: black: int [paste rows, paste cols], the label predicted with a black patch of the same size at each place.
    """
    return (result.predicted != label) & (black == label)
