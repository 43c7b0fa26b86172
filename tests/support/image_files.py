"""Small images and their labels, ways to write them as other programs do, and what is said if they are wrong."""

import pathlib
import struct

import numpy as np
import pytest
from PIL import Image

from hw3 import datasets
from hw3.datasets import files

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 5, 4, 1), np.uint8)
COLOUR = RNG.integers(0, 256, (6, 5, 4, 3), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2], np.int32)


def save(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array, **options).save(path)


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def folder_of_classes(folder, images, labels=LABELS, names=("cat", "dog", "owl")):
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        save(folder / names[label] / f"{number}.png", image)
    return folder


def one_line(message, *arguments, **options):
    with pytest.raises((ValueError, OSError), match=message) as caught:
        files.read_images(*arguments, **options)
    assert "\n" not in str(caught.value)
    assert pathlib.Path(caught.traceback[-1].path).parent == pathlib.Path(datasets.__file__).parent
    return str(caught.value)
