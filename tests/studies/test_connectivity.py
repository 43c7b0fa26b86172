"""Convolution, local and dense layers: what they cost and compute; ways of halving; shifts and canvases."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3.ensembles import lanes
from hw3.ensembles.lanes import Recipe
from hw3.studies.convolution import connectivity, pooling
from hw3.studies.convolution.connectivity import KINDS, Connected, Shape

KEY = jax.random.key(2)
RNG = np.random.default_rng(2)
SHAPE = Shape(9, 8, 3, 3, 5, 2)
LOCAL = jax.jit(Connected("local", SHAPE).apply)


@given(
    st.integers(4, 12), st.integers(4, 12), st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.integers(1, 3)
)
@settings(max_examples=10)
def test_parameters_are_those_that_flax_counts(height, width, channels, window, features, stride):
    shape = Shape(height, width, channels, window, features, stride)
    image = jax.ShapeDtypeStruct((1, height, width, channels), jnp.float32)
    modules = {kind: Connected(kind, shape) for kind in KINDS}
    modules["flax"] = nn.Conv(features, (window, window), stride, padding="VALID")
    counted = {}
    for kind, module in modules.items():
        out, variables = jax.eval_shape(lambda x, module=module: module.init_with_output(KEY, x), image)
        assert out.shape == (1, *shape.positions, features)
        counted[kind] = sum(leaf.size for leaf in jax.tree.leaves(variables))
    assert counted["flax"] == counted["convolution"]
    for kind in KINDS:
        assert connectivity.cost(shape, kind).parameters == counted[kind]


def test_operations_are_those_that_xla_counts():
    shape = Shape(12, 12, 4, 3, 8)
    image = jnp.ones((1, 12, 12, 4))
    for kind, module in (("convolution", nn.Conv(8, (3, 3), padding="VALID")), ("dense", Connected("dense", shape))):
        variables = jax.tree.map(jnp.ones_like, jax.eval_shape(module.init, KEY, image))
        counted = jax.jit(module.apply).lower(variables, image).cost_analysis()["flops"]
        assert connectivity.cost(shape, kind).flops == pytest.approx(counted, rel=0.06)  # it counts the biases too
    assert connectivity.cost(shape, "local").flops == connectivity.cost(shape, "convolution").flops


def test_unfolded_convolution_and_tied_local_layer_are_the_convolution_of_xla():
    images, kernel = (RNG.normal(size=size).astype(np.float32) for size in ((2, 9, 8, 3), (3, 3, 3, 5)))
    expected = jax.lax.conv_general_dilated(images, kernel, (2, 2), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    flat = kernel.reshape(-1, 5)
    dense = {"Dense_0": {"kernel": flat, "bias": np.zeros(5, np.float32)}}
    got = jax.jit(Connected("convolution", SHAPE).apply)({"params": dense}, images)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    places = 4 * 3
    tied = {"kernel": np.tile(flat, (1, places)), "bias": np.zeros(5 * places, np.float32)}
    np.testing.assert_allclose(LOCAL({"params": tied}, images), expected, atol=1e-5)


def test_local_weights_act_at_their_own_place_only():
    images, kernel = (RNG.normal(size=size).astype(np.float32) for size in ((2, 9, 8, 3), (27, 60)))
    changed = kernel.reshape(27, 12, 5).copy()
    changed[:, 7] += 1
    before, after = (
        np.asarray(LOCAL({"params": {"kernel": k.reshape(27, 60), "bias": np.zeros(60, np.float32)}}, images))
        for k in (kernel, changed)
    )
    assert set(zip(*np.nonzero((after != before).any((0, 3))), strict=True)) == {(2, 1)}  # place 7 of 4 x 3


def test_networks_train_on_few_images(stripes):
    shapes = (Shape(12, 12, 1, 3, 4, 2),)
    found = connectivity.few_images(shapes, Recipe(10, 0.05), 60, KEY, 2, (30, 300), ("local",), stripes)
    assert found.shape == (2, 1, 2)
    assert found[:, 0, 1].mean() > found[:, 0, 0].mean(), "more images, better networks"


def test_halving_is_pooling_or_a_stride():
    x = RNG.normal(size=(2, 7, 6, 3)).astype(np.float32)  # of which the odd row is left out
    windows = x[:, :6].reshape(2, 3, 2, 3, 2, 3)
    halve = jax.jit(pooling.halve)
    np.testing.assert_array_equal(halve(x, pooling.STRIDE), x[:, :6:2, ::2])
    np.testing.assert_array_equal(halve(x, pooling.MAX), windows.max((2, 4)))
    np.testing.assert_array_equal(halve(x, pooling.GLOBAL), windows.max((2, 4)))
    np.testing.assert_allclose(halve(x, pooling.AVERAGE), windows.mean((2, 4)), atol=1e-6)


@pytest.fixture(scope="module")
def shifted(stripes):
    network = pooling.network((4,), stripes)
    variables, versions = pooling.train(network, Recipe(20, 0.05), 2, KEY, 2, 100, stripes)
    return network, variables, versions


def test_shifts_measure_what_they_say(shifted, stripes):
    network, variables, versions = shifted
    run = pooling.shifts(network, variables, versions, 2, stripes, [1, 3], 40)
    assert run.feature_change.shape == (2, 4, 1, 2)
    assert run.flipped.shape == run.accuracy_moved.shape == (2, 4, 2)
    still = lanes.logits(network, variables, stripes.test_images[:40], versions)
    expected = lanes.accuracy(still, stripes.test_labels[:40]).reshape(2, 4)
    np.testing.assert_allclose(run.accuracy, expected, atol=1e-6)
    lane, flips = 5, []
    for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        rows, cols = (np.clip(np.arange(12) - d, 0, 11) for d in (3 * down, 3 * right))
        moved = stripes.test_images[:40][:, rows][:, :, cols]
        logits = lanes.logits(network, variables, moved, versions)[lane]
        flips.append(logits.argmax(-1) != still[lane].argmax(-1))
    assert run.flipped[1, 1, 1] == pytest.approx(np.mean(flips), abs=1e-6)


def test_global_pooling_does_not_see_where(shifted):
    """An image that a margin surrounds, moved by a multiple of the stride, gives the same logits, on any canvas."""
    network, variables, versions = shifted
    images = np.zeros((3, 12, 12, 1), np.uint8)
    images[:, 4:7, 4:7] = np.random.default_rng(0).integers(0, 256, (3, 3, 3, 1))
    canvas = pooling.resize_canvas(images, 20)
    pictures = (images, np.roll(images, 2, 1), canvas)
    still, moved, larger = (lanes.logits(network, variables, p, versions) for p in pictures)
    everywhere = np.asarray(versions) == pooling.GLOBAL
    np.testing.assert_allclose(moved[everywhere], still[everywhere], atol=1e-5)
    np.testing.assert_allclose(larger[everywhere], still[everywhere], atol=1e-5)
    assert np.abs(moved[~everywhere] - still[~everywhere]).max() > 1e-2


def test_canvases():
    images = np.arange(2 * 4 * 4).reshape(2, 4, 4, 1).astype(np.uint8) + 1
    np.testing.assert_array_equal(pooling.rescale(255 - images, 4), 255 - images)
    np.testing.assert_array_equal(pooling.rescale(images * 0 + 255, 9), np.full((2, 9, 9, 1), 255))
    larger = pooling.resize_canvas(images, 7)
    np.testing.assert_array_equal(larger[:, 1:5, 1:5], images)
    assert larger.sum() == images.sum()
    np.testing.assert_array_equal(pooling.resize_canvas(images, 2), images[:, 1:3, 1:3])


def test_pixel_change_of_a_known_shift():
    image = np.zeros((1, 9, 9, 1), np.uint8)
    image[0, 4, 4] = 255
    np.testing.assert_allclose(pooling.pixel_change(image, [1, 2]), np.sqrt(2), rtol=1e-5)


def test_images_too_small_to_halve_are_refused(stripes):
    with pytest.raises(ValueError, match="the images of stripes are too small for 3 halvings"):
        pooling.network((4, 4, 4), stripes)
