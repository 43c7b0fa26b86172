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
from hw3.occlusion import batched, classification, distinct, jaxprs, locality, tiling
from hw3.occlusion.distinct import Changes
from hw3.occlusion.jaxprs import Program
from hw3.occlusion.tiling import Plan


class Windows(NamedTuple):
    """The distinct windows of some patched images."""

    chosen: np.ndarray  # int32 [windows, 6]: window of the image, window of the fill, box in which the fill shows
    of: np.ndarray  # int32 [patched images, windows of each], positions in `chosen`


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
            rule = tiling.rule(program, place, seen)
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
        batched.run(left, values, {plan.value}, program.shapes, len(windows))
        return classification.result(program, values, len(windows))

    return jax.jit(run)
