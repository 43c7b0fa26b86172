"""Sweeps of whole data sets on disk: a Zarr group that many processes fill, chunk by chunk, and any reader opens.

The group (Zarr format 3) holds

    probabilities  float32 [image, row, col, class]   of the occluded images, NaN where nothing is written yet
    clean          float32 [image, class]             of the images without a patch
    image, label   int64   [image]                    positions in the split, true labels
    row, col       int64   [row], [col]               top row and left column of the patch, in pixels
    class          int64   [class]

and, as attributes, the settings that fix every number. A chunk is a run of images with all their positions; one process
computes it and tensorstore writes it: under another name first, which is then changed, so that it is there whole or not
at all, with a checksum that every reader verifies. Nothing else is kept of what is done, so a killed process loses no
more than the chunk it was at. Whatever is read is verified: that it is there, its checksum, and its range.
"""

import json
import os
import pathlib
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorstore as ts

from hw3 import unfinished
from hw3.errors import InvalidInput

GROUP = "zarr.json"
AXES = {
    "probabilities": ("image", "row", "col", "class"),
    "clean": ("image", "class"),
    "image": ("image",),
    "label": ("image",),
    "row": ("row",),
    "col": ("col",),
    "class": ("class",),
}
COORDINATES = ("image", "label", "row", "col", "class")
MEASURED = ("clean", "probabilities")  # in the order in which they are written
RANGES = {"probability": (-1e-5, 1 + 1e-5), "sigmoid": (-1e-5, 1 + 1e-5)}  # of them, if the setting `score` says so
# Shuffled bytes pack to 0.63 of their size, unshuffled to 0.69; the checksum tells a damaged chunk.
CODECS = [
    {"name": "bytes", "configuration": {"endian": "little"}},
    {"name": "blosc", "configuration": {"cname": "zstd", "clevel": 3, "shuffle": "shuffle", "typesize": 4}},
    {"name": "crc32c"},
]


class Store(NamedTuple):
    """A sweep on disk, but for its numbers."""

    path: pathlib.Path
    settings: dict[str, Any]  # what JSON can hold; together they fix every number
    images: np.ndarray  # int64 [images], positions in the split
    labels: np.ndarray  # int64 [images], true labels
    rows: np.ndarray  # int64 [rows], top pixel row of the patch
    cols: np.ndarray  # int64 [cols], left pixel column of the patch
    classes: int
    chunk: int  # images in a chunk; the last one may have fewer

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return -(-len(self.images) // self.chunk)

    def span(self, chunk: int) -> slice:
        """The images of a chunk, as positions along the first axis."""
        return slice(chunk * self.chunk, min((chunk + 1) * self.chunk, len(self.images)))


def create(store: Store, overwrite: bool = False) -> None:
    """Makes the group with nothing but its coordinates, whole or not at all, in the place of another with `overwrite`.

    Raises OSError if that cannot be done, and ValueError if what is to be overwritten holds more than a sweep.
    """
    store.path.parent.mkdir(parents=True, exist_ok=True)
    unfinished.clear(store.path)

    def check(path: pathlib.Path) -> None:
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path} is there already, perhaps not empty")
        if path.exists() and (others := sorted(set(os.listdir(path)) - {*AXES, GROUP})):
            raise InvalidInput(f"{path} holds {others[0]!r}, which is not of a sweep: move it away")

    check(store.path)
    with unfinished.folder(store.path, check) as new:
        shape = (len(store.images), len(store.rows), len(store.cols), store.classes)
        _make(new / "probabilities", shape, (store.chunk, *shape[1:]))
        _make(new / "clean", (shape[0], shape[3]), (store.chunk, shape[3]))
        coordinates = (store.images, store.labels, store.rows, store.cols, np.arange(store.classes))
        for name, values in zip(COORDINATES, coordinates, strict=True):
            values = np.asarray(values, np.int64)
            _make(new / name, values.shape, values.shape, "int64", 0).write(values).result()
        arrays = {path.parent.name: json.loads(path.read_text()) for path in sorted(new.glob(f"*/{GROUP}"))}
        group = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": {"settings": store.settings},
            # As zarr.consolidate_metadata writes it: xarray warns of a group without.
            "consolidated_metadata": {"kind": "inline", "must_understand": False, "metadata": arrays},
        }
        (new / GROUP).write_text(json.dumps(group, indent=1) + "\n", encoding="utf-8")


def load(path: str | os.PathLike, needed: Sequence[str] = ()) -> Store:
    """The sweep in a folder, its coordinates verified; `needed` are names of settings that must be there.

    Raises FileNotFoundError if there is none and ValueError if it is not one that `create` made, each naming it.
    """
    path = pathlib.Path(path)
    if not (path / GROUP).exists():
        raise FileNotFoundError(f"{path} holds no sweep: make one with scripts/sweep_dataset.py")
    try:
        settings = json.loads((path / GROUP).read_text(encoding="utf-8"))["attributes"]["settings"]
        _check_settings(settings, needed)
        images, labels, rows, cols, classes = (_open(path / name).read().result() for name in COORDINATES)
        arrays = [_open(path / name) for name in MEASURED]
        chunk = arrays[1].spec().to_json()["metadata"]["chunk_grid"]["configuration"]["chunk_shape"][0]
        store = Store(path, settings, images, labels, rows, cols, len(classes), chunk)
        _check_coordinates(store, classes)
        _check_arrays(store, arrays)
    # Damage surfaces in many types, of JSON, of tensorstore and of what its metadata are made of.
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, NotImplementedError, RecursionError) as error:
        raise InvalidInput(
            f"{path} is damaged or not a sweep ({_reason(error)}): remove it and run scripts/sweep_dataset.py again"
        ) from error
    return store


def _check_settings(settings: Any, needed: Sequence[str]) -> None:
    if not isinstance(settings, dict):
        raise InvalidInput(f"its settings are {json.dumps(settings)[:40]}, not an object")
    if absent := [name for name in needed if name not in settings]:
        raise InvalidInput(f"its settings hold no {absent[0]}")
    for name in ("dataset", "split", "model", "checkpoint", "score"):
        if not isinstance(settings.get(name, ""), str):
            raise InvalidInput(f"its setting {name} is {settings[name]!r}, not text")
    for name in ("patch_size", "stride"):
        pair = settings.get(name, [1, 1])
        if not (isinstance(pair, list) and len(pair) == 2 and all(type(value) is int and value > 0 for value in pair)):
            raise InvalidInput(f"its setting {name} is {pair!r}, not two positive whole numbers")


def _check_coordinates(store: Store, classes: np.ndarray) -> None:
    for name, values in zip(COORDINATES, (*store[2:6], classes), strict=True):
        if values.ndim != 1 or not len(values) or values.dtype != np.int64:
            raise InvalidInput(f"its array {name} is {values.dtype} of shape {values.shape}, not int64 with one axis")
        if values.min() < 0:
            raise InvalidInput(f"its array {name} holds {values.min()}")
        if name != "label" and (np.diff(values) <= 0).any():
            raise InvalidInput(f"its array {name} is not ascending")
    if not np.array_equal(classes, np.arange(len(classes))):
        raise InvalidInput(f"its classes are not 0..{len(classes) - 1}")
    if store.labels.max() >= store.classes:
        raise InvalidInput(f"its array label holds {store.labels.max()}, there are {store.classes} classes")
    if len(store.labels) != len(store.images):
        raise InvalidInput(f"it has {len(store.images)} images and {len(store.labels)} labels")


def _check_arrays(store: Store, arrays: list[ts.TensorStore]) -> None:
    whole = (len(store.images), len(store.rows), len(store.cols), store.classes)
    shapes = ((whole[0], whole[3]), whole)
    for name, array, shape in zip(MEASURED, arrays, shapes, strict=True):
        chunks = array.chunk_layout.read_chunk.shape
        if (array.shape, chunks, array.dtype.name) != (shape, (store.chunk, *shape[1:]), "float32"):
            raise InvalidInput(f"its array {name} is {array.dtype.name} of shape {array.shape} in chunks of {chunks}")


def check_images(store: Store, labels: np.ndarray) -> None:
    """Raises ValueError unless the sweep is one of a split whose true labels are these, int [n]."""
    if store.images.max() >= len(labels):
        raise InvalidInput(f"{store.path} is of image {store.images.max()}, but there are {len(labels)} in the split")
    if (wrong := np.flatnonzero(labels[store.images] != store.labels)).size:
        image = store.images[wrong[0]]
        raise InvalidInput(
            f"{store.path} calls image {image} a {store.labels[wrong[0]]}, the data set a {labels[image]}: it is "
            "damaged or of other images"
        )


def difference(saved: Store, wanted: Store) -> str:
    """In words, the first setting in which two sweeps differ; empty if they are the same."""
    for name in {**wanted.settings, **saved.settings}:
        there, here = (store.settings.get(name, "not set") for store in (saved, wanted))
        if there != here:
            return f"{name} is {there} there and {here} here"
    if saved.chunk != wanted.chunk:
        return f"a chunk has {saved.chunk} images there and {wanted.chunk} here"
    same = (np.array_equal(a, b) for a, b in zip(saved[2:6], wanted[2:6], strict=True))
    return "" if all(same) and saved.classes == wanted.classes else "its images or positions are others"


def missing(store: Store, chunks: np.ndarray | None = None) -> np.ndarray:
    """Which chunks, of those given or of all, are not there yet: bool [chunks]. What is in them is not looked at."""
    among = range(store.chunks) if chunks is None else chunks
    return np.array([not all(file.exists() for file in _files(store, int(chunk))) for chunk in among], bool)


def remove_damaged(store: Store) -> list[int]:
    """Reads every chunk that is there and removes those that are damaged, so that they are missing; their numbers."""
    damaged = []
    for chunk in np.flatnonzero(~missing(store)).tolist():
        try:
            read(store, chunk)
        except ValueError:
            for file in _files(store, chunk):
                file.unlink(missing_ok=True)
            damaged.append(chunk)
    return damaged


def write(store: Store, chunk: int, clean: np.ndarray, probabilities: np.ndarray) -> None:
    """Writes a chunk: clean [images, classes], probabilities [images, rows, cols, classes]. Raises OSError."""
    span = store.span(chunk)
    try:
        # The probabilities come last: where they are, the whole chunk is.
        for name, values in zip(MEASURED, (clean, probabilities), strict=True):
            _open(store.path / name)[span].write(values).result()
    except ValueError as error:  # as tensorstore reports whatever the system refuses
        raise OSError(f"cannot write chunk {chunk} of {store.path} ({_reason(error)})") from error


def read(store: Store, chunk: int) -> tuple[np.ndarray, np.ndarray]:
    """clean [images, classes] and probabilities [images, rows, cols, classes] of a chunk, verified.

    Raises FileNotFoundError for a chunk that is missing and ValueError for a damaged one, each naming it.
    """
    again = "run scripts/sweep_dataset.py again with the same flags"
    if missing(store, np.array([chunk])).any():
        raise FileNotFoundError(f"chunk {chunk} of {store.path} is missing: {again}")
    try:
        clean, probabilities = (_open(store.path / name)[store.span(chunk)].read().result() for name in MEASURED)
        low, high = RANGES.get(store.settings.get("score", "probability"), (-np.inf, np.inf))
        for name, values in zip(MEASURED, (clean, probabilities), strict=True):
            if not (np.isfinite(values).all() and values.min() >= low and values.max() <= high):
                raise InvalidInput(f"{name} holds {values.min()}..{values.max()}")
    except ValueError as error:
        raise InvalidInput(f"chunk {chunk} of {store.path} is damaged ({_reason(error)}): {again}") from error
    return clean, probabilities


def _files(store: Store, chunk: int) -> list[pathlib.Path]:
    return [store.path.joinpath(name, "c", str(chunk), *"0" * (len(AXES[name]) - 1)) for name in MEASURED]


def _make(
    path: pathlib.Path,
    shape: tuple[int, ...],
    chunk: tuple[int, ...],
    dtype: str = "float32",
    fill: Any = "NaN",
) -> ts.TensorStore:
    codecs = CODECS if dtype == "float32" else [CODECS[0], CODECS[-1]]
    metadata = {
        "shape": shape,
        "data_type": dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "dimension_names": AXES[path.name],
        "fill_value": fill,
        "codecs": codecs,
    }
    return ts.open(_spec(path) | {"metadata": metadata}, create=True).result()


def _open(path: pathlib.Path) -> ts.TensorStore:
    return ts.open(_spec(path), open=True).result()


def _spec(path: pathlib.Path) -> dict[str, Any]:
    return {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": str(path.absolute())},
        # A chunk that is lost must not read as one of zeros, and so none of zeros may be left out.
        "fill_missing_data_reads": False,
        "store_data_equal_to_fill_value": True,
    }


def _reason(error: Exception) -> str:
    """What went wrong in one line of moderate length, without the path, which the message has already."""
    text = re.sub(r'local file "[^"]*"', "a file", " ".join(str(error).split()))
    return text[:160] if isinstance(error, ValueError) else f"{type(error).__name__}: {text[:140]}"
