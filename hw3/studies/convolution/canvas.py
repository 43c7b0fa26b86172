"""Images of other sizes than those trained on, pooled globally or scaled back: document 004's problem 2 (2)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.datasets import Dataset, as_float
from hw3.ensembles import lanes
from hw3.studies.convolution.pooling import GLOBAL, MAX, VERSIONS, Trained
from hw3.studies.convolution.settings import Settings


def resize_canvas(images: np.ndarray, size: int) -> np.ndarray:
    """Images uint8 [n, height, width, channels] in the middle of a black canvas, or cropped, [n, size, size, channels].

    Where the middle falls between two pixels, the upper left one is taken.
    """
    for axis in (1, 2):
        extra = size - images.shape[axis]
        if extra >= 0:
            padding = [(0, 0)] * 4
            padding[axis] = (extra // 2, extra - extra // 2)
            images = np.pad(images, padding)
        else:
            images = np.take(images, np.arange(size) + (-extra) // 2, axis)
    return images


def rescale(images: np.ndarray, size: int) -> np.ndarray:
    """Images uint8 [n, height, width, channels] scaled (bilinearly) with all that is in them, [n, size, size, ...]."""
    scaled = jax.image.resize(as_float(images), (len(images), size, size, images.shape[-1]), "bilinear")
    return np.asarray(jnp.clip(jnp.round(scaled * 255), 0, 255).astype(jnp.uint8))


WAYS = {"digits keep their size": resize_canvas, "digits scale with the image": rescale}


class Canvas(NamedTuple):
    """Accuracy on images of other sizes, [seeds, sizes]."""

    way: str  # how they came by their size, one of `WAYS`
    direct: np.ndarray  # of the networks that pool globally, which take the image as it is
    resized: np.ndarray  # of those with max pooling and a classifier of fixed size: scaled back to the one trained on


def measure(settings: Settings, dataset: Dataset, trained: Trained) -> tuple[Canvas, ...]:
    """How the first test images are classified in other sizes, by each of `WAYS` to come by them."""
    network, variables, versions = trained
    pictures, labels = (of[: settings.canvas_images] for of in (dataset.test_images, dataset.test_labels))
    found = []
    for way, change in WAYS.items():
        accuracies: list[list[np.ndarray]] = [[], []]
        for size in settings.canvas_sizes:
            changed = change(pictures, size)
            back = rescale(changed, dataset.train_images.shape[1])
            for values, version, seen in zip(accuracies, (GLOBAL, MAX), (changed, back), strict=True):
                chosen = jax.tree.map(lambda leaf, v=version: np.asarray(leaf)[v :: len(VERSIONS)], variables)
                predicted = lanes.logits(network, chosen, seen, versions[version :: len(VERSIONS)])
                values.append(lanes.accuracy(predicted, labels))
        found.append(Canvas(way, *(np.stack(values, -1) for values in accuracies)))
    return tuple(found)
