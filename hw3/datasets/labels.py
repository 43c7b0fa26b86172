"""Labels of images of one's own: numbers or names, in arrays or lines of text."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from hw3.datasets.arrays import check_file, load_arrays, read_idx
from hw3.datasets.images import Pictures
from hw3.errors import InvalidInput

# What the array of labels in an archive is called, by split; without a split if there is one lot alone.
KEYS = {"train": ("y_train", "train_labels"), "test": ("y_test", "test_labels"), "": ("labels", "y", "arr_1")}


def by_number(name: str) -> tuple:
    """A sort key that puts 10 behind 9."""
    return tuple(
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name)
    )


def with_labels(found: Pictures, labels: Any, split: str) -> Pictures:
    """The images with the labels of a file, or these labels; as `hw3.datasets.files.read_images` describes them."""
    if not isinstance(labels, str | os.PathLike):
        return labelled(found, np.asarray(labels), "labels")
    path = Path(labels).expanduser()
    check_file(path)
    if path.suffix == ".npz":
        arrays = load_arrays(path)
        keys = [key for key in KEYS.get(split, ()) if key in arrays] or (list(arrays) if len(arrays) == 1 else [])
        if not keys:
            raise InvalidInput(
                f"{path} holds no array {' or '.join(KEYS.get(split, ()))}; it holds {', '.join(arrays)}"
            )
        return labelled(found, arrays[keys[0]], f"{path}, {keys[0]}")
    if path.suffix == ".npy":
        return labelled(found, next(iter(load_arrays(path).values())), str(path))
    if path.suffix in (".gz",) or path.name.endswith("ubyte"):
        return labelled(found, read_idx(path), str(path))
    return labelled(found, np.array(_labels_of_text(path, found.names)), str(path))


def _labels_of_text(path: Path, names: tuple[str, ...]) -> list[str]:
    """A label for each image, from lines of `label`, or of `name,label` in any order."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise InvalidInput(f"{path}: not a text file") from None
    rows = [[cell.strip() for cell in line.rsplit(",", 1)] for line in lines if line]
    if not rows or all(len(row) == 1 for row in rows):
        return [row[0] for row in rows]
    if rows[0][0] not in names:
        rows = rows[1:]  # a header
    by_name = {row[0]: row[-1] for row in rows if len(row) == 2}
    if len(by_name) != len(rows):
        raise InvalidInput(f"{path}: each line must be a label, or a file name and a label, each name once")
    if unknown := [name for name in by_name if name not in names]:
        raise InvalidInput(f"{path} labels {unknown[0]!r}, which is none of the {len(names)} images")
    if absent := [name for name in names if name not in by_name]:
        raise InvalidInput(f"{path} has no label for {absent[0]!r}")
    return [by_name[name] for name in names]


def labelled(found: Pictures, labels: np.ndarray, where: str) -> Pictures:
    """The images with labels [n]: whole numbers from 0, or names of classes, which are numbered in their order."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (len(found.images),):
        raise InvalidInput(f"{where} holds labels of shape {labels.shape} for {len(found.images)} images")
    if labels.dtype.kind in "US" and all(str(label).isascii() and str(label).isdecimal() for label in labels):
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "U":
        classes = tuple(sorted(set(labels.tolist()), key=by_number))
        places = {name: place for place, name in enumerate(classes)}
        return found._replace(labels=np.array([places[name] for name in labels.tolist()], np.int32), classes=classes)
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= 100_000:
        raise InvalidInput(f"{where} holds labels that are neither names nor whole numbers from 0 to 99,999")
    classes = tuple(map(str, range(int(labels.max()) + 1)))
    return found._replace(labels=labels.astype(np.int32), classes=classes)
