"""Optimizers against their formulas, written out with NumPy; in JAX's strict mode, as all tests."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from hw3 import optimizers

PARAMS = {"kernel": jnp.array([[1.0, -2.0]]), "bias": jnp.array([3.0])}
GRADIENTS = [
    {"kernel": jnp.array([[0.5, 0.25]]), "bias": jnp.array([-1.0])},
    {"kernel": jnp.array([[-1.0, 2.0]]), "bias": jnp.array([0.5])},
]


def after(transformation, gradients=GRADIENTS):
    params, state = PARAMS, transformation.init(PARAMS)
    step = jax.jit(lambda gradient, state, params: optimizers.step(transformation, gradient, state, params))
    for gradient in gradients:
        params, state = step(gradient, state, params)
    return params


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("decay", [None, 0.1])
def test_sgd(nesterov, decay):
    found = after(optimizers.sgd(optax.linear_schedule(0.2, 0.0, 2), 0.9, nesterov, decay))
    for name, start in PARAMS.items():
        p, velocity = np.array(start), 0
        for rate, gradient in zip((0.2, 0.1), GRADIENTS, strict=True):
            g = np.array(gradient[name]) + (decay * p if decay and name == "kernel" else 0)  # the bias does not decay
            velocity = 0.9 * velocity + g
            p = p - rate * (g + 0.9 * velocity if nesterov else velocity)
        np.testing.assert_allclose(found[name], p, rtol=1e-6)


def test_a_constant_rate_is_a_constant_schedule():
    same = after(optimizers.sgd(optax.constant_schedule(0.2), 0.9))
    jax.tree.map(np.testing.assert_array_equal, after(optimizers.sgd(0.2, 0.9)), same)
    assert jax.tree.leaves(after(optimizers.sgd(0.2, 0.9)))[0] != PARAMS["bias"]


def test_muon_makes_the_step_of_a_kernel_orthogonal():
    """A kernel [..., inputs, outputs] moves by a matrix whose singular values are about the rate (Newton and Schulz's
    iteration with these coefficients leaves them within a third of 1), along the gradient's own singular vectors."""
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(2, 2, 3, 5)).astype(np.float32), np.float32([3.0, -1.0])
    params, gradient = {"k": kernel, "b": bias}, {"k": 40 * kernel[::-1], "b": np.float32([-2.0, 1e3])}
    muon = optimizers.muon(0.1, 0.95)
    found, _ = jax.jit(lambda g, p: optimizers.step(muon, g, muon.init(p), p))(gradient, params)
    step = (kernel - found["k"]).reshape(12, 5) / 0.1
    left, _, right = np.linalg.svd(gradient["k"].reshape(12, 5), full_matrices=False)
    along = left.T @ step @ right.T
    assert np.abs(np.diag(along) - 1).max() < 0.35
    np.testing.assert_allclose(along, np.diag(np.diag(along)), atol=1e-3)
    np.testing.assert_allclose(step, left @ along @ right, atol=1e-3)
    up, down = map(float, found["b"] - bias)  # Adam's step, whatever the size of the gradient
    assert 0.09 < up < 0.15
    assert up == pytest.approx(-down, rel=1e-5)


def test_adam_moves_by_its_rate_whatever_the_size_of_the_gradient():
    for scale in (1.0, 1e4):
        found = after(optimizers.adam(0.01), [jax.tree.map(lambda leaf, s=scale: s * leaf, GRADIENTS[0])])
        expected = jax.tree.map(lambda p, g: p - 0.01 * jnp.sign(g), PARAMS, GRADIENTS[0])
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), found, expected)


def test_a_clip_shortens_the_whole_gradient():
    norm = np.sqrt(0.5**2 + 0.25**2 + 1)
    shortened = jax.tree.map(lambda leaf: leaf * jnp.float32(0.3 / norm), GRADIENTS[0])
    second = GRADIENTS[1]  # so that Adam's moments tell the first gradient's size
    found = after(optimizers.adam(0.01, clip=0.3), [GRADIENTS[0], jax.tree.map(lambda leaf: 0.1 * leaf, second)])
    expected = after(optimizers.adam(0.01), [shortened, jax.tree.map(lambda leaf: 0.1 * leaf, second)])
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), found, expected)
