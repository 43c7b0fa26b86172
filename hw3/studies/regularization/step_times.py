"""What batch normalisation costs in time, measured: document 004's problem 1 (3), 3."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from hw3.datasets import Dataset
from hw3.ensembles import lanes
from hw3.ensembles.dense import DenseNetwork
from hw3.studies import timing
from hw3.studies.regularization.dropout import rates_after
from hw3.studies.regularization.settings import Settings


class StepTimes(NamedTuple):
    """Seconds of a step of training, the mean over an epoch's, for every repetition."""

    normalised: tuple[float, ...]
    plain: tuple[float, ...]


def measure(settings: Settings, dataset: Dataset, key: jax.Array) -> StepTimes:
    """Times epochs of one network with and without normalisation in turn."""
    rates, recipe = rates_after([0.0], len(settings.widths)), settings.normalised_recipe
    inputs = lanes.lanes(key, 1, settings.train_images, dataset.train_labels, rates)
    pool = jnp.asarray(dataset.train_images)
    steps = settings.train_images // recipe.batch_size

    def epoch_of(normalise: bool) -> Callable[[], jax.Array]:
        network = DenseNetwork(settings.widths, dataset.classes, normalise, ())
        state = lanes.initial_state(network, recipe, inputs, pool)

        def run() -> jax.Array:
            nonlocal state
            state, loss = lanes.epoch(network, recipe, state, inputs, 0, pool)
            return loss

        return run

    seconds = timing.alternate_seconds([epoch_of(True), epoch_of(False)], settings.repeats)
    return StepTimes(*(tuple(value / steps for value in values) for values in seconds))
