"""What a small shift of the image changes, by the way of pooling: document 004's problem 2 (2)."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from hw3.batches import in_batches
from hw3.cnn import inspection
from hw3.compilation import LIGHTLY, ONCE
from hw3.datasets import Dataset, as_float
from hw3.ensembles import lanes
from hw3.studies.convolution.pooling import Trained
from hw3.studies.convolution.settings import Settings

DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # down, right
BATCH = 250  # images in one forward pass of all lanes


class Shifts(NamedTuple):
    """By version; relative changes are of all of an image's numbers together, means over images and directions."""

    accuracy: np.ndarray  # [seeds, versions], of the test images as they are
    feature_change: np.ndarray  # [seeds, versions, layers, distances], |moved - still| / |still| of the maps
    probability_change: np.ndarray  # [seeds, versions, distances], half the sum of |moved - still| of probabilities
    flipped: np.ndarray  # [seeds, versions, distances], share of images with another prediction
    accuracy_moved: np.ndarray  # [seeds, versions, distances]
    pixel_change: np.ndarray  # [distances], |moved - still| / |still| of the pixels themselves


Answers = tuple[jax.Array, dict[str, jax.Array]]  # logits and taps


@partial(jax.jit, static_argnums=0, compiler_options=LIGHTLY)
def _answers(network: nn.Module, variables: Any, images: jax.Array, settings: Any, move: jax.Array) -> Answers:
    moved = inspection.shift(as_float(images), move[0], move[1])
    return lanes.forward(network, variables, moved, settings, jax.random.key(0))


@jax.jit
def _changes(still: Answers, moved: Answers, labels: jax.Array) -> tuple[jax.Array, ...]:
    """Sums over images [lanes, ...] of what `Shifts` has means of."""

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


def measure(settings: Settings, dataset: Dataset, trained: Trained) -> Shifts:
    """How the networks of all lanes answer to the first test images moved in four directions.

    Missing pixels take the nearest valid ones; digits keep a margin of 4 pixels, so up to there nothing is lost.
    """
    network, variables, versions = trained
    seeds, distances = settings.seeds, settings.distances
    pictures, labels = (of[: settings.shifted_images] for of in (dataset.test_images, dataset.test_labels))
    counted = 0
    sums: list[Any] = [0.0] * 4
    right: Any = 0.0
    for rows, _ in in_batches(len(pictures), BATCH):
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
    features, probabilities, flipped, moved = (
        lanes.by_seed(total / (len(DIRECTIONS) * counted), seeds) for total in sums
    )
    return Shifts(
        accuracy=lanes.by_seed(right / counted, seeds),
        feature_change=features,
        probability_change=probabilities,
        flipped=flipped,
        accuracy_moved=moved,
        pixel_change=pixel_change(pictures, distances),
    )


def pixel_change(images: np.ndarray, distances: Sequence[int]) -> np.ndarray:
    """|moved - still| / |still| of the pixels themselves, float64 [distances], as `Shifts` has it of the maps."""
    still = np.asarray(as_float(images))
    by_direction = [[_pixel_change(still, down * by, right * by) for down, right in DIRECTIONS] for by in distances]
    return np.array([np.mean(changes) for changes in by_direction], float)


@partial(jax.jit, compiler_options=ONCE)
def _pixel_change(still: jax.Array, down: int, right: int) -> jax.Array:
    difference = inspection.shift(still, down, right) - still
    return jnp.mean(jnp.sqrt((difference**2).sum((1, 2, 3))) / jnp.sqrt((still**2).sum((1, 2, 3))))
