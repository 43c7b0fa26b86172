"""A variance shift known in closed form, and statistics measured anew against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.ensembles import lanes, sampling
from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Recipe
from hw3.studies.regularization import variance_shift

KEY = jax.random.key(1)
NETWORK = DenseNetwork((6, 6), classes=3, normalise=True, drops=("before", "after"))


@pytest.fixture(scope="module")
def some(stripes):
    """A fresh network in two lanes: without dropout, and with 0.5 before every normalisation."""
    settings = variance_shift.placements(0.5, 2)[:2]
    inputs = lanes.lanes(KEY, 1, 100, stripes.train_labels, settings)
    pool = jnp.asarray(stripes.train_images)
    return lanes.initial_state(NETWORK, Recipe(10, 0.1), inputs, pool).variables, settings


def test_a_known_variance_shift():
    """Inputs with mean c and variance v, dropped with probability p: E[x^2] / (1 - p) - c^2 in training, v without."""
    rng = np.random.default_rng(0)
    images = rng.integers(50, 200, (4000, 2, 2, 1)).astype(np.uint8)
    network = DenseNetwork((4,), classes=2, normalise=True, drops=("before", "after"))
    variables = sampling.fresh_variables(network, jnp.stack([KEY] * 2), images[:2] / 255, jnp.zeros((1, 2)), False)
    variables["params"]["Dense_0"]["kernel"] = np.stack([np.eye(4, dtype=np.float32)] * 2)
    settings = jnp.array([[[0.3, 0.0]], [[0.0, 0.7]]])
    ratio = variance_shift.variance_ratios(network, variables, np.stack([images] * 2), settings, KEY, 400)
    mean, variance = (images / 255).mean(), (images / 255).var()
    known = ((variance + mean**2) / 0.7 - mean**2) / variance
    assert known > 2
    assert ratio[0, 0] == pytest.approx(known, rel=0.03)
    assert ratio[1, 0] == pytest.approx(1.0, rel=1e-5), "dropout behind the normalisation does not concern it"


def test_placements():
    rates = np.asarray(variance_shift.placements(0.4, 3))
    assert rates.shape == (4, 3, 2)
    np.testing.assert_allclose(rates.sum((1, 2)), [0, 1.2, 1.2, 0.4], rtol=1e-6)
    np.testing.assert_allclose(rates[3, 2], [0, 0.4])


def test_statistics_measured_anew_are_those_of_the_images(some, stripes):
    variables, settings = some
    images = stripes.train_images[:200].reshape(2, 100, 12, 12, 1)  # each lane has its own
    corrected = variance_shift.with_test_statistics(NETWORK, variables, images, settings, 100)
    lane = jax.tree.map(lambda leaf: leaf[1], corrected)
    x = images[1].reshape(100, -1).astype(np.float32) / 255
    for block in range(2):
        dense, statistics = lane["params"][f"Dense_{block}"], lane["batch_stats"][f"BatchNorm_{block}"]
        z = x @ np.asarray(dense["kernel"]) + np.asarray(dense["bias"])
        np.testing.assert_allclose(statistics["mean"], z.mean(0), atol=1e-4)
        np.testing.assert_allclose(statistics["var"], z.var(0), atol=1e-4)
        x = np.maximum((z - z.mean(0)) / np.sqrt(z.var(0) + 1e-5), 0)
