"""Where a program can be cut in two so that its first part is computed window by window (`hw3.occlusion.tiles`)."""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from hw3.occlusion import locality
from hw3.occlusion.jaxprs import Program
from hw3.occlusion.locality import Rule

# What there is to do beside the arithmetic, in floating-point operations that take as long: for a window, for a value
# of a map put together, and for a pixel of a convolution's output and 32 of its features (bias, ReLU, pooling,
# memory). Fitted to times of five networks on CPU.
WINDOW_WORK = 30_000
VALUE_WORK = 75
PIXEL_WORK = 3_000

SIDES = (1, 2, 3, 4)  # cells along a window; larger windows have less overlap and more changes


class Seen(NamedTuple):
    """What a cell of a value sees of the image."""

    field: int  # pixels along each axis
    stride: int  # pixels from one cell to the next


class Plan(NamedTuple):
    """How a program is evaluated: its first operations window by window, the rest on the whole map."""

    program: Program
    cut: int  # how many equations
    value: int  # the value between the two parts
    seen: tuple[tuple[int, Seen], ...]  # of the local values of the first part
    cells: tuple[int, int]  # height and width of that value's map
    features: int  # of that map
    side: int  # cells along a window
    window: int  # pixels along a window
    step: int  # pixels from one window to the next

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of windows; the last ones may stand out over the map."""
        return -(-self.cells[0] // self.side), -(-self.cells[1] // self.side)


@functools.lru_cache(maxsize=64)
def plan(program: Program, patch: tuple[int, int]) -> tuple[Plan, float] | None:
    """How to evaluate a program on images with patches (height, width) anywhere.

    The plan of least work, counted as if patches changed all that they cover, and the floating-point operations that it
    spares for a patched image (below 0 if it needs more). None for a program that pools nothing before it pads.
    """
    image_shape = program.shapes[program.images].shape[1:]
    changed, amounts = {program.images}, []
    for equation in program.equations:
        amounts.append(0.0)
        if not changed.isdisjoint(equation.inputs):
            changed.update(equation.outputs)
            amounts[-1] = _work(program, len(amounts) - 1)
    found = []
    for cut, value, seen in _cuts(program):
        _, height, width, features = program.shapes[value].shape
        rest = sum(amounts[cut:]) + VALUE_WORK * height * width * features
        field, stride = seen[value]
        for side in SIDES:
            window, step = field + (side - 1) * stride, side * stride
            plan = Plan(program, cut, value, tuple(seen.items()), (height, width), features, side, window, step)
            each = WINDOW_WORK
            for place in range(cut):
                output = program.equations[place].outputs[0]
                if output in seen:
                    cells = ((window - seen[output].field) // seen[output].stride + 1) ** 2
                    each += int(amounts[place] * cells / math.prod(program.shapes[output].shape[1:3]))
            found.append((plan, _windows_met(plan, image_shape, patch) * each + rest))
    if not found:
        return None
    best, needed = min(found, key=lambda each: each[1])
    return best, sum(amounts) - needed


def _work(program: Program, place: int) -> float:
    """What an equation computes for one image, in floating-point operations."""
    equation = program.equations[place]
    name = equation.primitive.name
    if name not in ("conv_general_dilated", "dot_general"):
        return 0.0
    shape = program.shapes[equation.outputs[0]].shape
    beside = PIXEL_WORK * math.prod(shape[1:3]) * -(-shape[-1] // 32) if name == "conv_general_dilated" else 0
    return locality.work(equation, program.shapes) + beside


def rule(program: Program, place: int, seen: dict[int, Seen]) -> Rule | None:
    """How an equation works on local values, if it needs no padding and its other inputs are the same everywhere."""
    equation = program.equations[place]
    changed = [i for i, name in enumerate(equation.inputs) if name in seen]
    found = locality.rule(equation, changed, (1, 2), program.shapes)
    if found is None or any(found.low) or any(pad > 0 for pad in found.high) or found.axes != (1, 2):
        return None
    if len({seen[equation.inputs[i]] for i in changed}) > 1:  # type: ignore[index]
        return None
    square = all(len(set(each)) == 1 for each in (found.window, found.stride))
    if equation.primitive.name in locality.ELEMENTWISE or equation.primitive.name == "concatenate":
        others = [locality.shape_of(program.shapes, name) for name in equation.inputs if name not in seen]
        square = square and all(shape[1:3] in ((), (1, 1)) for shape in others)
    return found if square else None


def _cuts(program: Program) -> list[tuple[int, int, dict[int, Seen]]]:
    """Where a program can be cut in two: how many equations come before, the value between, what local values see."""
    seen = {program.images: Seen(1, 1)}
    last: dict[Any, int] = {program.result: len(program.equations)}
    for place, equation in enumerate(program.equations):
        last |= {name: max(place, last.get(name, 0)) for name in equation.inputs}
    found = []
    for place, equation in enumerate(program.equations):
        if seen.keys().isdisjoint(equation.inputs):
            continue
        seeing = rule(program, place, seen)
        if seeing is None:
            break
        field, stride = next(seen[name] for name in equation.inputs if name in seen)
        now = Seen(field + (seeing.window[0] - 1) * stride, stride * seeing.stride[0])
        seen.update(dict.fromkeys(equation.outputs, now))
        alive = [name for name in seen if last.get(name, -1) > place]
        if len(alive) == 1 and seen[alive[0]].stride > 1 and len(program.shapes[alive[0]].shape) == 4:
            found.append((place + 1, alive[0], dict(seen)))
    return found


def _windows_met(plan: Plan, image_shape: tuple[int, ...], patch: tuple[int, int]) -> float:
    """How many windows a patch meets, on average over all its places in an image."""
    met = 1.0
    for size, length, windows in zip(image_shape[:2], patch, plan.grid, strict=True):
        start, first = np.arange(size - length + 1)[:, None], plan.step * np.arange(windows)
        met *= float(((start < first + plan.window) & (first < start + length)).sum(1).mean())
    return met
