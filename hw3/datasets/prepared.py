"""Image sets that TensorFlow Datasets prepared before, read without TensorFlow and without the network."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from absl import logging

from hw3.datasets.images import Dataset, first_line, size_of
from hw3.errors import InvalidInput

# Examples read at a time: a third faster than one by one, and only so many images are in memory twice.
_BATCH = 256
_INSTALL_TENSORFLOW = "pip install 'hw3[tensorflow]'"


def read(name: str, data_dir: str | os.PathLike[str] | None) -> Dataset:
    """A prepared set, as `hw3.load` describes it."""
    with _tfds_without_chatter():
        return _prepared_by_tfds(name, data_dir)


def _prepared_by_tfds(name: str, data_dir: str | os.PathLike[str] | None) -> Dataset:
    builder = _find_prepared(name, data_dir)
    info = builder.info
    classes = _number_of_classes(info)
    test = next((split for split in ("test", "validation") if split in info.splits), "test")
    for split in ("train", test):
        if split not in info.splits or not info.splits[split].num_examples:
            held = ", ".join(f"{s} ({info.splits[s].num_examples})" for s in info.splits) or "none"
            raise InvalidInput(f"data set '{info.full_name}' has no {split} examples; its splits: {held}")
    try:
        sources = builder.as_data_source(["train", test])
    except NotImplementedError as error:
        raise OSError(
            f"{builder.data_dir} is in {info.file_format.value} format, which cannot be read without"
            f" TensorFlow; convert it once: {_INSTALL_TENSORFLOW} && tfds convert_format"
            f" --dataset_version_dir={shlex.quote(str(builder.data_dir))} --out_file_format=array_record"
        ) from error
    except Exception as error:  # whatever damaged metadata leads TFDS to
        raise OSError(f"cannot read the data set in {builder.data_dir}: {first_line(error)}") from error
    train_images, train_labels = _read(sources[0], "train", classes, builder)
    test_images, test_labels = _read(sources[1], test, classes, builder)
    if train_images.shape[1:] != test_images.shape[1:]:
        sizes = f"{size_of(train_images[0])} in train, {size_of(test_images[0])} in {test}"
        raise InvalidInput(f"data set '{info.full_name}' has images of different sizes: {sizes}")
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
            raise InvalidInput("community sets and builder arguments need the set's own code")
    except Exception as error:  # whatever TFDS's parser stumbles on, None included
        form = "name[/config][:version], as 'cifar10' or 'emnist/letters:3.1.0'"
        guess = _guess(name, tfds.list_builders(with_community_datasets=False))
        raise InvalidInput(f"{name!r} is no data set name; one reads {form}{guess}") from error

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
            guess = _guess(name, {*known, *found})
            raise InvalidInput(f"unknown data set '{name}': TFDS has none, nor has {folder}{guess}") from error
        here = f"{folder / parsed.name}, which holds {', '.join(versions)}" if versions else folder
        target = f"{parsed.name}/{options['config']}" if "config" in options else parsed.name
        bundled = "did you mean plain mnist, which is bundled? Else " if target == "mnist" else ""
        raise FileNotFoundError(
            f"data set '{name}' is not prepared: no complete copy in {here}; {bundled}prepare it once:"
            f" {_INSTALL_TENSORFLOW} && tfds build {target} --data_dir={shlex.quote(str(folder))}"
            " --file_format=array_record"
        ) from error
    except Exception as error:  # whatever damaged metadata leads TFDS to
        raise OSError(f"cannot read the data set '{name}' in {folder}: {first_line(error)}") from error


def _guess(name: Any, known: Iterable[str]) -> str:
    """What somebody may have meant who wrote 'fashion-mnist', 'MNIST' or a folder's name; empty if nothing is near."""
    text = str(name).partition(":")[0]
    if text and os.path.exists(text):
        return f"; did you mean the path {os.path.join('.', text)}?"
    plain = {re.sub(r"[^a-z0-9/]", "", one): one for one in known}
    wanted = re.sub(r"[^a-z0-9/]", "", text.lower())
    exact = [plain[wanted]] if wanted in plain else []
    near = exact or [plain[one] for one in difflib.get_close_matches(wanted, plain)]
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _number_of_classes(info: Any) -> int:
    """The classes of a set of 8-bit images with one class label each; ValueError for any other set."""
    import tensorflow_datasets as tfds

    features = dict(info.features) if isinstance(info.features, tfds.features.FeaturesDict) else {}
    image, label = features.get("image"), features.get("label")
    if not isinstance(image, tfds.features.Image) or not isinstance(label, tfds.features.ClassLabel):
        has = ", ".join(f"{key} ({type(feature).__name__})" for key, feature in sorted(features.items())) or "neither"
        needs = "needs image (Image) and label (ClassLabel)"
        raise InvalidInput(f"data set '{info.full_name}' is no image classification set: {needs}, has {has}")
    if image.np_dtype != np.uint8:
        kind = np.dtype(image.np_dtype)
        raise InvalidInput(f"data set '{info.full_name}' has {kind} images; only 8-bit ones can be read")
    if not label.num_classes:
        raise InvalidInput(f"data set '{info.full_name}' doesn't say how many classes it has")
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
                f"cannot read the {split} split in {builder.data_dir}: {first_line(error)};"
                " its files are damaged or incomplete, prepare the set again"
            ) from error
        for row, example in zip(rows, examples, strict=True):
            image = example["image"]
            if row == 0:
                images = np.empty((len(source), *image.shape), np.uint8)
            if image.shape != images.shape[1:]:
                sizes = f"{size_of(images[0])} and {size_of(image)} in {split}"
                raise InvalidInput(f"data set '{name}' has images of different sizes: {sizes}")
            images[row] = image
            labels[row] = example["label"]
    if labels.min() < 0 or labels.max() >= classes:
        raise InvalidInput(f"data set '{name}' has labels outside 0..{classes - 1} in {split}; is it unlabelled?")
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
