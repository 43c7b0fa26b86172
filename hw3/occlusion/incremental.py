"""Exact incremental evaluation of any program on an image with a patch: only what the patch can change.

The image without a patch is evaluated once and the maps that are needed are kept. For each position of the patch every
operation is then applied to the box that the patch can change (`hw3.occlusion.boxes`): the window that it depends on is
cut out of the kept map, what has changed is pasted into it, and the same primitive runs on that. Where a box covers
most of a map, or an operation isn't local, the change is pasted into the whole map and the rest of the program is
evaluated as it stands. Every value is computed as in the dense evaluation of the same program, by the same primitives
from the same numbers, and differs by the rounding of differently shaped batches at most.

The idea is that of Nakandala, Kumar and Papakonstantinou, "Incremental and Approximate Inference for Faster
Occlusion-Based Deep CNN Explanations" (SIGMOD 2019), there for the layers of given networks, here for any jaxpr.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from hw3.compilation import QUICKLY
from hw3.occlusion import batched, boxes, classification, jaxprs, locality
from hw3.occlusion.boxes import Division, Plan
from hw3.occlusion.compiling import Ahead
from hw3.occlusion.convolutions import Engine
from hw3.occlusion.jaxprs import Constant, Program
from hw3.occlusion.locality import Name

Maps = list[jax.Array]  # of an image without a patch, one for each `Source`


class Source(NamedTuple):
    """A map of the clean image, with a margin around it, out of which windows are cut."""

    name: Name
    axes: tuple[int, ...] = ()
    margins: tuple[tuple[int, int], ...] = ()
    outside: Any = 0  # what the margins hold, as bytes of a number or the name of a value


class Cut(NamedTuple):
    """How the window of a value is put together; numbers of tables say where, for each position."""

    source: int  # the number of the map; -1 if what has changed is the whole window
    name: Name
    axes: tuple[int, ...]  # along which the map is cut; none for a value that is taken whole
    begin: int  # table: the first cell in the map, its margins counted
    size: tuple[int, ...]
    paste: int | None  # table: where in that what has changed goes; None if nothing has
    again: int | None  # table: the first cell of the window in that; None if it is all of it
    window: tuple[int, ...]


class Layout:
    """What of a plan the compiled functions need: the maps to keep, the tables, how each window is cut."""

    def __init__(self, program: Program, plan: Plan) -> None:
        self.program, self.plan = program, plan
        self.sources: list[Source] = []
        self._numbers: dict[tuple[bytes, bool], int] = {}
        self._tables: list[tuple[np.ndarray, bool]] = []
        self.start = self._table(plan.boxes[program.images].start)
        self.cuts: dict[int, list[Cut]] = {}
        wanted: list[Name] = [program.result]
        for place, equation in enumerate(program.equations):
            if plan.rules[place] is not None:
                self.cuts[place] = [self._window(place, i) for i in range(len(equation.inputs))]
            elif place in plan.dense:
                wanted += equation.inputs
        outputs = {name for place in plan.dense for name in program.equations[place].outputs}
        self.pasted = {name: self._whole(name) for name in dict.fromkeys(wanted) if name not in outputs}

    def tables(self, starts: np.ndarray) -> list[np.ndarray]:
        """All tables for patches with these first pixels, int32 [n, axes]: each int32 [n, axes] or [n, 1 + axes]."""
        at = self.plan.find(starts)
        places = np.arange(len(at), dtype=np.int32)[:, None]
        return [np.hstack([places, rows[at]]) if placed else rows[at] for rows, placed in self._tables]

    def _table(self, values: np.ndarray, placed: bool = False) -> int:
        """The number of a table, int32 [positions, axes]; `placed` if the place in the batch is to stand before it."""
        values = np.ascontiguousarray(values, np.int32)
        key = values.tobytes(), placed
        if key not in self._numbers:
            self._numbers[key] = len(self._tables)
            self._tables.append((values, placed))
        return self._numbers[key]

    def _source(self, source: Source) -> int:
        if source not in self.sources:
            self.sources.append(source)
        return self.sources.index(source)

    def _whole(self, name: Name) -> Cut:
        """A value as the dense part needs it: the clean map, with what has changed pasted into it."""
        box = self.plan.boxes.get(name) if not isinstance(name, Constant) else None
        if box is None:
            return Cut(self._source(Source(name)), name, (), 0, (), None, None, ())
        return Cut(self._source(Source(name)), name, box.axes, 0, (), self._table(box.start, placed=True), None, ())

    def _window(self, place: int, i: int) -> Cut:
        """What the box of a result depends on, of the i-th input."""
        equation, rule = self.program.equations[place], self.plan.rules[place]
        assert rule is not None
        name: Any = equation.inputs[i]
        out = self.plan.boxes[equation.outputs[0]]
        changed = None if isinstance(name, Constant) else self.plan.boxes.get(name)
        begin, size = boxes.needed(equation, rule, out)
        if changed is None:
            shape = locality.shape_of(self.program.shapes, name)
            elementwise = equation.primitive.name in locality.ELEMENTWISE or equation.primitive.name == "concatenate"
            cut = [k for k, axis in enumerate(rule.axes) if elementwise and len(shape) > axis and shape[axis] != 1]
            source = self._source(Source(name))
            if not cut:
                return Cut(source, name, (), 0, (), None, None, ())
            some = tuple(size[k] for k in cut)
            # The tables have all axes; the others of this value have one cell each.
            where = np.where(np.isin(np.arange(len(size)), cut), begin, 0)
            sizes = tuple(n if k in cut else 1 for k, n in enumerate(size))
            return Cut(source, name, rule.axes, self._table(where), sizes if some else (), None, None, sizes)
        if changed.size == size and np.array_equal(changed.start, begin):
            return Cut(-1, name, changed.axes, 0, size, None, None, size)
        # The part of the map that holds both the window and what has changed.
        first = np.minimum(begin, changed.start)
        last = np.maximum(begin + size, changed.start + changed.size)
        extent = tuple(map(int, (last - first).max(0)))
        ends = zip(first.min(0), (first + extent).max(0), changed.full, strict=True)
        margins = tuple((max(0, -int(low)), max(0, int(high) - full)) for low, high, full in ends)
        outside = locality.padding_value(equation, self.program.shapes[name].dtype)
        if isinstance(outside, np.ndarray):
            outside = Constant(outside.dtype, outside.tobytes())
        source = self._source(Source(name, changed.axes, margins, outside))
        table = self._table(first + np.array([low for low, _ in margins]))
        again = None if extent == size and not (begin - first).any() else self._table(begin - first, placed=True)
        return Cut(source, name, changed.axes, table, extent, self._table(changed.start - first, True), again, size)


@functools.lru_cache(maxsize=64)
def layout(program: Program, plan: Plan) -> Layout:
    """The layout of a plan, made once."""
    return Layout(program, plan)


@functools.lru_cache(maxsize=64)
def sources(program: Program, division: Division) -> tuple[Source, ...]:
    """The maps of an image that its plans need."""
    return tuple(dict.fromkeys(source for plan in division.plans for source in layout(program, plan).sources))


def of_plan(program: Program, division: Division, plan: Plan, maps: Sequence[Any]) -> list[Any]:
    """Those of the maps, one for each of `sources`, that one of the plans needs."""
    by_source = dict(zip(sources(program, division), maps, strict=True))
    return [by_source[source] for source in layout(program, plan).sources]


def clean_bytes(program: Program, division: Division) -> int:
    """Bytes of the maps of an image that are kept on the device."""
    local = {name for plan in division.plans for name in plan.boxes}
    total = 0
    for source in sources(program, division):
        if source.name in local:
            shape = list(program.shapes[source.name].shape)
            for axis, margin in zip(source.axes, source.margins, strict=False):
                shape[axis] += sum(margin)
            total += int(np.prod(shape)) * program.shapes[source.name].dtype.itemsize
    return total


def made_of_parameters(program: Program, division: Division, maps: Maps) -> Maps:
    """Those of the maps that the program makes of the arrays it closes over, whatever the image."""
    given = {*program.constants, *(name for plan in division.plans for name in plan.boxes)}
    each = zip(sources(program, division), maps, strict=True)
    return [value for source, value in each if source.name not in given and not isinstance(source.name, Constant)]


@functools.lru_cache(maxsize=32)
def clean(program: Program, division: Division, engine: Engine) -> Ahead:
    """The compiled function from constants and an image [1, ...] to the maps of its `sources`, and the image's own
    scores, float32 [1, classes]."""
    wanted = sources(program, division)

    def run(constants: Sequence[Any], image: jax.Array) -> tuple[Maps, jax.Array]:
        values = dict(zip(program.constants, constants, strict=True)) | {program.images: image}
        batched.run(program.equations, values, {program.images}, program.shapes, 1, engine)
        found = []
        for source in wanted:
            value = jnp.asarray(jaxprs.read(values, source.name))
            if any(map(any, source.margins)):
                padding = [(0, 0, 0)] * value.ndim
                for axis, margin in zip(source.axes, source.margins, strict=True):
                    padding[axis] = (*margin, 0)
                outside = jnp.asarray(jaxprs.read(values, source.outside), value.dtype)
                value = lax.pad(value, outside, padding)
            found.append(value)
        return found, classification.result(program, values, 1)

    return Ahead(run, dict(engine.options) | QUICKLY)


@functools.lru_cache(maxsize=64)
def scores(program: Program, plan: Plan, engine: Engine) -> Ahead:
    """The compiled function behind an image's scores with patches.

    It takes the maps `of_plan` that `clean` made, fills [1 or more, ...spatial axes, channels], the fill of each
    patch, int [n], and `Layout.tables` of the positions; it gives float32 [n, classes].
    """
    plans = layout(program, plan)
    dense = [equation for place, equation in enumerate(program.equations) if place in plan.dense]

    def run(maps: Maps, fills: jax.Array, fill: jax.Array, tables: Sequence[jax.Array]) -> jax.Array:
        image = plan.boxes[program.images]
        at = jnp.column_stack([jnp.minimum(fill, len(fills) - 1), tables[plans.start]])
        changed: dict[Any, jax.Array] = {program.images: _pieces(fills, (0, *image.axes), at, image.size)}

        def cut(each: Cut) -> jax.Array:
            if each.source < 0:
                return changed[each.name]
            whole = maps[each.source]
            if not each.axes:
                return whole
            if each.size:
                part = _pieces(whole, each.axes, tables[each.begin], each.size)
            else:
                part = jnp.broadcast_to(whole, (len(fill), *whole.shape[1:]))
            if each.paste is not None:
                part = _pasted(part, changed[each.name], each.axes, tables[each.paste])
            return part if each.again is None else _pieces(part, (0, *each.axes), tables[each.again], each.window)

        for place, cuts in plans.cuts.items():
            equation, rule = program.equations[place], plan.rules[place]
            assert rule is not None
            box = plan.boxes[equation.outputs[0]]
            axes = next(each.axes for each in cuts if each.name in plan.boxes)
            found = locality.apply(equation, rule, axes, list(map(cut, cuts)), box.size, engine)
            changed.update(zip(equation.outputs, found, strict=True))

        values: dict[Any, jax.Array] = {
            name: maps[each.source] for name, each in plans.pasted.items() if each.paste is None
        }
        differ: set[Name] = {name for name, each in plans.pasted.items() if each.paste is not None}
        values |= {name: cut(plans.pasted[name]) for name in differ}
        batched.run(dense, values, differ, program.shapes, len(fill), engine)
        return classification.result(program, values, len(fill))

    return Ahead(run, dict(engine.options))


def _pieces(array: jax.Array, axes: tuple[int, ...], at: jax.Array, sizes: tuple[int, ...]) -> jax.Array:
    """Pieces [n, ...] of an array, of one part of its first axis each, with `sizes` cells along the later `axes`.

    Args: at: int32 [n, axes], their first cells along all `axes`, so that all lie inside the array; they are of the
      only part of the first axis if that is not among these.
    """
    lengths = dict(zip(axes[-len(sizes) :], sizes, strict=True)) | {0: 1}
    numbers = lax.GatherDimensionNumbers(
        offset_dims=tuple(range(1, array.ndim)), collapsed_slice_dims=(0,), start_index_map=axes
    )
    shape = [lengths.get(axis, size) for axis, size in enumerate(array.shape)]
    return lax.gather(array, at, numbers, shape, mode=lax.GatherScatterMode.PROMISE_IN_BOUNDS)


def _pasted(array: jax.Array, pieces: jax.Array, axes: tuple[int, ...], at: jax.Array) -> jax.Array:
    """An array [n, ...] with a piece [n, ...] in each part of its first axis, at int32 [n, 1 + axes]."""
    numbers = lax.ScatterDimensionNumbers(
        update_window_dims=tuple(range(1, array.ndim)),
        inserted_window_dims=(0,),
        scatter_dims_to_operand_dims=(0, *axes),
    )
    return lax.scatter(
        array,
        at,
        pieces.astype(array.dtype),
        numbers,
        indices_are_sorted=True,
        unique_indices=True,
        mode=lax.GatherScatterMode.PROMISE_IN_BOUNDS,
    )
