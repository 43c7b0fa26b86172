"""Dropout, measured: what document 004 says of it in its problem 1 (1).

Dropout (Srivastava et al. 2014): speed of learning, capacity, overfitting, sparsity and co-adaptation of the hidden
units against its rate.
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
from hw3.ensembles import lanes, sampling
from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Lanes
from hw3.studies.progress import Advance
from hw3.studies.regularization.settings import Settings

TARGET = 0.95  # of its training images; the epochs until a network gets so many right are its speed
MEASURED_IMAGES = 2000  # of the test set, for sparsity and co-adaptation
OF_RANDOM_LABELS = 0  # among a lane's keys beside training


class Dropout(NamedTuple):
    """One network a seed and rate; [seeds, rates] but for what is said."""

    epochs: np.ndarray  # until 95% of the training images are right, see `first_epoch`
    curve: np.ndarray  # [seeds, rates, epochs], training accuracy without dropping
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray
    memorised: np.ndarray  # training accuracy of a second network on random labels
    sparsity: np.ndarray  # mean over the hidden layers, on test images
    co_adaptation: np.ndarray  # likewise


class Trained(NamedTuple):
    """The networks that `measure` trained, for what competes with them."""

    network: DenseNetwork
    inputs: Lanes  # [seed, rate]
    variables: Any  # leaves [lanes, ...]
    logits: np.ndarray  # float32 [seeds, rates, n, classes], of the test images


def sparsity(hidden: jax.Array) -> jax.Array:
    """The share of activations [images, units] that are zero, as after a ReLU."""
    return jnp.mean(hidden == 0)


def co_adaptation(hidden: jax.Array) -> jax.Array:
    """Mean absolute correlation over all pairs of different units of activations [images, units].

    Units that never change have no correlation and are left out; 0 if fewer than two are left.
    """
    centred = hidden - hidden.mean(0, keepdims=True)
    norm = jnp.linalg.norm(centred, axis=0)
    alive = norm > 1e-6 * math.sqrt(len(hidden))
    unit = jnp.where(alive[None], centred / jnp.where(alive, norm, 1.0)[None], 0.0)
    units = alive.sum().astype(jnp.float32)
    total = jnp.abs(unit.T @ unit).sum() - units
    return jnp.where(units > 1, total / jnp.maximum(units * (units - 1), 1.0), 0.0)


def first_epoch(curve: np.ndarray, target: float = TARGET) -> np.ndarray:
    """The first epoch, counted from 1, in which a curve [..., epochs] reaches `target`; one more than the last if none.

    >>> first_epoch(np.array([[0.5, 0.97, 0.9], [0.1, 0.2, 0.3]]))
    array([2, 4])
    """
    reached = curve >= target
    return np.where(reached.any(-1), reached.argmax(-1) + 1, curve.shape[-1] + 1)


def rates_after(rates: Any, blocks: int) -> jax.Array:
    """Settings of a `DenseNetwork`: each rate after every ReLU, none before the normalisation; [rates, blocks, 2]."""
    settings = np.zeros((len(rates), blocks, 2), np.float32)
    settings[..., 1] = np.asarray(rates, np.float32)[:, None]
    return jnp.asarray(settings)


@partial(jax.jit, static_argnums=0, compiler_options=LIGHTLY)
def _hidden_measures(
    network: nn.Module, variables: Any, images: jax.Array, settings: Any
) -> tuple[jax.Array, jax.Array]:
    taps = lanes.forward(network, variables, as_float(images), settings, jax.random.key(0))[1]
    hidden = [values for name, values in taps.items() if name.startswith("hidden")]
    zeros, correlations = (
        jnp.stack([jax.vmap(measure)(values) for values in hidden]).mean(0) for measure in (sparsity, co_adaptation)
    )
    return zeros, correlations


def hidden_measures(network: nn.Module, variables: Any, dataset: Dataset, settings: Any) -> tuple[jax.Array, jax.Array]:
    """Sparsity and co-adaptation of every lane on test images [lanes], means over its hidden layers."""
    return _hidden_measures(network, variables, dataset.test_images[:MEASURED_IMAGES], settings)


def measure(settings: Settings, dataset: Dataset, key: jax.Array, advance: Advance) -> tuple[Dropout, Trained]:
    """Trains one network for each seed and rate on its labels and another on random ones, which can only be memorised.

    `advance(n)` is called as n images have been trained on.
    """
    recipe, seeds = settings.recipe, settings.seeds
    network = DenseNetwork(settings.widths, dataset.classes)
    rates = rates_after(settings.rates, len(settings.widths))
    inputs = lanes.lanes(key, seeds, settings.train_images, dataset.train_labels, rates)
    pool = jnp.asarray(dataset.train_images)
    curve = []
    for state in lanes.epochs(network, recipe, settings.epochs, inputs, pool, advance):
        curve.append(np.asarray(lanes.train_accuracy(network, state.variables, inputs, pool)))
    variables = state.variables
    zeros, correlations = hidden_measures(network, variables, dataset, inputs.settings)
    predicted = lanes.logits(network, variables, dataset.test_images, inputs.settings)
    test_accuracy = lanes.accuracy(predicted, dataset.test_labels)

    keys = [lanes.key_beside_training(k, OF_RANDOM_LABELS) for k in inputs.key]
    drawn = [sampling.integers(k, settings.train_images, dataset.classes) for k in keys]
    shuffled = inputs._replace(labels=jnp.asarray(np.stack(drawn)))
    memorising = lanes.trained(network, recipe, settings.epochs, shuffled, pool, advance)
    memorised = lanes.train_accuracy(network, memorising, shuffled, pool)

    by_seed = partial(lanes.by_seed, seeds=seeds)
    curves = by_seed(np.stack(curve, -1))
    found = Dropout(
        epochs=first_epoch(curves),
        curve=curves,
        train_accuracy=curves[..., -1],
        test_accuracy=by_seed(test_accuracy),
        memorised=by_seed(memorised),
        sparsity=by_seed(zeros),
        co_adaptation=by_seed(correlations),
    )
    return found, Trained(network, inputs, variables, by_seed(predicted))
