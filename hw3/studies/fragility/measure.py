"""The sweep of a data set, read chunk by chunk and summed up."""

from typing import NamedTuple

import numpy as np
from scipy import special

from hw3.datasets import Dataset
from hw3.datasets.images import as_inputs
from hw3.errors import InvalidInput
from hw3.occlusion import statistics, storage
from hw3.occlusion.statistics import Ranked, Statistics
from hw3.occlusion.storage import Store
from hw3.studies.naming import Naming
from hw3.studies.progress import Progress, quiet

CONFIDENCE = 0.95


class Settings(NamedTuple):
    """What to show of a sweep."""

    gallery: int = 8  # how many of the most fragile and of the most robust images


FULL = Settings()


class Swept(NamedTuple):
    """What was swept."""

    dataset: str
    split: str
    patch_size: tuple[int, int]  # pixels
    rows: np.ndarray  # int [rows], top row of the patch, in pixels
    cols: np.ndarray  # int [cols], left column of the patch, in pixels


class Class(NamedTuple):
    """What is to say of a class that has images."""

    label: int
    images: int
    clean_accuracy: float  # without a patch
    accuracy: float  # of its occluded images
    interval: float | None  # half the 95% interval of `accuracy` over images; None for a single image
    never_fooled: float  # share of its images that are right wherever the patch lies
    worst_position: tuple[int, int]  # top row and left column of the patch, in pixels
    worst_accuracy: float  # there
    taken_for: int | None  # the label that its occluded images are most often mistaken for
    taken_for_share: float  # of its occluded images


class Overall(NamedTuple):
    """All classes together."""

    images: int
    occluded_images: int
    clean_accuracy: float
    accuracy: float
    never_fooled: float


class Gallery(NamedTuple):
    """Images at one end of the ranking, the first one first."""

    ranked: tuple[Ranked, ...]
    numbers: tuple[int, ...]  # positions in the split
    images: np.ndarray  # float32 [n, height, width, channels]
    maps: np.ndarray  # float32 [n, rows, cols], the true label's probability


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    swept: Swept
    overall: Overall
    classes: tuple[Class, ...]
    accuracy_map: np.ndarray  # float [classes, rows, cols], NaN for a class without images
    probability_map: np.ndarray  # the same for the mean probability of the true label
    confusion: np.ndarray  # int [classes, classes], occluded images by true and predicted label
    fragile: Gallery  # of the images right without a patch
    robust: Gallery
    naming: Naming = Naming()


def measure(store: Store, dataset: Dataset, settings: Settings = FULL, *, progress: Progress = quiet) -> Results:
    """Sums up a whole sweep of the data set's images. Raises ValueError if something of it is missing or damaged."""
    if missing := int(storage.missing(store).sum()):
        raise InvalidInput(
            f"{missing} of the {store.chunks} chunks of {store.path} are missing: run scripts/sweep_dataset.py again "
            "with the same flags"
        )
    found = statistics.empty(store.classes, len(store.rows), len(store.cols))
    with progress("reading", len(store.images), "images") as advance:
        for chunk in range(store.chunks):
            span = store.span(chunk)
            clean, probabilities = storage.read(store, chunk)
            labels = store.labels[span]
            found = statistics.add(found, span.start, labels, clean, probabilities, settings.gallery)
            advance(len(clean))
    images = dataset.test_images if store.settings["split"] == "test" else dataset.train_images
    return Results(
        settings,
        Swept(
            store.settings["dataset"],
            store.settings["split"],
            tuple(store.settings["patch_size"]),
            np.asarray(store.rows),
            np.asarray(store.cols),
        ),
        _overall(found),
        tuple(_class(found, store, int(label)) for label in np.flatnonzero(found.images)),
        found.accuracy_map,
        found.probability_map,
        found.confusion,
        _gallery(store, found.fragile, images),
        _gallery(store, found.robust, images),
        Naming(tuple(store.settings.get("class_names", ())), store.settings.get("score", "probability")),
    )


def _overall(found: Statistics) -> Overall:
    total = int(found.images.sum())
    return Overall(
        total,
        total * found.positions,
        int(found.clean_right.sum()) / total,
        int(found.right.sum()) / (total * found.positions),
        int(found.never_fooled.sum()) / total,
    )


def _class(found: Statistics, store: Store, label: int) -> Class:
    images, accuracy_map = int(found.images[label]), found.accuracy_map[label]
    row, col = np.unravel_index(accuracy_map.argmin(), accuracy_map.shape)
    wrong = np.where(np.arange(store.classes) == label, 0, found.confusion[label])
    quantile = special.stdtrit(images - 1, (1 + CONFIDENCE) / 2) if images > 1 else np.nan
    return Class(
        label,
        images,
        int(found.clean_right[label]) / images,
        float(found.accuracy[label]),
        float(quantile * found.error[label]) if images > 1 else None,
        int(found.never_fooled[label]) / images,
        (int(store.rows[row]), int(store.cols[col])),
        float(accuracy_map.min()),
        int(wrong.argmax()) if wrong.any() else None,
        float(wrong.max() / found.confusion[label].sum()),
    )


def _gallery(store: Store, ranked: tuple[Ranked, ...], images: np.ndarray) -> Gallery:
    numbers = store.images[[each.at for each in ranked]]
    maps = np.empty((len(ranked), len(store.rows), len(store.cols)), np.float32)
    for index, each in enumerate(ranked):
        chunk, within = divmod(each.at, store.chunk)
        maps[index] = storage.read(store, chunk)[1][within, :, :, each.label]
    return Gallery(ranked, tuple(numbers.tolist()), np.asarray(as_inputs(images[numbers])), maps)
