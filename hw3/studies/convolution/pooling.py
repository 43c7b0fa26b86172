"""What pooling gives: small shifts, few images, other image sizes; problem 2 (2) of document 004.

One small network (a convolution, then something that halves the map, twice, and a dense classifier) in versions that
differ in nothing but how they halve and what the classifier sees. The version is a setting, so that networks of all
versions and seeds train as one batch from the same initial weights.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from hw3.batches import in_batches
from hw3.cnn import inspection
from hw3.datasets import Dataset, as_float
from hw3.ensembles import lanes
from hw3.ensembles.lanes import Recipe
from hw3.studies.convolution.connectivity import unfold

VERSIONS = ("max pooling", "average pooling", "strides alone", "global max pooling")
MAX, AVERAGE, STRIDE, GLOBAL = range(len(VERSIONS))
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # down, right
BATCH = 250  # images in one forward pass of all lanes


def halve(x: jax.Array, version: jax.Array) -> jax.Array:
    """Halves maps [batch, height, width, channels] as the version says; an odd last row or column is left out.

    Keeping the first value of each 2x2 window is what a convolution with stride 2 computes.
    """
    height, width = (size // 2 * 2 for size in x.shape[1:3])
    corners = [x[:, i:height:2, j:width:2] for i in range(2) for j in range(2)]
    largest = jnp.maximum(jnp.maximum(corners[0], corners[1]), jnp.maximum(corners[2], corners[3]))
    mean = (corners[0] + corners[1] + corners[2] + corners[3]) / 4
    return jnp.where(version == AVERAGE, mean, jnp.where(version == STRIDE, corners[0], largest))


class ShiftNetwork(nn.Module):
    """3x3 convolutions, each with ReLU and halved, and a dense classifier; the setting is the version, int32.

    Sown as taps are the maps after each halving, `features_0` and so on. `cells` is the size of the last of them for
    the images trained on. In other image sizes only the version that pools globally has an answer, and all lanes take
    that way.
    """

    features: tuple[int, ...]
    cells: tuple[int, int]
    classes: int = 10

    @nn.compact
    def __call__(self, images: jax.Array, version: jax.Array, train: bool) -> jax.Array:
        """Logits [batch, classes]."""
        x = images
        for layer, features in enumerate(self.features):
            x = halve(nn.relu(nn.Dense(features)(unfold(x, 3))), version)
            self.sow("taps", f"features_{layer}", x)
        # The pooled values take the place of one cell and zeros that of the others: the classifier stays the same.
        pooled = jnp.zeros((len(x), *self.cells, x.shape[-1])).at[:, 0, 0].set(x.max((1, 2)))
        x = jnp.where(version == GLOBAL, pooled, x) if x.shape[1:3] == self.cells else pooled
        return nn.Dense(self.classes)(x.reshape(len(x), -1))


def network(features: Sequence[int], dataset: Dataset) -> ShiftNetwork:
    """The network for the images of a set. Raises ValueError if they are too small for it."""
    height, width = dataset.train_images.shape[1:3]
    for _ in features:
        height, width = (height - 2) // 2, (width - 2) // 2
    if min(height, width) < 1:
        raise ValueError(f"the images of {dataset.name} are too small for {len(features)} halvings")
    return ShiftNetwork(tuple(features), (height, width), dataset.classes)


class ShiftRun(NamedTuple):
    """By version; relative changes are of all of an image's numbers together, means over images and directions."""

    accuracy: np.ndarray  # [seeds, versions], of the test images as they are
    feature_change: np.ndarray  # [seeds, versions, layers, distances], |moved - still| / |still| of the maps
    probability_change: np.ndarray  # [seeds, versions, distances], half the sum of |moved - still| of probabilities
    flipped: np.ndarray  # [seeds, versions, distances], share of images with another prediction
    accuracy_moved: np.ndarray  # [seeds, versions, distances]


Answers = tuple[jax.Array, dict[str, jax.Array]]  # logits and taps


@partial(jax.jit, static_argnums=0)
def _answers(network: nn.Module, variables: Any, images: jax.Array, settings: Any, move: jax.Array) -> Answers:
    moved = inspection.shift(as_float(images), move[0], move[1])
    return lanes.forward(network, variables, moved, settings, jax.random.key(0))


@jax.jit
def _changes(still: Answers, moved: Answers, labels: jax.Array) -> tuple[jax.Array, ...]:
    """Sums over images [lanes, ...] of what `ShiftRun` has means of."""

    def relative(still: jax.Array, moved: jax.Array) -> jax.Array:
        axes = tuple(range(2, still.ndim))
        return jnp.sqrt(((moved - still) ** 2).sum(axes) / jnp.maximum((still**2).sum(axes), 1e-12)).sum(-1)

    before, after = still[0], moved[0]
    return (
        jnp.stack([relative(still[1][name], moved[1][name]) for name in sorted(still[1])], -1),
        jnp.abs(jax.nn.softmax(after) - jax.nn.softmax(before)).sum((1, 2)) / 2,
        (after.argmax(-1) != before.argmax(-1)).sum(-1),
        (after.argmax(-1) == labels[None]).sum(-1),
    )


def shifts(
    network: ShiftNetwork,
    variables: Any,
    versions: jax.Array,
    seeds: int,
    dataset: Dataset,
    distances: Sequence[int],
    images: int,
) -> ShiftRun:
    """How the networks of all lanes answer to the first `images` test images moved in four directions.

    Missing pixels take the nearest valid ones; digits keep a margin of 4 pixels, so up to there nothing is lost.
    """
    pictures, labels = dataset.test_images[:images], dataset.test_labels[:images]
    counted = 0
    sums: list[Any] = [0.0] * 4
    right: Any = 0.0
    for rows, _ in in_batches(images, BATCH):
        ask = partial(_answers, network, variables, pictures[rows], versions)
        still = ask(np.zeros(2, int))
        right = right + np.asarray(_changes(still, still, labels[rows])[3])
        found = [
            [_changes(still, ask(np.array(direction) * distance), labels[rows]) for direction in DIRECTIONS]
            for distance in distances
        ]
        of_batch = [np.stack([sum(np.asarray(part[i], float) for part in row) for row in found], -1) for i in range(4)]
        sums = [total + values for total, values in zip(sums, of_batch, strict=True)]
        counted += len(rows)
    means = [lanes.by_seed(total / (len(DIRECTIONS) * counted), seeds) for total in sums]
    return ShiftRun(lanes.by_seed(right / counted, seeds), *means)


def pixel_change(images: np.ndarray, distances: Sequence[int]) -> np.ndarray:
    """|moved - still| / |still| of the pixels themselves, [distances], as `ShiftRun` has it of the maps."""
    still = jnp.asarray(as_float(images))
    size = jnp.sqrt((still**2).sum((1, 2, 3)))
    return np.array(
        [
            np.mean([
                jnp.mean(jnp.sqrt(((inspection.shift(still, down * distance, right * distance) - still) ** 2)
                                  .sum((1, 2, 3))) / size)
                for down, right in DIRECTIONS
            ])
            for distance in distances
        ]
    )  # fmt: skip


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


class CanvasRun(NamedTuple):
    """Accuracy on images of other sizes, [seeds, sizes]."""

    direct: np.ndarray  # of the networks that pool globally, which take the image as it is
    resized: np.ndarray  # of those with max pooling and a classifier of fixed size: scaled back to the one trained on


def canvas_sizes(
    network: ShiftNetwork, variables: Any, versions: jax.Array, dataset: Dataset, sizes: Sequence[int], images: int
) -> dict[str, CanvasRun]:
    """How the first `images` test images are classified in other sizes, by each of `WAYS` to come by them."""
    pictures, labels = dataset.test_images[:images], dataset.test_labels[:images]
    found = {}
    for way, change in WAYS.items():
        accuracies: list[list[np.ndarray]] = [[], []]
        for size in sizes:
            changed = change(pictures, size)
            back = rescale(changed, dataset.train_images.shape[1])
            for values, version, seen in zip(accuracies, (GLOBAL, MAX), (changed, back), strict=True):
                chosen = jax.tree.map(lambda leaf, v=version: np.asarray(leaf)[v :: len(VERSIONS)], variables)
                predicted = lanes.logits(network, chosen, seen, versions[version :: len(VERSIONS)])
                values.append(lanes.accuracy(predicted, labels))
        found[way] = CanvasRun(*(np.stack(values, -1) for values in accuracies))
    return found


def train(
    network: ShiftNetwork,
    recipe: Recipe,
    epochs: int,
    key: jax.Array,
    seeds: int,
    images: int,
    dataset: Dataset,
    advance: Callable[[int], None] = lambda images: None,
) -> tuple[Any, jax.Array]:
    """Trains every version for every seed; the variables of the lanes [seed, version] and the versions [lanes]."""
    versions = jnp.arange(len(VERSIONS), dtype=jnp.int32)
    inputs = lanes.lanes(key, seeds, images, dataset.train_labels, versions)
    pool = jnp.asarray(dataset.train_images)
    return lanes.trained(network, recipe, epochs, inputs, pool, advance), inputs.settings
