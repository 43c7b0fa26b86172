"""Patches cut from other images: can a piece of another digit, pasted somewhere, fool the classifier?

After "The Elephant in the Room" (arXiv:1808.03305): every candidate of a grid is tried, donor image x patch size x
place of the cut x place of the paste. A window through which another image shows is `hw3.occlusion.sweep` with that
image as `fill`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from jax.sharding import Mesh

from hw3 import batches, classifiers
from hw3.batches import in_batches
from hw3.classifiers import Predict, check_count, check_images
from hw3.errors import InvalidInput
from hw3.occlusion import classification, evaluation, surroundings, ways
from hw3.occlusion.evaluation import Patched
from hw3.occlusion.fills import occluded
from hw3.occlusion.sweeps import positions, sweep

# Pixels times channels of the moved donors kept at once.
FILL_VALUES = 8_000_000


class Search(NamedTuple):
    """Every candidate of one patch size and one donor, and what the classifier says of it."""

    donor: int  # position among the donors
    patch: tuple[int, int]  # height and width in pixels
    cut_rows: np.ndarray  # int [cut rows], top pixel row of the cut in the donor
    cut_cols: np.ndarray  # int [cut cols]
    paste_rows: np.ndarray  # int [paste rows], top pixel row of the patch in the image
    paste_cols: np.ndarray  # int [paste cols]
    predicted: np.ndarray  # int16 [cut rows, cut cols, paste rows, paste cols]
    probability: np.ndarray  # float32, the same shape: probability (or other score) of the predicted label
    black: np.ndarray  # int16 [paste rows, paste cols], the label predicted with a black patch at the same place


class Overlay(NamedTuple):
    """One candidate."""

    donor: int  # position among the donors
    patch: tuple[int, int]
    cut: tuple[int, int]  # top row and left column of the patch in the donor
    paste: tuple[int, int]  # top row and left column of the patch in the image
    predicted: int
    probability: float  # of the predicted label
    beyond_black: bool  # whether a black patch at the same place leaves the label alone


class Summary(NamedTuple):
    """What a whole search found; a candidate flips if it is not classified as the image's label."""

    candidates: np.ndarray  # int [classes, sizes], how many were tried, by class of the donor and size of the patch
    flips: np.ndarray  # int [classes, sizes]
    beyond_black: np.ndarray  # int [classes, sizes], flips where a black patch at the same place does not flip
    best: dict[int, Overlay]  # by class of the donor: the most confident flip, beyond black if there is one
    smallest: Overlay | None  # the most confident flip of the smallest patch that flips


def shifted(donor: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The donor [height, width, channels] moved: pixel (row, col) shows the donor's at (row, col) + offset.

    Beyond the donor's edges its last pixels show. offsets: int [n, 2] -> [n, height, width, channels].
    """
    rows, cols = (
        np.clip(np.arange(size) + offsets[:, axis, None], 0, size - 1) for axis, size in enumerate(donor.shape[:2])
    )
    return donor[rows[:, :, None], cols[:, None, :]]


def paste(image: Any, donor: Any, cut: Any, place: Any, patch: tuple[int, int]) -> np.ndarray:
    """`image` with the patch of `donor` whose first pixel is `cut` (int [2]) pasted so that it begins at `place` (int
    [2]).

    Both images [height, width, channels]; the patch must lie inside both.
    """
    fill = shifted(np.asarray(donor), np.subtract(cut, place)[None])[0]
    return occluded(np.asarray(image), int(place[0]), int(place[1]), patch, fill)


def search(
    predict: Predict,
    image: Any,
    donors: Any,
    *,
    patch_sizes: tuple[int, ...] = (4, 6, 8, 10, 12),
    cut_stride: int = 4,
    paste_stride: int = 2,
    score: str = "probability",
    batch_size: int = 1024,
    method: str = "auto",
    jit: bool = True,
    mesh: Mesh | None = None,
    advance: Callable[[int], None] = lambda candidates: None,
) -> Iterator[Search]:
    """Classifies `image` with every patch of the grid pasted in; yields the result of one size and donor at a time.

    Args:
      predict: as for `hw3.occlusion.sweep`.
      image: float [height, width, channels], in whatever range the classifier wants.
      donors: float [donors, height, width, channels], in the same range, from which the patches are cut.
      patch_sizes: sides of the square patches in pixels.
      cut_stride, paste_stride: pixels from one place of the cut, or of the paste, to the next; the last place that fits
        is always among them.
      score: what `predict` gives, as for `hw3.occlusion.sweep`.
      batch_size: candidates classified at once on each device; bounds the memory, never changes the result beyond
        rounding.
      method, jit, mesh: as for `hw3.occlusion.sweep`; candidates that give the same image are classified once in any
        case.
      advance: called with a number of candidates whenever so many more are done.

    Raises ValueError for patches larger than an image, and numbers below 1.
    """
    surroundings.check(image, donors)
    image, donors = check_images(np.asarray(image)[None], "image")[0], check_images(donors, "donors")
    if image.ndim != 3:
        raise InvalidInput(f"image must have the axes [height, width, channels], not the shape {image.shape}")
    if donors.shape[1:] != image.shape:
        raise InvalidInput(f"donors must have the shape of the image, {image.shape}, not {donors.shape[1:]}")
    if not len(donors):
        raise InvalidInput("donors must hold at least one image")
    check_grid(image.shape[:2], patch_sizes, cut_stride, paste_stride)
    check_count(batch_size, "batch_size")
    classifiers.check_score(score)
    mesh = batches.checked(mesh)
    with surroundings.alone(mesh):
        classifier = classification.prepare(
            predict,
            image.shape,
            score=score,
            layout=None,
            jit=jit,
            batch_size=batch_size,
            limit=batch_size,
            mesh=mesh,
        )
    total = count(image.shape[:2], len(donors), patch_sizes, cut_stride, paste_stride)
    for side in patch_sizes:
        cut_rows, cut_cols, paste_rows, paste_cols = axes = grid_axes(image.shape[:2], side, cut_stride, paste_stride)
        fixed = batch_size if classifier.fixed or not jit else None
        plain = sweep(
            predict, image[None], patch_size=side, score=score, method=method, batch_size=fixed, jit=jit, mesh=mesh
        )
        black = plain.predicted[0][np.ix_(*axes[2:])].astype(np.int16)
        grid = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], -1).astype(np.int32)
        shape = tuple(map(len, axes))
        places = np.unique(grid[:, 2:], axis=0)
        chosen = ways.choose(method, classifier, (side, side), places, total)
        for donor, pixels in enumerate(donors):
            predicted = np.empty(len(grid), np.int16)
            probability = np.empty(len(grid), np.float32)
            for flat, valid in in_batches(len(grid), max(1, FILL_VALUES // pixels.size)):

                def store(
                    items: np.ndarray,
                    scores: np.ndarray,
                    first: int = int(flat[0]),
                    maps: tuple[np.ndarray, np.ndarray] = (predicted, probability),
                ) -> None:
                    maps[0][first + items], maps[1][first + items] = scores.argmax(-1), scores.max(-1)

                patched = _patched(image, pixels, grid[flat[:valid]], (side, side))
                with surroundings.alone(mesh):
                    evaluation.classify(
                        classifier,
                        chosen,
                        patched,
                        plain.clean,
                        store,
                        batch_size=batch_size,
                        advance=advance,
                    )
            yield Search(
                donor,
                (side, side),
                cut_rows,
                cut_cols,
                paste_rows,
                paste_cols,
                predicted.reshape(shape),
                probability.reshape(shape),
                black,
            )


def _patched(image: np.ndarray, donor: np.ndarray, candidates: np.ndarray, patch: tuple[int, int]) -> Patched:
    """Candidates, int32 [n, 4] of cut and place: those as far from cut to place are a scene."""
    offsets = candidates[:, :2] - candidates[:, 2:]
    both, scene = np.unique(offsets, axis=0, return_inverse=True)
    return Patched(image[None], shifted(donor, both), scene.astype(np.int32), candidates[:, 2:], patch)


def check_grid(shape: tuple[int, int], patch_sizes: tuple[int, ...], cut_stride: int, paste_stride: int) -> None:
    """Raises ValueError unless the grid of a search makes sense for images of `shape` (height, width)."""
    check_count(cut_stride, "cut_stride")
    check_count(paste_stride, "paste_stride")
    if not patch_sizes:
        raise InvalidInput("patch_sizes must name at least one size")
    for side in patch_sizes:
        if check_count(side, "patch_sizes") > min(shape):
            raise InvalidInput(
                f"patch_sizes must lie in 1..{min(shape)} for images of {shape[0]}x{shape[1]}, not {side}"
            )


def grid_axes(shape: tuple[int, int], side: int, cut_stride: int, paste_stride: int) -> tuple[np.ndarray, ...]:
    """First rows and columns of the cut and of the paste, in the order of `Search`'s axes."""
    strides = (cut_stride, cut_stride, paste_stride, paste_stride)
    return tuple(positions(shape[i % 2], side, stride, reach_edge=True) for i, stride in enumerate(strides))


def count(shape: tuple[int, int], donors: int, patch_sizes: tuple[int, ...], cut_stride: int, paste_stride: int) -> int:
    """How many candidates `search` will try on images of `shape` (height, width)."""
    check_grid(shape, patch_sizes, cut_stride, paste_stride)
    sizes = (np.prod([len(axis) for axis in grid_axes(shape, side, cut_stride, paste_stride)]) for side in patch_sizes)
    return donors * int(sum(sizes))


def flips_of(result: Search, label: int) -> tuple[np.ndarray, np.ndarray]:
    """Which candidates flip the label, and which of them where a black patch does not: bool, like `predicted`."""
    flips = result.predicted != label
    return flips, flips & (result.black == label)


def most_confident(result: Search, label: int) -> Overlay | None:
    """The flip with the highest probability of its predicted label, among those beyond black if there are any.

    None if no candidate flips.
    """
    flips, beyond = flips_of(result, label)
    among = beyond if beyond.any() else flips
    if not among.any():
        return None
    i, j, k, l = map(int, np.unravel_index(np.where(among, result.probability, -np.inf).argmax(), among.shape))
    return Overlay(
        result.donor,
        result.patch,
        (int(result.cut_rows[i]), int(result.cut_cols[j])),
        (int(result.paste_rows[k]), int(result.paste_cols[l])),
        int(result.predicted[i, j, k, l]),
        float(result.probability[i, j, k, l]),
        bool(beyond[i, j, k, l]),
    )


def summarize(
    results: Iterable[Search], label: int, donor_labels: np.ndarray, patch_sizes: tuple[int, ...]
) -> tuple[np.ndarray, Summary]:
    """Counts a whole search as it comes, by class of the donor and size of the patch.

    Args: donor_labels: int [donors]. Returns the classes, int [classes], in the order of the summary's rows, with it.
    """
    classes = np.unique(donor_labels)
    candidates, flips, beyond = np.zeros((3, len(classes), len(patch_sizes)), int)
    best: dict[int, Overlay] = {}
    smallest: Overlay | None = None
    for result in results:
        cell = np.searchsorted(classes, donor_labels[result.donor]), patch_sizes.index(result.patch[0])
        candidates[cell] += result.predicted.size
        for total, which in zip((flips, beyond), flips_of(result, label), strict=True):
            total[cell] += which.sum()
        if found := most_confident(result, label):
            rank = lambda overlay: (overlay.beyond_black, overlay.probability)  # noqa: E731
            known = best.setdefault(int(donor_labels[result.donor]), found)
            best[int(donor_labels[result.donor])] = max(known, found, key=rank)
            smallest = min(smallest or found, found, key=lambda overlay: (overlay.patch, -overlay.probability))
    return classes, Summary(candidates, flips, beyond, best, smallest)
