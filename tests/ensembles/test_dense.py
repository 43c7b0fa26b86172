"""The dense network against plain matrix products, and its dropout against its definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.ensembles.dense import DenseNetwork, dropout

KEY = jax.random.key(3)
RNG = np.random.default_rng(3)


def test_dropout_keeps_the_mean_and_drops_the_share_it_was_asked_for():
    x = jnp.full((400, 50), 2.0)
    kept = np.asarray(dropout(KEY, x, jnp.float32(0.3)))
    assert set(np.unique(kept)) == {0.0, np.float32(2 / 0.7)}
    assert (kept == 0).mean() == pytest.approx(0.3, abs=0.01)
    np.testing.assert_array_equal(dropout(KEY, x, jnp.float32(0.0)), x)


def test_blocks_are_products_normalised_and_cut_at_zero():
    network = DenseNetwork((6, 5), classes=3, normalise=True)
    images = RNG.uniform(size=(8, 3, 2, 1)).astype(np.float32)
    weights = [RNG.normal(size=shape).astype(np.float32) for shape in ((6, 6), (6, 5), (5, 3))]
    biases = [RNG.normal(size=kernel.shape[1]).astype(np.float32) for kernel in weights]
    statistics = [{"mean": np.full(width, 0.3, np.float32), "var": np.full(width, 4, np.float32)} for width in (6, 5)]
    dense = {f"Dense_{i}": {"kernel": k, "bias": b} for i, (k, b) in enumerate(zip(weights, biases, strict=True))}
    scales = {f"BatchNorm_{i}": {"scale": np.full(w, 2, np.float32), "bias": np.full(w, 0.1, np.float32)}
              for i, w in enumerate((6, 5))}  # fmt: skip
    variables = {
        "params": dense | scales,
        "batch_stats": {f"BatchNorm_{i}": of_block for i, of_block in enumerate(statistics)},
    }
    logits, state = jax.jit(lambda v: network.apply(v, images, jnp.zeros((2, 2)), False, mutable=["taps"]))(variables)
    x = images.reshape(8, -1)
    for block in range(2):
        z = x @ weights[block] + biases[block]
        np.testing.assert_allclose(state["taps"][f"before_{block}"][0], z, atol=1e-5)
        x = np.maximum(2 * (z - 0.3) / np.sqrt(4 + 1e-5) + 0.1, 0)
        np.testing.assert_allclose(state["taps"][f"hidden_{block}"][0], x, atol=1e-5)
    np.testing.assert_allclose(logits, x @ weights[2] + biases[2], atol=1e-5)


@pytest.mark.parametrize(("place", "drops", "dropped"), [
    (0, ("before",), True), (1, ("after",), True), (0, ("after",), False), (1, ("before",), False),
])  # fmt: skip
def test_only_the_places_compiled_in_drop_and_only_in_training(place, drops, dropped):
    network = DenseNetwork((40,), classes=2, drops=drops)
    images = np.ones((4, 2, 2, 1), np.float32)
    rates = jnp.zeros((1, 2)).at[0, place].set(0.5)
    variables = jax.jit(lambda key: network.init({"params": key, "dropout": key}, images, rates, False))(KEY)
    variables = {"params": variables["params"]}
    trains, tests = (
        np.asarray(network.apply(variables, images, rates, train, rngs={"dropout": KEY})) for train in (True, False)
    )
    assert np.allclose(trains, tests, atol=1e-6) != dropped
    np.testing.assert_allclose(tests, np.broadcast_to(tests[0], tests.shape), atol=1e-6)
