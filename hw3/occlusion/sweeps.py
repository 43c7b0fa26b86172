"""The sweep: a patch at every position of every image, classified as one vmapped batch, and what to read from it.

Problem 2 of the assignment (document 002) asks for three maps: for each position of an 8x8 black patch moved with
stride 1, the probability of the true digit, the highest probability, and the predicted label. `sweep` keeps the
probabilities of all classes, from which the three maps and everything else here follow. A classifier is any JAX
function `predict(images) -> probabilities`; nothing here knows how it was made.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from hw3 import batches
from hw3.batches import in_batches
from hw3.classifiers import Predict, as_pytree, check_count, check_images, check_predict, check_range, check_sums, pair
from hw3.occlusion import evaluation
from hw3.occlusion.evaluation import Patched

# Pixels times channels in one batch of occluded images unless the caller says otherwise: 441 images of 28x28 and a
# little more. Larger batches are no faster on CPU and need more memory (BUILD.md, Speed); the incremental evaluation,
# whose batches are of smaller pieces, gains a little.
BATCH_VALUES = 400_000
INCREMENTAL_BATCH_VALUES = 800_000


class Sweep(NamedTuple):
    """What a classifier says of every occluded version of every image. NumPy arrays, so that results leave the
    device."""

    probabilities: np.ndarray  # float32 [images, rows, cols, classes]
    rows: np.ndarray  # int [rows], top pixel row of the patch
    cols: np.ndarray  # int [cols], left pixel column of the patch
    patch: tuple[int, int]  # height and width of the patch in pixels
    image_shape: tuple[int, int]  # height and width of the images in pixels
    clean: np.ndarray  # float32 [images, classes], probabilities of the images without a patch
    labels: np.ndarray  # int [images], true labels, or those predicted without a patch where none were given

    @property
    def true_probability(self) -> np.ndarray:
        """Map 1: the probability of the true label, float32 [images, rows, cols]."""
        return np.take_along_axis(self.probabilities, self.labels[:, None, None, None], axis=-1)[..., 0]

    @property
    def highest_probability(self) -> np.ndarray:
        """Map 2: the highest probability among the classes, float32 [images, rows, cols]."""
        return self.probabilities.max(axis=-1)

    @property
    def predicted(self) -> np.ndarray:
        """Map 3: the predicted label, int [images, rows, cols]."""
        return self.probabilities.argmax(axis=-1)

    @property
    def accuracy(self) -> np.ndarray:
        """Fraction of the positions at which the label is still the true one, float [images]."""
        return (self.predicted == self.labels[:, None, None]).mean(axis=(1, 2))


def positions(size: int, patch: int, stride: int, reach_edge: bool = False) -> np.ndarray:
    """First pixels of a patch along one axis, int [n]: 0, stride, 2 stride, ... as long as the patch fits.

    With `reach_edge` the last position that fits is added where the stride would miss it.

    >>> positions(28, 8, 6), positions(28, 8, 6, reach_edge=True)
    (array([ 0,  6, 12, 18]), array([ 0,  6, 12, 18, 20]))
    """
    starts = np.arange(0, size - patch + 1, stride)
    if reach_edge and starts[-1] != size - patch:
        starts = np.append(starts, size - patch)
    return starts


def sweep(
    predict: Predict,
    images: Any,
    labels: Any = None,
    *,
    patch_size: int | tuple[int, int] = 8,
    stride: int | tuple[int, int] = 1,
    fill: Any = 0.0,
    reach_edge: bool = False,
    batch_size: int | None = None,
    method: str = "auto",
    mesh: Mesh | None = None,
    advance: Callable[[int], None] = lambda occluded: None,
) -> Sweep:
    """Classifies every image with a patch at every position: one flat vmapped batch of (image, position) pairs.

    Positions at which the patch changes the same pixels share one forward pass; those at which it changes none take
    the probabilities of the image without a patch.

    Args:
      predict: any JAX function from float32 images [batch, height, width, channels] to probabilities [batch, classes].
        It is compiled once as long as the same function is passed; a `jax.tree_util.Partial` over its parameters,
        such as `hw3.cnn.predictor` gives, also lets the parameters change without compiling again.
      images: float [n, height, width, channels] in [0, 1].
      labels: int [n], the true labels; those predicted without a patch if None.
      patch_size, stride: pixels, one number or (vertical, horizontal). A patch never hangs over the edge.
      fill: what the patch shows, in [0, 1]: a number, one number a channel [channels], or an image [height, width,
        channels] or one for each [n, height, width, channels], of which the patch is a window (see `mean_fill`,
        `blur_fill`).
      reach_edge: add the last row and column of positions where the stride would miss them.
      batch_size: occluded images classified at once on each device; bounds the memory, never changes the result beyond
        rounding. The default suits the size of the images.
      method: "dense" classifies whole occluded images. "incremental" computes only what patches can change, in networks
        of `hw3.cnn.predictor`, with the same result to rounding. "auto" takes the faster (`evaluation.choose`).
      mesh: the devices among which every batch is split, whatever its axes; all of this process if None. `predict` must
        treat each image by itself.
      advance: called with a number of occluded images whenever so many more are done.

    Returns a `Sweep`; for 28x28 images and the homework's 8x8 patch and stride 1, maps of 21x21 positions.
    Raises ValueError for anything else than the above, naming what was given.
    """
    images = check_images(images)
    count, height, width, channels = images.shape
    patch = pair(patch_size, "patch_size")
    strides = pair(stride, "stride")
    if patch[0] > height or patch[1] > width:
        raise ValueError(f"patch_size {patch[0]}x{patch[1]} is larger than the images, {height}x{width}")
    if batch_size is not None:
        check_count(batch_size, "batch_size")
    classes = check_predict(predict, images.shape[1:])
    fills = _fills(fill, images)
    mesh = batches.checked(mesh)
    predict = batches.replicated(mesh, as_pytree(predict))

    rows = positions(height, patch[0], strides[0], reach_edge)
    cols = positions(width, patch[1], strides[1], reach_edge)
    starts = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.int32)
    plan = evaluation.choose(method, predict, classes, images.shape[1:], patch, count * len(starts), mesh)
    values = INCREMENTAL_BATCH_VALUES if plan else BATCH_VALUES
    limit = batch_size or max(1, values // (height * width * channels))
    clean = np.empty((count, classes), np.float32)
    for flat, valid in in_batches(count, limit, mesh.size):
        clean[flat[:valid]] = np.asarray(_predict(predict, np.asarray(images)[flat], mesh=mesh))[:valid]
    check_sums(clean.sum(-1))
    probabilities = evaluation.classify(
        predict,
        plan,
        Patched(
            np.asarray(images),
            np.asarray(fills),
            np.repeat(np.arange(count, dtype=np.int32), len(starts)),
            np.tile(starts, (count, 1)),
            patch,
        ),
        clean,
        mesh=mesh,
        batch_size=limit,
        advance=advance,
    )
    labels = clean.argmax(-1) if labels is None else _labels(labels, count, classes)
    return Sweep(
        probabilities.reshape(count, len(rows), len(cols), classes),
        rows,
        cols,
        patch,
        (height, width),
        clean,
        labels,
    )


@functools.partial(jax.jit, static_argnames="mesh")
def _predict(predict: Predict, images: jax.Array, *, mesh: Mesh) -> jax.Array:
    return batches.split(mesh, 1, lambda predict, images: predict(images))(predict, images)


def _labels(labels: Any, count: int, classes: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be {count} whole numbers, one an image, not {labels.dtype}{list(labels.shape)}")
    if len(labels) and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(f"labels must lie in 0..{classes - 1}, not {labels.min()}..{labels.max()}")
    return labels.astype(int)


def _fills(fill: Any, images: jax.Array) -> jax.Array:
    """The fill as images [1 or n, height, width, channels]."""
    if isinstance(fill, str):
        raise ValueError(f"fill must be a number or an array, not {fill!r}; see mean_fill and blur_fill")
    fill = jnp.asarray(fill, jnp.float32)
    check_range(fill, "fill")
    allowed = ((), images.shape[3:], images.shape[1:], images.shape)
    if fill.shape not in allowed:
        raise ValueError(
            f"fill must be a number or have one of the shapes {', '.join(map(str, allowed[1:]))}, not {fill.shape}"
        )
    if fill.ndim == 4:
        return fill
    return jnp.broadcast_to(fill, (1, *images.shape[1:])) if fill.ndim < 3 else fill[None]


def mean_fill(images: jax.Array) -> jax.Array:
    """Each image's mean per channel as a filling for `sweep`: [n, height, width, channels] -> the same shape."""
    return jnp.broadcast_to(images.mean(axis=(1, 2), keepdims=True), images.shape)


def blur_fill(images: jax.Array, sigma: float = 3.0) -> jax.Array:
    """Each image blurred by a Gaussian of `sigma` pixels, edges clamped: [n, height, width, channels] -> the same
    shape.

    Raises ValueError unless sigma is positive.
    """
    if not sigma > 0:
        raise ValueError(f"sigma must be positive, not {sigma}")
    images = check_images(images)
    radius = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (1, 2):
        size = images.shape[axis]
        padded = jnp.pad(images, [(radius, radius) if a == axis else (0, 0) for a in range(4)], mode="edge")
        shifted = [jax.lax.slice_in_dim(padded, k, k + size, axis=axis) for k in range(len(weights))]
        images = jnp.stack([float(weight) * part for weight, part in zip(weights, shifted, strict=True)]).sum(0)
    return images


def occluded(image: np.ndarray, row: int, col: int, patch: tuple[int, int], fill: Any = 0.0) -> np.ndarray:
    """A copy of `image` [height, width, channels] with the patch whose first pixel is (row, col) filled with `fill`."""
    copy = np.array(image)
    copy[row : row + patch[0], col : col + patch[1]] = np.broadcast_to(np.asarray(fill, copy.dtype), copy.shape)[
        row : row + patch[0], col : col + patch[1]
    ]
    return copy
