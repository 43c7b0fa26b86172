"""The convolutions and poolings of training, each with the gradient that is fast where it runs.

One switch, `engine`, says how. On GPU and TPU the stock operations are used. On CPU the gradients that JAX derives are
many times slower than they need be (BUILD.md, Speed), so there both the operations and their gradients are written
down here, each in the formulation that was measured to be fastest. All engines compute the same function; the
gradients differ by float32 rounding, and at exact ties in a pooling window the first maximum takes all, as in XLA.
"""

import functools
import os
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from hw3 import onednn

# Bytes of inputs and gradients whose products one call of oneDNN sums into a kernel's gradient: what the second-level
# cache of a core holds. On processors with a slow third level twice as many take twice the time (BUILD.md, Speed).
GRADIENT_BYTES = 2**20


def engine(dtype: Any = jnp.float32) -> str:
    """How to convolve in training: "onednn" or "eigen" on CPU, "stock" elsewhere."""
    if jax.default_backend() != "cpu":
        return "stock"
    return "onednn" if dtype == jnp.float32 and onednn.available() else "eigen"


def compiler_options(platform: str) -> dict[str, str]:
    """Options for `jax.jit` of a training step on `platform`.

    XLA:CPU of JAX 0.10 sends convolutions to YNNPACK, which is slow on the gradients: without oneDNN the step is three
    times faster without it, and on JAX 0.12 it is a little faster (BUILD.md, Speed).
    """
    return {"xla_cpu_experimental_ynn_fusion_type": ""} if platform == "cpu" else {}


def convolve_relu(x: jax.Array, kernel: jax.Array, bias: jax.Array, gradient_bytes: int = GRADIENT_BYTES) -> jax.Array:
    """ReLU of a 'VALID' convolution plus bias.

    x [batch, height, width, inputs], kernel [window, window, inputs, outputs], bias [outputs] -> [batch,
    height - window + 1, width - window + 1, outputs]. Where oneDNN does it, the kernel's gradient is
    summed over as many images at a time as take `gradient_bytes`.
    """
    if engine(x.dtype) == "onednn":
        return _convolve_relu(x, kernel, bias, gradient_bytes)
    return nn.relu(_stock_convolution(x, kernel) + bias.reshape(1, 1, 1, -1))


def convolve_pool_relu(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, window: int, gradient_bytes: int = GRADIENT_BYTES
) -> jax.Array:
    """`convolve_relu`, then max pooling with stride `window`: [batch, height // window, width // window, outputs].

    Bias and ReLU are monotone and so come after the pooling, where there is less to do.
    """
    if engine(x.dtype) == "onednn":
        pooled = _convolve_pool(x, kernel, window, gradient_bytes)
    else:
        pooled = max_pool(_stock_convolution(x, kernel), window)
    return nn.relu(pooled + bias.reshape(1, 1, 1, -1))


def max_pool(x: jax.Array, window: int) -> jax.Array:
    """Max pooling whose stride is its window: [batch, height, width, channels] -> [batch, height // window,
    width // window, channels].

    On CPU its gradient is ten times faster than that of `lax.reduce_window`; the result of a convolution it takes
    fifteen times slower where XLA:CPU of JAX 0.10 uses YNNPACK, as it does outside training (BUILD.md, Speed).
    """
    if engine(x.dtype) == "stock":
        return nn.max_pool(x, (window, window), (window, window))
    return _max_pool(x, window)


def cache_bytes() -> int:
    """Bytes of a core's second-level cache, as far as the system tells; `GRADIENT_BYTES` otherwise."""
    name = "SC_LEVEL2_CACHE_SIZE"
    found = os.sysconf(name) if name in getattr(os, "sysconf_names", {}) else 0
    return found if found > 0 else GRADIENT_BYTES


def _stock_convolution(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


# ------------------------------------------------------------------------------- pooling with the place of the maximum


def _largest(x: jax.Array, window: int) -> tuple[jax.Array, jax.Array]:
    """The maximum of each window and its place in it, uint8 row * window + column, the first if there are several."""
    height, width = (size // window * window for size in x.shape[1:3])
    values = x[:, :height:window, :width:window]
    places = jnp.zeros(values.shape, jnp.uint8)
    for place in range(1, window * window):
        row, col = divmod(place, window)
        candidate = x[:, row:height:window, col:width:window]
        places = jnp.where(candidate > values, jnp.uint8(place), places)
        values = jnp.maximum(values, candidate)
    return values, places


def _spread(gradient: jax.Array, places: jax.Array, window: int, axes: tuple[int, int]) -> jax.Array:
    """Puts each pooled gradient at its place: `axes`, the two that were pooled, grow by `window`; 0 elsewhere."""
    first, second = axes
    place = jnp.arange(window * window, dtype=jnp.uint8).reshape(window, window)
    shape = [1] * (gradient.ndim + 2)
    shape[first + 1] = shape[second + 2] = window
    expand = lambda array: jnp.expand_dims(array, (first + 1, second + 2))  # noqa: E731
    spread = jnp.where(expand(places) == place.reshape(shape), expand(gradient), jnp.zeros((), gradient.dtype))
    grown = [size * (window if axis in axes else 1) for axis, size in enumerate(gradient.shape)]
    return spread.reshape(grown)


def _restore(gradient: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Zeros for the rows and columns that no window covered."""
    return jnp.pad(gradient, [(0, size - found) for size, found in zip(shape, gradient.shape, strict=True)])


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def _max_pool(x: jax.Array, window: int) -> jax.Array:
    return _largest(x, window)[0]


def _max_pool_forward(x: jax.Array, window: int) -> tuple[jax.Array, Any]:
    values, places = _largest(x, window)
    return values, (places, x)


def _max_pool_backward(window: int, saved: Any, gradient: jax.Array) -> tuple[jax.Array]:
    places, x = saved  # only x's shape is used, so XLA does not keep it
    return (_restore(_spread(gradient, places, window, (1, 2)), x.shape),)


_max_pool.defvjp(_max_pool_forward, _max_pool_backward)


# ---------------------------------------------------------------------------------------- convolutions through oneDNN


def _input_gradient(gradient: jax.Array, kernel: jax.Array) -> jax.Array:
    """Gradient of a 'VALID' convolution in its input: the full convolution with the flipped kernel."""
    return onednn.convolve(gradient, jnp.flip(kernel, (0, 1)), padding=kernel.shape[0] - 1, swap_features=True)


def _kernel_gradient(x: jax.Array, gradient: jax.Array, window: int, at_once_bytes: int) -> jax.Array:
    """Gradient in the kernel, [window, window, inputs, outputs], of x [batch, height, width, inputs] and the result's
    gradient [height - window + 1, width - window + 1, batch, outputs].

    It is a convolution over (row, column, input) with one large kernel, the result's gradient, whose window along the
    third axis is 1; the batch is what it sums over, as many images at a time as take `at_once_bytes`. So oneDNN's inner
    loop runs over inputs, of which there are many, and not over the few pixels of the window. With few inputs XLA's own
    formulation is faster.
    """
    x = _after(x, gradient)
    if x.shape[3] < 8:
        numbers = jax.lax.ConvDimensionNumbers((3, 0, 1, 2), (3, 2, 0, 1), (2, 3, 0, 1))
        return jax.lax.conv_general_dilated(x, gradient, (1, 1), "VALID", dimension_numbers=numbers)
    images = x.shape[0]
    at_once = max(1, at_once_bytes * images // (x.nbytes + gradient.nbytes))
    x = x.transpose(1, 2, 3, 0)
    total = jnp.zeros((), x.dtype)
    # Parts of one size, for each size is a kernel of its own to oneDNN.
    at_once = -(-images // -(-images // at_once))
    for first in range(0, images, at_once):
        some = slice(first, first + at_once)
        total = total + onednn.convolve(x[None, ..., some], gradient[:, :, None, some])
    return total.reshape(window, window, x.shape[2], -1)


def _after(x: jax.Array, other: jax.Array) -> jax.Array:
    """`x`, but not before `other` is there.

    XLA would otherwise run two convolutions at once, which is slower than one after the other on all cores, or
    rearrange what a gradient needs of the forward pass beside the next convolution. It drops an
    `optimization_barrier` too early to help.
    """
    return x + 0 * other[(0,) * other.ndim]


@functools.partial(jax.custom_vjp, nondiff_argnums=(3,))
def _convolve_relu(x: jax.Array, kernel: jax.Array, bias: jax.Array, gradient_bytes: int) -> jax.Array:
    return onednn.convolve(x, kernel, bias, relu=True)


def _convolve_relu_forward(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, gradient_bytes: int
) -> tuple[jax.Array, Any]:
    y = onednn.convolve(x, kernel, bias, relu=True)
    return y, (x, kernel, y)


def _convolve_relu_backward(gradient_bytes: int, saved: Any, gradient: jax.Array) -> tuple[jax.Array, ...]:
    x, kernel, y = saved
    gradient = jnp.where(y > 0, gradient, jnp.zeros((), gradient.dtype))
    in_kernel = _kernel_gradient(x, gradient.transpose(1, 2, 0, 3), kernel.shape[0], gradient_bytes)
    # As a matrix product: XLA:CPU turns a sum over so many rows into a slow `reduce_window`.
    in_bias = jnp.ones((1, gradient.size // gradient.shape[3]), gradient.dtype) @ gradient.reshape(-1, kernel.shape[3])
    return _input_gradient(_after(gradient, in_kernel), kernel), in_kernel, in_bias[0]


_convolve_relu.defvjp(_convolve_relu_forward, _convolve_relu_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _convolve_pool(x: jax.Array, kernel: jax.Array, window: int, gradient_bytes: int) -> jax.Array:
    return _largest(onednn.convolve(x, kernel), window)[0]


def _convolve_pool_forward(x: jax.Array, kernel: jax.Array, window: int, gradient_bytes: int) -> tuple[jax.Array, Any]:
    values, places = _largest(onednn.convolve(x, kernel), window)
    return values, (x, kernel, places)


def _convolve_pool_backward(window: int, gradient_bytes: int, saved: Any, gradient: jax.Array) -> tuple[jax.Array, ...]:
    x, kernel, places = saved
    height, width = (size - kernel.shape[0] + 1 for size in x.shape[1:3])
    batch, outputs = gradient.shape[0], gradient.shape[3]
    # In the order of axes that the kernel's gradient needs: cheaper than to transpose the full one.
    pooled = gradient.transpose(1, 2, 0, 3), places.transpose(1, 2, 0, 3)
    turned = _restore(_spread(*pooled, window, (0, 1)), (height, width, batch, outputs))
    in_kernel = _kernel_gradient(x, turned, kernel.shape[0], gradient_bytes)
    full = _restore(_spread(_after(gradient, in_kernel), places, window, (1, 2)), (batch, height, width, outputs))
    return _input_gradient(full, kernel), in_kernel


_convolve_pool.defvjp(_convolve_pool_forward, _convolve_pool_backward)
