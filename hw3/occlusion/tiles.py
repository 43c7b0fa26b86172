"""The same incremental evaluation for many small images: equal windows of them are computed once.

Convolution and pooling are local: a cell of the map behind some operations sees one window of the image. The map is
computed in square windows of a few cells each, and of all windows of all patched images only the distinct ones
(`distinct`): a window that no patch touches is that of the clean image, and many patches leave a window the same.
The maps are then put together and go through the rest of the program whole. Every value is computed as in the dense
evaluation, by the same primitives from the same pixels, and differs by the rounding of differently shaped batches at
most. It is for programs that begin without padding, and pays where much of an image is black.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.batches import in_sizes
from hw3.occlusion import classification, distinct, jaxprs, locality
from hw3.occlusion.distinct import Changes
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


class Windows(NamedTuple):
    """The distinct windows of some patched images."""

    chosen: np.ndarray  # int32 [windows, 6]: window of the image, window of the fill, box in which the fill shows
    of: np.ndarray  # int32 [patched images, windows of each], positions in `chosen`


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


def _rule(program: Program, place: int, seen: dict[int, Seen]) -> Rule | None:
    """How an equation works on local values, if it needs no padding and its other inputs are the same everywhere."""
    equation = program.equations[place]
    changed = [i for i, name in enumerate(equation.inputs) if name in seen]
    rule = locality.rule(equation, changed, (1, 2), program.shapes)
    if rule is None or any(rule.low) or any(pad > 0 for pad in rule.high) or rule.axes != (1, 2):
        return None
    if len({seen[equation.inputs[i]] for i in changed}) > 1:  # type: ignore[index]
        return None
    square = all(len(set(each)) == 1 for each in (rule.window, rule.stride))
    if equation.primitive.name in locality.ELEMENTWISE or equation.primitive.name == "concatenate":
        others = [locality.shape_of(program.shapes, name) for name in equation.inputs if name not in seen]
        square = square and all(shape[1:3] in ((), (1, 1)) for shape in others)
    return rule if square else None


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
        rule = _rule(program, place, seen)
        if rule is None:
            break
        field, stride = next(seen[name] for name in equation.inputs if name in seen)
        now = Seen(field + (rule.window[0] - 1) * stride, stride * rule.stride[0])
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


def distinct_windows(plan: Plan, images: int, fills: int, of: Changes, scene: np.ndarray, box: np.ndarray) -> Windows:
    """The distinct windows of patched images: first all those of the clean images, then the changed ones.

    Args:
      images, fills: how many there are of each, 1 if one serves all scenes.
      of: `changes.changes` of them.
      scene: int32 [n]. box: int32 [4, n], the changed pixels, as `changes.boxes` finds them; none empty.
    """
    rows, cols = plan.grid
    each = rows * cols
    first = plan.step * np.arange(rows, dtype=np.int32), plan.step * np.arange(cols, dtype=np.int32)
    begin = [np.maximum(box[axis][:, None], first[axis]) for axis in (0, 1)]
    end = [np.minimum(box[axis + 2][:, None], first[axis] + plan.window) for axis in (0, 1)]
    meets = [low < high for low, high in zip(begin, end, strict=True)]
    met = np.flatnonzero(meets[0][:, :, None] & meets[1][:, None, :])
    item, place = np.divmod(met, each)
    row, col = met // cols, item * cols + place % cols  # in the arrays of the two axes
    within = np.stack([begin[0].take(row), begin[1].take(col), end[0].take(row), end[1].take(col)])
    within = distinct.boxes(of, scene[item], within)
    changed = np.flatnonzero(within[2])
    item, place, within = item[changed], place[changed], within[:, changed]
    kinds = distinct.kinds(distinct.names(of, scene[item], within) * each + place)

    clean = images * each
    positions = np.minimum(scene, images - 1)[:, None] * each + np.arange(each)
    positions[item, place] = clean + kinds.kind
    item, place, within = item[kinds.first], place[kinds.first], within[:, kinds.first]
    chosen = np.zeros((clean + len(item), 6), np.int32)
    chosen[:clean, 0] = np.arange(clean)
    for column, count in enumerate((images, fills)):
        chosen[clean:, column] = np.minimum(scene[item], count - 1) * each + place
    chosen[clean:, 2:] = (within - plan.step * np.stack([*np.divmod(place, cols)] * 2)).T
    return Windows(chosen, positions.astype(np.int32))


def cut_out(images: np.ndarray, plan: Plan) -> np.ndarray:
    """All windows of images [n, height, width, channels], row by row: [n times windows or more, window, window,
    channels].

    What stands out over the last pixel is black; no cell that counts sees it. Empty windows make their number a power
    of two, so that few shapes are compiled.
    """
    height, width = ((count - 1) * plan.step + plan.window for count in plan.grid)
    missing = [(0, max(0, size - have)) for size, have in zip((height, width), images.shape[1:3], strict=True)]
    padded = np.pad(images, [(0, 0), *missing, (0, 0)])[:, :height, :width]
    view = np.lib.stride_tricks.sliding_window_view(padded, (plan.window, plan.window), (1, 2))
    view = view[:, :: plan.step, :: plan.step].transpose(0, 1, 2, 4, 5, 3)
    count = math.prod(view.shape[:3])
    out = np.zeros((_power_of_two(count), *view.shape[3:]), np.float32)
    out[:count].reshape(view.shape)[:] = view
    return out


def _power_of_two(number: int) -> int:
    """The smallest power of two that is not below `number`."""
    return 1 << (number - 1).bit_length()


def _constant(program: Program, constants: Sequence[Any]) -> dict[Any, Any]:
    """The values that are the same for all images."""
    values: dict[Any, Any] = dict(zip(program.constants, constants, strict=True))
    for equation in program.equations:
        if all(name in values or isinstance(name, jaxprs.Constant) for name in equation.inputs):
            jaxprs.run([equation], values)
    return values


@functools.lru_cache(maxsize=32)
def _put(plan: Plan) -> Callable[..., jax.Array]:
    """The compiled function that puts the cells of a batch of windows in place from the window number `at` on.

    It takes `lines`, float32 [windows times side, side times features], the rows of cells of one window after the
    other, and gives them back; images, fills: all windows of each, as `cut_out` makes them; chosen: some of `Windows`.
    """
    program, seen = plan.program, dict(plan.seen)

    def put(
        lines: jax.Array, at: int, constants: Any, images: jax.Array, fills: jax.Array, chosen: jax.Array
    ) -> jax.Array:
        shows = jax.vmap(lambda box: distinct.inside(box, (plan.window, plan.window)))(chosen[:, 2:])
        image, fill = (
            table.at[chosen[:, column]].get(mode="promise_in_bounds") for column, table in enumerate((images, fills))
        )
        values = _constant(program, constants) | {program.images: jnp.where(shows, fill, image)}
        for place, equation in enumerate(program.equations[: plan.cut]):
            if seen.keys().isdisjoint(equation.inputs):
                continue
            rule = _rule(program, place, seen)
            assert rule is not None
            field, stride = seen[equation.outputs[0]]
            sizes = ((plan.window - field) // stride + 1,) * 2
            pieces = [jnp.asarray(jaxprs.read(values, name)) for name in equation.inputs]
            found = locality.apply(equation, rule, (1, 2), pieces, sizes)
            values.update(zip(equation.outputs, found, strict=True))
        cells = values[plan.value].reshape(-1, lines.shape[1])
        return jax.lax.dynamic_update_slice_in_dim(lines, cells.astype(lines.dtype), at * plan.side, 0)

    return jax.jit(put, donate_argnums=0)


def compute(
    plan: Plan,
    constants: Sequence[Any],
    images: np.ndarray,
    fills: np.ndarray,
    windows: Windows,
    batch_size: int,
    lines: jax.Array | None = None,
) -> jax.Array:
    """The cells of the distinct windows, for `rest`.

    Args:
      images, fills: float32 [1 or scenes, height, width, channels].
      batch_size: images that have as many pixels as the windows computed at once.
      lines: what an earlier call returned, to be overwritten.
    """
    size = max(1, batch_size * math.prod(images.shape[1:3]) // plan.window**2)
    room = (len(windows.chosen) + size) * plan.side
    if lines is None or len(lines) < room:
        lines = jnp.zeros((_power_of_two(room), plan.side * plan.features), jnp.float32)
    tables = jnp.asarray(cut_out(images, plan)), jnp.asarray(cut_out(fills, plan))
    for flat, _ in in_sizes(len(windows.chosen), quarters(size)):
        lines = _put(plan)(lines, np.int32(flat[0]), constants, *tables, windows.chosen[flat])
    return lines


def quarters(size: int) -> tuple[int, ...]:
    """The sizes of batches: the last few are smaller, so that little is computed for nothing; two compilations."""
    return size, -(-size // 4)


@functools.lru_cache(maxsize=32)
def rest(plan: Plan) -> Callable[..., jax.Array]:
    """The compiled function from constants, `lines` and windows, int [batch, windows of each], to scores.

    float32 [batch, classes], of the images whose windows are those.
    """
    program, (rows, cols) = plan.program, plan.grid

    def run(constants: Any, lines: jax.Array, windows: jax.Array) -> jax.Array:
        at = windows.reshape(-1, rows, 1, cols) * plan.side + jnp.arange(plan.side, dtype=jnp.int32).reshape(
            1, 1, -1, 1
        )
        maps = lines.at[at].get(mode="promise_in_bounds")
        maps = maps.reshape(-1, rows * plan.side, cols * plan.side, plan.features)
        maps = maps[:, : plan.cells[0], : plan.cells[1]].astype(program.shapes[plan.value].dtype)

        values = _constant(program, constants) | {plan.value: maps}
        left = [each for each in program.equations[plan.cut :] if each.outputs[0] not in values]
        locality.run_batched(left, values, {plan.value}, program.shapes, len(windows))
        return classification.result(program, values, len(windows))

    return jax.jit(run)
