"""Which box of every map of a network a patch can change, for all its positions at once.

Boxes are planned on the host. A convolution or pooling widens a box and divides it by its stride, an elementwise
operation takes the smallest box around those of its inputs, a padding moves it. All boxes of a value have one size in a
plan, the largest that any of its positions needs; their first cells are arrays over the positions.
"""

import functools
import itertools
from typing import NamedTuple

import numpy as np

from hw3 import batches
from hw3.occlusion import locality
from hw3.occlusion.jaxprs import Equation, Program
from hw3.occlusion.locality import Rule

# The part of a map that a box may cover before the whole map is computed: beyond, cutting out and pasting cost more
# than they spare.
COVERED = 0.8

# The part of the positions along an axis that count as near either end of it in `divided`: least work is left in five
# networks with patches of 16 and 32 pixels.
AT_AN_END = 1 / 6


class Box(NamedTuple):
    """The cells of a value that a patch may change, along its spatial axes."""

    axes: tuple[int, ...]  # spatial axes of the value
    low: np.ndarray  # int32 [positions, axes], first changed cell
    high: np.ndarray  # int32 [positions, axes], one beyond the last
    start: np.ndarray  # int32 [positions, axes], first cell of what is computed
    size: tuple[int, ...]  # how many cells are computed
    full: tuple[int, ...]  # how many there are

    @property
    def part(self) -> float:
        """The part of the map that is computed."""
        return float(np.prod(self.size)) / float(np.prod(self.full))


class Plan(NamedTuple):
    """How a program is evaluated on an image with a patch at any of some positions."""

    positions: np.ndarray  # int32 [positions, axes], first pixels of the patch, in lexicographic order
    boxes: dict[int, Box]  # of the local values
    rules: tuple[Rule | None, ...]  # of the equations that are applied to boxes; None for the others
    dense: frozenset[int]  # the equations, by their place, that are computed whole for each position
    part: float  # of the work of the whole program that is left

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def find(self, starts: np.ndarray) -> np.ndarray:
        """Where in `positions` these first pixels, int32 [n, axes], are: int [n]."""
        return _find(self.positions, starts)


class Division(NamedTuple):
    """All positions of a patch, divided among plans: a box has one size in each of them."""

    plans: tuple[Plan, ...]
    positions: np.ndarray  # int32 [positions, axes], of all plans, in lexicographic order
    number: np.ndarray  # int [positions], the plan of each
    part: float  # of the work of the whole program that is left, on average

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def find(self, starts: np.ndarray) -> np.ndarray:
        """The numbers of the plans of patches with these first pixels, int32 [n, axes]: int [n]."""
        return self.number[_find(self.positions, starts)]

    def batch(self, plan: Plan, limit: int) -> int:
        """How many patches that one of the plans is for are classified at once, if at most `limit` may be."""
        return limit if len(self.plans) == 1 else batches.equal_batch(len(plan.positions), limit)


def _find(positions: np.ndarray, starts: np.ndarray) -> np.ndarray:
    radix = np.append(np.cumprod(positions.max(0)[:0:-1].astype(np.int64) + 1)[::-1], 1)
    return np.searchsorted(positions @ radix, starts @ radix)


def _box(axes: tuple[int, ...], low: np.ndarray, high: np.ndarray, shape: tuple[int, ...]) -> Box:
    """The box around cells low..high-1, of which only those in the map count."""
    full = np.array([shape[axis] for axis in axes])
    low = np.clip(low, 0, full)
    high = np.clip(high, low, full)
    size = np.maximum((high - low).max(0), 1)
    start = np.minimum(low, full - size)
    low, high, start = (values.astype(np.int32) for values in (low, high, start))
    return Box(axes, low, high, start, tuple(map(int, size)), tuple(map(int, full)))


def needed(equation: Equation, rule: Rule, box: Box) -> tuple[np.ndarray, tuple[int, ...]]:
    """The first cells, int32 [positions, axes], and the size of the windows of its inputs that a box depends on."""
    start = box.start * np.array(rule.stride, np.int32) - np.array(rule.low, np.int32)
    size = zip(box.size, rule.stride, rule.window, strict=True)
    return start.astype(np.int32), tuple((cells - 1) * stride + window for cells, stride, window in size)


@functools.lru_cache(maxsize=64)
def plan(program: Program, patch: tuple[int, ...], positions: bytes) -> Plan:
    """The plan for patches whose first pixels are `positions`, int32 [positions, axes] as bytes."""
    starts = np.frombuffer(positions, np.int32).reshape(-1, len(patch))
    shapes = program.shapes
    axes = tuple(range(1, 1 + len(patch)))
    boxes = {program.images: _box(axes, starts, starts + np.array(patch), shapes[program.images].shape)}
    whole: set[int] = set()  # values that are computed whole for each position
    rules: list[Rule | None] = []
    dense: set[int] = set()
    work = left = 0.0
    for place, equation in enumerate(program.equations):
        changed = [i for i, name in enumerate(equation.inputs) if name in boxes or name in whole]
        rules.append(None)
        if not changed:
            continue
        amount = locality.work(equation, shapes)
        work += amount
        found = None if any(equation.inputs[i] in whole for i in changed) else _spread(equation, changed, boxes, shapes)
        if found is None or max(box.part for box in found[1]) > COVERED:
            dense.add(place)
            whole.update(equation.outputs)
            left += amount
            continue
        rules[-1] = found[0]
        boxes.update(zip(equation.outputs, found[1], strict=True))
        left += amount * max(box.part for box in found[1])
    return Plan(starts, boxes, tuple(rules), frozenset(dense), left / max(work, 1.0))


@functools.lru_cache(maxsize=64)
def undivided(program: Program, patch: tuple[int, ...], positions: bytes) -> Division:
    """One plan for all positions, as `plan` takes them."""
    one = plan(program, patch, positions)
    return Division((one,), one.positions, np.zeros(len(one.positions), int), one.part)


@functools.lru_cache(maxsize=64)
def divided(program: Program, patch: tuple[int, ...], positions: bytes) -> Division:
    """Plans for the positions near an edge, along each of the axes or not: a map's end cuts their boxes off."""
    starts = np.frombuffer(positions, np.int32).reshape(-1, len(patch))
    edge = np.stack([_near_the_ends(starts[:, axis]) for axis in range(len(patch))], axis=1)
    plans: list[Plan] = []
    number = np.zeros(len(starts), int)
    for kind in itertools.product((False, True), repeat=len(patch)):
        if (among := (edge == kind).all(1)).any():
            number[among] = len(plans)
            plans.append(plan(program, patch, starts[among].tobytes()))
    part = sum(each.part * len(each.positions) for each in plans) / len(starts)
    return Division(tuple(plans), starts, number, part)


def _near_the_ends(starts: np.ndarray) -> np.ndarray:
    """Whether positions along an axis, int32 [n], are among the first or last of the distinct ones: bool [n]."""
    distinct = np.unique(starts)
    few = int(len(distinct) * AT_AN_END)
    place = np.searchsorted(distinct, starts)
    return (place < few) | (place >= len(distinct) - few)


def _spread(
    equation: Equation, changed: list[int], boxes: dict[int, Box], shapes: locality.Shapes
) -> tuple[Rule, list[Box]] | None:
    """How an operation works on boxes, and the boxes of its results; None if it isn't local."""
    given = [boxes[equation.inputs[i]] for i in changed]  # type: ignore[index]
    if any(box.axes != given[0].axes for box in given):
        return None
    rule = locality.rule(equation, changed, given[0].axes, shapes)
    if rule is None:
        return None
    window, stride, pad = (np.array(each) for each in (rule.window, rule.stride, rule.low))
    low = functools.reduce(np.minimum, [box.low for box in given])
    high = functools.reduce(np.maximum, [box.high for box in given])
    low, high = -((-(low + pad - window + 1)) // stride), (high - 1 + pad) // stride + 1
    return rule, [_box(rule.axes, low, high, shapes[name].shape) for name in equation.outputs]
