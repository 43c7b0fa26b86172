"""Networks that differ in how they pool, for what document 004 says of pooling in its problem 2 (2).

One small network (a convolution, then something that halves the map, twice, and a dense classifier) in versions that
differ in nothing but how they halve and what the classifier sees. The version is a setting, so that networks of all
versions and seeds train as one batch from the same initial weights.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from hw3.datasets import Dataset
from hw3.ensembles import lanes
from hw3.errors import InvalidInput
from hw3.studies.convolution.connectivity import unfold
from hw3.studies.convolution.settings import Settings
from hw3.studies.progress import Progress, quiet

VERSIONS = ("max pooling", "average pooling", "strides alone", "global max pooling")
MAX, AVERAGE, STRIDE, GLOBAL = range(len(VERSIONS))


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
        raise InvalidInput(f"the images of {dataset.name} are too small for {len(features)} halvings")
    return ShiftNetwork(tuple(features), (height, width), dataset.classes)


class Trained(NamedTuple):
    """Networks of every version for every seed."""

    network: ShiftNetwork
    variables: Any  # leaves [lanes, ...], ordered [seed, version]
    versions: jax.Array  # int32 [lanes]


def train(settings: Settings, dataset: Dataset, key: jax.Array, progress: Progress = quiet) -> Trained:
    """Trains every version for every seed."""
    of_set = network(settings.features, dataset)
    versions = jnp.arange(len(VERSIONS), dtype=jnp.int32)
    inputs = lanes.lanes(key, settings.seeds, settings.train_images, dataset.train_labels, versions)
    pool = jnp.asarray(dataset.train_images)
    with progress("pooling", inputs.rows.size * settings.epochs, "images") as advance:
        variables = lanes.trained(of_set, settings.recipe, settings.epochs, inputs, pool, advance)
    return Trained(of_set, variables, inputs.settings)
