"""Convolution, local and dense layers: what they cost and what they compute."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3.studies.convolution.connectivity import KINDS, Connected, Shape, layer_cost

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
        assert layer_cost(shape, kind).parameters == counted[kind]


def test_operations_are_those_that_xla_counts():
    shape = Shape(12, 12, 4, 3, 8)
    image = jnp.ones((1, 12, 12, 4))
    for kind, module in (("convolution", nn.Conv(8, (3, 3), padding="VALID")), ("dense", Connected("dense", shape))):
        variables = jax.tree.map(jnp.ones_like, jax.eval_shape(module.init, KEY, image))
        counted = jax.jit(module.apply).lower(variables, image).cost_analysis()["flops"]
        assert layer_cost(shape, kind).flops == pytest.approx(counted, rel=0.06)  # it counts the biases too
    assert layer_cost(shape, "local").flops == layer_cost(shape, "convolution").flops


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
