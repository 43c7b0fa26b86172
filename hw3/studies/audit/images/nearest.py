"""Which test image, under the same patch and with a network of ours, gives the map most like a published one."""

from typing import NamedTuple

import numpy as np

from hw3 import occlusion
from hw3.classifiers import Predict
from hw3.datasets import Dataset, as_float
from hw3.errors import InvalidInput
from hw3.studies import given
from hw3.studies.audit.images.maps import DIGIT
from hw3.studies.audit.images.published import PublishedMaps
from hw3.studies.progress import Progress, quiet

COARSE = 2  # pixels: the stride at which every image is looked at, document 000's own
CANDIDATES = 8  # images that are looked at again with the document's own stride


class Nearest(NamedTuple):
    """The image of ours whose map of P(6) is most like a published one."""

    document: str
    test_index: int  # of the image in the test set
    correlation: float  # Spearman's, over the document's positions, where both print or have a value
    median: float  # of the correlations of all images at the coarse stride
    images: int  # that were compared
    same_label: float  # share of the positions where both say 6, or both another digit
    taken_for: tuple[tuple[int, int], ...]  # (digit, positions) of ours where it isn't a 6, the most frequent first
    image: np.ndarray  # float [28, 28]
    probability: np.ndarray  # float [n, n], our map 1


def comparable(dataset: Dataset) -> bool:
    """Whether its images are of the kind that the published maps were made of."""
    return dataset.name == "mnist"


def correlations(published: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of one map [n, n] with each of ours [images, n, n]; NaN for a map that is flat."""
    from scipy import stats  # takes two thirds of a second to import, and few runs come here

    ranks = stats.rankdata(ours.reshape(len(ours), -1), axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    other = stats.rankdata(published.ravel())
    other -= other.mean()
    scale = np.sqrt((ranks**2).sum(1) * (other**2).sum())
    return np.divide(ranks @ other, scale, out=np.full(len(ours), np.nan), where=scale > 0)


def find(
    published: tuple[PublishedMaps, ...],
    predict: Predict,
    dataset: Dataset,
    *,
    images: int | None = None,
    progress: Progress = quiet,
) -> tuple[Nearest, ...]:
    """The nearest of the first `images` test images of a 6 that are classified rightly, for each document.

    There is none for any of them if no 6 is. Raises ValueError for a data set that is not `comparable`.
    """
    if not comparable(dataset):
        raise InvalidInput(f"the published maps are of an MNIST digit; the images are those of {dataset.name}")
    indices = np.flatnonzero(dataset.test_labels == DIGIT)[:images]
    sixes = as_float(dataset.test_images[indices])
    coarse = len(occlusion.positions(given.IMAGE, given.PATCH, COARSE)) ** 2
    fine = len(occlusion.positions(given.IMAGE, given.PATCH, given.STRIDE)) ** 2
    total = len(sixes) * coarse + min(CANDIDATES, len(sixes)) * fine * sum(maps.stride != COARSE for maps in published)
    with progress("comparing with published maps", total, "images") as advance:

        def swept(chosen: np.ndarray, stride: int) -> occlusion.Sweep:
            labels = np.full(len(chosen), DIGIT)
            return occlusion.sweep(predict, chosen, labels, patch_size=given.PATCH, stride=stride, advance=advance)

        first = swept(sixes, COARSE)
        right = first.clean.argmax(-1) == DIGIT
        if not right.any():
            return ()
        found = []
        for maps in published:
            step = COARSE // maps.stride
            theirs = maps.probability[::step, ::step]
            side = len(theirs)
            values = correlations(theirs, first.true_probability[:, :side, :side])
            values = np.where(right, values, np.nan)
            order = np.argsort(np.nan_to_num(-values, nan=np.inf))
            chosen = order[: 1 if step == 1 else CANDIDATES]
            again = first if step == 1 else swept(sixes[chosen], maps.stride)
            among = chosen if step == 1 else np.arange(len(chosen))
            found.append(_nearest(maps, again, among, indices[chosen], sixes[chosen], values))
    return tuple(found)


def _nearest(
    maps: PublishedMaps,
    sweep: occlusion.Sweep,
    among: np.ndarray,
    indices: np.ndarray,
    images: np.ndarray,
    coarse: np.ndarray,
) -> Nearest:
    """The best of a few candidates, the images `among` those of the sweep."""
    side = len(maps.probability)
    ours = sweep.true_probability[among]
    values = correlations(maps.probability, ours[:, :side, :side])
    best = int(np.nanargmax(values))
    predicted = sweep.predicted[among[best]]
    labels, counts = np.unique(predicted[predicted != DIGIT], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return Nearest(
        maps.document,
        int(indices[best]),
        float(values[best]),
        float(np.nanmedian(coarse)),
        int(np.isfinite(coarse).sum()),
        float(((predicted == DIGIT) == (maps.labels == DIGIT)).mean()),
        tuple((int(labels[i]), int(counts[i])) for i in order),
        np.asarray(images[best]).squeeze(-1),
        ours[best],
    )
