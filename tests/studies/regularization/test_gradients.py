"""Gradients of normalised networks against Flax's and theory; descent against a plain loop."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from hw3.ensembles import sampling
from hw3.ensembles.dense import DenseNetwork
from hw3.studies.regularization import gradients
from hw3.studies.regularization.gradients import Kernels

KEY = jax.random.key(1)


def test_gradient_norms_are_those_of_the_flax_network():
    weights = gradients.kernels(KEY, 3, 8, 12, 4)
    images = np.random.default_rng(0).uniform(size=(16, 3, 4, 1)).astype(np.float32)
    labels = np.arange(16, dtype=np.int32) % 4
    network = DenseNetwork((8, 8, 8), classes=4, normalise=True, drops=())
    variables = sampling.fresh_variables(network, KEY[None], images[:2], jnp.zeros((3, 2)), False)
    variables = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), variables)
    for layer, kernel in enumerate((weights.first, *weights.hidden, weights.last)):
        variables["params"][f"Dense_{layer}"]["kernel"] = kernel

    @jax.jit
    @jax.grad
    def gradient(params):
        logits, _ = network.apply({**variables, "params": params}, images, None, True, mutable=["batch_stats"])
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    found = gradient(variables["params"])
    expected = [np.linalg.norm(found[f"Dense_{i}"]["kernel"]) for i in range(3)]
    found = gradients.gradient_norms(weights, images, labels, True)
    np.testing.assert_allclose(found, np.stack(expected), rtol=1e-4)


def test_gradients_explode_as_theory_says_with_normalisation_and_only_with_it():
    weights = gradients.kernels(KEY, 24, 96, 20, 5)
    images = np.random.default_rng(0).normal(size=(128, 20)).astype(np.float32)
    labels = np.arange(128, dtype=np.int32) % 5
    normalised, plain = (
        gradients.growth(np.asarray(gradients.gradient_norms(weights, images, labels, normalise)))
        for normalise in (True, False)
    )
    assert normalised == pytest.approx(gradients.THEORETICAL_GROWTH, rel=0.02)
    assert plain == pytest.approx(1.0, abs=0.1)


def test_growth_of_known_norms():
    assert gradients.growth(np.array([99.0, 8.0, 4.0, 2.0, 1.0])) == pytest.approx(2.0)


def test_descent_takes_the_steps_of_gradient_descent():
    weights = gradients.kernels(KEY, 2, 6, 4, 3)
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 4)).astype(np.uint8)
    labels = np.arange(24).reshape(3, 8).astype(np.int32) % 3
    found, losses = gradients.descend(weights, images, labels, False, 0.5)

    def loss(w, x, y):
        x = jax.nn.relu(x @ w.first)
        logits = jax.nn.relu(x @ w.hidden[0]) @ w.last
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean()

    descent = jax.jit(jax.value_and_grad(loss))
    for step in range(3):
        value, gradient = descent(weights, images[step] / np.float32(255), labels[step])
        assert losses[step] == pytest.approx(float(value), abs=1e-5)
        weights = Kernels(*(w - 0.5 * g for w, g in zip(weights, gradient, strict=True)))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), found, weights)


def test_every_network_of_the_experiment_is_measured(results, tiny):
    found = results.gradients
    for norms in (found.normalised, found.plain, found.plain_lecun):
        assert norms.growth.shape == norms.first.shape == (tiny.seeds, len(tiny.depths))
    assert (found.normalised.growth > found.plain.growth).all()
    assert (found.plain_lecun.first < found.plain.first).all(), "smaller kernels"
    for descent in (found.trained_normalised, found.trained_plain):
        assert descent.norms.growth.shape == descent.loss.shape == (tiny.seeds, len(tiny.trained_depths))
        assert (descent.loss < np.log(3) + 0.5).all()
    assert not np.array_equal(found.trained_plain.norms.first, found.plain.first[:, 1:]), "they have learnt something"
