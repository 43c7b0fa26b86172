"""Measures of dropout against definitions written out, and the experiment on a set learnt in seconds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.studies.regularization import dropout

co_adaptation = jax.jit(dropout.co_adaptation)


def test_co_adaptation_is_the_mean_absolute_correlation_of_units_that_live():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(200, 4)).astype(np.float32)
    hidden[:, 1] = -3 * hidden[:, 0] + 0.5 * hidden[:, 1] + 2
    correlation = np.abs(np.corrcoef(hidden.T))
    expected = (correlation.sum() - 4) / 12
    assert co_adaptation(hidden) == pytest.approx(expected, abs=1e-5)
    dead = np.concatenate([hidden, np.full((200, 2), 0.1, np.float32)], 1)
    assert co_adaptation(dead) == pytest.approx(expected, abs=1e-5)


def test_co_adaptation_knows_its_extremes():
    x = np.linspace(0, 1, 50, dtype=np.float32)[:, None]
    assert co_adaptation(np.concatenate([x, -2 * x, x + 1], 1)) == pytest.approx(1.0, abs=1e-5)
    assert co_adaptation(x) == 0.0
    angle = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    wave = np.stack([np.sin(angle), np.cos(angle)], 1).astype(np.float32)
    assert co_adaptation(wave) < 1e-5


def test_sparsity():
    assert dropout.sparsity(jnp.array([[0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 0.0, 3.0]])) == 5 / 8


def test_dropout_makes_sparse_slow_networks(results, tiny):
    found = results.dropout
    assert found.curve.shape == (tiny.seeds, len(tiny.rates), tiny.epochs)
    np.testing.assert_array_equal(found.curve[..., -1], found.train_accuracy)
    np.testing.assert_array_equal(found.epochs, dropout.first_epoch(found.curve))
    assert (found.train_accuracy[:, 0] > 0.9).all()
    assert (found.memorised[:, 0] > found.memorised[:, 1]).all()
    assert not np.array_equal(found.sparsity, found.co_adaptation)


def test_random_labels_are_not_the_labels(results):
    """With dropout the true ones are learnt better."""
    assert (results.dropout.memorised[:, 1] < results.dropout.train_accuracy[:, 1]).all()
