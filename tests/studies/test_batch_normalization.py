"""Normalisation by the batch against Flax's, gradients at initialisation, small batches."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from hw3.ensembles import lanes, sampling
from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Recipe
from hw3.studies.regularization import batch_normalization, variance_shift
from hw3.studies.regularization.batch_normalization import Kernels

KEY = jax.random.key(1)
NETWORK = DenseNetwork((6, 6), classes=3, normalise=True, drops=("before", "after"))


@pytest.fixture(scope="module")
def some(stripes):
    """A fresh network in two lanes: without dropout, and with 0.5 before every normalisation."""
    settings = variance_shift.placements(0.5, 2)[:2]
    inputs = lanes.lanes(KEY, 1, 100, stripes.train_labels, settings)
    pool = jnp.asarray(stripes.train_images)
    return lanes.initial_state(NETWORK, Recipe(10, 0.1), inputs, pool).variables, settings


def test_accuracy_by_batch_against_a_loop_over_batches(some, stripes):
    variables, settings = some
    images, labels = stripes.test_images, stripes.test_labels
    arguments = (NETWORK, variables, images, labels, settings)
    hits = []
    forward = jax.jit(lanes.forward, static_argnums=(0, 5))
    for start in range(0, 200, 10):  # the last 3 of 203 images are left over
        batch = np.float32(images[start : start + 10] / 255)
        logits, _ = forward(NETWORK, variables, batch, np.zeros_like(settings), KEY, True)
        hits.append(np.asarray(logits).argmax(-1) == labels[start : start + 10])
    found = batch_normalization.accuracy_by_batch(*arguments, 10)
    np.testing.assert_allclose(found, np.concatenate(hits, 1).mean(1))
    running = batch_normalization.accuracy_by_batch(*arguments, 203, own_statistics=False)
    predicted = lanes.logits(NETWORK, variables, images, settings)
    np.testing.assert_allclose(running, lanes.accuracy(predicted, labels), atol=1e-6)


def test_gradient_norms_are_those_of_the_flax_network():
    weights = batch_normalization.kernels(KEY, 3, 8, 12, 4)
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
    found = batch_normalization.gradient_norms(weights, images, labels, True)
    np.testing.assert_allclose(found, np.stack(expected), rtol=1e-4)


def test_gradients_explode_as_theory_says_with_normalisation_and_only_with_it():
    weights = batch_normalization.kernels(KEY, 24, 96, 20, 5)
    images = np.random.default_rng(0).normal(size=(128, 20)).astype(np.float32)
    labels = np.arange(128, dtype=np.int32) % 5
    normalised, plain = (
        batch_normalization.growth(np.asarray(batch_normalization.gradient_norms(weights, images, labels, normalise)))
        for normalise in (True, False)
    )
    assert normalised == pytest.approx(batch_normalization.THEORETICAL_GROWTH, rel=0.02)
    assert plain == pytest.approx(1.0, abs=0.1)


def test_growth_of_known_norms():
    assert batch_normalization.growth(np.array([99.0, 8.0, 4.0, 2.0, 1.0])) == pytest.approx(2.0)


def test_descent_takes_the_steps_of_gradient_descent():
    weights = batch_normalization.kernels(KEY, 2, 6, 4, 3)
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 4)).astype(np.uint8)
    labels = np.arange(24).reshape(3, 8).astype(np.int32) % 3
    found, losses = batch_normalization.descend(weights, images, labels, False, 0.5)

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


def test_every_measure_of_a_batch_size_is_of_its_network(stripes):
    inputs = lanes.lanes(KEY, 2, 300, stripes.train_labels, np.zeros((1, 1, 2), np.float32))
    counted = []
    run = batch_normalization.batch_sizes((16,), Recipe(128, 0.2), 8, inputs, stripes, [29], counted.append)
    assert sum(counted) == 2 * 2 * 300 * 8, "with and without normalisation, two seeds"
    np.testing.assert_allclose(run.batch[:, 0], run.large_then_small[:, 0])
    np.testing.assert_allclose(run.running, run.large_then_running[:, :1], atol=1e-6)  # 29 divides the 203 images
    assert (run.train > run.running).all()
    assert not np.array_equal(run.plain, run.running)
    assert not np.array_equal(run.batch, run.running)
