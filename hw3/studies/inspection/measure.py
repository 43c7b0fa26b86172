"""What is inside a trained CNN: its filters, its answers to two digits, what tells them apart, and shifted digits."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3 import cnn
from hw3.classifiers import Predict, check_count
from hw3.cnn import geometry, inspection
from hw3.cnn.checkpoints import Checkpoint
from hw3.cnn.inspection import Discrimination
from hw3.datasets import Dataset, as_float
from hw3.errors import InvalidInput
from hw3.studies.progress import Progress, quiet

NAME = "inspect"
CELLS = 10  # the most telling ones that are listed


class Settings(NamedTuple):
    """What to look at, at the homework's own case."""

    layer: str | None = None  # convolution whose feature maps to look at; the third, or last, if None
    classes: tuple[int, ...] = (0, 8)  # the two to compare
    channels: str = "all"  # filters drawn for every input channel ("all"), or their mean ("mean")
    filter_layers: int = 3  # so many convolutions have their filters drawn
    shift_digit: int = 1  # the class to shift
    shift_pixels: int = 3  # shift of the pictures, to the left and to the right
    max_shift: int = 8  # reach of the accuracy curves, in pixels
    nth: int = 0  # which of a class's correctly classified test images to look at, from 0


FULL = Settings()


class FilterBank(NamedTuple):
    """All filters of a convolution."""

    layer: str
    kernels: np.ndarray  # float32 [filters, input channels, height, width]
    largest: float  # magnitude of a weight


class LayerMaps(NamedTuple):
    """What a layer answers to the two images."""

    layer: str
    maps: np.ndarray  # float32 [2, height, width, channels], or [2, features]


class Cell(NamedTuple):
    """One cell of a feature map as a detector of a class."""

    channel: int
    row: int
    col: int
    auc: float  # of telling the two classes apart, whichever has the larger values, in [0.5, 1]
    larger_for: int  # the class with the larger values
    pixels: tuple[int, int, int, int]  # of the image that it sees: first and last row, first and last column


class Channel(NamedTuple):
    """One whole feature map as a detector of a class."""

    channel: int
    auc: float  # of its sum, in [0.5, 1]
    best_cell_auc: float
    larger_for: int  # the class with the larger sums


class ChannelAucs(NamedTuple):
    """How well each whole channel of a layer tells the two classes apart."""

    layer: str
    aucs: np.ndarray  # float32 [channels], above 0.5 if larger for the second class


class Features(NamedTuple):
    """Which features tell two classes apart."""

    layer: str
    images: tuple[int, ...]  # positions of the two pictures in the test set
    pictures: np.ndarray  # float32 [2, height, width, channels]
    path: tuple[LayerMaps, ...]  # every layer's output for the pictures, in order
    discrimination: Discrimination  # over all test images of the two classes
    cells: tuple[Cell, ...]  # the most telling ones, best first
    channels: tuple[Channel, ...]  # all, best first
    median_cell_auc: float
    middle_ink: tuple[float, ...]  # mean grey value of the images' middle 2x2 pixels, for either class
    channel_aucs: tuple[ChannelAucs, ...]  # of the layers whose filters are drawn


class Version(NamedTuple):
    """A shifted image and what the network says of it."""

    name: str
    prediction: int
    probability: float  # of the prediction
    true_probability: float  # of its own class


class Shifts(NamedTuple):
    """One digit moved left and right, and every digit of its class moved by every distance."""

    image: int  # position of the picture in the test set
    pictures: np.ndarray  # float32 [3, height, width, channels]: as it is, moved left, moved right
    versions: tuple[Version, ...]  # what is said of each
    images: int  # of the class in the test set
    shifts: tuple[int, ...]  # pixels
    horizontal: tuple[float, ...]  # share still classified rightly after a shift to the right (negative: left)
    vertical: tuple[float, ...]  # after a shift down (negative: up)


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    model: str
    dataset: str
    filters: tuple[FilterBank, ...]
    features: Features
    shifts: Shifts


def measure(settings: Settings, checkpoint: Checkpoint, dataset: Dataset, *, progress: Progress = quiet) -> Results:
    """Looks into the network of a checkpoint with the test images of a data set.

    Raises ValueError for settings that this network or set doesn't have.
    """
    convolutions = [name for name in cnn.layer_names(checkpoint.model.layers) if name.startswith("conv")]
    if not convolutions:
        raise InvalidInput(f"the network {checkpoint.run.model!r} has no convolution to look into")
    layer = settings.layer or convolutions[min(2, len(convolutions) - 1)]
    inspection.filters(checkpoint.state.params, layer)  # for its error message
    _check(settings, dataset)
    drawn = convolutions[: settings.filter_layers]
    return Results(
        settings,
        checkpoint.run.model,
        dataset.name,
        tuple(_filters(checkpoint, name) for name in drawn),
        _features(settings, checkpoint, dataset, layer, drawn),
        _shifts(settings, checkpoint.predictor(), dataset, progress),
    )


def _check(settings: Settings, dataset: Dataset) -> None:
    known, width = dataset.classes, dataset.test_images.shape[2]
    if len(set(settings.classes)) != 2 or not all(0 <= label < known for label in settings.classes):
        given = ",".join(map(str, settings.classes))
        raise InvalidInput(f"classes={given}: must be two different classes in 0..{known - 1}")
    if settings.channels not in ("all", "mean"):
        raise InvalidInput(f"channels must be all or mean, not {settings.channels!r}")
    check_count(settings.filter_layers, "filter_layers")
    for name in ("shift_pixels", "max_shift"):
        if check_count(getattr(settings, name), name) >= width:
            raise InvalidInput(f"{name} must be less than the width of the images, {width}")


def _filters(checkpoint: Checkpoint, layer: str) -> FilterBank:
    kernels = inspection.filters(checkpoint.state.params, layer)
    return FilterBank(layer, kernels, float(np.abs(kernels).max()))


def _features(settings: Settings, checkpoint: Checkpoint, dataset: Dataset, layer: str, drawn: list[str]) -> Features:
    model, params, classes = checkpoint.model, checkpoint.state.params, settings.classes
    predict = checkpoint.predictor()
    chosen = tuple(
        inspection.nth_correct(predict, dataset.test_images, dataset.test_labels, label, settings.nth)
        for label in classes
    )
    pictures = as_float(dataset.test_images[np.array(chosen)])
    taps = jax.jit(cnn.activations, static_argnums=0)(model, params, pictures)
    # A dict that went through jit has its keys sorted: back to the order of the layers.
    order = [name for name in (*cnn.layer_names(model.layers), "logits") if name in taps]

    first, second = (dataset.test_images[dataset.test_labels == label] for label in classes)
    found = inspection.discriminate(model, params, first, second, layer)
    cells = inspection.separation(found.cell_auc)
    channels = inspection.separation(found.channel_auc)
    larger_for = lambda auc: classes[int(auc >= 0.5)]  # noqa: E731
    best = np.argsort(cells, axis=None)[::-1][:CELLS]
    return Features(
        layer,
        chosen,
        np.asarray(pictures),
        tuple(LayerMaps(name, np.asarray(taps[name])) for name in order),
        found,
        tuple(
            Cell(
                int(channel),
                int(row),
                int(col),
                float(cells[row, col, channel]),
                larger_for(found.cell_auc[row, col, channel]),
                geometry.field(model.layers, layer, int(row), int(col)),
            )
            for row, col, channel in zip(*np.unravel_index(best, cells.shape), strict=True)
        ),
        tuple(
            Channel(int(c), float(channels[c]), float(cells[..., c].max()), larger_for(found.channel_auc[c]))
            for c in channels.argsort()[::-1]
        ),
        float(np.median(cells)),
        (_middle_ink(first), _middle_ink(second)),
        tuple(map(ChannelAucs, drawn, inspection.channel_aucs(model, params, first, second, drawn))),
    )


def _middle_ink(images: np.ndarray) -> float:
    """Mean grey value in [0, 1] of the middle 2x2 pixels (one row or column where their number is odd)."""
    rows, cols = (slice((size - 1) // 2, size // 2 + 1) for size in images.shape[1:3])
    return float(images[:, rows, cols].mean() / 255)


def _shifts(settings: Settings, predict: Predict, dataset: Dataset, progress: Progress) -> Shifts:
    label, pixels = settings.shift_digit, settings.shift_pixels
    row = inspection.nth_correct(predict, dataset.test_images, dataset.test_labels, label, settings.nth)
    image = jnp.asarray(as_float(dataset.test_images[row]))
    moves = {"original": 0, f"{pixels} pixels left": -pixels, f"{pixels} pixels right": pixels}
    pictures = np.stack([np.asarray(inspection.shift(image, 0, right)) for right in moves.values()])
    probabilities = np.asarray(predict(jnp.asarray(pictures)))
    versions = (
        Version(name, int(p.argmax()), float(p.max()), float(p[label]))
        for name, p in zip(moves, probabilities, strict=True)
    )

    images = dataset.test_images[dataset.test_labels == label]
    reach = np.arange(-settings.max_shift, settings.max_shift + 1)
    zeros = np.zeros_like(reach)
    both = np.concatenate([np.stack([zeros, reach], 1), np.stack([reach, zeros], 1)])
    with progress("shifting", len(both) * len(images), "images") as advance:
        accuracy = inspection.accuracy_of_shifts(predict, images, label, both, advance)
    horizontal, vertical = (tuple(half.tolist()) for half in np.split(accuracy, 2))
    return Shifts(row, pictures, tuple(versions), len(images), tuple(reach.tolist()), horizontal, vertical)
