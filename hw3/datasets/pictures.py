"""Folders of PNG and JPEG files: pictures alone, or a folder of them for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hw3.datasets.arrays import check_file
from hw3.datasets.images import Pictures, first_line, size_of
from hw3.datasets.labels import by_number
from hw3.errors import InvalidInput

SUFFIXES = (".png", ".jpg", ".jpeg")
MODES = {"1": "L", "L": "L", "RGB": "RGB", "P": "RGB"}  # of Pillow, that 8 bits hold whole


def _visible(folder: Path) -> list[Path]:
    found = [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    return sorted(found, key=lambda path: by_number(path.name))


def read_folder(folder: Path, size: int | tuple[int, int] | None = None, channels: int | None = None) -> Pictures:
    """The pictures of a folder, as `hw3.datasets.files.read_images` describes it."""
    size = _pair(size)
    inside = _visible(folder)
    folders = [path for path in inside if path.is_dir()]
    flat = [path for path in inside if path.suffix.lower() in SUFFIXES]
    if folders and flat:
        raise InvalidInput(f"{folder} holds both pictures and folders: a folder for each class, or pictures alone")
    lots = [(path.name, [p for p in _visible(path) if p.suffix.lower() in SUFFIXES]) for path in folders]
    if empty := [name for name, lot in lots if not lot]:
        raise InvalidInput(f"{folder / empty[0]} holds no PNG or JPEG file")
    files = flat or [path for _, lot in lots for path in lot]
    if not files:
        raise InvalidInput(f"{folder} holds no PNG or JPEG file, nor folders of them")
    images = _read_pictures(files, size, channels)
    names = tuple(path.relative_to(folder).as_posix() for path in files)
    if flat:
        return Pictures(images, None, names, None)
    labels = np.repeat(np.arange(len(lots), dtype=np.int32), [len(lot) for _, lot in lots])
    return Pictures(images, labels, names, tuple(name for name, _ in lots))


def _read_pictures(files: Sequence[Path], size: tuple[int, int] | None, channels: int | None) -> np.ndarray:
    pictures = [_picture(path, size) for path in files]
    modes = {picture.mode for picture in pictures}
    mode = {None: "L" if modes == {"L"} else "RGB", 1: "L", 3: "RGB"}[channels]
    arrays = [np.asarray(picture.convert(mode)) for picture in pictures]
    for path, array in zip(files, arrays, strict=True):
        if array.shape != arrays[0].shape:
            sizes = f"{files[0].name} has {size_of(arrays[0])}, {path.name} {size_of(array)}"
            raise InvalidInput(
                f"{path.parent} holds pictures of different sizes ({sizes}): give the size to scale them to"
            )
    images = np.stack(arrays)
    return images if images.ndim == 4 else images[..., None]


def _picture(path: Path, size: tuple[int, int] | None) -> Any:
    """A picture of Pillow, grey or RGB, upright."""
    from PIL import Image, ImageOps

    check_file(path)
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as opened:
            mode = opened.mode
            picture = ImageOps.exif_transpose(opened)
    except Exception as error:  # a damaged file surfaces in many types; one too large for memory too
        raise InvalidInput(f"{path} cannot be read as PNG or JPEG: {first_line(error)}") from error
    if mode in ("LA", "RGBA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        if np.asarray(picture)[..., 3].min() < 255:
            raise InvalidInput(f"{path} is transparent in places: save it without transparency")
        picture = picture.convert("L" if mode == "LA" else "RGB")
    elif mode in MODES:
        picture = picture.convert(MODES[mode])
    else:
        raise InvalidInput(f"{path} has the mode {mode}: save it grey or RGB with 8 bits a value")
    return picture if size is None else picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)


def _pair(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    both = None if size is None else (size, size) if isinstance(size, int) else tuple(size)
    if both is not None and (len(both) != 2 or not all(type(side) is int and 0 < side <= 4096 for side in both)):
        raise InvalidInput(f"size is {size}; it must be one or two whole numbers of pixels from 1 to 4096")
    return both
