"""All experiments once, tiny; and networks that normalise."""

import jax
import jax.numpy as jnp
import pytest

from hw3.ensembles import lanes
from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Recipe
from hw3.studies import regularization
from hw3.studies.regularization import Settings
from hw3.studies.regularization.variance_shift import placements

KEY = jax.random.key(1)
# As many lanes of rates as of members, and depths in common: what has the same shapes is compiled once.
TINY = Settings(
    seeds=2,
    train_images=60,
    epochs=24,
    rates=(0.0, 0.6),
    members=2,
    masks=3,
    batch_sizes=(7, 29),  # both divide the 203 test images
    depths=(3, 4),
    trained_depths=(4,),
    descent_steps=25,
    shift_rates=(0.5,),
    repeats=2,
    widths=(16,),
    shift_widths=(8, 8),
    recipe=Recipe(20, 0.03),
    normalised_recipe=Recipe(29, 0.5),
    shift_recipe=Recipe(20, 0.05),
)


@pytest.fixture(scope="session")
def tiny():
    return TINY


@pytest.fixture(scope="session")
def results(once, stripes):
    """Every experiment with the settings `tiny`."""
    return once("regularization", lambda _: regularization.measure(TINY, stripes))


@pytest.fixture(scope="session")
def normalising(stripes):
    """A network that normalises, and its fresh variables and rates in two lanes: without dropout, and with 0.5 before
    every normalisation."""
    network = DenseNetwork((6, 6), classes=3, normalise=True, drops=("before", "after"))
    rates = placements(0.5, 2)[:2]
    inputs = lanes.lanes(KEY, 1, 100, stripes.train_labels, rates)
    state = lanes.initial_state(network, Recipe(10, 0.1), inputs, jnp.asarray(stripes.train_images))
    return network, state.variables, rates
