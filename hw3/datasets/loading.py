"""Image sets by name: MNIST from the package itself, any other by its TFDS name, one's own by its path; always the same
`Dataset`."""

from __future__ import annotations

import os

from hw3.datasets import files, mnist, prepared
from hw3.datasets.images import Dataset
from hw3.errors import InvalidInput


def load(name: str | os.PathLike[str] = "mnist", data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Loads an image classification set, without ever touching the network.

    `load("mnist")` reads the copy inside the package and verifies it against the SHA-256 of the four original
    files. Any other name, or an explicit `data_dir`, reads a set that TFDS (https://www.tensorflow.org/datasets)
    prepared before, in array_record format and TFDS's own order of examples. A set without a test split is
    tested on its validation split.

    Args:
      name: "mnist", or a name as TFDS takes it: "name", "name/config", "name:version", "name/config:version"; or a
        path, as "./digits" or "digits.npz", to what `hw3.datasets.files.read_dataset` reads.
      data_dir: the folder that TFDS prepared its sets in, the one with `name/version` below it; None or "" is
        TFDS's own default, `$TFDS_DATA_DIR` or `~/tensorflow_datasets`.

    Returns:
      A `Dataset`: images uint8 `[n, height, width, channels]`, labels int32 `[n]`.

    Raises:
      ValueError: no such set, or not one of labelled 8-bit images of one size with train and test examples.
      OSError: files that are missing, unreadable, damaged, not prepared or in a format that needs TensorFlow.
    """
    if files.is_path(name):
        if data_dir:
            raise InvalidInput(f"{os.fspath(name)} is a path: data_dir goes with a name of TFDS")
        return files.read_dataset(name)
    if name == "mnist" and not data_dir:
        return mnist.read()
    return prepared.read(name, data_dir)  # type: ignore[arg-type]
