"""Arrays on disk: NumPy's .npy and .npz, MNIST's IDX files; read whole, checked, or one clear line."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hw3.datasets.images import first_line
from hw3.errors import InvalidInput


def check_file(path: Path) -> None:
    """Raises FileNotFoundError, or ValueError for a pipe or device, which might never end."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    if not path.is_file():
        raise InvalidInput(f"{path} is neither a folder nor a regular file")


def load_arrays(path: Path) -> Mapping[str, np.ndarray]:
    """The arrays of a .npz file by name, or that of a .npy file by the file's. Raises ValueError for a damaged one."""
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {path.name: loaded}
            return {key: loaded[key] for key in loaded.files}
    except OSError as error:
        if error.filename:
            raise
        raise InvalidInput(f"{path} is no file of NumPy arrays: {first_line(error)}") from error
    except Exception as error:  # damage surfaces as zip, zlib, value and memory errors
        raise InvalidInput(f"{path} is no file of NumPy arrays: {first_line(error)}") from error


def read_idx(path: Path) -> np.ndarray:
    """The array of an IDX file: two zero bytes, 8 for unsigned bytes, the rank, big-endian sizes, the values."""
    check_file(path)
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (gzip.BadGzipFile, EOFError, ValueError) as error:
        raise InvalidInput(f"{path} is damaged: {first_line(error)}") from error
    except Exception as error:
        if isinstance(error, OSError):
            raise
        raise InvalidInput(f"{path} is damaged: {first_line(error)}") from error  # zlib's own error
    if data[:3] != b"\0\0\x08" or len(data) < 4 or len(data) < 4 + 4 * data[3]:
        raise InvalidInput(f"{path} is no IDX file of bytes, nor a folder, .npy or .npz")
    shape = tuple(map(int, np.frombuffer(data, ">u4", data[3], 4)))
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if len(values) != np.prod(shape, dtype=object):
        raise InvalidInput(f"{path} is damaged: its shape is {shape}, and it holds {len(values)} values")
    return values.reshape(shape)


def checked_images(array: np.ndarray, where: str) -> np.ndarray:
    """Images [n, height, width, channels], uint8 or float32 in [0, 1]."""
    if array.ndim not in (3, 4) or 0 in array.shape:
        raise InvalidInput(
            f"{where} has the shape {array.shape}: images are [n, height, width] or [n, height, width, channels]"
        )
    if array.ndim == 4 and array.shape[3] > 4 and array.shape[1] in (1, 3):
        raise InvalidInput(f"{where} has the shape {array.shape}: move the channels from the second axis to the last")
    images = array if array.ndim == 4 else array[..., None]
    low, high = (array.min(), array.max()) if array.dtype.kind in "iuf" else (0, 0)
    if array.dtype.kind in "iu" and low >= 0 and high <= 255:
        return images.astype(np.uint8)
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        return images.astype(np.float32)
    if array.dtype.kind not in "iuf":
        raise InvalidInput(f"{where} is of type {array.dtype}: images are whole numbers in 0..255 or floats in [0, 1]")
    raise InvalidInput(f"{where} holds {low}..{high}: images are whole numbers in 0..255 or floats in [0, 1]")
