"""Convolutions by oneDNN, the library that jaxlib carries for x86 processors but that XLA by itself does not use.

XLA:CPU lowers its custom call `__onednn$convolution` to oneDNN whether or not one of its own passes wrote it (XLA
sources, xla/service/cpu/onednn_convolution.cc and onednn_config.proto). The call is no public interface: `available`
therefore tries it once in a process, compares its result with NumPy's, and everything here is used only if both agree.
"""

import functools
import json
import platform
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.compilation import QUICKLY

TARGET = "__onednn$convolution"
# What may follow a convolution in the same pass: ReLU, and ReLU up to 6. Both turn NaN into 0.
RELU, RELU6 = "RELU", "RELU6"


class Axes(NamedTuple):
    """Where an array's axes are: first and second of batch and features, or of a kernel's inputs and outputs."""

    first: int
    second: int
    spatial: tuple[int, ...]


def convolve(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    relu: bool = False,
    padding: int = 0,
    swap_features: bool = False,
) -> jax.Array:
    """Convolution with stride 1, plus `bias` if given, then ReLU if asked for, in one pass over memory.

    Args: x: float32 [batch, ...spatial, inputs], two or three spatial axes. kernel: float32 [...window, inputs,
    outputs], or [...window, outputs, inputs] with `swap_features`. bias: float32 [outputs]. padding: zeros before and
    after each spatial axis. Returns float32 [batch, ...spatial + 2 padding - window + 1, outputs].

    It has no gradient of its own and must not be called unless `available()`.
    """
    rank = x.ndim
    inputs, outputs = (rank - 1, rank - 2) if swap_features else (rank - 2, rank - 1)
    data = Axes(0, rank - 1, tuple(range(1, rank - 1)))
    kernel_axes = Axes(inputs, outputs, tuple(range(rank - 2)))
    plain = (1,) * (rank - 2)
    return general(
        x,
        kernel,
        bias,
        (RELU,) * relu,
        data,
        kernel_axes,
        data,
        plain,
        ((padding, padding),) * (rank - 2),
        plain,
        groups=1,
    )


def general(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None,
    after: Sequence[str],
    x_axes: Axes,
    kernel_axes: Axes,
    out_axes: Axes,
    strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int,
) -> jax.Array:
    """`convolve` of arrays with their axes in any order, batch and features first and second in `Axes`, as
    `jax.lax.conv_general_dilated` has them: window strides, padding not negative, dilation of the kernel, groups.
    `after` is what follows the bias: (), (`RELU`,) or (`RELU6`,)."""
    windows = zip(x_axes.spatial, kernel_axes.spatial, strides, padding, dilation, strict=True)
    sizes = {
        out: (x.shape[a] + sum(pad) - (kernel.shape[k] - 1) * wide - 1) // stride + 1
        for out, (a, k, stride, pad, wide) in zip(out_axes.spatial, windows, strict=True)
    }
    sizes |= {out_axes.first: x.shape[x_axes.first], out_axes.second: kernel.shape[kernel_axes.second]}
    config = {
        "dims": str(x.ndim),
        "feature_groups": str(groups),
        "fusions": {"ops": ["BIAS"] * (bias is not None) + list(after)},
        "input": {"data": _data(x_axes)},
        "kernel": {
            "filter": {
                "input_feature_dim": str(kernel_axes.first),
                "output_feature_dim": str(kernel_axes.second),
                "shape": _text(kernel.shape),
                "spatial_dims": _text(kernel_axes.spatial),
            }
        },
        "optimization_config": {"bias_broadcast": True, "user_scratchpad": False, "weights_prepacked": False},
        "output": {"data": _data(out_axes)},
        "window": {
            "pad_left": _text(low for low, _ in padding),
            "pad_right": _text(high for _, high in padding),
            "strides": _text(strides),
            "window_dilations": _text(dilation),
        },
    }
    call = jax.ffi.ffi_call(
        TARGET,
        jax.ShapeDtypeStruct(tuple(sizes[axis] for axis in range(x.ndim)), jnp.float32),
        vmap_method="sequential",
        custom_call_api_version=1,
        legacy_backend_config=json.dumps({"onednn_conv_config": config}),
    )
    return call(x, kernel) if bias is None else call(x, kernel, bias)


def _text(numbers: Iterable[int]) -> list[str]:
    return [str(int(number)) for number in numbers]


def _data(axes: Axes) -> dict[str, Any]:
    return {"batch_dim": str(axes.first), "feature_dim": str(axes.second), "spatial_dims": _text(axes.spatial)}


@functools.cache
def available() -> bool:
    """Whether `convolve` works here: the backend is an x86 CPU, jaxlib knows the call, and its results are right."""
    if jax.default_backend() != "cpu" or platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(2, 6, 5, 3)).astype(np.float32), rng.normal(size=(3, 2, 4, 3)).astype(np.float32)
    bias = rng.normal(size=4).astype(np.float32)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], axis=(1, 2))
    expected = np.maximum(np.einsum("nhwcij,ijoc->nhwo", windows, kernel) + bias, 0)
    flat = functools.partial(convolve, relu=True, padding=1, swap_features=True)
    # The same as a convolution over three axes, the last of them a batch of two with a window of one.
    deep = lambda x, kernel: convolve(jnp.moveaxis(x, 0, 2)[None], kernel[:, :, None])  # noqa: E731
    valid = np.einsum("nhwcij,ijco->hwno", windows[:, 1:-1, 1:-1], np.swapaxes(kernel, 2, 3))

    @functools.partial(jax.jit, compiler_options=QUICKLY)
    def run(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> tuple[jax.Array, jax.Array]:
        return flat(x, kernel, bias), deep(x, jnp.swapaxes(kernel, 2, 3))[0]

    try:
        with jax.ensure_compile_time_eval():
            found = run(x, kernel, bias)
    except (jax.errors.JaxRuntimeError, NotImplementedError, ValueError):
        return False
    return all(np.allclose(a, b, atol=1e-5) for a, b in zip(found, (expected, valid), strict=True))


@functools.cache
def available_in_general() -> bool:
    """Whether `general` works here, with strides, uneven padding, dilation, groups, channels first and ReLU up to 6."""
    if not available():
        return False
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, 9, 8, 4)).astype(np.float32)
    strides, padding, dilation = (2, 1), ((1, 0), (2, 1)), (1, 2)
    channels_last, channels_first, kernel_axes = Axes(0, 3, (1, 2)), Axes(0, 1, (2, 3)), Axes(2, 3, (0, 1))
    bias = rng.normal(size=8).astype(np.float32)
    some = functools.partial(general, strides=strides, padding=padding, dilation=dilation)
    groups = (1, 2, 4)
    kernels = [rng.normal(size=(3, 2, 4 // count, 8)).astype(np.float32) for count in groups]

    @functools.partial(jax.jit, compiler_options=QUICKLY)
    def run(x: jax.Array, kernels: list[jax.Array]) -> list[jax.Array]:
        found = []
        for count, kernel in zip(groups, kernels, strict=True):
            axes = channels_first if count == 2 else channels_last
            turned = jnp.moveaxis(x, 3, axes.second)
            last, after = (jnp.asarray(bias), (RELU6,)) if count == 1 else (None, ())
            out = some(turned, kernel, last, after, x_axes=axes, kernel_axes=kernel_axes, out_axes=axes, groups=count)
            found.append(jnp.moveaxis(out, axes.second, 3))
        return found

    padded = np.pad(x, ((0, 0), *padding, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, :, :, :, ::2]
    try:
        with jax.ensure_compile_time_eval():
            found = run(x, kernels)
    except (jax.errors.JaxRuntimeError, NotImplementedError, ValueError):
        return False
    for count, kernel, got in zip(groups, kernels, found, strict=True):
        of = np.split(windows, count, axis=3), np.split(kernel, count, axis=3)
        parts = [np.einsum("nhwcij,ijco->nhwo", *each) for each in zip(*of, strict=True)]
        expected = np.concatenate(parts, axis=3)
        if count == 1:
            expected = np.clip(expected + bias, 0, 6)
        if not np.allclose(got, expected, atol=1e-5):
            return False
    return True
