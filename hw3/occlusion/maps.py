"""What to read from a sweep: important pixels and regions, telling positions, pixels that no patch covers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hw3.occlusion.sweeps import Sweep


def coverage(result: Sweep) -> np.ndarray:
    """How many positions of the patch cover each pixel: int [height, width], or along as many axes as there are."""
    return _spread(np.ones((1, *map(len, result.axes))), result)[0].round().astype(int)


def uncovered_pixels(result: Sweep) -> int:
    """How many pixels of an image no patch ever covers, as with a stride larger than the patch."""
    return int((coverage(result) == 0).sum())


def importance(result: Sweep) -> np.ndarray:
    """Per pixel, the mean drop of the true label's probability over the patches that cover it: [images, height, width],
    or along as many axes as the images have.

    The attribution that Zeiler and Fergus (arXiv:1311.2901) introduced, in the definition of Captum's `Occlusion`: the
    drop against the image without a patch, averaged over the patches covering a pixel; 0 where none does. It equals
    Captum's wherever the stride reaches the edge. Where it misses it, Captum adds a patch that hangs over the edge and
    is cut off there, while here every patch lies in the image (see `reach_edge`): the two then differ in the pixels
    that this last, smaller patch covers, and in those alone.
    """
    clean = np.take_along_axis(result.clean, result.labels[:, None], axis=1)
    true = result.true_probability
    drop = clean.reshape(-1, *[1] * (true.ndim - 1)) - true
    return _spread(drop, result) / np.maximum(coverage(result), 1)


def _spread(values: np.ndarray, result: Sweep) -> np.ndarray:
    """Adds each position's value [images, ...positions] to the pixels its patch covers: [images, ...spatial axes].

    By sums along each axis of what begins and ends at each pixel, so that long axes need no table of all pairs.
    """
    values = values.astype(float)
    for axis, (size, length, starts) in enumerate(zip(result.image_shape, result.patch, result.axes, strict=True), 1):
        steps = np.zeros((*values.shape[:axis], size + 1, *values.shape[axis + 1 :]))
        ahead: tuple[Any, ...] = (slice(None),) * axis
        steps[(*ahead, starts)] += values  # no two positions begin at the same pixel
        steps[(*ahead, starts + length)] -= values
        values = steps.cumsum(axis)[(*ahead, slice(size))]
    return values


class Region(NamedTuple):
    """Pixel rows and columns, all inclusive and counted from 0."""

    first_row: int
    last_row: int
    first_col: int
    last_col: int


def important_region(result: Sweep, image: int = 0) -> Region | None:
    """The smallest rectangle that holds every patch which changes the label of `image`; None if none does."""
    row, col = np.nonzero(result.predicted[image] != result.labels[image])
    if not len(row):
        return None
    top, left = result.rows[row], result.cols[col]
    return Region(
        int(top.min()),
        int(top.max()) + result.patch[0] - 1,
        int(left.min()),
        int(left.max()) + result.patch[1] - 1,
    )


class Case(NamedTuple):
    """One position of the patch on one image."""

    title: str
    row: int  # top pixel row of the patch
    col: int  # left pixel column of the patch
    true_probability: float
    predicted: int
    highest_probability: float


def telling_cases(result: Sweep, image: int = 0, names: Sequence[str] = ()) -> list[Case]:
    """The positions worth looking at, each once at most.

    The most and the least harmful patch, for each wrong label the patch that makes it most confident, and the two
    neighbouring positions between which the true label's probability changes most.

    Args: names: of the classes, for the titles; their numbers if there are none.
    """
    true = result.true_probability[image]
    highest = result.highest_probability[image]
    predicted = result.predicted[image]
    label = result.labels[image]
    chosen: dict[tuple[int, int], list[str]] = {}

    def choose(title: str, index: Any) -> None:
        chosen.setdefault((int(index[0]), int(index[1])), []).append(title)

    choose("most harmful", np.unravel_index(true.argmin(), true.shape))
    choose("least harmful", np.unravel_index(true.argmax(), true.shape))
    for wrong in np.unique(predicted[predicted != label]):
        at = np.where(predicted == wrong, highest, -np.inf)
        choose(f"most confident {names[wrong] if names else wrong}", np.unravel_index(at.argmax(), at.shape))
    steps = [np.abs(np.diff(true, axis=axis)) for axis in (0, 1)]
    largest = [step.max(initial=0.0) for step in steps]
    if max(largest) > 0:
        axis = int(np.argmax(largest))
        i, j = np.unravel_index(steps[axis].argmax(), steps[axis].shape)
        choose("steepest step: from", (i, j))
        choose("steepest step: to", (i + (axis == 0), j + (axis == 1)))
    return [
        Case(
            ", ".join(titles),
            int(result.rows[i]),
            int(result.cols[j]),
            float(true[i, j]),
            int(predicted[i, j]),
            float(highest[i, j]),
        )
        for (i, j), titles in chosen.items()
    ]
