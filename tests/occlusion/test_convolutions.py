"""Depthwise convolutions as sums, and which convolutions are left to XLA."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3 import onednn
from hw3.occlusion import convolutions, jaxprs
from hw3.occlusion.convolutions import Engine

ORDERS = {1: ("NLC", "LIO"), 2: ("NHWC", "HWIO"), 3: ("NCDHW", "OIDHW")}


def computed(function, x, engine):
    """The one convolution of a function of x, by an engine, and what the whole jaxpr of that says."""
    program, constants, _ = jaxprs.trace(function, jax.ShapeDtypeStruct(x.shape, x.dtype))
    (equation,) = program.equations
    values = dict(zip(program.constants, constants, strict=True)) | {program.images: x}
    pieces = lambda x: [values[n] if n != program.images else x for n in equation.inputs]  # noqa: E731
    run = lambda x: convolutions.apply(equation, pieces(x), equation.params, Engine(engine))[0]  # noqa: E731
    traced = jax.jit(run).trace(x)
    return traced.lower().compile()(x), str(traced.jaxpr)


def convolution(kernel, order, strides, padding, dilation, groups, **others):
    return lambda x: jax.lax.conv_general_dilated(
        x,
        kernel,
        strides,
        padding,
        rhs_dilation=dilation,
        dimension_numbers=(*order, order[0]),
        feature_group_count=groups,
        **others,
    )


@given(st.sampled_from([1, 2, 2, 3]), st.integers(1, 3), st.data())
@settings(max_examples=8)
def test_depthwise_convolutions_are_sums_over_the_window(axes, multiplier, data):
    some = lambda low, high: tuple(data.draw(st.integers(low, high)) for _ in range(axes))  # noqa: E731
    sizes, window, strides, dilation = some(7, 10), some(1, 3), some(1, 3), some(1, 2)
    padding = tuple(zip(some(0, 2), some(0, 2), strict=True))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = rng.normal(size=(2, *sizes, 3)).astype(np.float32)
    kernel = rng.normal(size=(*window, 1, 3 * multiplier)).astype(np.float32)
    if axes == 3:  # channels first
        x, kernel = np.moveaxis(x, -1, 1), np.moveaxis(kernel, (-1, -2), (0, 1))
    predict = convolution(kernel, ORDERS[axes], strides, padding, dilation, 3)
    found, jaxpr = computed(predict, x, "taps")
    assert "conv_general_dilated" not in jaxpr
    np.testing.assert_allclose(found, predict(x), atol=1e-5)


PLAIN = {"strides": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
LEFT = [
    ("taps", np.float32, {}),
    ("taps", np.float32, {"groups": 2}),
    ("taps", jnp.bfloat16, {"groups": 4}),
    ("onednn", np.float32, {"lhs_dilation": (2, 2)}),
    ("onednn", np.float32, {"padding": ((-1, 0), (0, 0))}),
    ("onednn", np.float32, {"batch_group_count": 2}),
    ("onednn", jnp.bfloat16, {}),
    ("stock", np.float32, {"groups": 4}),
]


@pytest.mark.parametrize(("engine", "dtype", "how"), LEFT)
def test_what_an_engine_does_not_take_is_left_to_xla(engine, dtype, how):
    groups = how.get("groups", 1)
    rng = np.random.default_rng(0)
    x, kernel = (jnp.asarray(rng.normal(size=shape), dtype) for shape in ((2, 6, 6, 4), (3, 3, 4 // groups, 8)))
    predict = convolution(kernel, ORDERS[2], **PLAIN | how)
    found, jaxpr = computed(predict, x, engine)
    assert "conv_general_dilated" in jaxpr
    np.testing.assert_array_equal(np.asarray(found, np.float32), np.asarray(predict(x), np.float32))


def test_onednn_does_what_it_can():
    if not onednn.available_in_general():
        pytest.skip("oneDNN is not in this jaxlib")
    rng = np.random.default_rng(0)
    x, kernel = (rng.normal(size=shape).astype(np.float32) for shape in ((2, 6, 6, 4), (3, 3, 2, 8)))
    predict = convolution(kernel, ORDERS[2], **PLAIN | {"groups": 2, "strides": (2, 1)})
    found, jaxpr = computed(predict, x, "onednn")
    assert "conv_general_dilated" not in jaxpr
    np.testing.assert_allclose(found, predict(x), atol=1e-5)
