"""Looking inside a network: its filters, what its layers answer to images, which answers tell two classes apart,
shifts.

For any layer, any two classes and any shift.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3 import cnn
from hw3.batches import in_batches
from hw3.classifiers import Predict, as_pytree
from hw3.datasets import as_float
from hw3.datasets.images import as_inputs
from hw3.errors import InvalidInput

# Pixels times channels of the images classified at once: few of large ones, whose activations are larger still.
BATCH_VALUES = 10_000_000


def filters(params: cnn.Params, layer: str) -> np.ndarray:
    """The filters of a convolution layer: float32 [filters, input channels, height, width].

    Raises ValueError naming the layers that have filters.
    """
    convolutions = sorted((name for name in params if name.startswith("conv")), key=lambda name: int(name[4:]))
    if layer not in convolutions:
        raise InvalidInput(f"no convolution layer {layer!r}; this network has {', '.join(convolutions) or 'none'}")
    return np.asarray(params[layer]["linear"]["kernel"]).transpose(3, 2, 0, 1)


def correct(
    predict: Predict, images: np.ndarray, labels: np.ndarray, label: int, count: int, names: Sequence[str] = ()
) -> np.ndarray:
    """Positions in `images` of the first `count` images of class `label` that `predict` gets right: int [count].

    Args: images uint8 (or float32 in [0, 1]) [n, height, width, channels]; labels int [n]; names: of the classes, if
    they have any, for what is said of them.
    Raises ValueError if the set has no such label or fewer such images.
    """
    found = _first_correct(predict, images, labels, label, count, names)
    if len(found) < count:
        raise InvalidInput(
            f"{count} correctly classified images of class {_named(label, names)} were asked for, there are only "
            f"{len(found)}"
        )
    return found


def nth_correct(
    predict: Predict, images: np.ndarray, labels: np.ndarray, label: int, index: int, names: Sequence[str] = ()
) -> int:
    """Position in `images` of the index-th (from 0) image of class `label` that `predict` gets right.

    Args and errors as for `correct`.
    """
    if index < 0:
        raise InvalidInput(f"the index of an image counts from 0, not {index}")
    found = _first_correct(predict, images, labels, label, index + 1, names)
    if not len(found):
        raise InvalidInput(f"no image of class {_named(label, names)} is classified correctly")
    if len(found) <= index:
        raise InvalidInput(
            f"index {index} is past the last of the {len(found)} correctly classified images of class "
            f"{_named(label, names)} (0 to {len(found) - 1})"
        )
    return int(found[index])


def _named(label: int, names: Sequence[str]) -> str:
    return names[label] if 0 <= label < len(names) else str(label)


def _first_correct(
    predict: Predict, images: np.ndarray, labels: np.ndarray, label: int, count: int, names: Sequence[str]
) -> np.ndarray:
    """At most `count` positions."""
    of_class = np.flatnonzero(labels == label)
    if not len(of_class):
        present = ", ".join(_named(other, names) for other in np.unique(labels))
        raise InvalidInput(f"the set has no image of class {_named(label, names)}; it has {present}")
    predict = as_pytree(predict)
    found: list[int] = []
    for batch, valid in in_batches(len(of_class), max(1, min(256, BATCH_VALUES // images[0].size))):
        rows = of_class[batch]
        probabilities = np.asarray(_classify(predict, images[rows]))
        found.extend(rows[:valid][probabilities[:valid].argmax(-1) == label])
        if len(found) >= count:
            break
    return np.array(found[:count], int)


@jax.jit
def _classify(predict: Predict, images: jax.Array) -> jax.Array:
    return predict(as_inputs(images))


def auc(first: jax.Array, second: jax.Array) -> jax.Array:
    """Area under the ROC curve of each feature alone as a score for "this is of the second class".

    The probability that a random value of `second` is larger than one of `first`, ties counted half (the Mann-Whitney
    statistic; Hanley and McNeil 1982): 0.5 tells nothing, 0 and 1 tell the classes apart completely.

    Args: first [n, ...], second [m, ...], the same features of the images of either class. Returns [...].
    """

    def one(a: jax.Array, b: jax.Array) -> jax.Array:
        a = jnp.sort(a)
        below = jnp.searchsorted(a, b, side="left")
        not_above = jnp.searchsorted(a, b, side="right")
        return (below + not_above).astype(jnp.float32).mean() / (2.0 * len(a))

    shape = first.shape[1:]
    return jax.vmap(one, in_axes=1)(first.reshape(len(first), -1), second.reshape(len(second), -1)).reshape(shape)


class Discrimination(NamedTuple):
    """How well single cells and whole channels of a layer tell two classes apart, and the mean maps to look at."""

    cell_auc: np.ndarray  # float32 [height, width, channels]
    channel_auc: np.ndarray  # float32 [channels], of the activation summed over the channel
    first_mean: np.ndarray  # float32 [height, width, channels], mean activation over the images of the first class
    second_mean: np.ndarray  # the same of the second
    counts: tuple[int, int]  # images of either class


def discriminate(
    model: cnn.CNN, params: cnn.Params, first: np.ndarray, second: np.ndarray, layer: str, size: int = 128
) -> Discrimination:
    """Ranks the activations of a convolution layer by how well each alone separates two sets of images.

    Args: first, second: uint8 [n, height, width, channels], the images of either class; layer: as `cnn.layer_names`.
    Raises ValueError if the network has no such convolution layer.
    """
    filters(params, layer)  # for its error message

    @jax.jit
    def tap(images: jax.Array) -> jax.Array:
        return cnn.activations(model, params, as_float(images))[layer]

    def all_of(images: np.ndarray) -> np.ndarray:
        return np.concatenate([tap(images[batch])[:valid] for batch, valid in in_batches(len(images), size)])

    a, b = all_of(first), all_of(second)
    ranked = jax.jit(auc)
    return Discrimination(
        np.asarray(ranked(a, b)),
        np.asarray(ranked(a.sum((1, 2)), b.sum((1, 2)))),
        a.mean(0),
        b.mean(0),
        (len(first), len(second)),
    )


def channel_aucs(
    model: cnn.CNN, params: cnn.Params, first: np.ndarray, second: np.ndarray, layers: Sequence[str], size: int = 128
) -> list[np.ndarray]:
    """How well whole channels of several convolution layers tell two sets of images apart, in one pass.

    Args: first, second: uint8 [n, height, width, channels], the images of either class; layers: as `cnn.layer_names`.
    Returns for each layer the AUC of its channels, each summed over its map: float32 [channels].
    Raises ValueError if the network has no such convolution layer.
    """
    for layer in layers:
        filters(params, layer)  # for its error message

    @jax.jit
    def tap(images: jax.Array) -> list[jax.Array]:
        taps = cnn.activations(model, params, as_float(images))
        return [taps[layer].sum((1, 2)) for layer in layers]

    def all_of(images: np.ndarray) -> list[np.ndarray]:
        parts = [[sums[:valid] for sums in tap(images[batch])] for batch, valid in in_batches(len(images), size)]
        return [np.concatenate(sums) for sums in zip(*parts, strict=True)]

    ranked = jax.jit(auc)
    return [np.asarray(ranked(a, b)) for a, b in zip(all_of(first), all_of(second), strict=True)]


def separation(auc_values: np.ndarray) -> np.ndarray:
    """AUC whichever class has the larger values: max(AUC, 1 - AUC), in [0.5, 1]."""
    return np.maximum(auc_values, 1 - auc_values)


@jax.jit
def shift(images: jax.Array, down: jax.Array | int, right: jax.Array | int) -> jax.Array:
    """Moves images [..., height, width, channels] by whole pixels; missing pixels take the nearest valid ones.

    Padding that clamps to the border: a shift to the left by 3 has right = -3 and repeats the last column.
    """
    height, width = images.shape[-3:-1]
    rows = jnp.clip(jnp.arange(height) - down, 0, height - 1)
    cols = jnp.clip(jnp.arange(width) - right, 0, width - 1)
    return images[..., rows[:, None], cols[None, :], :]


@jax.jit
def _classify_shifted(predict: Predict, images: jax.Array, down: jax.Array, right: jax.Array) -> jax.Array:
    return predict(shift(as_float(images), down, right))


def accuracy_of_shifts(
    predict: Predict,
    images: np.ndarray,
    label: int,
    shifts: np.ndarray,
    advance: Callable[[int], None] = lambda images: None,
) -> np.ndarray:
    """Fraction of images uint8 [n, height, width, channels] still classified as `label` after each shift (down, right).

    Args: shifts: int [m, 2]. Returns float [m]. `advance(n)` is called as images are done.
    """
    predict = as_pytree(predict)
    hits = np.zeros(len(shifts))
    for row, (down, right) in enumerate(shifts):
        for batch, valid in in_batches(len(images), 512):
            out = _classify_shifted(predict, images[batch], jnp.int32(down), jnp.int32(right))
            hits[row] += (np.asarray(out)[:valid].argmax(-1) == label).sum()
        advance(len(images))
    return hits / len(images)
