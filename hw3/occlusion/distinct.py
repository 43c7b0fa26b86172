"""Which pixels a patch changes, and which patched images, or windows of them, are therefore the same.

A scene is an image and what shows through its patches (the fill). Where the two agree a patch changes nothing. Let D be
the pixels where they differ, R a rectangle and B the smallest box around the changed pixels R ∩ D. B lies in R, so
R ∩ D = B ∩ D: two patches of a scene give the same image if and only if their boxes B are equal. Four numbers thus tell
exactly which patched images are worth classifying, and the same holds inside any window of them.

NumPy on the host: bookkeeping beside the forward passes, a few per cent of their time. Boxes are int32 [4, n]: top,
left, bottom, right, the last two one beyond; all zeros for none.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Changes(NamedTuple):
    """What `boxes` and `names` need to know of some scenes; made by `changes`."""

    first: tuple[np.ndarray, ...]  # from above, left, below, right: int16 [levels, scenes, lines, places]
    lit: np.ndarray  # int32 [1 or scenes, height + 1, width + 1], pixels of the fill above and left that aren't black
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
    """Tables of the scenes (images[s], fills[s]), each [1 or scenes, height, width, channels]; one serves all."""
    differs = (images != fills).any(-1)
    across = differs.swapaxes(1, 2)
    lit = np.pad((fills != 0).any(-1), ((0, 0), (1, 0), (1, 0))).cumsum(1, np.int32).cumsum(2, np.int32)
    views = (differs, across, differs[:, ::-1], across[:, ::-1])
    return Changes(tuple(map(_first_line, views)), lit, len(images) == 1)


def _first_line(differs: np.ndarray) -> np.ndarray:
    """[k, scene, line, place]: the first line from `line` on that differs at one of the 2**k places from `place` on.

    The number of lines if there is none. From bool [scenes, lines, places]; two runs of 2**k places cover any range
    (the sparse table of Bender and Farach-Colton, "The LCA Problem Revisited", 2000).
    """
    lines, places = differs.shape[1:]
    at = np.where(differs, np.arange(lines, dtype=np.int16)[:, None], np.int16(lines))
    levels = [np.minimum.accumulate(at[:, ::-1], 1)[:, ::-1]]
    for k in range(places.bit_length() - 1):
        wider = levels[-1].copy()
        np.minimum(wider[..., : -(1 << k)], wider[..., 1 << k :], out=wider[..., : -(1 << k)])
        levels.append(wider)
    return np.stack(levels)


def _look_up(table: np.ndarray, scene: np.ndarray, line: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The first line from `line` on that differs at one of the places begin..end-1: int16 [n]."""
    _, scenes, lines, places = table.shape
    levels = np.frexp(np.arange(1, places + 1))[1] - 1  # 2**level places are the longest run that fits into each width
    width = end - begin - 1
    run = (levels * (scenes * lines * places)).astype(np.int32)[width]
    back = (1 << levels).astype(np.int32)[width]
    start = (scene * np.int32(lines) + line) * np.int32(places) + run
    flat = table.reshape(-1)
    return np.minimum(flat[start + begin], flat[start + end - back])


def boxes(of: Changes, scene: np.ndarray, within: np.ndarray) -> np.ndarray:
    """The smallest boxes around the pixels that differ within given ones, none of which may be empty: int32 [4, n].

    Args: scene: int32 [n]; within: int32 [4, n].
    """
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
    height, width = (size - 1 for size in of.lit.shape[1:])
    top, left, bottom, right = box
    if of.one_image:
        lit = of.lit.reshape(-1)
        start = np.minimum(scene, len(of.lit) - 1) * of.lit[0].size
        above, below = start + top * (width + 1), start + bottom * (width + 1)
        scene = np.where(lit[below + right] - lit[below + left] == lit[above + right] - lit[above + left], -1, scene)
    name = scene.astype(np.int64) + 1
    for side, size in zip(box, (height, width, height + 1, width + 1), strict=True):
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


def inside(box: jax.Array, shape: tuple[int, int]) -> jax.Array:
    """Which pixels of an image [height, width] lie in a box (int [4]): bool [height, width, 1]."""
    row, col = jnp.arange(shape[0])[:, None, None], jnp.arange(shape[1])[None, :, None]
    return (row >= box[0]) & (row < box[2]) & (col >= box[1]) & (col < box[3])
