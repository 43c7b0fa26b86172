"""A variance shift known in closed form, and statistics measured anew against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.ensembles import sampling
from hw3.ensembles.dense import DenseNetwork
from hw3.studies.regularization import variance_shift

KEY = jax.random.key(1)


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


def test_statistics_measured_anew_are_those_of_the_images(normalising, stripes):
    network, variables, settings = normalising
    images = stripes.train_images[:200].reshape(2, 100, 12, 12, 1)  # each lane has its own
    corrected = variance_shift.with_test_statistics(network, variables, images, settings, 100)
    lane = jax.tree.map(lambda leaf: leaf[1], corrected)
    x = images[1].reshape(100, -1).astype(np.float32) / 255
    for block in range(2):
        dense, statistics = lane["params"][f"Dense_{block}"], lane["batch_stats"][f"BatchNorm_{block}"]
        z = x @ np.asarray(dense["kernel"]) + np.asarray(dense["bias"])
        np.testing.assert_allclose(statistics["mean"], z.mean(0), atol=1e-4)
        np.testing.assert_allclose(statistics["var"], z.var(0), atol=1e-4)
        x = np.maximum((z - z.mean(0)) / np.sqrt(z.var(0) + 1e-5), 0)


def test_the_experiment_sees_the_shift_where_dropout_comes_first(results, tiny):
    (found,) = results.variance_shift
    assert found.rate == 0.5
    assert found.ratio.shape == (tiny.seeds, 4, len(tiny.shift_widths))
    first = found.ratio[:, :, 0]  # whose input only dropout in front of it changes
    assert (first[:, variance_shift.BEFORE] > 1.2).all()
    np.testing.assert_allclose(np.delete(first, variance_shift.BEFORE, 1), 1, rtol=1e-5)
    assert not np.array_equal(found.accuracy, found.corrected)
    assert not np.array_equal(found.accuracy, found.plain_accuracy)
