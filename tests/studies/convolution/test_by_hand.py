"""Filters applied by hand against the definition and against the network."""

import jax
import numpy as np

from hw3 import cnn
from hw3.studies.convolution import by_hand

KEY = jax.random.key(0)


def test_by_hand_is_what_the_definition_says():
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.normal(size=(5, 4, 2)), rng.normal(size=(3, 3, 2, 3)), rng.normal(size=3)
    expected = [
        [[max(0.0, sum(x[r + i, c + j, k] * kernel[i, j, k, f] for i in range(3) for j in range(3) for k in range(2))
              + bias[f]) for f in range(3)] for c in range(2)] for r in range(3)
    ]  # fmt: skip
    np.testing.assert_allclose(by_hand.feature_maps(x, kernel, bias), expected, atol=1e-12)


def test_every_layer_of_a_network_is_its_filters_applied_by_hand():
    model = cnn.CNN(cnn.parse("conv3-4 maxpool2 conv3-5"), classes=3)
    params = cnn.init(model, KEY, (14, 14, 1))
    image = np.random.default_rng(0).uniform(size=(14, 14, 1)).astype(np.float32)
    compared = by_hand.compare(model, params, image)
    found = compared.layers
    assert [(row.layer, row.filters, row.products) for row in found] == [("conv1", 4, 9), ("conv2", 5, 36)]
    for row in found:
        assert row.float64 < 1e-14
        assert 0 < row.float32 < 1e-5
    assert not jax.config.jax_enable_x64


def test_the_filter_shown_is_the_strongest_of_the_first_layer(results, untrained):
    kernel = np.asarray(untrained.state.params["conv1"]["linear"]["kernel"])
    shown = results.by_hand.strongest
    strength = [np.abs(kernel[..., i]).sum() for i in range(kernel.shape[-1])]
    assert shown.number == np.argmax(strength)
    np.testing.assert_array_equal(shown.kernel, kernel[..., shown.number])
    np.testing.assert_allclose(shown.by_hand, shown.of_network, atol=1e-6)
    assert shown.by_hand.shape == (10, 10)
