"""Ways of halving against their definitions, and what global pooling does not see."""

import jax
import numpy as np
import pytest

from hw3.ensembles import lanes
from hw3.studies.convolution import canvas, pooling

RNG = np.random.default_rng(2)


def test_halving_is_pooling_or_a_stride():
    x = RNG.normal(size=(2, 7, 6, 3)).astype(np.float32)  # of which the odd row is left out
    windows = x[:, :6].reshape(2, 3, 2, 3, 2, 3)
    halve = jax.jit(pooling.halve)
    np.testing.assert_array_equal(halve(x, pooling.STRIDE), x[:, :6:2, ::2])
    np.testing.assert_array_equal(halve(x, pooling.MAX), windows.max((2, 4)))
    np.testing.assert_array_equal(halve(x, pooling.GLOBAL), windows.max((2, 4)))
    np.testing.assert_allclose(halve(x, pooling.AVERAGE), windows.mean((2, 4)), atol=1e-6)


def test_global_pooling_does_not_see_where(pooled):
    """An image that a margin surrounds, moved by a multiple of the stride, gives the same logits, on any canvas."""
    network, variables, versions = pooled
    images = np.zeros((3, 12, 12, 1), np.uint8)
    images[:, 4:7, 4:7] = np.random.default_rng(0).integers(0, 256, (3, 3, 3, 1))
    larger_images = canvas.resize_canvas(images, 20)
    pictures = (images, np.roll(images, 2, 1), larger_images)
    still, moved, larger = (lanes.logits(network, variables, p, versions) for p in pictures)
    everywhere = np.asarray(versions) == pooling.GLOBAL
    np.testing.assert_allclose(moved[everywhere], still[everywhere], atol=1e-5)
    np.testing.assert_allclose(larger[everywhere], still[everywhere], atol=1e-5)
    assert np.abs(moved[~everywhere] - still[~everywhere]).max() > 1e-2


def test_images_too_small_to_halve_are_refused(stripes):
    with pytest.raises(ValueError, match="the images of stripes are too small for 3 halvings"):
        pooling.network((4, 4, 4), stripes)
