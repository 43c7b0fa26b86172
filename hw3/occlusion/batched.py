"""One image's program for many images at a time, and whether a function treats each image by itself."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from hw3.occlusion import locality
from hw3.occlusion.convolutions import STOCK, Engine
from hw3.occlusion.jaxprs import Equation, Program, read
from hw3.occlusion.locality import POOLINGS, Name, Rule, Shapes, shape_of


def run(
    equations: Sequence[Equation],
    values: dict[Any, Any],
    batched: set[Name],
    shapes: Shapes,
    count: int,
    engine: Engine = STOCK,
) -> None:
    """Computes equations of one image for `count` images at a time; their outputs join `values` and `batched`.

    A value [1, ...] of one image is [count, ...] here, any other one [count, ...] with all its axes behind. That is
    what `jax.vmap` does, but with no further axis in the way of XLA's fast paths.
    """

    def stacked(name: Name) -> jax.Array:
        value = values[name]
        return value[:, None] if shape_of(shapes, name)[:1] == (1,) else value

    ends = _ends_of_concatenations(equations, shapes)
    buffers: dict[tuple[Name, int], jax.Array] = {}
    for equation in equations:
        changed = [i for i, name in enumerate(equation.inputs) if name in batched]
        given = [read(values, name) for name in equation.inputs]
        if not changed:
            values.update(zip(equation.outputs, equation.apply(given), strict=True))
            continue
        batched.update(equation.outputs)
        if equation.outputs[0] in ends and _keeps_batch(equation, changed, shapes):
            name = equation.outputs[0]
            whole = buffers.get((equation.inputs[0], equation.params["dimension"]))
            whole, values[name] = _concatenated(equation, given, whole, ends[name], count)
            buffers[name, equation.params["dimension"]] = whole
            continue
        if _keeps_batch(equation, changed, shapes):
            plain = Rule((), (), (), (), ())
            found = locality.apply(equation, plain, (), list(map(jnp.asarray, given)), (), engine)
            values.update(zip(equation.outputs, found, strict=True))
            continue

        def one(pieces: list[jax.Array], equation: Equation = equation, given: list[Any] = given) -> list[jax.Array]:
            places = dict(zip([i for i, name in enumerate(equation.inputs) if name in batched], pieces, strict=True))
            return list(equation.apply([places.get(i, value) for i, value in enumerate(given)]))

        found = jax.vmap(one, axis_size=count)([stacked(equation.inputs[i]) for i in changed])
        for name, value in zip(equation.outputs, found, strict=True):
            values[name] = value[:, 0] if shapes[name].shape[:1] == (1,) else value


def _ends_of_concatenations(equations: Sequence[Equation], shapes: Shapes) -> dict[Name, int]:
    """Of results of concatenations that only others are appended to, how long the last one is."""
    before: dict[Name, Equation] = {}
    ends: dict[Name, int] = {}
    for equation in equations:
        if equation.primitive.name != "concatenate":
            continue
        axis, (name,) = equation.params["dimension"], equation.outputs
        before[name] = equation
        first = before.get(equation.inputs[0])
        while first is not None and first.params["dimension"] == axis:
            for grown in (first.outputs[0], name):
                ends[grown] = max(ends.get(grown, 0), shapes[name].shape[axis])
            first = before.get(first.inputs[0])
    return ends


def _concatenated(
    equation: Equation, given: Sequence[Any], buffer: jax.Array | None, end: int, count: int
) -> tuple[jax.Array, jax.Array]:
    """An array that is as long as the last concatenation will be, in which XLA writes in place, and its beginning.

    Args: buffer: the same of the first of the arrays, if that is a concatenation itself.
    """
    axis = equation.params["dimension"]
    at = given[0].shape[axis]
    pieces = [jnp.broadcast_to(p, (count, *p.shape[1:])) for p in given]
    if buffer is None:
        shape = [*pieces[0].shape]
        shape[axis] = end
        buffer, at = jnp.zeros(shape, pieces[0].dtype), 0
    else:
        pieces = pieces[1:]
    for piece in pieces:
        buffer = lax.dynamic_update_slice_in_dim(buffer, piece, at, axis)
        at += piece.shape[axis]
    return buffer, lax.slice_in_dim(buffer, 0, at, axis=axis)


def independent(one: Program, several: Program) -> bool:
    """Whether a function's programs for one image and for several show that it treats each image by itself.

    They do if both apply the same operations to the same numbers, none random, and every one of them keeps the batch.
    """
    if len(one.equations) != len(several.equations) or (one.constants, one.result) != (
        several.constants,
        several.result,
    ):
        return False
    if any(one.shapes[name] != several.shapes[name] for name in one.constants):
        return False
    changed: set[Name] = {one.images}
    for first, second in zip(one.equations, several.equations, strict=True):
        same = first.primitive == second.primitive and first[2:] == second[2:]
        places = [i for i, name in enumerate(first.inputs) if name in changed]
        if not same or any(word in first.primitive.name for word in ("random", "rng", "threefry", "iota")):
            return False
        if places:
            if not _keeps_batch(first, places, one.shapes):
                return False
            changed.update(first.outputs)
    return one.result in changed


def _keeps_batch(equation: Equation, changed: Sequence[int], shapes: Shapes) -> bool:
    """Whether an equation of one image is one of many as well, with more along the first axis."""
    name, params = equation.primitive.name, equation.params
    given = [shape_of(shapes, n) for n in equation.inputs]
    if any(given[i][:1] != (1,) for i in changed) or any(shapes[n].shape[:1] != (1,) for n in equation.outputs):
        return False
    if name == "conv_general_dilated":
        numbers = params["dimension_numbers"]
        first = numbers.lhs_spec[0] == numbers.out_spec[0] == 0
        return list(changed) == [0] and first and params["batch_group_count"] == 1
    if name in POOLINGS:
        each = (params[n][0] for n in ("window_dimensions", "window_strides", "window_dilation", "base_dilation"))
        return all(size == 1 for size in each) and params["padding"][0] == (0, 0)
    return locality.rule(equation, changed, (), shapes) is not None
