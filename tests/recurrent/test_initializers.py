"""Random parameters have the spectral radius, scales and biases asked for, whatever the size."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw3.recurrent import initializers
from hw3.recurrent.initializers import random_lstm, random_rnn, recurrent, spectral_radius
from hw3.recurrent.lstm import Gates

ORTHOGONAL = jax.nn.initializers.orthogonal()


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_spectral_radius_is_that_of_numpy(n, seed):
    W = np.random.default_rng(seed).normal(size=(2, n, n))
    expected = np.abs(np.linalg.eigvals(W)).max(-1)
    np.testing.assert_allclose(jax.jit(spectral_radius)(W), expected, rtol=1e-9)


def test_the_spectral_radius_is_not_the_norm():
    assert float(spectral_radius(jnp.array([[0.5, 100.0], [0.0, -0.75]]))) == pytest.approx(0.75)


@pytest.mark.parametrize("initializer", [initializers.GAUSSIAN, ORTHOGONAL])
def test_a_recurrent_matrix_has_the_radius_and_the_shape_of_its_initializer(initializer):
    draw = jax.jit(recurrent, static_argnums=(1, 3))
    key = jax.random.key(0)
    W, double = draw(key, 7, 0.6, initializer), draw(key, 7, 1.2, initializer)
    assert W.shape == (7, 7)
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(0.6, rel=1e-12)
    np.testing.assert_allclose(double, 2 * W, rtol=1e-12)
    if initializer is ORTHOGONAL:
        np.testing.assert_allclose(W @ W.T, 0.36 * np.eye(7), atol=1e-12)


@pytest.fixture(scope="module")
def rnn():
    with jax.enable_x64(True):
        return jax.jit(random_rnn, static_argnums=(1, 2, 3))(jax.random.key(1), 40, 30, 20, 0.9, 0.3)


@pytest.fixture(scope="module")
def lstm():
    with jax.enable_x64(True):
        draw = jax.jit(random_lstm, static_argnums=(1, 2, 3))
        return draw(jax.random.key(1), 40, 30, 20, 0.9, 0.3, 2.0, -1.0)


def test_an_rnn_has_its_shapes_and_scales(rnn):
    shapes = {name: leaf.shape for name, leaf in rnn._asdict().items()}
    assert shapes == {"b": (40,), "c": (20,), "W": (40, 40), "U": (40, 30), "V": (20, 40)}
    assert not np.any(rnn.b)
    assert not np.any(rnn.c)
    assert np.std(rnn.U) == pytest.approx(0.3, rel=0.1)
    assert np.std(rnn.V) == pytest.approx(1 / math.sqrt(40), rel=0.1)
    parts = [np.ravel(part)[:800] for part in (rnn.W, rnn.U, rnn.V)]  # drawn independently
    assert np.abs(np.corrcoef(parts) - np.eye(3)).max() < 0.15


def test_an_lstm_has_four_independent_gates_and_the_biases_asked_for(lstm):
    for name, gate in zip(Gates._fields, lstm.gates, strict=True):
        assert np.abs(np.linalg.eigvals(gate.W)).max() == pytest.approx(0.9, rel=1e-12)
        assert np.std(gate.U) == pytest.approx(0.3, rel=0.1)
        assert set(np.asarray(gate.b)) == {{"forget": 2.0, "input": -1.0}.get(name, 0.0)}
    for part in ("W", "U"):
        drawn = [np.ravel(getattr(gate, part)) for gate in lstm.gates]
        assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 0.15
    assert lstm.V.shape == (20, 40)
    assert np.std(lstm.V) == pytest.approx(1 / math.sqrt(40), rel=0.1)
    assert not np.any(lstm.c)


def test_every_key_draws_its_own_and_the_precision_is_the_one_asked_for():
    draw = jax.jit(recurrent, static_argnums=(1, 3, 4))
    first, again, other = (draw(jax.random.key(seed), 5, 1.0, initializers.GAUSSIAN, jnp.float32) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == jnp.float32
