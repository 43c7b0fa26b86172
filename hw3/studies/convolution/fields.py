"""Receptive fields, measured: those of a trained network, of fresh ones and of random stacks.

Document 004's problem 2 (4).
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.cnn import receptive_field
from hw3.cnn.checkpoints import Checkpoint
from hw3.cnn.receptive_field import Field, effective_side
from hw3.compilation import ONCE
from hw3.datasets import Dataset, as_float
from hw3.ensembles import sampling
from hw3.studies.convolution.settings import Settings


class LayerField(NamedTuple):
    """The field of a layer's middle unit: theoretical, and effective with random and with trained weights."""

    field: Field
    random: tuple[float, ...]  # effective sides in pixels, one a seed
    trained: tuple[float, ...]  # one a group of test images
    random_map: np.ndarray  # mean squared gradients [side, side]
    trained_map: np.ndarray


class Fields(NamedTuple):
    """What `measure` found."""

    image: np.ndarray  # float32 [height, width, channels] in [0, 1], the first test image
    groups: int  # of test images
    layers: tuple[LayerField, ...]
    stack: (
        np.ndarray
    )  # [seeds, depths], effective sides of a unit on top of so many 3x3 convolutions, see `stack_sides`


@partial(jax.jit, compiler_options=ONCE)
def _stack_gradients(kernels: jax.Array, images: jax.Array) -> jax.Array:
    def top(x: jax.Array) -> jax.Array:
        for kernel in kernels:
            x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = jnp.maximum(x, 0)
        return x.sum()

    return (jax.grad(top)(images) ** 2).mean((0, 3))


def stack_sides(key: jax.Array, depths: Sequence[int], channels: int = 16, batch: int = 8) -> np.ndarray:
    """Effective sides [depths] of a unit on top of so many 3x3 convolutions with ReLU, whose theoretical side is
    2 depth + 1.

    Random weights and noise for images, as in the paper's first experiments; the image is just the theoretical field.
    """
    side = 2 * max(depths) + 1
    shapes = [(batch, side, side, channels), (max(depths), 3, 3, channels, channels)]
    images, kernels = sampling.draw(key, shapes, [2, 9 * channels])
    return np.array(
        [
            effective_side(np.asarray(_stack_gradients(kernels[:depth], images[:, : 2 * depth + 1, : 2 * depth + 1])))
            for depth in depths
        ]
    )


def growth_exponent(depths: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """The power of the depth [depths] that sides [..., depths] grow with: the slope in log-log, [...]."""
    x = np.log(depths) - np.log(depths).mean()
    return np.asarray((np.log(sides) * x).sum(-1) / (x**2).sum())


def measure(settings: Settings, checkpoint: Checkpoint, dataset: Dataset, key: jax.Array) -> Fields:
    """Theoretical and effective fields of every layer of the trained network and of fresh ones, and of stacks."""
    model, shape = checkpoint.model, checkpoint.run.image_shape
    trained = jax.tree.map(np.asarray, checkpoint.state.params)
    groups = min(settings.seeds, len(dataset.test_labels) // settings.gradient_images)
    images = jnp.asarray(as_float(dataset.test_images[: groups * settings.gradient_images]))
    batches = images.reshape(groups, -1, *shape)
    of_networks, of_stacks, of_signs = jax.random.split(key, (3, settings.seeds))
    drawn = sampling.fresh_variables(model, of_networks, np.zeros((1, *shape), np.float32))
    fresh = [jax.tree.map(lambda leaf, i=i: leaf[i], drawn["params"]) for i in range(settings.seeds)]
    layers = []
    for field in receptive_field.theoretical(model, shape):
        gradients = partial(receptive_field.squared_gradients, model)
        of_trained = [gradients(trained, b, field, k).mean(0) for b, k in zip(batches, of_signs, strict=False)]
        of_fresh = [gradients(p, batches[0], field, k).mean(0) for p, k in zip(fresh, of_signs, strict=True)]
        random, effective = (tuple(effective_side(np.asarray(m)) for m in maps) for maps in (of_fresh, of_trained))
        layers.append(LayerField(field, random, effective, np.mean(of_fresh, 0), np.mean(of_trained, 0)))
    picture = np.asarray(as_float(dataset.test_images[:1]))[0]
    stack = np.stack([stack_sides(k, settings.depths) for k in of_stacks])
    return Fields(picture, groups, tuple(layers), stack)
