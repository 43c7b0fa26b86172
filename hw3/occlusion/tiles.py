"""Exact incremental evaluation of this package's networks on patched images: only what a patch can change.

Convolution and pooling are local: a cell of the map behind some of these layers sees one window of the image. The map
is computed in square windows of a few cells each, and of all windows of all patched images only the distinct ones
(`distinct`): a window that no patch touches is that of the clean image, and many patches leave a window the same.
The maps are then put together and go through the remaining layers whole. Every value is computed as in the dense
evaluation, by the same layers from the same pixels, and differs by the rounding of differently shaped batches at most.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3 import cnn
from hw3.batches import in_sizes
from hw3.classifiers import Predict
from hw3.cnn import Layer, Params
from hw3.occlusion import distinct
from hw3.occlusion.distinct import Changes

# What there is to do beside the arithmetic, in floating-point operations that take as long: for a window, for a value
# of a map put together, and for a pixel of a convolution's output and 32 of its features (bias, ReLU, pooling,
# memory). Fitted to times of five networks on CPU.
WINDOW_WORK = 30_000
VALUE_WORK = 75
PIXEL_WORK = 3_000

SIDES = (1, 2, 3, 4)  # cells along a window; larger windows have less overlap and more changes


class Plan(NamedTuple):
    """How a network is evaluated: `layers[:cut]` window by window, the rest on the whole map."""

    layers: tuple[Layer, ...]
    cut: int
    cells: tuple[int, int]  # height and width of the map behind layers[:cut]
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


def network(predict: Predict) -> tuple[tuple[Layer, ...], Params] | None:
    """Layers and parameters of a classifier that `hw3.cnn.predictor` made; None for any other."""
    if isinstance(predict, jax.tree_util.Partial) and isinstance(predict.func, cnn.Softmax) and len(predict.args) == 1:
        return predict.func.model.layers, predict.args[0]
    return None


@functools.lru_cache
def plan(
    layers: tuple[Layer, ...], classes: int, image_shape: tuple[int, int, int], patch: tuple[int, int]
) -> tuple[Plan, float] | None:
    """How to evaluate a network on images (height, width, channels) with patches (height, width) anywhere.

    The plan of least work, counted as if patches changed all that they cover, and the floating-point operations that it
    spares for a patched image (below 0 if it needs more). None for a network without pooling.
    """
    whole = (*layers, Layer("dense", features=classes))
    found = []
    field = stride = 1
    for cut, layer in enumerate(layers, 1):
        if layer.kind in ("conv", "maxpool"):
            field += (layer.window - 1) * stride
        if layer.kind != "maxpool":
            continue
        stride *= layer.window
        height, width, features = shape = work(layers[:cut], image_shape)[1]
        rest = work(whole[cut:], shape)[0] + VALUE_WORK * math.prod(shape)
        for side in SIDES:
            plan = Plan(layers, cut, (height, width), features, side, field + (side - 1) * stride, side * stride)
            window = work(layers[:cut], (plan.window, plan.window, image_shape[2]))[0] + WINDOW_WORK
            found.append((plan, _windows_met(plan, image_shape, patch) * window + rest))
    if not found:
        return None
    best, needed = min(found, key=lambda each: each[1])
    return best, work(whole, image_shape)[0] - needed


def work(layers: tuple[Layer, ...], shape: tuple[int, ...]) -> tuple[float, tuple[int, ...]]:
    """What `layers` compute for one input (height, width, channels), in floating-point operations, and their output's
    shape."""
    total = 0.0
    for layer in layers:
        if layer.kind == "conv":
            height, width = shape[0] - layer.window + 1, shape[1] - layer.window + 1
            each = 2 * layer.window**2 * shape[2] * layer.features + PIXEL_WORK * -(-layer.features // 32)
            total += height * width * each
            shape = height, width, layer.features
        elif layer.kind == "maxpool":
            shape = shape[0] // layer.window, shape[1] // layer.window, shape[2]
        elif layer.kind == "dense":
            total += 2 * math.prod(shape) * layer.features
            shape = (layer.features,)
    return total, shape


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


def _apply(plan: Plan, part: slice, params: Params, x: jax.Array) -> jax.Array:
    """Some of the plan's layers, as `hw3.cnn.CNN` applies them outside training: [batch, ...]."""
    for name, layer in zip(cnn.layer_names(plan.layers)[part], plan.layers[part], strict=True):
        if layer.kind == "conv":
            x = cnn.Convolution(layer.features, layer.window).apply({"params": params[name]}, x)
        elif layer.kind == "maxpool":
            x = cnn.MaxPool(layer.window).apply({}, x, False)
        elif layer.kind == "dense":
            x = cnn.Dense(layer.features).apply({"params": params[name]}, x)
    return x


@functools.partial(jax.jit, static_argnames="plan", donate_argnames="lines")
def _put(
    lines: jax.Array, at: int, params: Params, images: jax.Array, fills: jax.Array, chosen: jax.Array, plan: Plan
) -> jax.Array:
    """`lines` with the cells of a batch of windows put in place from the window number `at` on.

    Args:
      lines: float32 [windows times side, side times features]: the rows of cells of one window after the other.
      images, fills: all windows of each, as `cut_out` makes them; chosen: some of `Windows`.
    """
    shows = jax.vmap(lambda box: distinct.inside(box, (plan.window, plan.window)))(chosen[:, 2:])
    image, fill = (
        table.at[chosen[:, column]].get(mode="promise_in_bounds") for column, table in enumerate((images, fills))
    )
    cells = _apply(plan, slice(plan.cut), params, jnp.where(shows, fill, image))
    return jax.lax.dynamic_update_slice_in_dim(lines, cells.reshape(-1, lines.shape[1]), at * plan.side, 0)


def compute(
    plan: Plan,
    params: Params,
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
        lines = jnp.zeros((_power_of_two(room), plan.side * plan.features))
    tables = jnp.asarray(cut_out(images, plan)), jnp.asarray(cut_out(fills, plan))
    for flat, _ in in_sizes(len(windows.chosen), quarters(size)):
        lines = _put(lines, int(flat[0]), params, *tables, windows.chosen[flat], plan)
    return lines


def quarters(size: int) -> tuple[int, ...]:
    """The sizes of batches: the last few are smaller, so that little is computed for nothing; two compilations."""
    return size, -(-size // 4)


@functools.partial(jax.jit, static_argnames="plan")
def rest(plan: Plan, params: Params, lines: jax.Array, windows: jax.Array) -> jax.Array:
    """Probabilities [batch, classes] of the images whose windows are at `windows`, int [batch, windows of each]."""
    rows, cols = plan.grid
    at = windows.reshape(-1, rows, 1, cols) * plan.side + jnp.arange(plan.side).reshape(1, 1, -1, 1)
    maps = lines.at[at].get(mode="promise_in_bounds").reshape(-1, rows * plan.side, cols * plan.side, plan.features)
    x = _apply(plan, slice(plan.cut, None), params, maps[:, : plan.cells[0], : plan.cells[1]])
    classifier = cnn.Dense(params["logits"]["linear"]["bias"].shape[0], relu=False)
    return jax.nn.softmax(classifier.apply({"params": params["logits"]}, x))
