"""Convolutions by oneDNN, the library that jaxlib carries for x86 processors but that XLA by itself does not use.

XLA:CPU lowers its custom call `__onednn$convolution` to oneDNN whether or not one of its own passes wrote it (XLA
sources, xla/service/cpu/onednn_convolution.cc and onednn_config.proto). The call is no public interface: `available`
therefore tries it once in a process, compares its result with NumPy's, and everything here is used only if both agree.
"""

import functools
import json
import platform

import jax
import jax.numpy as jnp
import numpy as np

TARGET = "__onednn$convolution"


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
    spatial = range(1, rank - 1)
    inputs, outputs = (rank - 1, rank - 2) if swap_features else (rank - 2, rank - 1)
    shape = (
        x.shape[0],
        *(x.shape[axis] + 2 * padding - kernel.shape[axis - 1] + 1 for axis in spatial),
        kernel.shape[outputs],
    )
    text = lambda numbers: [str(number) for number in numbers]  # noqa: E731
    data = {"batch_dim": "0", "feature_dim": str(rank - 1), "spatial_dims": text(spatial)}
    config = {
        "dims": str(rank),
        "feature_groups": "1",
        "fusions": {"ops": ["BIAS"] * (bias is not None) + ["RELU"] * relu},
        "input": {"data": data},
        "kernel": {
            "filter": {
                "input_feature_dim": str(inputs),
                "output_feature_dim": str(outputs),
                "shape": text(kernel.shape),
                "spatial_dims": text(range(rank - 2)),
            }
        },
        "optimization_config": {"bias_broadcast": True, "user_scratchpad": False, "weights_prepacked": False},
        "output": {"data": data},
        "window": {
            "pad_left": text([padding] * (rank - 2)),
            "pad_right": text([padding] * (rank - 2)),
            "strides": ["1"] * (rank - 2),
            "window_dilations": ["1"] * (rank - 2),
        },
    }
    call = jax.ffi.ffi_call(
        TARGET,
        jax.ShapeDtypeStruct(shape, jnp.float32),
        vmap_method="sequential",
        custom_call_api_version=1,
        legacy_backend_config=json.dumps({"onednn_conv_config": config}),
    )
    return call(x, kernel) if bias is None else call(x, kernel, bias)


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
    try:
        with jax.ensure_compile_time_eval():
            found = jax.jit(flat)(x, kernel, bias), jax.jit(deep)(x, np.swapaxes(kernel, 2, 3))[0]
    except (jax.errors.JaxRuntimeError, NotImplementedError, ValueError):
        return False
    return all(np.allclose(a, b, atol=1e-5) for a, b in zip(found, (expected, valid), strict=True))
