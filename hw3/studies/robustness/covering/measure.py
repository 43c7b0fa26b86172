"""A patch moved over one image, and over the first images of every class: what the network then says, and where it
is fragile."""

from typing import Any, NamedTuple

import numpy as np

from hw3 import classifiers, occlusion
from hw3.classifiers import Predict
from hw3.cnn import inspection
from hw3.datasets import Dataset
from hw3.datasets.images import as_inputs
from hw3.errors import InvalidInput
from hw3.occlusion import Sweep, maps
from hw3.occlusion.maps import Case, Region
from hw3.studies.fills import filling
from hw3.studies.naming import Naming
from hw3.studies.progress import Advance, Progress, quiet

NAME = "sweep"


class Settings(NamedTuple):
    """The image and the patch, at the homework's own case."""

    digit: int = 6  # class of the image
    nth: int = 0  # which of its correctly classified test images, from 0
    fragility_images: int = 0  # of each class, for the mean maps; none if 0
    patch_size: tuple[int, int] = (8, 8)  # pixels, vertical and horizontal
    stride: tuple[int, int] = (1, 1)  # pixels, vertical and horizontal
    fill: str = "0"  # a grey value in [0, 1] (0 is black), mean or blur
    reach_edge: bool = False  # add the last row and column of positions if the stride misses them
    batch_size: int | None = None  # occluded images classified at once: bounds the memory
    method: str = "auto"  # as for `hw3.occlusion.sweep`
    score: str = "probability"  # what the classifier gives, as for `hw3.occlusion.sweep`; called probability below


FULL = Settings()


class Wrong(NamedTuple):
    """A label that the image is taken for."""

    label: int
    positions: int  # of the patch


class Drops(NamedTuple):
    """The mean drop of the true label's probability per pixel, by part of the image."""

    upper: float
    lower: float
    upper_left: float
    upper_right: float
    lower_left: float
    lower_right: float


class Fragility(NamedTuple):
    """Where an image, or a class, is fragile: what covering each pixel costs."""

    importance: np.ndarray  # float [height, width], mean drop of the true probability over patches that cover a pixel
    most_important_pixel: tuple[int, int]  # row, column
    largest: float  # importance
    drops: Drops


class ClassFragility(NamedTuple):
    """The mean over the first correctly classified test images of a class."""

    label: int
    accuracy: float  # over all images and positions
    mean_image: np.ndarray  # float32 [height, width]
    fragility: Fragility


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    dataset: str
    image: int  # position in the test set
    picture: np.ndarray  # float32 [height, width, channels]
    filled: np.ndarray  # float32, what shows through the patch: a number, or an image [height, width, channels]
    sweep: Sweep  # of the one image
    accuracy: float  # share of the positions at which the label is right
    clean_probability: float  # of the true label, without a patch
    lowest_true_probability: float
    taken_for: tuple[Wrong, ...]
    region: Region | None  # the smallest that holds all patches which change the label
    fragility: Fragility
    cases: tuple[Case, ...]  # telling positions
    uncovered_pixels: int  # that no patch ever covers
    classes: tuple[ClassFragility, ...]  # all that have images, or none
    naming: Naming = Naming()

    def of_class(self, label: int) -> ClassFragility:
        """What was found for a class that has images."""
        return next(row for row in self.classes if row.label == label)


def measure(settings: Settings, predict: Predict, dataset: Dataset, *, progress: Progress = quiet) -> Results:
    """Sweeps one test image and, if asked, the first ones of every class.

    Raises ValueError for settings that the data set has no images for, or as `hw3.occlusion.sweep`.
    """
    naming = Naming(dataset.class_names, classifiers.check_score(settings.score))
    images, labels = dataset.test_images, dataset.test_labels
    row = inspection.nth_correct(predict, images, labels, settings.digit, settings.nth, dataset.class_names)
    picture = np.asarray(as_inputs(images[row]))
    fill = filling(settings.fill, picture[None])
    found = occlusion.sweep(predict, picture[None], np.array([settings.digit]), fill=fill, **_options(settings))
    wrong, counts = np.unique(found.predicted[found.predicted != settings.digit], return_counts=True)
    return Results(
        settings,
        dataset.name,
        row,
        picture,
        np.asarray(fill[0] if np.ndim(fill) == 4 else fill, np.float32),
        found,
        float(found.accuracy[0]),
        float(found.clean[0, settings.digit]),
        float(found.true_probability[0].min()),
        tuple(map(Wrong, wrong.tolist(), counts.tolist())),
        maps.important_region(found),
        _fragility(maps.importance(found)[0]),
        tuple(maps.telling_cases(found, names=dataset.class_names)),
        maps.uncovered_pixels(found),
        _every_class(settings, predict, dataset, len(found.rows) * len(found.cols), progress),
        naming,
    )


def _options(settings: Settings) -> dict[str, Any]:
    names = ("patch_size", "stride", "reach_edge", "batch_size", "method", "score")
    return {name: getattr(settings, name) for name in names}


def _fragility(importance: np.ndarray) -> Fragility:
    row, col = np.unravel_index(importance.argmax(), importance.shape)
    upper, lower = np.split(importance, [len(importance) // 2])
    quarters = (part for half in (upper, lower) for part in np.split(half, [half.shape[1] // 2], axis=1))
    drops = Drops(*(float(part.mean()) for part in (upper, lower, *quarters)))
    return Fragility(importance, (int(row), int(col)), float(importance.max()), drops)


def _every_class(
    settings: Settings, predict: Predict, dataset: Dataset, positions: int, progress: Progress
) -> tuple[ClassFragility, ...]:
    if not settings.fragility_images:
        return ()
    count = classifiers.check_count(settings.fragility_images, "fragility_images")

    def one(label: int, advance: Advance) -> ClassFragility:
        try:
            rows = inspection.correct(
                predict, dataset.test_images, dataset.test_labels, label, count, dataset.class_names
            )
        except ValueError as error:
            raise InvalidInput(f"fragility_images={count}: {error}") from error
        images = np.asarray(as_inputs(dataset.test_images[rows]))
        found = occlusion.sweep(
            predict,
            images,
            np.full(count, label),
            fill=filling(settings.fill, images),
            advance=advance,
            **_options(settings),
        )
        importance = maps.importance(found).mean(0)
        return ClassFragility(label, float(found.accuracy.mean()), images.mean((0, -1)), _fragility(importance))

    present = np.unique(dataset.test_labels).tolist()
    with progress("sweeping every class", len(present) * count * positions, "occluded images") as advance:
        return tuple(one(label, advance) for label in present)
