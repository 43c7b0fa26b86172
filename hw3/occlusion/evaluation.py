"""Images with a patch: which of them are distinct, and their classification, dense or incremental.

What the sweep and the search over pasted patches (`hw3.occlusion.overlays`) have in common. Patches that change the
same pixels give the same image, which is classified once, whatever the classifier (`hw3.occlusion.distinct`).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from hw3 import batches
from hw3.batches import equal_batch, in_sizes
from hw3.classifiers import Predict
from hw3.occlusion import classification, distinct, incremental
from hw3.occlusion.classification import Classifier
from hw3.occlusion.incremental import Plan

METHODS = ("auto", "dense", "incremental")

# The incremental evaluation takes about a quarter of a second longer to compile: in floating-point operations at 200
# GFLOP/s, for a processor that computes faster also compiles faster.
COMPILING_WORK = 5e10

# Repetitions are looked for among so many batches of patched images at a time, which bounds the memory.
DENSE_BATCHES = 64
INCREMENTAL_BATCHES = 8


class Patched(NamedTuple):
    """Patched images: in each, the fill of a scene shows through a patch in the image of the scene."""

    images: np.ndarray  # float32 [1 or scenes, ...spatial axes, channels]; one serves all scenes
    fills: np.ndarray  # float32 [1 or scenes, ...spatial axes, channels]
    scene: np.ndarray  # int32 [n]; ascending if there are several images
    starts: np.ndarray  # int32 [n, axes], first pixels of the patch, which lies in the image
    patch: tuple[int, ...]  # the patch's pixels along each axis


def choose(
    method: str,
    predict: Predict,
    classes: int,
    image_shape: tuple[int, ...],
    patch: tuple[int, ...],
    total: int,
    mesh: Mesh,
) -> Plan | None:
    """How to classify `total` patched images: a plan for the incremental evaluation, or None for the dense one.

    "auto" is incremental for networks of this package if that spares more than it takes to compile, and on one CPU
    device: beside a GPU, or several devices, the bookkeeping on the host would be the slower part.

    Raises ValueError for a method that isn't one of `METHODS`, and for "incremental" where it is impossible.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    if method == "dense":
        return None
    network = incremental.network(predict) if len(image_shape) == 3 else None
    found = network and incremental.plan(network[0], classes, image_shape, patch)
    alone_on_cpu = mesh.size == 1 and mesh.devices.flat[0].platform == "cpu"
    if method == "auto":
        return found[0] if found and alone_on_cpu and total * found[1] > COMPILING_WORK else None
    if mesh.size > 1:
        raise ValueError(f"method 'incremental' runs on one device and the mesh has {mesh.size}: use dense or auto")
    if not found:
        reason = "this network has no pooling" if network else "this classifier isn't one"
        raise ValueError(f"method 'incremental' needs a network of hw3.cnn.predictor with pooling; {reason}: use dense")
    return found[0]


def classify(
    classifier: Classifier,
    predict: Predict,
    plan: Plan | None,
    patched: Patched,
    clean: np.ndarray,
    store: Callable[[np.ndarray, np.ndarray], None],
    *,
    batch_size: int,
    advance: Callable[[int], None],
) -> None:
    """Classifies patched images, each distinct one once.

    Args:
      classifier: what `classification.prepare` made of `predict`.
      plan: how, as `choose` gives it.
      clean: float32 [images, classes], the scores of the images without patches.
      store: called with the positions of some patched images, int [k], and their scores, float32 [k, classes].
      batch_size: distinct patched images classified at once on each device.
      advance: called with a number of patched images whenever so many more are done.

    Raises ValueError for scores that aren't what the classifier says.
    """
    results = _results(classifier, predict, plan, patched, clean, batch_size)
    following = next(results, None)
    while following:
        result, following = following, next(results, None)  # one ahead, so that the device never waits
        scores = np.asarray(result.scores)
        classifier.check(scores[: result.valid])
        store(result.items, scores[result.rows])
        advance(len(result.items))


class _Result(NamedTuple):
    """Scores, perhaps still on their way, and whose they are."""

    scores: jax.Array | np.ndarray  # float32 [batch, classes]
    valid: int  # how many rows of them count
    items: np.ndarray  # int [items], positions among the patched images
    rows: np.ndarray  # int [items], the row of each


def _results(
    classifier: Classifier, predict: Predict, plan: Plan | None, patched: Patched, clean: np.ndarray, batch_size: int
) -> Iterator[_Result]:
    """Part by part: those that are the same as a clean image, then the others in batches of distinct ones."""
    images, fills = patched.images, patched.fills
    if classifier.program is not None:
        images, fills = batches.replicated(classifier.mesh, (images, fills))
    lines = None
    devices = classifier.mesh.size
    _, params = incremental.network(predict) or (None, None)
    if plan:
        sizes, longest = incremental.quarters(batch_size), INCREMENTAL_BATCHES * batch_size
    else:
        whole = classifier.fixed or batch_size
        size = whole * devices if classifier.fixed else equal_batch(len(patched.scene), whole, devices)
        sizes, longest = (size,), DENSE_BATCHES * whole * devices
    for first, last in _parts(patched, longest):
        scene = patched.scene[first:last]
        scenes = slice(scene.min(), scene.max() + 1)
        some_images, some_fills = (a if len(a) == 1 else a[scenes] for a in (patched.images, patched.fills))
        of = distinct.changes(some_images, some_fills)
        scene = scene - scenes.start
        starts = patched.starts[first:last].T
        box = distinct.boxes(of, scene, np.concatenate([starts, starts + np.array(patched.patch, np.int32)[:, None]]))

        same, changed = np.flatnonzero(box[-1] == 0), np.flatnonzero(box[-1])
        yield _Result(clean, len(clean), first + same, np.minimum(scenes.start + scene[same], len(clean) - 1))
        kinds = distinct.kinds(distinct.names(of, scene[changed], box[:, changed]))
        scene, box = scene[changed[kinds.first]], box[:, changed[kinds.first]]
        if plan:
            windows = incremental.distinct_windows(plan, len(some_images), len(some_fills), of, scene, box)
            lines = incremental.compute(plan, params, some_images, some_fills, windows, batch_size, lines)
        for flat, valid in in_sizes(len(scene), sizes):
            if plan:
                out = incremental.rest(plan, params, lines, windows.of[flat])
            else:
                out = classification.occluded_scores(
                    classifier, images, fills, scenes.start + scene[flat], box[:, flat].T
                )
            among = kinds.order[kinds.begin[flat[0]] : kinds.begin[flat[0] + valid]]
            yield _Result(out, valid, first + changed[among], kinds.kind[among] - flat[0])


def _parts(patched: Patched, longest: int) -> Iterator[tuple[int, int]]:
    """First and last (one beyond) of runs of at most `longest` patched images; an image that fits is kept whole."""
    first = 0
    while first < len(patched.scene):
        last = min(first + longest, len(patched.scene))
        if len(patched.images) > 1 and last < len(patched.scene):
            begin = int(np.searchsorted(patched.scene, patched.scene[last]))
            last = begin if begin > first else last
        yield first, last
        first = last
