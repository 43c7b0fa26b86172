"""Images of one's own: folders of PNG and JPEG, NumPy arrays, and MNIST's IDX files, as arrays or as a `Dataset`.

`read_images` reads one lot of images, with labels if there are any; `read_dataset` finds those of training and of
testing. Every file is read whole into memory and none is written. Whatever cannot be read is a ValueError of one line
that names it (an OSError if the system refuses).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hw3.datasets import labels as labels_on_disk
from hw3.datasets.arrays import check_file, checked_images, load_arrays, read_idx
from hw3.datasets.images import Dataset, Pictures, size_of
from hw3.datasets.labels import labelled, with_labels
from hw3.datasets.pictures import read_folder
from hw3.errors import InvalidInput

ARRAYS = (".npy", ".npz")
# What the arrays of an archive are called, Keras's names and ours, by split; without a split if there is one lot alone.
IMAGE_KEYS = {"train": ("x_train", "train_images"), "test": ("x_test", "test_images"), "": ("images", "x", "arr_0")}
IDX_PREFIXES = {"train": ("train",), "test": ("t10k", "test")}
TEST_FOLDERS = ("test", "val", "validation", "valid")


def is_path(name: object) -> bool:
    """Whether a data set is named by a place on disk rather than by its name: ./digits, /data/x.npz, digits.npz."""
    if isinstance(name, os.PathLike):
        return True
    text = str(name)
    return text.startswith(("/", "./", "../", "~")) or text in (".", "..") or text.endswith((*ARRAYS, ".gz", "-ubyte"))


def read_images(
    path: str | os.PathLike[str],
    labels: str | os.PathLike[str] | Sequence | np.ndarray | None = None,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    split: str = "",
) -> Pictures:
    """Images of a folder or file, grey or in colour.

    A folder holds PNG and JPEG files, or a subfolder of them for each class, in the order of their names (numbers by
    value). A .npy or .npz file holds arrays [n, height, width] or [n, height, width, channels], uint8 or float in
    [0, 1]; an IDX file, gzipped or not, is as MNIST's, and the file of labels that belongs to it is found beside it.

    Args:
      labels: of a flat folder or an array: the file that holds them (.npy, .npz, IDX, or text with a label, or a file
        name and a label with a comma between, in each line), or the labels themselves: whole numbers from 0, or names.
      size: pixels (or height, width) that pictures of a folder are scaled to; needed if theirs differ.
      channels: 1 to turn pictures of a folder grey, 3 for colour; as they are if None: grey if all are.
      split: of an archive with several: "train" or "test".

    Raises ValueError, one line that names the file, for whatever isn't such images; OSError if the system refuses.
    """
    path = Path(path).expanduser()
    if channels not in (None, 1, 3):
        raise InvalidInput(f"channels is {channels}; it must be 1 (grey) or 3 (colour)")
    if path.is_dir():
        found = read_folder(path, size, channels)
    else:
        if size is not None or channels is not None:
            raise InvalidInput(f"{path}: only pictures of a folder can be scaled or turned grey")
        check_file(path)
        found = _read_archive(path, split) if path.suffix in ARRAYS else _read_idx_images(path)
    if labels is None:
        return found
    if found.labels is not None and path.is_dir():
        raise InvalidInput(f"{path} has a folder for each class: labels beside them would say it twice")
    return with_labels(found, labels, split)


def read_dataset(path: str | os.PathLike[str]) -> Dataset:
    """A data set of one's own: a folder with folders `train` and `test` (or `val`), in each one for each class; a
    folder with MNIST's four IDX files, or one of them; an .npz with x_train, y_train, x_test and y_test.

    Errors as `read_images`, and ValueError if training and test images do not fit together.
    """
    path = Path(path).expanduser()
    if path.is_dir() and (path / "train").is_dir():
        test = next((path / name for name in TEST_FOLDERS if (path / name).is_dir()), path / "test")
        if not test.is_dir():
            raise InvalidInput(f"{path} has a folder train but none of {', '.join(TEST_FOLDERS)}")
        parts = [read_images(path / "train"), read_images(test)]
    elif path.is_dir() or path.suffix not in ARRAYS:
        folder = path if path.is_dir() else path.parent
        if not path.is_dir():
            check_file(path)
        parts = [_read_idx_images(_idx_file(folder, split, "images")) for split in ("train", "test")]
    elif path.suffix == ".npz":
        check_file(path)
        parts = [_read_archive(path, split) for split in ("train", "test")]
    else:
        raise InvalidInput(f"{path} holds one array: a data set needs images and labels to train and to test on")
    train, test_part = parts
    if train.labels is None or test_part.labels is None:
        raise InvalidInput(f"{path} has no labels of the {'training' if train.labels is None else 'test'} images")
    if train.images.shape[1:] != test_part.images.shape[1:]:
        sizes = f"{size_of(train.images[0])} for training, {size_of(test_part.images[0])} for testing"
        raise InvalidInput(f"{path} has images of different sizes: {sizes}")
    names = _joined_classes(path, train, test_part)
    return Dataset(
        as_bytes(train.images, path),
        train.labels,
        as_bytes(test_part.images, path),
        test_part.labels,
        str(path.resolve()),
        len(names),
        () if all(name.isdecimal() for name in names) else names,
    )


def as_bytes(images: np.ndarray, path: object) -> np.ndarray:
    """uint8 images: themselves, or floats that are 255ths. Raises ValueError for floats that are others."""
    if images.dtype == np.uint8:
        return images
    scaled = np.round(images * 255)
    if np.abs(images * 255 - scaled).max() > 1e-3:
        raise InvalidInput(f"{path} has grey values that are no 255ths: store a data set's images as uint8, 0 to 255")
    return scaled.astype(np.uint8)


def _joined_classes(path: Path, train: Pictures, test: Pictures) -> tuple[str, ...]:
    """The classes of both. One split may lack the last ones, for that changes no number of a class."""
    short, long = sorted((train.classes or (), test.classes or ()), key=len)
    if short == long[: len(short)]:
        return long
    strange = sorted(set(short) ^ set(long))
    raise InvalidInput(f"{path}: class {strange[0]!r} has images to train on or to test on, not both")


def _read_archive(path: Path, split: str) -> Pictures:
    """The images of a .npy or .npz file, with the labels that lie in it."""
    if split not in IMAGE_KEYS:
        raise InvalidInput(f"split is {split!r}; it must be train or test")
    arrays = load_arrays(path)
    keys = [key for key in IMAGE_KEYS[split] if key in arrays]
    if not split and not keys:
        if len(arrays) == 1:
            keys = list(arrays)
        elif others := [s for s in ("train", "test") if any(key in arrays for key in IMAGE_KEYS[s])]:
            raise InvalidInput(f"{path} holds images to {' and to '.join(others)}: say which split")
    if not keys:
        raise InvalidInput(
            f"{path} holds no array {' or '.join(IMAGE_KEYS[split])}; it holds {', '.join(arrays) or 'none'}"
        )
    images = checked_images(arrays[keys[0]], f"{path}, {keys[0]}" if len(arrays) > 1 else str(path))
    found = Pictures(images, None, tuple(map(str, range(len(images)))), None)
    label_keys = [key for key in labels_on_disk.KEYS[split] if key in arrays]
    return labelled(found, arrays[label_keys[0]], f"{path}, {label_keys[0]}") if label_keys else found


def _idx_file(folder: Path, split: str, kind: str) -> Path:
    dimensions = {"images": 3, "labels": 1}[kind]
    prefixes = IDX_PREFIXES[split]
    for name in sorted(os.listdir(folder)):
        if re.fullmatch(rf"({'|'.join(prefixes)})-{kind}[-.]idx{dimensions}-ubyte(\.gz)?", name):
            return folder / name
    raise InvalidInput(
        f"{folder} holds no {prefixes[0]}-{kind}-idx{dimensions}-ubyte, gzipped or not: a data set is a folder with "
        "folders train and test, MNIST's four IDX files, or an .npz with x_train, y_train, x_test, y_test"
    )


def _read_idx_images(path: Path) -> Pictures:
    images = checked_images(read_idx(path), str(path))
    found = Pictures(images, None, tuple(map(str, range(len(images)))), None)
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    options = [beside, beside.with_suffix("") if beside.suffix == ".gz" else Path(f"{beside}.gz")]
    for option in options:
        if option != path and option.is_file():
            return labelled(found, read_idx(option), str(option))
    return found
