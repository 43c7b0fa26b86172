"""Which operations are local: what a cell of their result depends on, and how to apply them to a piece of a map.

A value is local if its first axis is the batch and as many of its axes as the images have are spatial. An operation is
local if each cell of its result depends on one window of the spatial axes of its inputs. Whatever is not listed here is
not local, which costs time and never correctness.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hw3.occlusion import convolutions
from hw3.occlusion.convolutions import STOCK, Engine
from hw3.occlusion.jaxprs import Constant, Equation

# fmt: off
ELEMENTWISE = frozenset((
    "abs", "acos", "acosh", "add", "add_any", "and", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil",
    "clamp", "convert_element_type", "copy", "copy_p", "cos", "cosh", "digamma", "div", "eq", "erf", "erf_inv",
    "erfc", "exp", "exp2", "expm1", "floor", "ge", "gt", "integer_pow", "is_finite", "le", "lgamma", "log", "log1p",
    "logistic", "lt", "max", "min", "mul", "ne", "neg", "nextafter", "not", "or", "pow", "reduce_precision", "rem",
    "round", "rsqrt", "select_n", "sign", "sin", "sinh", "sqrt", "square", "stop_gradient", "sub", "tan", "tanh",
    "xor",
))
# fmt: on
# Floating-point operations in the time that a number takes through the memory, several operations fused.
WRITING = 10.0

REDUCTIONS = ("reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and", "reduce_or", "argmax", "argmin")
POOLINGS = ("reduce_window_max", "reduce_window_min", "reduce_window_sum")

Shapes = dict[int, jax.ShapeDtypeStruct]
Name = int | Constant


class Rule(NamedTuple):
    """How an operation looks at its inputs: along each spatial axis the cell o of its result depends on the cells
    o stride - low, ..., o stride - low + window - 1 of its inputs.

    Cells of the input that lie outside its map are those of a padding.
    """

    axes: tuple[int, ...]  # the spatial axes of its results
    window: tuple[int, ...]
    stride: tuple[int, ...]
    low: tuple[int, ...]  # cells of padding before the map
    high: tuple[int, ...]  # and behind it


def shape_of(shapes: Shapes, name: Name) -> tuple[int, ...]:
    """The shape of a value."""
    return () if isinstance(name, Constant) else shapes[name].shape


def rule(equation: Equation, changed: Sequence[int], axes: tuple[int, ...], shapes: Shapes) -> Rule | None:
    """How an operation works on local values; None if it isn't local.

    Args:
      changed: which of its inputs are local values that differ from image to image; the others are the same for all.
      axes: their spatial axes.
    """
    name, params = equation.primitive.name, equation.params
    given = [shape_of(shapes, n) for n in equation.inputs]
    results = [shapes[n].shape for n in equation.outputs]
    count = len(axes)
    plain = (1,) * count, (1,) * count, (0,) * count, (0,) * count
    if name in ELEMENTWISE:
        fits = all(len(s) in (0, len(results[0])) and (not s or s[0] == 1) for s in given)
        return Rule(axes, *plain) if fits else None
    if name == "concatenate":
        return Rule(axes, *plain) if params["dimension"] not in (0, *axes) else None
    if list(changed) != [0]:
        return None
    if name == "conv_general_dilated":
        return _convolution(params, given, axes)
    if name in POOLINGS:
        return _pooling(params, axes)
    if name == "pad":
        config = params["padding_config"]
        if config[0] != (0, 0, 0) or any(config[a][2] or min(config[a][:2]) < 0 for a in axes):
            return None
        return Rule(axes, *plain[:2], *(tuple(config[a][side] for a in axes) for side in (0, 1)))
    if name == "slice":
        begin, stride = params["start_indices"], params["strides"] or (1,) * len(given[0])
        if begin[0] or results[0][0] != 1:
            return None
        low = tuple(-begin[a] for a in axes)
        # Behind the map lies what the slice leaves out there, as a negative padding.
        high = tuple((results[0][a] - 1) * stride[a] + 1 + begin[a] - given[0][a] for a in axes)
        return Rule(axes, plain[0], tuple(stride[a] for a in axes), low, high)
    moved = _moved(equation, axes, given[0], results)
    return Rule(moved, *plain) if moved is not None else None


def _convolution(params: dict[str, Any], given: list[tuple[int, ...]], axes: tuple[int, ...]) -> Rule | None:
    numbers = params["dimension_numbers"]
    batch_first = numbers.lhs_spec[0] == numbers.out_spec[0] == 0
    if not batch_first or numbers.lhs_spec[2:] != axes or params["batch_group_count"] != 1:
        return None
    if any(step != 1 for step in params["lhs_dilation"]):
        return None
    sizes = [given[1][axis] for axis in numbers.rhs_spec[2:]]
    window = tuple((size - 1) * step + 1 for size, step in zip(sizes, params["rhs_dilation"], strict=True))
    low, high = zip(*params["padding"], strict=True)
    return Rule(tuple(numbers.out_spec[2:]), window, tuple(params["window_strides"]), low, high)


def _pooling(params: dict[str, Any], axes: tuple[int, ...]) -> Rule | None:
    sizes, dilation, padding = params["window_dimensions"], params["window_dilation"], params["padding"]
    others = [a for a in range(len(sizes)) if a not in axes]
    if any(sizes[a] != 1 or params["window_strides"][a] != 1 or padding[a] != (0, 0) for a in others):
        return None
    if any(step != 1 for step in params["base_dilation"]):
        return None
    window = tuple((sizes[a] - 1) * dilation[a] + 1 for a in axes)
    stride = tuple(params["window_strides"][a] for a in axes)
    return Rule(axes, window, stride, *(tuple(padding[a][side] for a in axes) for side in (0, 1)))


def _moved(
    equation: Equation, axes: tuple[int, ...], given: tuple[int, ...], results: list[tuple[int, ...]]
) -> tuple[int, ...] | None:
    """Where the spatial axes are behind an operation that looks at each cell by itself; None if it isn't one."""
    name, params = equation.primitive.name, equation.params
    kept: Sequence[int]
    if name == "transpose":
        order = params["permutation"]
        return tuple(order.index(a) for a in axes) if order[0] == 0 else None
    if name == "broadcast_in_dim":
        at, result = params["broadcast_dimensions"], results[0]
        same = at[0] == 0 and result[0] == 1 and all(result[at[a]] == given[a] for a in axes)
        return tuple(at[a] for a in axes) if same else None
    if name == "reshape":
        if params["dimensions"] is not None:
            return None
        places = tuple(_kept_axis(given, results[0], a) for a in (0, *axes))
        return None if None in places or places[0] != 0 else places[1:]  # type: ignore[return-value]
    if name == "split":
        return axes if params["axis"] not in (0, *axes) else None
    if name in ("squeeze", *REDUCTIONS):
        gone = params["dimensions" if name == "squeeze" else "axes"]
        kept = [a for a in range(len(given)) if a not in gone]
    elif name == "dot_general":
        (contracted, _), (batch, _) = params["dimension_numbers"]
        if len(batch):
            return None
        kept = [a for a in range(len(given)) if a not in contracted]
    else:
        return None
    return tuple(kept.index(a) for a in axes) if kept[:1] == [0] and set(axes) <= set(kept) else None


def _kept_axis(before: tuple[int, ...], after: tuple[int, ...], axis: int) -> int | None:
    """Which axis of a reshaped array is `axis` of the array, if any is."""
    for candidate, size in enumerate(after):
        if size == before[axis] and np.prod(after[:candidate]) == np.prod(before[:axis]):
            return candidate
    return None


def padding_value(equation: Equation, dtype: Any) -> Any:
    """What an operation sees outside the map of its first input; the name of a value for `pad`."""
    name = equation.primitive.name
    if name == "pad":
        return equation.inputs[1]
    if name in POOLINGS[:2]:
        lowest = name == POOLINGS[0]
        if jnp.issubdtype(dtype, jnp.floating):
            return np.array(-np.inf if lowest else np.inf, dtype)
        return np.array(jnp.iinfo(dtype).min if lowest else jnp.iinfo(dtype).max, dtype)
    return np.zeros((), dtype)


def apply(
    equation: Equation,
    rule: Rule,
    axes: tuple[int, ...],
    pieces: Sequence[jax.Array],
    sizes: tuple[int, ...],
    engine: Engine = STOCK,
) -> Sequence[jax.Array]:
    """The pieces of the results: [n, ...], `sizes` along their spatial axes.

    Args:
      axes: the spatial axes of the local inputs.
      pieces: of the local inputs [n, ...], what these cells depend on, paddings included; of the others the value, or a
        piece of it that fits.
    """
    name, params = equation.primitive.name, dict(equation.params)
    count = max(piece.shape[0] for piece in pieces if piece.ndim)

    def sized(shape: Sequence[int]) -> tuple[int, ...]:
        """A result's shape with its piece's sizes in it."""
        places = dict(zip(rule.axes, sizes, strict=True)) | {0: count}
        return tuple(places.get(axis, size) for axis, size in enumerate(shape))

    if name in ELEMENTWISE:
        shape = np.broadcast_shapes(*(piece.shape for piece in pieces))
        if name not in ("clamp", "select_n"):
            pieces = [jnp.broadcast_to(p, shape) if p.ndim else p for p in pieces]
        else:  # these take scalars beside whole arrays, but only in some places
            scalars = (0, 2) if name == "clamp" else (0,)
            keep = [p.ndim == 0 and place in scalars for place, p in enumerate(pieces)]
            pieces = [p if k else jnp.broadcast_to(p, shape) for p, k in zip(pieces, keep, strict=True)]
    elif name == "concatenate":
        shape = sized(pieces[0].shape)
        along = params["dimension"]
        pieces = [jnp.broadcast_to(p, (*shape[:along], p.shape[along], *shape[along + 1 :])) for p in pieces]
    elif name == "conv_general_dilated":
        padding = ((0, 0),) * len(axes) if axes else params["padding"]
        return convolutions.apply(equation, pieces, params | {"padding": padding}, engine)
    elif name in POOLINGS and axes:
        params["padding"] = ((0, 0),) * len(params["padding"])
    elif name == "pad":
        config = [(0, 0, 0) if axis in axes else each for axis, each in enumerate(params["padding_config"])]
        params["padding_config"] = tuple(config)
    elif name == "slice":
        stride = params["strides"] or (1,) * pieces[0].ndim
        begin = [0 if a in (0, *axes) else first for a, first in enumerate(params["start_indices"])]
        end = [pieces[0].shape[a] if a in (0, *axes) else last for a, last in enumerate(params["limit_indices"])]
        return [lax.slice(pieces[0], begin, end, stride)]
    elif name == "broadcast_in_dim":
        params["shape"] = sized(params["shape"])
    elif name == "reshape":
        params["new_sizes"] = sized(params["new_sizes"])
    found = equation.primitive.bind(*pieces, **params)
    return found if equation.primitive.multiple_results else [found]


def work(equation: Equation, shapes: Shapes) -> float:
    """What an operation costs: the floating-point operations of a convolution or product, or the time to write the
    result of another one in as many operations."""
    name, params = equation.primitive.name, equation.params
    if name == "conv_general_dilated":
        out, kernel = shapes[equation.outputs[0]].shape, shape_of(shapes, equation.inputs[1])
        return 2.0 * float(np.prod(out)) * float(np.prod(kernel)) / kernel[params["dimension_numbers"].rhs_spec[0]]
    if name == "dot_general":
        left = shape_of(shapes, equation.inputs[0])
        inner = float(np.prod([left[a] for a in params["dimension_numbers"][0][0]]))
        return 2.0 * inner * float(np.prod(shapes[equation.outputs[0]].shape))
    return WRITING * float(sum(np.prod(shapes[n].shape) for n in equation.outputs))
