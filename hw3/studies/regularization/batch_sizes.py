"""Batch normalisation and the size of the batch, measured: document 004's problem 1 (3), 2 and (4).

Normalised by the statistics of the batch in training and by their running averages at test time (Ioffe and Szegedy,
arXiv:1502.03167).
"""

import math
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from hw3.compilation import LIGHTLY
from hw3.datasets import Dataset, as_float
from hw3.ensembles import lanes
from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Recipe
from hw3.studies.progress import Progress, quiet
from hw3.studies.regularization.dropout import rates_after
from hw3.studies.regularization.settings import REFERENCE_BATCH, Settings

REMEMBERED_IMAGES = 1280  # that the running statistics look back on, whatever the size of the batch


class BatchSizes(NamedTuple):
    """Test accuracies by the size of the batch in training, [seeds, sizes]."""

    plain: np.ndarray  # without normalisation
    running: np.ndarray  # normalised by the running statistics at test time
    batch: np.ndarray  # the same networks normalised by the statistics of test batches of the training's size
    train: np.ndarray  # accuracy of `running` on the training images
    large_then_small: np.ndarray  # trained with the largest batches, tested with the statistics of batches of each size
    large_then_running: np.ndarray  # the same on the smallest and the largest with the running statistics, [seeds, 2]


def scaled(recipe: Recipe, batch_size: int) -> Recipe:
    """The recipe for batches of another size: the learning rate is proportional to it (Goyal et al.,
    arXiv:1706.02677), so that a pass over the data moves the weights equally far."""
    return recipe._replace(batch_size=batch_size, learning_rate=recipe.learning_rate * batch_size / REFERENCE_BATCH)


def memory(batch_size: int) -> float:
    """The decay per step of running statistics that look back on `REMEMBERED_IMAGES`."""
    return max(0.0, 1 - batch_size / REMEMBERED_IMAGES)


@partial(jax.jit, static_argnums=(0, 5), compiler_options=LIGHTLY)
def _by_batch(
    network: nn.Module, variables: Any, groups: jax.Array, labels: jax.Array, settings: Any, train: bool
) -> jax.Array:
    def one(group: jax.Array) -> jax.Array:
        return lanes.forward(network, variables, as_float(group), settings, jax.random.key(0), train)[0]

    predicted = jax.lax.map(one, groups, batch_size=max(1, 256 // groups.shape[1]))  # [groups, lanes, batch, classes]
    return (predicted.argmax(-1) == labels[:, None]).mean((0, 2))


def accuracy_by_batch(
    network: nn.Module,
    variables: Any,
    images: np.ndarray,
    labels: np.ndarray,
    settings: Any,
    batch_size: int,
    own_statistics: bool = True,
) -> np.ndarray:
    """Accuracy [lanes] on batches of `batch_size` images, each normalised by its own statistics, without dropping.

    Args: images uint8 [n, height, width, channels], what is left over after the last whole batch is not counted;
      own_statistics: or, if False, the running ones.
    """
    count = len(images) // batch_size
    groups = images[: count * batch_size].reshape(count, batch_size, *images.shape[1:])
    still = jax.tree.map(jnp.zeros_like, settings)
    return np.asarray(
        _by_batch(network, variables, groups, labels[: count * batch_size].reshape(count, -1), still, own_statistics)
    )


def measure(settings: Settings, dataset: Dataset, key: jax.Array, progress: Progress = quiet) -> BatchSizes:
    """Trains a network for each seed with and one without normalisation, for every size of the batch."""
    widths, sizes, epochs = settings.widths, settings.batch_sizes, max(1, settings.epochs // 5)
    rates = rates_after([0.0], len(widths))
    inputs = lanes.lanes(key, settings.seeds, settings.train_images, dataset.train_labels, rates)
    pool = jnp.asarray(dataset.train_images)
    plain: list[np.ndarray] = []
    running: list[np.ndarray] = []
    batch, train = [], []
    with progress("batch sizes", 2 * len(sizes) * inputs.rows.size * epochs, "images") as advance:
        for size in sizes:
            for normalise in (False, True):
                # One network for all sizes to measure by, so that it is compiled once: only training has a memory.
                network = DenseNetwork(widths, dataset.classes, normalise, drops=())
                learner = network.clone(memory=memory(size))
                recipe = scaled(settings.normalised_recipe, size)
                variables = lanes.trained(learner, recipe, epochs, inputs, pool, advance)
                predicted = lanes.logits(network, variables, dataset.test_images, inputs.settings)
                (running if normalise else plain).append(lanes.accuracy(predicted, dataset.test_labels))
            by_batch = partial(
                accuracy_by_batch, network, variables, dataset.test_images, dataset.test_labels, inputs.settings
            )
            batch.append(by_batch(size))
            train.append(lanes.train_accuracy(network, variables, inputs, pool))
    # The last network is that of the largest batches; all sizes divide the same images.
    whole = len(dataset.test_labels) // math.lcm(*sizes) * math.lcm(*sizes) or len(dataset.test_labels)
    images, labels = dataset.test_images[:whole], dataset.test_labels[:whole]
    last = partial(accuracy_by_batch, network, variables, images, labels, inputs.settings)
    small = [last(size) for size in sizes]
    still = [last(size, False) for size in (sizes[0], sizes[-1])]
    return BatchSizes(*(np.stack(values, 1) for values in (plain, running, batch, train, small, still)))
