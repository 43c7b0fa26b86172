"""Three ways to fool a network on one image: black patches, windows onto other digits, patches cut from them."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from hw3 import classifiers, occlusion
from hw3.classifiers import Predict, check_count
from hw3.cnn import inspection
from hw3.datasets import Dataset
from hw3.datasets.images import as_inputs
from hw3.errors import InvalidInput
from hw3.occlusion import Sweep, overlays
from hw3.occlusion.overlays import Overlay
from hw3.studies.naming import Naming
from hw3.studies.progress import Progress, quiet

NAME = "overlays"


class Settings(NamedTuple):
    """The image and the patches, at the homework's own case."""

    digit: int = 6  # class of the image to be fooled with
    nth: int = 0  # which of its correctly classified test images, from 0
    black: int = 8  # side of the black patch, in pixels
    window: int = 10  # side of the window that shows another digit, in pixels
    stride: int = 1  # pixels between places of the black patch, and of the window
    donors: int = 1  # images of each other class to cut patches from
    patch_sizes: tuple[int, ...] = (4, 6, 8, 10, 12)  # sides of the pasted patches, in pixels
    cut_stride: int = 4  # pixels between places of the cut
    paste_stride: int = 2  # pixels between places of the paste
    batch_size: int = 1024  # candidates classified at once: bounds the memory
    score: str = "probability"  # what the classifier gives, as for `hw3.occlusion.sweep`; called probability below


FULL = Settings()


class Donor(NamedTuple):
    """A test image of another class."""

    image: int  # position in the test set
    label: int
    picture: np.ndarray  # float32 [height, width, channels]


class Flip(NamedTuple):
    """A place of the black patch that changes the label."""

    row: int  # of the patch's first pixel
    col: int
    predicted: int
    probability: float  # of the predicted label


class Black(NamedTuple):
    """The black patch at every place."""

    positions: int
    flips: tuple[Flip, ...]  # from the top left to the bottom right


class Window(NamedTuple):
    """A window that slides over the image and shows another at the same place."""

    donor: Donor
    accuracy: float  # share of the places at which the label stays
    predicted: np.ndarray  # int [rows, cols]


class Said(NamedTuple):
    """What the network says of a picture."""

    predicted: int
    probability: float  # of the predicted label


class Find(NamedTuple):
    """A pasted patch that fools the network, and what it says of the pictures that belong to it."""

    overlay: Overlay
    donor: Donor  # that the patch is cut from
    original: Said
    black: Said  # of the image with a black patch at the same place
    pasted: Said
    cut_from: Said  # of the donor


class DonorClass(NamedTuple):
    """The pasted patches cut from images of one class; counts are by size of the patch."""

    label: int
    tried: tuple[int, ...]
    flips: tuple[int, ...]  # no longer classified as the image's label
    beyond_black: tuple[int, ...]  # flips where a black patch at the same place does not flip


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    dataset: str
    image: int  # position in the test set
    picture: np.ndarray  # float32 [height, width, channels]
    donors: tuple[Donor, ...]
    black: Black
    black_window_accuracy: float  # of a black patch of the window's size, over all places
    window_rows: np.ndarray  # int [rows], first pixel row of the window
    window_cols: np.ndarray  # int [cols]
    windows: tuple[Window, ...]  # onto the first donor of each class
    search: tuple[DonorClass, ...]
    best: tuple[Find, ...]  # the most confident of each donor class, best first; beyond black before others
    smallest: Find | None  # the most confident of the smallest patch that flips
    naming: Naming = Naming()

    @property
    def tried(self) -> int:
        """How many patches were pasted."""
        return sum(sum(row.tried) for row in self.search)

    @property
    def flips(self) -> int:
        """How many of them change the label."""
        return sum(sum(row.flips) for row in self.search)

    @property
    def beyond_black(self) -> int:
        """How many change it where a black patch at the same place does not."""
        return sum(sum(row.beyond_black) for row in self.search)


def measure(settings: Settings, predict: Predict, dataset: Dataset, *, progress: Progress = quiet) -> Results:
    """Tries the three on one test image.

    Raises ValueError for patches that don't fit, and where the data set has no such images.
    """
    settings = _checked(settings, min(dataset.test_images.shape[1:3]))
    label = settings.digit
    images, labels, names = dataset.test_images, dataset.test_labels, dataset.class_names
    row = inspection.nth_correct(predict, images, labels, label, settings.nth, names)
    picture = np.asarray(as_inputs(images[row]))
    donors = _donors(settings, predict, dataset)

    plain = _slide(settings, predict, picture, settings.window)
    windows = []
    for donor in donors[:: settings.donors]:
        seen = _slide(settings, predict, picture, settings.window, donor.picture)
        windows.append(Window(donor, float(seen.accuracy[0]), seen.predicted[0]))

    classes, summary = _search(settings, predict, picture, donors, progress)

    def find(overlay: Overlay) -> Find:
        donor = donors[overlay.donor]
        probabilities = np.asarray(predict(jnp.asarray(np.stack(pictures(picture, donor.picture, overlay)))))
        said = (Said(int(p.argmax()), float(p.max())) for p in probabilities)
        return Find(overlay, donor, *said)

    best = sorted(summary.best.values(), key=lambda overlay: (overlay.beyond_black, overlay.probability), reverse=True)
    return Results(
        settings,
        dataset.name,
        row,
        picture,
        donors,
        _black(settings, predict, picture),
        float(plain.accuracy[0]),
        plain.rows,
        plain.cols,
        tuple(windows),
        tuple(
            DonorClass(int(donor_label), *(tuple(counts[i].tolist()) for counts in summary[:3]))
            for i, donor_label in enumerate(classes)
        ),
        tuple(map(find, best)),
        find(summary.smallest) if summary.smallest else None,
        Naming(names, settings.score),
    )


def pictures(picture: np.ndarray, donor: np.ndarray, overlay: Overlay) -> list[np.ndarray]:
    """The image, a black patch at the overlay's place, the overlay, and the donor: each [height, width, channels]."""
    return [
        picture,
        occlusion.occluded(picture, *overlay.paste, overlay.patch),
        overlays.paste(picture, donor, overlay.cut, overlay.paste, overlay.patch),
        donor,
    ]


def _checked(settings: Settings, limit: int) -> Settings:
    """The settings with their sizes in order; ValueError if one doesn't fit images whose smaller side is `limit`."""
    sizes = tuple(sorted(set(settings.patch_sizes)))
    if not sizes or not 1 <= sizes[0] <= sizes[-1] <= limit:
        given = ",".join(map(str, settings.patch_sizes))
        raise InvalidInput(f"patch_sizes={given}: must be whole numbers in 1..{limit}")
    for name in ("black", "window"):
        if check_count(getattr(settings, name), name) > limit:
            raise InvalidInput(f"{name}={getattr(settings, name)}: larger than the images; at most {limit}")
    for name in ("donors", "stride"):
        check_count(getattr(settings, name), name)
    classifiers.check_score(settings.score)
    return settings._replace(patch_sizes=sizes)


def _donors(settings: Settings, predict: Predict, dataset: Dataset) -> tuple[Donor, ...]:
    """The first correctly classified images of every other class that has images, class by class."""
    present = np.unique(dataset.test_labels).tolist()
    if present == [settings.digit]:
        raise InvalidInput("donors: all images are of one class; there must be others to cut patches from")

    def of_class(label: int) -> np.ndarray:
        try:
            return inspection.correct(
                predict, dataset.test_images, dataset.test_labels, label, settings.donors, dataset.class_names
            )
        except ValueError as error:
            raise InvalidInput(f"donors={settings.donors}: {error}") from error

    return tuple(
        Donor(int(row), label, np.asarray(as_inputs(dataset.test_images[row])))
        for label in present
        if label != settings.digit
        for row in of_class(label)
    )


def _slide(settings: Settings, predict: Predict, picture: np.ndarray, side: int, fill: Any = 0.0) -> Sweep:
    """The sweep of the one image by a patch, or window, of so many pixels a side."""
    return occlusion.sweep(
        predict,
        picture[None],
        np.array([settings.digit]),
        patch_size=side,
        stride=settings.stride,
        fill=fill,
        score=settings.score,
    )


def _black(settings: Settings, predict: Predict, picture: np.ndarray) -> Black:
    found = _slide(settings, predict, picture, settings.black)
    predicted, highest = found.predicted[0], found.highest_probability[0]
    flips = (
        Flip(int(found.rows[i]), int(found.cols[j]), int(predicted[i, j]), float(highest[i, j]))
        for i, j in np.argwhere(predicted != settings.digit)
    )
    return Black(predicted.size, tuple(flips))


def _search(
    settings: Settings, predict: Predict, picture: np.ndarray, donors: tuple[Donor, ...], progress: Progress
) -> tuple[np.ndarray, overlays.Summary]:
    """All patches of the grid, counted by class of the donor, int [classes], and size."""
    sizes, cut_stride, paste_stride = settings.patch_sizes, settings.cut_stride, settings.paste_stride
    total = overlays.count(picture.shape[:2], len(donors), sizes, cut_stride, paste_stride)
    with progress("trying pasted patches", total, "candidates") as advance:
        found = overlays.search(
            predict,
            picture,
            np.stack([donor.picture for donor in donors]),
            patch_sizes=sizes,
            cut_stride=cut_stride,
            paste_stride=paste_stride,
            score=settings.score,
            batch_size=settings.batch_size,
            advance=advance,
        )
        return overlays.summarize(found, settings.digit, np.array([donor.label for donor in donors]), sizes)
