"""Labelled image sets in memory: stored as bytes, turned into floats where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from hw3.errors import InvalidInput

if TYPE_CHECKING:
    import jax

    Images = TypeVar("Images", np.ndarray, jax.Array)


class Dataset(NamedTuple):
    """A labelled image set in memory; images stay as stored, a byte a value (MNIST 55 MB, as float32 220 MB).

    Images that somebody brings to a classifier may also be float32 in [0, 1] (see `as_inputs`), and have no training
    images beside them.

    `name` and `classes` aren't arrays: hand the arrays, not the whole tuple, to a jitted function.
    """

    train_images: np.ndarray  # uint8 [n_train, height, width, channels], 0 = black, 255 = white
    train_labels: np.ndarray  # int32 [n_train], 0 .. classes - 1
    test_images: np.ndarray  # uint8 [n_test, height, width, channels]
    test_labels: np.ndarray  # int32 [n_test]
    name: str  # "mnist" for the bundle, otherwise TFDS's with the version, to load it again: "cifar10:3.0.2"
    classes: int  # how many there are; a split need not show every one
    class_names: tuple[str, ...] = ()  # of all classes, in their order; none where they go by their numbers


class Pictures(NamedTuple):
    """Images and what is known of them."""

    images: np.ndarray  # uint8, or float32 in [0, 1], [n, height, width, channels]
    labels: np.ndarray | None  # int32 [n], places in `classes`
    names: tuple[str, ...]  # file names below the folder, or numbers
    classes: tuple[str, ...] | None  # names of the classes, if there are labels


def as_float(images: Images) -> Images:
    """Turns stored images into what a classifier takes: float32 in [0, 1] with 0 = black.

    Args:
      images: uint8 array of any shape, NumPy or JAX (inside `jit` too).

    Returns:
      `images / 255`, float32, of the same shape and the same kind of array.

    Raises:
      ValueError: the array isn't uint8, so most likely scaled already.
    """
    if images.dtype != np.uint8:
        raise InvalidInput(f"as_float takes stored uint8 images, not {images.dtype}")
    return images.astype(np.float32) / 255


def as_inputs(images: Images) -> Images:
    """What a classifier takes of the images of a `Dataset`: bytes as `as_float` scales them, float32 as they are.

    Raises ValueError for anything else.
    """
    return images if images.dtype == np.float32 else as_float(images)


def size_of(image: np.ndarray) -> str:
    """The shape of an image in words, as "28x28x1"."""
    return "x".join(map(str, image.shape))


def first_line(error: Exception) -> str:
    """What an error says in its first line, or else its type."""
    return (str(error) or type(error).__name__).splitlines()[0]
