"""oneDNN's convolutions against XLA's own, and that nothing uses them where they don't work."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3 import onednn

ORDERS = {2: ("NHWC", "HWIO"), 3: ("NDHWC", "DHWIO")}
FIRST = {2: ("NCHW", "OIHW"), 3: ("NCDHW", "OIDHW")}


@given(
    st.sampled_from([ORDERS, FIRST]),
    st.sampled_from([2, 2, 3]),
    st.sampled_from([1, 2, 4]),
    st.sampled_from([(None, ()), (True, ()), (None, (onednn.RELU,)), (True, (onednn.RELU,)), (True, (onednn.RELU6,))]),
    st.data(),
)
@settings(max_examples=8)
def test_any_convolution_equals_the_stock_one(orders, axes, groups, ends, data):
    if not onednn.available_in_general():
        pytest.skip("oneDNN is not in this jaxlib")
    some = lambda low, high: tuple(data.draw(st.integers(low, high)) for _ in range(axes))  # noqa: E731
    sizes, window, strides, dilation = some(7, 10), some(1, 3), some(1, 3), some(1, 2)
    padding = tuple(zip(some(0, 2), some(0, 2), strict=True))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = rng.normal(size=(2, *sizes, 4)).astype(np.float32)
    kernel = rng.normal(size=(*window, 4 // groups, 8)).astype(np.float32)
    if orders is FIRST:
        x, kernel = np.moveaxis(x, -1, 1), np.moveaxis(kernel, (-1, -2), (0, 1))
    data_order, kernel_order = orders[axes]
    numbers = jax.lax.conv_dimension_numbers(x.shape, kernel.shape, (data_order, kernel_order, data_order))
    expected = jax.lax.conv_general_dilated(
        x, kernel, strides, padding, rhs_dilation=dilation, dimension_numbers=numbers, feature_group_count=groups
    )
    biased, after = ends
    bias = rng.normal(size=8).astype(np.float32) if biased else None
    if biased:
        expected = expected + bias.reshape([-1 if axis == numbers.out_spec[1] else 1 for axis in range(x.ndim)])
    if after:
        expected = np.clip(expected, 0, 6 if after == (onednn.RELU6,) else None)
    axes_of = lambda spec: onednn.Axes(spec[0], spec[1], tuple(spec[2:]))  # noqa: E731
    outputs, inputs, *spatial = numbers.rhs_spec
    kernel_axes = onednn.Axes(inputs, outputs, tuple(spatial))
    found = onednn.general(
        x,
        kernel,
        bias,
        after,
        x_axes=axes_of(numbers.lhs_spec),
        kernel_axes=kernel_axes,
        out_axes=axes_of(numbers.out_spec),
        strides=strides,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize(("check", "call"), [("available", "convolve"), ("available_in_general", "general")])
def test_it_is_not_used_where_jaxlib_does_not_know_it_or_its_results_differ(monkeypatch, check, call):
    probe = getattr(onednn, check).__wrapped__
    monkeypatch.setattr(onednn, "TARGET", "__no_such_call")
    monkeypatch.setattr(onednn, "available", onednn.available.__wrapped__)
    assert not probe()
    monkeypatch.undo()
    real = getattr(onednn, call)
    monkeypatch.setattr(onednn, call, lambda *values, **options: real(*values, **options) + 1e-3)
    assert not probe()
    monkeypatch.setattr(onednn, "available", onednn.available.__wrapped__)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert not probe()
