"""How convolutions are computed where XLA:CPU is slow at them: depthwise ones above all, and all by oneDNN.

XLA:CPU has no kernel for convolutions in groups: a depthwise one is up to seventy times slower there than in oneDNN or
written as a sum over the window (BUILD.md, Speed). Every engine computes the same sums, in another order at most.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh

from hw3 import onednn
from hw3.occlusion.jaxprs import Constant, Equation, Program
from hw3.onednn import RELU6

CONVOLUTION = "conv_general_dilated"

Options = tuple[tuple[str, str], ...]


class Engine(NamedTuple):
    """How to compute a program: how its convolutions, and how to compile it."""

    convolutions: str = "stock"  # as they are; "taps": depthwise ones as sums; "onednn": by oneDNN, else as "taps"
    options: Options = ()


STOCK = Engine()


def plain(mesh: Mesh) -> Engine:
    """The engine for devices of this kind that takes least time to compile."""
    return Engine("taps") if mesh.devices.flat[0].platform == "cpu" else STOCK


def by_onednn(program: Program) -> bool:
    """Whether oneDNN can do all of a program's convolutions here, of which there are some."""
    found = [program.shapes[e.outputs[0]] for e in program.equations if e.primitive.name == CONVOLUTION]
    fits = all(out.dtype == np.float32 and len(out.shape) in (4, 5) for out in found)
    return bool(found) and fits and onednn.available_in_general()


def fits_onednn(equation: Equation, shapes: dict[int, jax.ShapeDtypeStruct]) -> bool:
    """Whether oneDNN can do this convolution."""
    given = [shapes[name] for name in equation.inputs if not isinstance(name, Constant)]
    return len(given) == 2 and _fits(given[0], given[1], equation.params)


def _fits(x: Any, kernel: Any, params: dict[str, Any]) -> bool:
    single = x.dtype == kernel.dtype == np.float32 and params["preferred_element_type"] in (None, np.float32)
    return single and len(x.shape) in (4, 5) and _plain(params)


def _plain(params: dict[str, Any]) -> bool:
    """Whether nothing but the kernel is dilated, nothing cut off, and the batch is no group."""
    undilated = all(step == 1 for step in params["lhs_dilation"]) and params["batch_group_count"] == 1
    return undilated and min((min(pad) for pad in params["padding"]), default=0) >= 0


def stock(x: jax.Array, kernel: jax.Array, *bias: jax.Array, after: Sequence[str] = (), **params: Any) -> jax.Array:
    """The convolution as XLA does it, a bias [outputs] if there is one, and `RELU` or `RELU6` if asked for."""
    y = lax.conv_general_dilated_p.bind(x, kernel, **params)
    if bias:
        channels = params["dimension_numbers"].out_spec[1]
        y = y + bias[0].reshape([-1 if axis == channels else 1 for axis in range(y.ndim)])
    return jnp.clip(y, 0, 6 if RELU6 in after else None) if after else y


def apply(equation: Equation, pieces: Sequence[Any], params: dict[str, Any], engine: Engine) -> list[jax.Array]:
    """The result of `conv_general_dilated` with these parameters, which may differ from the equation's own."""
    x, kernel, *bias = map(jnp.asarray, pieces)
    if engine.convolutions == "onednn" and _fits(x, kernel, params):
        return [_by_onednn(x, kernel, bias[0] if bias else None, params)]
    # Smaller numbers would lose digits in the sum, which XLA does in float32.
    exact = x.dtype in (np.float32, np.float64) and params["preferred_element_type"] in (None, x.dtype)
    depthwise = kernel.shape[params["dimension_numbers"].rhs_spec[1]] == 1 and params["feature_group_count"] > 1
    if engine.convolutions != "stock" and exact and depthwise and _plain(params) and "after" not in params:
        return [_by_taps(x, kernel, params)]
    return [equation.primitive.bind(x, kernel, *bias, **params)]


def _by_onednn(x: jax.Array, kernel: jax.Array, bias: jax.Array | None, params: dict[str, Any]) -> jax.Array:
    numbers = params["dimension_numbers"]
    lhs, rhs, out = numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec
    return onednn.general(
        x,
        kernel,
        bias,
        params.get("after", ()),
        x_axes=onednn.Axes(lhs[0], lhs[1], lhs[2:]),
        kernel_axes=onednn.Axes(rhs[1], rhs[0], rhs[2:]),
        out_axes=onednn.Axes(out[0], out[1], out[2:]),
        strides=params["window_strides"],
        padding=params["padding"],
        dilation=params["rhs_dilation"],
        groups=params["feature_group_count"],
    )


def _by_taps(x: jax.Array, kernel: jax.Array, params: dict[str, Any]) -> jax.Array:
    """A depthwise convolution as a sum over its window of products, which XLA fuses into one pass."""
    numbers, strides, dilation = params["dimension_numbers"], params["window_strides"], params["rhs_dilation"]
    x = jnp.transpose(x, (numbers.lhs_spec[0], *numbers.lhs_spec[2:], numbers.lhs_spec[1]))
    kernel = jnp.transpose(kernel, (*numbers.rhs_spec[2:], numbers.rhs_spec[1], numbers.rhs_spec[0]))
    x = jnp.pad(x, ((0, 0), *params["padding"], (0, 0)))
    # Each input channel serves several outputs in a row.
    x = jnp.repeat(x, kernel.shape[-1] // params["feature_group_count"], axis=-1)
    wide = [(size - 1) * step + 1 for size, step in zip(kernel.shape[:-2], dilation, strict=True)]
    cells = [(size - w) // step + 1 for size, w, step in zip(x.shape[1:-1], wide, strides, strict=True)]
    total = jnp.zeros((), x.dtype)
    for place in np.ndindex(kernel.shape[:-2]):
        first = [p * step for p, step in zip(place, dilation, strict=True)]
        last = [f + (n - 1) * step + 1 for f, n, step in zip(first, cells, strides, strict=True)]
        seen = lax.slice(x, (0, *first, 0), (len(x), *last, x.shape[-1]), (1, *strides, 1))
        total = total + seen * kernel[place][0].reshape((1,) * (x.ndim - 1) + (-1,))
    out = numbers.out_spec
    return jnp.transpose(total, np.argsort((out[0], *out[2:], out[1])).tolist())
