"""What a sweep of many images says in the sum, image batch by image batch: nothing is kept of an image but its place
among the most fragile and the most robust ones, so the memory does not grow with the data set.

Statistics are counts and sums, from which accuracies and mean maps follow; those of two halves of a data set, added one
after the other, are those of the whole.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hw3.errors import InvalidInput


class Ranked(NamedTuple):
    """One image under all patches."""

    at: int  # position in the sweep
    label: int
    accuracy: float  # fraction of the positions of the patch at which the label is right
    probability: float  # mean of the true label's probability over the positions
    taken_for: int | None  # the most frequent wrong label, if there is one


class Statistics(NamedTuple):
    """Sums over images, by true label."""

    images: np.ndarray  # int64 [classes]
    clean_right: np.ndarray  # int64 [classes], images classified rightly without a patch
    never_fooled: np.ndarray  # int64 [classes], images classified rightly under every patch
    right: np.ndarray  # int64 [classes, rows, cols], images classified rightly under a patch at each position
    probability: np.ndarray  # float64 [classes, rows, cols], sum of the true label's probability at each position
    squares: np.ndarray  # float64 [classes], sum of the squares of the images' accuracies
    confusion: np.ndarray  # int64 [classes, classes], occluded images by true and predicted label
    fragile: tuple[Ranked, ...]  # of the images right without a patch, those of lowest accuracy, the lowest first
    robust: tuple[Ranked, ...]  # those of highest accuracy and probability, the highest first

    @property
    def positions(self) -> int:
        """Of the patch on an image."""
        return int(np.prod(self.right.shape[1:]))

    @property
    def accuracy(self) -> np.ndarray:
        """Fraction of the occluded images classified rightly, float [classes]; NaN for a class without images."""
        return _ratio(self.right.sum((1, 2)), self.images * self.positions)

    @property
    def error(self) -> np.ndarray:
        """Standard error of `accuracy` over images, float [classes]; NaN for a class with fewer than two."""
        spread = np.maximum(self.squares - self.images * np.nan_to_num(self.accuracy) ** 2, 0)
        return np.sqrt(_ratio(spread, (self.images - 1) * self.images))

    @property
    def accuracy_map(self) -> np.ndarray:
        """Fraction of the images classified rightly with the patch at each position, float [classes, rows, cols]."""
        return _ratio(self.right, self.images[:, None, None])

    @property
    def probability_map(self) -> np.ndarray:
        """Mean of the true label's probability with the patch at each position, float [classes, rows, cols]."""
        return _ratio(self.probability, self.images[:, None, None])


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is not positive."""
    return np.divide(part, whole, out=np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan), where=whole > 0)


def empty(classes: int, rows: int, cols: int) -> Statistics:
    """The statistics of no image."""
    count = functools.partial(np.zeros, dtype=np.int64)
    return Statistics(
        count(classes),
        count(classes),
        count(classes),
        count((classes, rows, cols)),
        np.zeros((classes, rows, cols)),
        np.zeros(classes),
        count((classes, classes)),
        (),
        (),
    )


def add(
    statistics: Statistics, first: int, labels: np.ndarray, clean: np.ndarray, probabilities: np.ndarray, keep: int
) -> Statistics:
    """The statistics of more images.

    Args:
      first: position of the first of them in the sweep.
      labels: int [images], true ones.
      clean: float [images, classes], probabilities without a patch.
      probabilities: float [images, rows, cols, classes], with it.
      keep: how many of the most fragile and of the most robust images to keep.

    Raises ValueError if shapes don't fit together or a label is none.
    """
    classes = len(statistics.images)
    shape = (len(labels), *statistics.right.shape[1:], classes)
    if probabilities.shape != shape or clean.shape != (len(labels), classes):
        raise InvalidInput(f"clean and probabilities of shape {clean.shape}, {probabilities.shape}; wanted is {shape}")
    if len(labels) and not (labels.min() >= 0 and labels.max() < classes):
        raise InvalidInput(f"labels must lie in 0..{classes - 1}, not {labels.min()}..{labels.max()}")
    predicted = probabilities.argmax(-1)
    right = predicted == labels[:, None, None]
    true = np.take_along_axis(probabilities, labels[:, None, None, None], -1)[..., 0].astype(float)
    accuracies, means = right.mean((1, 2)), true.mean((1, 2))
    clean_right = clean.argmax(-1) == labels

    def summed(values: np.ndarray) -> np.ndarray:
        """By label, without a loop over images: [images, ...] -> [classes, ...]."""
        total = np.zeros((classes, *values.shape[1:]), np.float64 if values.dtype.kind == "f" else np.int64)
        np.add.at(total, labels, values)
        return total

    pairs = np.bincount(np.repeat(labels, statistics.positions) * classes + predicted.ravel(), minlength=classes**2)

    def ranked(index: Any) -> Ranked:
        wrong = predicted[index][~right[index]]
        taken_for = int(np.bincount(wrong).argmax()) if len(wrong) else None
        return Ranked(int(first + index), int(labels[index]), float(accuracies[index]), float(means[index]), taken_for)

    fragile = np.lexsort((means, accuracies))
    fragile = fragile[clean_right[fragile]]
    robust = np.lexsort((-means, -accuracies))
    return Statistics(
        statistics.images + np.bincount(labels, minlength=classes),
        statistics.clean_right + summed(clean_right),
        statistics.never_fooled + summed(right.all((1, 2))),
        statistics.right + summed(right),
        statistics.probability + summed(true),
        statistics.squares + summed(accuracies**2),
        statistics.confusion + pairs.reshape(classes, classes),
        _best([*statistics.fragile, *map(ranked, fragile[:keep])], keep, lowest=True),
        _best([*statistics.robust, *map(ranked, robust[:keep])], keep, lowest=False),
    )


def _best(candidates: Sequence[Ranked], keep: int, lowest: bool) -> tuple[Ranked, ...]:
    """The first `keep` by accuracy, then by probability, then by place in the sweep."""
    sign = 1 if lowest else -1
    return tuple(sorted(candidates, key=lambda each: (sign * each.accuracy, sign * each.probability, each.at))[:keep])
