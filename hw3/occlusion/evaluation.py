"""Images with a patch: which of them are distinct, and their classification, dense or incremental.

What the sweep and the search over pasted patches (`hw3.occlusion.overlays`) have in common. Patches that change the
same pixels give the same image, which is classified once, whatever the classifier (`hw3.occlusion.distinct`).
"""

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from hw3 import batches
from hw3.compilation import QUICKLY
from hw3.occlusion import boxes, classification, distinct, incremental, jaxprs, tiles, tiling
from hw3.occlusion.classification import Classifier
from hw3.occlusion.incremental import Maps
from hw3.occlusion.jaxprs import Program
from hw3.occlusion.ways import Way

# Repetitions are looked for among so many batches of patched images at a time, which bounds the memory.
DENSE_BATCHES = 64
TILE_BATCHES = 8


class Patched(NamedTuple):
    """Patched images: in each, the fill of a scene shows through a patch in the image of the scene."""

    images: np.ndarray  # float32 [1 or scenes, ...spatial axes, channels]; one serves all scenes
    fills: np.ndarray  # float32 [1 or scenes, ...spatial axes, channels]
    scene: np.ndarray  # int32 [n]; ascending if there are several images
    starts: np.ndarray  # int32 [n, axes], first pixels of the patch, which lies in the image
    patch: tuple[int, ...]  # the patch's pixels along each axis


def classify(
    classifier: Classifier,
    ways: tuple[Way, ...],
    patched: Patched,
    clean: np.ndarray,
    store: Callable[[np.ndarray, np.ndarray], None],
    *,
    batch_size: int,
    advance: Callable[[int], None],
    maps: Maps | None = None,
) -> None:
    """Classifies patched images, each distinct one once.

    Args:
      classifier: what `classification.prepare` made of a function.
      ways: how, as `ways.choose` gives them.
      clean: float32 [images, classes], the scores of the images without patches.
      store: called with the positions of some patched images, int [k], and their scores, float32 [k, classes].
      batch_size: distinct patched images classified at once on each device.
      advance: called with a number of patched images whenever so many more are done.
      maps: of the first image, as `clean.scores_and_maps` gives them.

    Raises ValueError for scores that aren't what the classifier says.
    """
    results = _results(_Run(classifier, patched, batch_size, {ways[0]: (0, maps)} if maps else {}), ways, clean)
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


def _results(run: "_Run", ways: tuple[Way, ...], clean: np.ndarray) -> Iterator[_Result]:
    """Part by part: those that are the same as a clean image, then the others in batches of distinct ones."""
    patched, at_once = run.patched, run.size * run.classifier.mesh.size
    longest = (TILE_BATCHES if isinstance(ways[0].plan, tiling.Plan) else DENSE_BATCHES) * at_once
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
        chosen = changed[kinds.first]
        part = _Part(scenes.start + scene[chosen], box[:, chosen], patched.starts[first + chosen])
        if isinstance(ways[0].plan, tiling.Plan):
            found = run.by_tiles(ways[0].plan, part, scenes, some_images, some_fills, of)
        else:
            found = run.by_any(ways, part)
        for scores, rows in found:
            # `rows` are places among the distinct ones, the first of them valid, in the order of the scores.
            counts = kinds.begin[rows + 1] - kinds.begin[rows]
            among = np.repeat(kinds.begin[rows] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
            items = first + changed[kinds.order[among]]
            yield _Result(scores, len(rows), items, np.repeat(np.arange(len(rows)), counts))


class _Part(NamedTuple):
    """Some distinct patched images."""

    scene: np.ndarray  # int32 [n]
    box: np.ndarray  # int32 [2 axes, n], the pixels that change
    starts: np.ndarray  # int32 [n, axes], first pixels of the patch


Found = Iterator[tuple[Any, np.ndarray]]  # scores [batch, classes] and whose the first of them are, int [valid]


class _Run:
    """What one call of `classify` keeps on the device."""

    def __init__(self, classifier: Classifier, patched: Patched, size: int, maps: dict[Way, tuple[int, Maps]]) -> None:
        self.classifier, self.patched, self.size = classifier, patched, size
        self.images, self.fills = patched.images, patched.fills
        if classifier.program is not None:
            self.images, self.fills = batches.replicated(classifier.mesh, (patched.images, patched.fills))
        self.lines: jax.Array | None = None
        self.maps = maps  # the number of an image and what is kept of it
        self.constants: dict[Way, tuple[Any, ...]] = {}  # of programs that are not the classifier's own

    def by_tiles(
        self,
        plan: tiling.Plan,
        part: _Part,
        scenes: slice,
        images: np.ndarray,
        fills: np.ndarray,
        of: distinct.Changes,
    ) -> Found:
        """Window by window."""
        constants = self.classifier.constants
        windows = tiles.distinct_windows(plan, len(images), len(fills), of, part.scene - scenes.start, part.box)
        self.lines = tiles.compute(plan, constants, images, fills, windows, self.size, self.lines)
        for flat, valid in batches.in_sizes(len(part.scene), tiles.quarters(self.size)):
            yield tiles.rest(plan)(constants, self.lines, windows.of[flat]), flat[:valid]

    def by_any(self, ways: tuple[Way, ...], part: _Part) -> Found:
        """Whole images or boxes, image by image for these; the fastest way, which is found out if it isn't known."""
        several = len(self.patched.images) > 1
        runs = [np.arange(len(part.scene))]
        if several and any(way.plan for way in ways):
            runs = np.split(runs[0], np.flatnonzero(np.diff(part.scene)) + 1)
        for items, size in (group for run in runs for group in self.groups(ways[0], part, run)):
            for flat, valid in batches.in_sizes(len(items), (size,)):
                some = items[flat]
                one = len(ways) == 1
                yield self.batch(ways[0], part, some) if one else self.fastest(ways, part, some), some[:valid]

    def groups(self, way: Way, part: _Part, items: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
        """Patched images that one plan serves, int [n], and how many of them are classified at once."""
        size = self.size * self.classifier.mesh.size
        if not isinstance(way.plan, boxes.Division):
            yield items, size
            return
        number = way.plan.find(part.starts[items])
        for index, plan in enumerate(way.plan.plans):
            yield items[number == index], way.plan.batch(plan, size)

    def batch(self, way: Way, part: _Part, items: np.ndarray) -> Any:
        """Scores of some patched images, which are of one image and of one plan if boxes are asked for."""
        classifier, scene = self.classifier, part.scene[items].astype(np.int32)
        if way.plan is None:
            box = part.box[:, items].T
            if way.program != classifier.program:
                assert way.program is not None
                before, rest = _split(way.program)
                if way not in self.constants:
                    self.constants[way] = before(classifier.constants)
                    both = zip(rest.constants, self.constants[way], strict=True)
                    classification.check_parameters(a for name, a in both if name not in way.program.constants)
                classifier = classifier._replace(program=rest, constants=self.constants[way])
            return classification.occluded_scores(classifier, self.images, self.fills, scene, box, way.engine)
        program, division = way.program, way.plan
        assert program is not None
        assert isinstance(division, boxes.Division)
        image = min(int(scene[0]), len(self.patched.images) - 1)
        if self.maps.get(way, (-1, []))[0] != image:
            self.maps.clear()
            clean = incremental.clean(program, division, way.engine)
            maps = clean(classifier.constants, self.images[image : image + 1])[0]
            classification.check_parameters(incremental.made_of_parameters(program, division, maps))
            self.maps[way] = image, maps
        plan = division.plans[int(division.find(part.starts[items[:1]])[0])]
        tables = incremental.layout(program, plan).tables(part.starts[items])
        maps = incremental.of_plan(program, division, plan, self.maps[way][1])
        return incremental.scores(program, plan, way.engine)(maps, self.fills, scene, tables)

    def fastest(self, ways: tuple[Way, ...], part: _Part, items: np.ndarray) -> Any:
        """Scores of some patched images by the way that takes least time for so many.

        Each way does two batches of the work, of which the second is timed, and the fastest does the rest; what a
        program's fastest way is stays known.
        """
        known = classification.record(self.classifier.program).facts
        seconds: dict[Way, list[float]] = known.setdefault((ways, len(items)), {way: [] for way in ways})
        untimed = [way for way in ways if len(seconds[way]) < 2]
        if not untimed:
            return self.batch(min(ways, key=lambda way: seconds[way][-1]), part, items)
        way = min(untimed, key=lambda way: len(seconds[way]))
        start = time.perf_counter()
        found = jax.block_until_ready(self.batch(way, part, items))
        seconds[way].append(time.perf_counter() - start)
        return found


@functools.lru_cache(maxsize=classification.PROGRAMS)
def _split(program: Program) -> tuple[Callable[..., tuple[Any, ...]], Program]:
    """What depends on no image, compiled to be computed once a call, and the rest of a program."""
    before, rest = jaxprs.split(program)
    return jax.jit(before, compiler_options=QUICKLY), rest


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
