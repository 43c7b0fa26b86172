"""What convolutions save, measured: parameters, operations, times, and accuracy where there are few training images.

Document 004's problem 2 (1), for the layers of its own network.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from hw3 import cnn
from hw3.datasets import Dataset
from hw3.ensembles import lanes
from hw3.studies import timing
from hw3.studies.convolution.connectivity import Connected, ConnectedNetwork, Cost, Shape, layer_cost
from hw3.studies.convolution.settings import Settings
from hw3.studies.progress import Progress, quiet

IMAGE_SHAPE = (28, 28, 1)  # of document 004's network


class Seconds(NamedTuple):
    """Of the forward pass of a batch through one layer, for every repetition."""

    convolution: tuple[float, ...]  # XLA's
    unfolded: tuple[float, ...]  # a matrix product, as the one without sharing
    local: tuple[float, ...]
    dense: tuple[float, ...]


class LayerCosts(NamedTuple):
    """A convolution beside what else connects its input to its output."""

    name: str
    shape: Shape
    convolution: Cost
    local: Cost  # without sharing
    dense: Cost
    seconds: Seconds


class FewImages(NamedTuple):
    """Test accuracies [seeds, counts] of networks whose layers are of one kind."""

    counts: tuple[int, ...]  # of training images
    convolution: np.ndarray
    local: np.ndarray | None
    dense: np.ndarray


class Costs(NamedTuple):
    """What `measure` found."""

    layers: tuple[LayerCosts, ...]
    few_images: FewImages


def convolutions(network: str) -> dict[str, Shape]:
    """The convolutions of a network for images of `IMAGE_SHAPE`, by name. Args: network: as `cnn.parse` takes it."""
    model = cnn.CNN(cnn.parse(network))
    sizes: list[tuple[int, ...]] = [IMAGE_SHAPE, *(shape for _, shape, _ in cnn.layer_rows(model, IMAGE_SHAPE))]
    found = {}
    for name, layer, size in zip(cnn.layer_names(model.layers), model.layers, sizes, strict=False):
        if layer.kind == "conv":
            height, width, channels = size
            found[name] = Shape(height, width, channels, layer.window, layer.features)
    return found


def measure(settings: Settings, dataset: Dataset, key: jax.Array, progress: Progress = quiet) -> Costs:
    """Counts and times the layers of document 004's network, and trains small networks on few images."""
    layers = [
        LayerCosts(
            name,
            shape,
            layer_cost(shape, "convolution"),
            layer_cost(shape, "local"),
            layer_cost(shape, "dense"),
            forward_seconds(shape, settings.timed_images, settings.repeats),
        )
        for name, shape in convolutions(settings.network).items()
    ]
    return Costs(tuple(layers), few_images(settings, dataset, key, progress))


def forward_seconds(shape: Shape, batch: int, repeats: int) -> Seconds:
    """Times the forward pass of `batch` images through the ways to compute one layer, in turn."""
    # Times don't depend on the values, and drawing millions of them would take longer.
    images = jnp.asarray(np.full((batch, shape.height, shape.width, shape.channels), 0.5, np.float32))

    def way(module: nn.Module) -> Callable[[], Any]:
        shapes = jax.eval_shape(module.init, jax.random.key(0), images)
        variables = jax.tree.map(lambda leaf: jnp.asarray(np.full(leaf.shape, 0.01, leaf.dtype)), shapes)
        return jax.tree_util.Partial(jax.jit(module.apply), variables, images)

    modules = Seconds(
        nn.Conv(shape.features, (shape.window, shape.window), padding="VALID"),
        Connected("convolution", shape),
        Connected("local", shape),
        Connected("dense", shape),
    )
    return Seconds(*timing.alternate_seconds([way(module) for module in modules], repeats))


def few_images(settings: Settings, dataset: Dataset, key: jax.Array, progress: Progress = quiet) -> FewImages:
    """Trains a network of each kind for each seed and number of training images; all for equally many steps.

    Lanes with few images see them again in one "epoch" of as many steps, so that all counts train as one batch.
    """
    shapes: list[Shape] = []
    height, width, channels = dataset.train_images.shape[1:]
    for layer in settings.connected:
        shapes.append(Shape(height, width, channels, *layer))
        (height, width), channels = shapes[-1].positions, layer.features
    counts = tuple(count for count in settings.few_counts if count < len(dataset.train_labels))
    seeds, recipe = settings.seeds, settings.few_recipe
    images = settings.few_steps * recipe.batch_size
    drawn = lanes.lanes(key, seeds, max(counts), dataset.train_labels, jnp.zeros((len(counts), 1)))

    def repeated(rows: jax.Array) -> jax.Array:
        by_seed = np.asarray(rows).reshape(seeds, len(counts), -1)
        first = [np.resize(by_seed[:, i, :count].T, (images, seeds)) for i, count in enumerate(counts)]
        return jnp.asarray(np.stack(first, 1).T.reshape(seeds * len(counts), -1))

    inputs = drawn._replace(rows=repeated(drawn.rows), labels=repeated(drawn.labels))
    pool = jnp.asarray(dataset.train_images)
    kinds = 3 if settings.few_local else 2
    with progress("few images", kinds * inputs.rows.size, "images") as advance:

        def accuracy(kind: str) -> np.ndarray:
            network = ConnectedNetwork(kind, tuple(shapes), dataset.classes)
            variables = lanes.trained(network, recipe, 1, inputs, pool, advance)
            predicted = lanes.logits(network, variables, dataset.test_images, inputs.settings)
            return lanes.by_seed(lanes.accuracy(predicted, dataset.test_labels), seeds)

        local = accuracy("local") if settings.few_local else None
        return FewImages(counts, accuracy("convolution"), local, accuracy("dense"))
