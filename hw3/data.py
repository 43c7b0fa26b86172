"""Image sets: MNIST from the package itself, any other by its TFDS name; the same `Dataset` either way."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import shlex
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from absl import logging

if TYPE_CHECKING:
    import jax

    Images = TypeVar("Images", np.ndarray, jax.Array)

_BUNDLE = resources.files("hw3") / "assets" / "mnist.npz"
_REINSTALL = "reinstall hw3 (in a git checkout: git checkout hw3/assets/mnist.npz)"

# key in the bundle -> SHA-256 of the original IDX file (Y. LeCun, C. Cortes, CC BY-SA 3.0), header included
_MNIST_SHA256 = {
    "x_train": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "y_train": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "x_test": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "y_test": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

# Examples read at a time: a third faster than one by one, and only so many images are in memory twice.
_BATCH = 256
_INSTALL_TENSORFLOW = "pip install 'hw3[tensorflow]'"


class Dataset(NamedTuple):
    """A labelled image set in memory; images stay as stored, a byte a value (MNIST 55 MB, as float32 220 MB).

    `name` and `classes` aren't arrays: hand the arrays, not the whole tuple, to a jitted function.
    """

    train_images: np.ndarray  # uint8 [n_train, height, width, channels], 0 = black, 255 = white
    train_labels: np.ndarray  # int32 [n_train], 0 .. classes - 1
    test_images: np.ndarray  # uint8 [n_test, height, width, channels]
    test_labels: np.ndarray  # int32 [n_test]
    name: str  # "mnist" for the bundle, otherwise TFDS's with the version, to load it again: "cifar10:3.0.2"
    classes: int  # how many there are; a split need not show every one


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
        raise ValueError(f"as_float takes stored uint8 images, not {images.dtype}")
    return images.astype(np.float32) / 255


def load(name: str = "mnist", data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Loads an image classification set, without ever touching the network.

    `load("mnist")` reads the copy inside the package and verifies it against the SHA-256 of the four original
    files. Any other name, or an explicit `data_dir`, reads a set that TFDS (https://www.tensorflow.org/datasets)
    prepared before, in array_record format and TFDS's own order of examples. A set without a test split is
    tested on its validation split.

    Args:
      name: "mnist", or a name as TFDS takes it: "name", "name/config", "name:version", "name/config:version".
      data_dir: the folder that TFDS prepared its sets in, the one with `name/version` below it; None or "" is
        TFDS's own default, `$TFDS_DATA_DIR` or `~/tensorflow_datasets`.

    Returns:
      A `Dataset`: images uint8 `[n, height, width, channels]`, labels int32 `[n]`.

    Raises:
      ValueError: no such set, or not one of labelled 8-bit images of one size with train and test examples.
      OSError: files that are missing, unreadable, damaged, not prepared or in a format that needs TensorFlow.
    """
    if name == "mnist" and not data_dir:
        return _bundled_mnist()
    with _tfds_without_chatter():
        return _prepared_by_tfds(name, data_dir)


def _bundled_mnist() -> Dataset:
    try:
        with _BUNDLE.open("rb") as file, np.load(file) as arrays:
            mnist = {key: arrays[key] for key in _MNIST_SHA256}
    except Exception as error:  # damage surfaces as zip, zlib, key, value or OS errors
        raise OSError(f"cannot read the bundled {_BUNDLE}: {_one_line(error)}; {_REINSTALL}") from error
    for key, expected in _MNIST_SHA256.items():
        if _idx_sha256(mnist[key]) != expected:
            raise OSError(f"the bundled {_BUNDLE} is damaged: wrong checksum of {key}; {_REINSTALL}")
    return Dataset(
        train_images=mnist["x_train"][..., None],
        train_labels=mnist["y_train"].astype(np.int32),
        test_images=mnist["x_test"][..., None],
        test_labels=mnist["y_test"].astype(np.int32),
        name="mnist",
        classes=10,
    )


def _idx_sha256(array: np.ndarray) -> str:
    """SHA-256 of a uint8 array as IDX file: 0x08 for unsigned bytes, rank, big-endian sizes, values."""
    digest = hashlib.sha256(bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _prepared_by_tfds(name: str, data_dir: str | os.PathLike[str] | None) -> Dataset:
    builder = _find_prepared(name, data_dir)
    info = builder.info
    classes = _number_of_classes(info)
    test = next((split for split in ("test", "validation") if split in info.splits), "test")
    for split in ("train", test):
        if split not in info.splits or not info.splits[split].num_examples:
            held = ", ".join(f"{s} ({info.splits[s].num_examples})" for s in info.splits) or "none"
            raise ValueError(f"data set '{info.full_name}' has no {split} examples; its splits: {held}")
    try:
        sources = builder.as_data_source(["train", test])
    except NotImplementedError as error:
        raise OSError(
            f"{builder.data_dir} is in {info.file_format.value} format, which cannot be read without"
            f" TensorFlow; convert it once: {_INSTALL_TENSORFLOW} && tfds convert_format"
            f" --dataset_version_dir={shlex.quote(str(builder.data_dir))} --out_file_format=array_record"
        ) from error
    except Exception as error:  # whatever damaged metadata leads TFDS to
        raise OSError(f"cannot read the data set in {builder.data_dir}: {_one_line(error)}") from error
    train_images, train_labels = _read(sources[0], "train", classes, builder)
    test_images, test_labels = _read(sources[1], test, classes, builder)
    if train_images.shape[1:] != test_images.shape[1:]:
        sizes = f"{_size(train_images[0])} in train, {_size(test_images[0])} in {test}"
        raise ValueError(f"data set '{info.full_name}' has images of different sizes: {sizes}")
    name = ":".join(info.full_name.rsplit("/", 1))  # as `load` takes it, the version after a colon
    return Dataset(train_images, train_labels, test_images, test_labels, name, classes)


def _find_prepared(name: str, data_dir: str | os.PathLike[str] | None) -> Any:
    """The TFDS builder of a set on disk, from its files alone.

    This is what `tfds.data_source` does for a name with a version. For a bare name it would run the set's own
    code instead, which may look into Google's bucket, and would download what isn't prepared.
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core import constants, naming, read_only_builder

    try:
        parsed, options = naming.parse_builder_name_kwargs(name)
        if parsed.namespace or options.keys() - {"config", "version"}:
            raise ValueError("community sets and builder arguments need the set's own code")
    except Exception as error:  # whatever TFDS's parser stumbles on, None included
        form = "name[/config][:version], as 'cifar10' or 'emnist/letters:3.1.0'"
        raise ValueError(f"{name!r} is no data set name; one reads {form}") from error

    folder = Path(data_dir or constants.DATA_DIR).expanduser()
    try:
        found = os.listdir(folder) if data_dir or folder.exists() else []
        versions = sorted(os.listdir(folder / parsed.name)) if parsed.name in found else []
    except OSError as error:
        raise OSError(f"cannot read data_dir {error.filename}: {error.strerror}") from error

    try:
        return read_only_builder.builder_from_files(name, data_dir=folder)
    except tfds.core.DatasetNotFoundError as error:
        known = tfds.list_builders(with_community_datasets=False)
        if parsed.name not in known and not versions:
            near = difflib.get_close_matches(parsed.name, {*known, *found})
            guess = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ValueError(f"unknown data set '{name}': TFDS has none, nor has {folder}{guess}") from error
        here = f"{folder / parsed.name}, which holds {', '.join(versions)}" if versions else folder
        target = f"{parsed.name}/{options['config']}" if "config" in options else parsed.name
        raise FileNotFoundError(
            f"data set '{name}' is not prepared: no complete copy in {here}; prepare it once:"
            f" {_INSTALL_TENSORFLOW} && tfds build {target} --data_dir={shlex.quote(str(folder))}"
            " --file_format=array_record" + (" (load('mnist') alone needs none)" if target == "mnist" else "")
        ) from error
    except Exception as error:  # whatever damaged metadata leads TFDS to
        raise OSError(f"cannot read the data set '{name}' in {folder}: {_one_line(error)}") from error


def _number_of_classes(info: Any) -> int:
    """The classes of a set of 8-bit images with one class label each; ValueError for any other set."""
    import tensorflow_datasets as tfds

    features = dict(info.features) if isinstance(info.features, tfds.features.FeaturesDict) else {}
    image, label = features.get("image"), features.get("label")
    if not isinstance(image, tfds.features.Image) or not isinstance(label, tfds.features.ClassLabel):
        has = ", ".join(f"{key} ({type(feature).__name__})" for key, feature in sorted(features.items())) or "neither"
        needs = "needs image (Image) and label (ClassLabel)"
        raise ValueError(f"data set '{info.full_name}' is no image classification set: {needs}, has {has}")
    if image.np_dtype != np.uint8:
        kind = np.dtype(image.np_dtype)
        raise ValueError(f"data set '{info.full_name}' has {kind} images; only 8-bit ones can be read")
    if not label.num_classes:
        raise ValueError(f"data set '{info.full_name}' doesn't say how many classes it has")
    return int(label.num_classes)


def _read(source: Any, split: str, classes: int, builder: Any) -> tuple[np.ndarray, np.ndarray]:
    """Images `[n, height, width, channels]` and labels `[n]` of a non-empty split, in the order on disk."""
    name = builder.info.full_name
    images = np.empty(0, np.uint8)
    labels = np.empty(len(source), np.int32)
    for start in range(0, len(source), _BATCH):
        rows = range(start, min(start + _BATCH, len(source)))
        try:
            examples = source.__getitems__(rows)
        except Exception as error:  # array_record and the image decoders raise errors of many kinds
            raise OSError(
                f"cannot read the {split} split in {builder.data_dir}: {_one_line(error)};"
                " its files are damaged or incomplete, prepare the set again"
            ) from error
        for row, example in zip(rows, examples, strict=True):
            image = example["image"]
            if row == 0:
                images = np.empty((len(source), *image.shape), np.uint8)
            if image.shape != images.shape[1:]:
                sizes = f"{_size(images[0])} and {_size(image)} in {split}"
                raise ValueError(f"data set '{name}' has images of different sizes: {sizes}")
            images[row] = image
            labels[row] = example["label"]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"data set '{name}' has labels outside 0..{classes - 1} in {split}; is it unlabelled?")
    return images, labels


@contextlib.contextmanager
def _tfds_without_chatter() -> Iterator[None]:
    """Hides TFDS's log lines (on the image decoder it prefers, ...): what matters is raised as an error."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def _size(image: np.ndarray) -> str:
    return "x".join(map(str, image.shape))


def _one_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
