"""Which pixels a patch changes, and which patched images, or windows of them, are therefore the same.

A scene is an image and what shows through its patches (the fill). Where the two agree a patch changes nothing. Let D be
the pixels where they differ, R a rectangle and B the smallest box around the changed pixels R ∩ D. B lies in R, so
R ∩ D = B ∩ D: two patches of a scene give the same image if and only if their boxes B are equal. Four numbers thus tell
exactly which patched images are worth classifying, and the same holds inside any window of them.

NumPy on the host: bookkeeping beside the forward passes, a few per cent of their time. Boxes are int32 [2 axes, n]: the
first pixel along each axis, then one beyond the last along each (top, left, bottom, right); all zeros for none.
"""

import functools
import itertools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Changes(NamedTuple):
    """What `boxes` and `names` need to know of some scenes; made by `changes`."""

    # from above, left, below, right: int16 or int32 [levels, scenes, lines, places]; none for volumes
    first: tuple[np.ndarray, ...]
    differ: np.ndarray | None  # for volumes: pixels that differ, counted like `lit`
    lit: np.ndarray  # int32 [1 or scenes, ...sizes + 1], pixels of the fill before a corner that aren't black
    one_image: bool  # whether all scenes have the same image


class Kinds(NamedTuple):
    """Items sorted by kind."""

    order: np.ndarray  # int [items], positions of the items, those of a kind side by side
    begin: np.ndarray  # int [kinds + 1], where each kind begins in `order`, and its end
    kind: np.ndarray  # int [items], the kind of each item

    @property
    def first(self) -> np.ndarray:
        """Position of one item of each kind, int [kinds]."""
        return self.order[self.begin[:-1]]


def changes(images: np.ndarray, fills: np.ndarray) -> Changes:
    """Tables of the scenes (images[s], fills[s]), each [1 or scenes, ...spatial axes, channels]; one serves all."""
    differs = (images != fills).any(-1)
    lit = _counts((fills != 0).any(-1))
    if differs.ndim > 3:
        return Changes((), _counts(differs), lit, len(images) == 1)
    if differs.ndim == 2:  # a signal is an image one pixel wide
        differs = differs[..., None]
    across = differs.swapaxes(1, 2)
    views = (differs, across, differs[:, ::-1], across[:, ::-1])
    return Changes(tuple(map(_first_line, views)), None, lit, len(images) == 1)


def _counts(marked: np.ndarray) -> np.ndarray:
    """How many pixels are marked before each corner along all axes: int32 [scenes, ...sizes + 1]."""
    counts = np.pad(marked, [(0, 0), *[(1, 0)] * (marked.ndim - 1)]).astype(np.int32)
    for axis in range(1, marked.ndim):
        np.cumsum(counts, axis, out=counts)
    return counts


def _count(counts: np.ndarray, scene: np.ndarray, box: np.ndarray) -> np.ndarray:
    """How many marked pixels lie in boxes: int32 [n], from what `_counts` gives."""
    axes = len(box) // 2
    total = np.zeros(box.shape[1], np.int32)
    for corner in itertools.product((0, 1), repeat=axes):
        sides = tuple(box[axis + axes * beyond] for axis, beyond in enumerate(corner))
        total += (-1) ** (axes - sum(corner)) * counts[(np.minimum(scene, len(counts) - 1), *sides)]
    return total


def _first_line(differs: np.ndarray) -> np.ndarray:
    """[k, scene, line, place]: the first line from `line` on that differs at one of the 2**k places from `place` on.

    The number of lines if there is none. From bool [scenes, lines, places]; two runs of 2**k places cover any range
    (the sparse table of Bender and Farach-Colton, "The LCA Problem Revisited", 2000).
    """
    lines, places = differs.shape[1:]
    dtype = np.int16 if lines < np.iinfo(np.int16).max else np.int32
    at = np.where(differs, np.arange(lines, dtype=dtype)[:, None], dtype(lines))
    levels = [np.minimum.accumulate(at[:, ::-1], 1)[:, ::-1]]
    for k in range(places.bit_length() - 1):
        wider = levels[-1].copy()
        np.minimum(wider[..., : -(1 << k)], wider[..., 1 << k :], out=wider[..., : -(1 << k)])
        levels.append(wider)
    return np.stack(levels)


def _look_up(table: np.ndarray, scene: np.ndarray, line: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The first line from `line` on that differs at one of the places begin..end-1: int [n]."""
    _, scenes, lines, places = table.shape
    levels = np.frexp(np.arange(1, places + 1))[1] - 1  # 2**level places are the longest run that fits into each width
    width = end - begin - 1
    run = (levels * (scenes * lines * places)).astype(np.int32)[width]
    back = (1 << levels).astype(np.int32)[width]
    start = (scene * np.int32(lines) + line) * np.int32(places) + run
    flat = table.reshape(-1)
    return np.minimum(flat[start + begin], flat[start + end - back])


def boxes(of: Changes, scene: np.ndarray, within: np.ndarray) -> np.ndarray:
    """The smallest boxes around the pixels that differ within given ones, none of which may be empty.

    Of volumes the given boxes, where anything differs. Returns int32 [2 axes, n].

    Args: scene: int32 [n]; within: int32 [2 axes, n].
    """
    if of.differ is not None:
        return within * (_count(of.differ, scene, within) > 0)
    if len(within) == 2:
        one = np.zeros_like(within[0])
        return boxes(of, scene, np.stack([within[0], one, within[1], one + 1]))[::2]
    above, leftmost, below, rightmost = of.first
    height, width = above.shape[2:]
    top, left, bottom, right = within
    found = np.empty_like(within)
    found[0] = _look_up(above, scene, top, left, right)
    found[1] = _look_up(leftmost, scene, left, top, bottom)
    found[2] = height - _look_up(below, scene, height - bottom, left, right)
    found[3] = width - _look_up(rightmost, scene, width - right, top, bottom)
    found *= found[0] < bottom
    return found


def names(of: Changes, scene: np.ndarray, box: np.ndarray) -> np.ndarray:
    """A number for each patched image such that equal numbers mean equal images: int64 [n].

    `box` as `boxes` gives it. Where all scenes have the same image, a box in which nothing but black shows is the same
    in all of them.
    """
    sizes = np.array(of.lit.shape[1:])
    if of.one_image:
        scene = np.where(_count(of.lit, scene, box) == 0, -1, scene)
    name = scene.astype(np.int64) + 1
    if math.prod(map(int, (sizes - 1) * sizes)) * (int(name.max(initial=0)) + 1) >= 2**63:
        return np.unique(np.stack([name, *box]), axis=1, return_inverse=True)[1].reshape(-1)
    for side, size in zip(box, (*(sizes - 1), *sizes), strict=True):
        name *= size
        name += side
    return name


def kinds(name: np.ndarray) -> Kinds:
    """Items of the same name, int [items], are of one kind."""
    order = np.argsort(name)
    ordered = name[order]
    begin = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(name)])
    kind = np.empty(len(name), int)
    kind[order] = np.repeat(np.arange(len(begin)), np.diff(begin, append=len(name)))
    return Kinds(order, np.append(begin, len(name)), kind)


def inside(box: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Which pixels of an image of `shape` [...spatial axes] lie in a box (int [2 axes]): bool [...spatial axes, 1]."""
    places = jnp.meshgrid(*(jnp.arange(size, dtype=box.dtype) for size in shape), indexing="ij", sparse=True)
    within = [(at >= box[axis]) & (at < box[axis + len(shape)]) for axis, at in enumerate(places)]
    return functools.reduce(jnp.bitwise_and, jnp.broadcast_arrays(*within))[..., None]
