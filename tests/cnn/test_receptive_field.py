"""Receptive fields known in advance."""

import jax
import numpy as np
import pytest

from hw3 import cnn
from hw3.cnn import receptive_field
from hw3.cnn.receptive_field import Field

KEY = jax.random.key(0)


def test_theoretical_fields_of_the_published_network():
    found = receptive_field.theoretical(cnn.CNN(cnn.parse("wide")), (28, 28, 1))
    assert [(field.layer, field.side) for field in found] == [
        ("conv1", 5), ("conv2", 9), ("maxpool1", 10), ("conv3", 14), ("conv4", 18), ("maxpool2", 20)
    ]  # fmt: skip
    assert found[0] == Field("conv1", 12, 12, 5), "the middle of 24 cells sees pixels 12 to 16"


def ones(description, image_shape=(15, 15, 1)):
    model = cnn.CNN(cnn.parse(description), classes=2)
    params = jax.eval_shape(lambda key: cnn.init(model, key, image_shape), KEY)
    return model, jax.tree.map(lambda leaf: np.full(leaf.shape, float(len(leaf.shape) > 1), np.float32), params)


def test_gradients_of_a_known_field():
    """Kernels of ones on bright images: the gradient is the kernels' convolution with each other."""
    model, params = ones("conv3-1 conv5-1")
    field = receptive_field.theoretical(model, (15, 15, 1))[1]
    assert field == Field("conv2", 4, 4, 7)
    images = np.ones((2, 15, 15, 1), np.float32)
    found = receptive_field.squared_gradients(model, params, images, field, KEY)
    profile = np.convolve(np.ones(3), np.ones(5))
    np.testing.assert_allclose(found, np.stack([np.outer(profile, profile) ** 2] * 2), rtol=1e-5)


def test_random_signs_give_the_sum_over_channels_in_the_mean():
    model = cnn.CNN(cnn.parse("conv3-3 maxpool2"), classes=2)
    params = cnn.init(model, KEY, (9, 9, 1))
    field = receptive_field.theoretical(model, (9, 9, 1))[1]
    image = np.random.default_rng(0).uniform(size=(9, 9, 1)).astype(np.float32)
    found = receptive_field.squared_gradients(model, params, np.stack([image] * 400), field, KEY).mean(0)
    cut = image[field.row : field.row + field.side, field.col : field.col + field.side]
    pixels = jax.jit(jax.jacrev(lambda x: receptive_field.below(model, params, x[None], "maxpool1")[0, 0, 0]))(cut)
    np.testing.assert_allclose(found, (pixels[..., 0] ** 2).sum(0), atol=0.25 * float((pixels**2).sum(0).max()))


def test_effective_side_counts_the_pixels_above_the_threshold():
    squared = np.zeros((9, 9))
    squared[2:6, 3:7] = 1.0
    squared[0, 0] = (1.01 * receptive_field.THRESHOLD) ** 2
    squared[8, 8] = (0.99 * receptive_field.THRESHOLD) ** 2
    assert receptive_field.effective_side(squared) == pytest.approx(np.sqrt(17))
