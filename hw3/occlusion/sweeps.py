"""The sweep: a patch at every position of every image, classified as one vmapped batch, and what to read from it.

Three maps follow from it: for each position of the patch the probability of the true label, the highest probability,
and the predicted label. `sweep` keeps the scores of all classes, from which these and everything else here follow. A
classifier is any function
`predict(images) -> scores`; nothing here knows how it was made.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jax.sharding import Mesh

from hw3 import batches, classifiers
from hw3.classifiers import Predict, check_count, check_images
from hw3.errors import InvalidInput
from hw3.occlusion import boxes, classification, evaluation, surroundings, ways
from hw3.occlusion.clean import scores_and_maps
from hw3.occlusion.evaluation import Patched
from hw3.occlusion.fills import blur_fill, check_fill, mean_fill, occluded

__all__ = ["Sweep", "blur_fill", "mean_fill", "occluded", "positions", "sweep"]

# Pixels times channels in one batch of occluded images unless the caller says otherwise: 441 images of 28x28 and a
# little more. Larger batches are no faster on CPU and need more memory (BUILD.md, Speed), but fewer large images than
# LARGE leave its cores idle; the incremental evaluation, whose batches are of smaller pieces, gains by twice as many.
BATCH_VALUES = 400_000
LARGE = 18
LARGE_VALUES = 2_700_000

# Pixels times channels of the images that are on the device at a time.
GROUP_VALUES = 4_000_000


class Sweep(NamedTuple):
    """What a classifier says of every occluded version of every image. NumPy arrays, so that results leave the
    device.

    Positions are along as many axes as the images have: [rows, cols] for images, [starts] for signals, three for
    volumes. What is called probability is the classifier's score where that is another.
    """

    probabilities: np.ndarray  # float32 [images, ...positions, classes kept]
    rows: np.ndarray  # int [rows], top pixel row of the patch; of a signal, its first sample; of a volume, its depth
    cols: np.ndarray  # int [cols], left pixel column of the patch; empty for a signal; a volume's rows
    patch: Any  # tuple of int, the patch's pixels along each axis: height and width
    image_shape: Any  # tuple of int, the images' pixels along each axis: height and width
    clean: np.ndarray  # float32 [images, classes], probabilities of the images without a patch
    labels: np.ndarray  # int [images], true labels, or those predicted without a patch where none were given
    starts: tuple[np.ndarray, ...] = ()  # int [positions] along each axis; for images (rows, cols), also if empty
    kept: np.ndarray | None = None  # int [images, classes kept], which classes they are; None for all
    best: tuple[np.ndarray, np.ndarray] | None = None  # if not all are kept, maps 2 and 3

    @property
    def axes(self) -> tuple[np.ndarray, ...]:
        """First pixels of the patch along each axis: (rows, cols) for images."""
        return self.starts or (self.rows, self.cols)

    @property
    def true_probability(self) -> np.ndarray:
        """Map 1: the probability of the true label, float32 [images, ...positions]."""
        at = self.labels if self.kept is None else (self.kept == self.labels[:, None]).argmax(1)
        places = at.reshape(-1, *[1] * (self.probabilities.ndim - 1))
        return np.take_along_axis(self.probabilities, places, axis=-1)[..., 0]

    @property
    def highest_probability(self) -> np.ndarray:
        """Map 2: the highest probability among the classes, float32 [images, ...positions]."""
        return self.best[0] if self.best else self.probabilities.max(axis=-1)

    @property
    def predicted(self) -> np.ndarray:
        """Map 3: the predicted label, int [images, ...positions]."""
        return self.best[1] if self.best else self.probabilities.argmax(axis=-1)

    @property
    def accuracy(self) -> np.ndarray:
        """Fraction of the positions at which the label is still the true one, float [images]."""
        right = self.predicted == self.labels.reshape(-1, *[1] * (self.probabilities.ndim - 2))
        return right.mean(axis=tuple(range(1, right.ndim)))

    def to_xarray(self) -> Any:
        """All of it as an `xarray.Dataset` with named axes: see `hw3.occlusion.labelled.dataset`."""
        from hw3.occlusion import labelled

        return labelled.dataset(self)

    def _repr_html_(self) -> str | None:
        """The maps of the first images, for Jupyter; None, which gives plain text, if the fields are no arrays."""
        from hw3.report import notebook  # here, or importing hw3 would load matplotlib

        if np.ndim(self.probabilities) != len(self.axes) + 2:
            return None
        few = slice(notebook.IMAGES)
        first = self._replace(
            probabilities=self.probabilities[few],
            labels=self.labels[few],
            kept=None if self.kept is None else self.kept[few],
            best=self.best and (self.best[0][few], self.best[1][few]),
        )
        return notebook.maps(
            notebook.Maps(
                true=first.true_probability,
                highest=first.highest_probability,
                predicted=first.predicted,
                clean=self.clean[few],
                labels=first.labels,
                starts=self.axes,
                patch=self.patch,
                image_shape=self.image_shape,
                images=len(self.labels),
            )
        )


def positions(size: int, patch: int, stride: int, reach_edge: bool = False) -> np.ndarray:
    """First pixels of a patch along one axis, int [n]: 0, stride, 2 stride, ... as long as the patch fits.

    With `reach_edge` the last position that fits is added where the stride would miss it. Raises ValueError for a patch
    that never fits.

    >>> positions(28, 8, 6), positions(28, 8, 6, reach_edge=True)
    (array([ 0,  6, 12, 18]), array([ 0,  6, 12, 18, 20]))
    """
    if patch > size:
        raise InvalidInput(f"a patch of {patch} pixels is larger than an axis of {size}")
    starts = np.arange(0, size - patch + 1, stride)
    if reach_edge and starts[-1] != size - patch:
        starts = np.append(starts, size - patch)
    return starts


def sweep(
    predict: Predict,
    images: Any,
    labels: Any = None,
    *,
    patch_size: int | tuple[int, ...] = 8,
    stride: int | tuple[int, ...] = 1,
    fill: Any = 0.0,
    reach_edge: bool = False,
    score: str = "probability",
    classes: str | int = "all",
    layout: str | None = None,
    batch_size: int | None = None,
    method: str = "auto",
    jit: bool = True,
    mesh: Mesh | None = None,
    advance: Callable[[int], None] = lambda occluded: None,
) -> Sweep:
    """Classifies every image with a patch at every position: one flat vmapped batch of (image, position) pairs.

    Positions at which the patch changes the same pixels share one forward pass; those at which it changes none take
    the probabilities of the image without a patch.

    Args:
      predict: any function from float32 images [batch, height, width, channels] to probabilities [batch, classes]. It
        is traced at every call, so its weights are those of the moment, wherever it has them from; what has been
        compiled serves every function that computes the same, whatever its weights. It must treat each image by itself.
      images: float [n, height, width, channels], in whatever range the classifier wants; signals [n, length, channels];
        volumes [n, depth, height, width, channels].
      labels: int [n], the true labels; those predicted without a patch if None.
      patch_size, stride: pixels, one number or (vertical, horizontal); one, or three, for signals and volumes. A patch
        never hangs over the edge.
      fill: what the patch shows, in the range of the images: a number, one number a channel [channels], or an image
        [height, width, channels] or one for each [n, height, width, channels], of which the patch is a window (see
        `mean_fill`, `blur_fill`).
      reach_edge: add the last row and column of positions where the stride would miss them.
      score: what `predict` gives and what is therefore checked: "probability" (rows sum to 1), "sigmoid" (each in
        [0, 1]), "logit" or "value" (any numbers but NaN). All but the first may also be [batch], one number an image.
      classes: "all" keeps the probabilities of all classes; "true" those of the labels, a number k those of the k
        likeliest classes of the image without a patch, the label among them: less memory, with the same three maps.
      layout: "NHWC" or "NCHW", the order of the axes of images, fill and of what `predict` takes ("NLC" or "NCL" for
        signals, "NDHWC" or "NCDHW" for volumes); None for channels last.
      batch_size: occluded images classified at once on each device; bounds the memory, never changes the result beyond
        rounding. A `predict` that takes batches of one size alone gets this one, always. The default suits the images.
      method: "dense" classifies whole occluded images. "incremental" computes only what patches can change, in any
        function that JAX traces and on one device, with the same result to rounding; it keeps the maps of one image
        without a patch. "auto" takes the faster (`ways.choose`).
      jit: False for a `predict` that JAX can't trace: NumPy, PyTorch or any other code, called with NumPy arrays.
      mesh: the devices among which every batch is split, whatever its axes; all of this process if None.
      advance: called with a number of occluded images whenever so many more are done.

    Returns a `Sweep`; for 28x28 images and the homework's 8x8 patch and stride 1, maps of 21x21 positions.
    Raises ValueError for anything else than the above, naming what was given, before the long work.
    """
    mesh = batches.checked(mesh)
    surroundings.check(images, labels, fill)
    images = check_images(images, layout=layout)
    sizes, patch, axes = _places(images, patch_size, stride, reach_edge)
    fills = check_fill(fill, images, layout)
    classifiers.check_score(score)
    if batch_size is not None:
        check_count(batch_size, "batch_size")
    if classes not in ("all", "true"):
        check_count(classes, "classes")
    values = int(np.prod(images.shape[1:]))
    limit = batch_size or _batch(values)
    with surroundings.alone(mesh):
        classifier = classification.prepare(
            predict,
            images.shape[1:],
            score=score,
            layout=layout,
            jit=jit,
            batch_size=batch_size,
            limit=limit,
            mesh=mesh,
        )
        known = None if labels is None else classifiers.check_labels(labels, len(images), classifier.classes)
        starts = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes)).astype(np.int32)
        total = len(images) * len(starts)
        chosen = ways.choose(method, classifier, patch, starts, total)
        if chosen[0].plan and batch_size is None:
            limit *= 2
        at_once = len(starts) if isinstance(chosen[0].plan, boxes.Division) else total  # of one image or of all of them
        limit = classifier.fixed or batches.equal_batch(at_once, limit, mesh.size) // mesh.size
        group = max(1, GROUP_VALUES // values)
        clean, of_first = scores_and_maps(classifier, chosen[0], images, limit, fills[:group])
        labels = clean.argmax(-1) if known is None else known
        maps = _Maps(clean, labels, len(starts), classes)
        for first in range(0, len(images), group):
            some = slice(first, min(first + group, len(images)))
            scene = np.repeat(np.arange(len(images[some]), dtype=np.int32), len(starts))
            several = fills if len(fills) == 1 else fills[some]
            patched = Patched(images[some], several, scene, np.tile(starts, (len(images[some]), 1)), patch)
            evaluation.classify(
                classifier,
                chosen,
                patched,
                clean[some],
                functools.partial(maps.store, first * len(starts)),
                batch_size=limit,
                advance=advance,
                maps=None if first else of_first,
            )
    rows, cols, *_ = *axes, np.empty(0, int)
    shape = (len(images), *map(len, axes))
    best = maps.best and (maps.best[0].reshape(shape), maps.best[1].reshape(shape))
    scores = maps.scores.reshape(*shape, maps.scores.shape[-1])
    return Sweep(scores, rows, cols, patch, sizes, clean, labels, axes, maps.kept, best)


def _batch(values: int) -> int:
    """How many images of so many values are classified at once, if that is all the same to the caller."""
    return max(1, BATCH_VALUES // values, min(LARGE, LARGE_VALUES // values))


def _places(
    images: np.ndarray, patch_size: Any, stride: Any, reach_edge: bool
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[np.ndarray, ...]]:
    """The images' pixels along each axis, the patch's, and its first pixels."""
    sizes = images.shape[1:-1]
    patch = classifiers.per_axis(patch_size, "patch_size", len(sizes))
    strides = classifiers.per_axis(stride, "stride", len(sizes))
    if any(length > size for length, size in zip(patch, sizes, strict=True)):
        text = ["x".join(map(str, each)) for each in (patch, sizes)]
        raise InvalidInput(f"patch_size {text[0]} is larger than the images, {text[1]}")
    each = zip(sizes, patch, strides, strict=True)
    return sizes, patch, tuple(positions(*one, reach_edge) for one in each)


class _Maps:
    """The scores as they come, all of them or those of some classes."""

    def __init__(self, clean: np.ndarray, labels: np.ndarray, positions: int, classes: str | int) -> None:
        count, total = clean.shape
        self.kept: np.ndarray | None = None
        if classes == "true":
            self.kept = labels[:, None]
        elif classes != "all" and int(classes) < total:
            ranked = clean.copy()
            np.put_along_axis(ranked, labels[:, None], np.inf, 1)
            self.kept = np.argsort(-ranked, 1, kind="stable")[:, : int(classes)]
        self.positions = positions
        several = total if self.kept is None else self.kept.shape[1]
        self.scores = np.empty((count * positions, several), np.float32)
        self.best: tuple[np.ndarray, np.ndarray] | None = None
        if self.kept is not None:
            self.best = np.empty(count * positions, np.float32), np.empty(count * positions, int)

    def store(self, first: int, items: np.ndarray, scores: np.ndarray) -> None:
        """Keeps scores float32 [k, classes] of the occluded images at `items`, int [k], from the one at `first` on."""
        items = first + items
        if self.kept is None or self.best is None:
            self.scores[items] = scores
            return
        self.scores[items] = np.take_along_axis(scores, self.kept[items // self.positions], 1)
        self.best[0][items], self.best[1][items] = scores.max(-1), scores.argmax(-1)
