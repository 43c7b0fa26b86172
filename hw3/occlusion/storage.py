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
more than the chunk it was at.
"""

import json
import os
import pathlib
import shutil
import tempfile
from typing import Any, NamedTuple

import numpy as np
import tensorstore as ts

GROUP = "zarr.json"
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


def create(store: Store) -> None:
    """Makes the group with nothing but its coordinates, whole or not at all. Raises OSError if that cannot be done."""
    store.path.parent.mkdir(parents=True, exist_ok=True)
    beside = pathlib.Path(tempfile.mkdtemp(dir=store.path.parent, prefix=f".{store.path.name}-"))
    try:
        shape = (len(store.images), len(store.rows), len(store.cols), store.classes)
        _make(beside / "probabilities", shape, (store.chunk, *shape[1:]), ("image", "row", "col", "class"))
        _make(beside / "clean", (shape[0], shape[3]), (store.chunk, shape[3]), ("image", "class"))
        for name, axis, values in (
            ("image", "image", store.images),
            ("label", "image", store.labels),
            ("row", "row", store.rows),
            ("col", "col", store.cols),
            ("class", "class", np.arange(store.classes)),
        ):
            values = np.asarray(values, np.int64)
            _make(beside / name, values.shape, values.shape, (axis,), "int64", 0).write(values).result()
        arrays = {path.parent.name: json.loads(path.read_text()) for path in sorted(beside.glob(f"*/{GROUP}"))}
        group = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": {"settings": store.settings},
            # As zarr.consolidate_metadata writes it: xarray warns of a group without.
            "consolidated_metadata": {"kind": "inline", "must_understand": False, "metadata": arrays},
        }
        (beside / GROUP).write_text(json.dumps(group, indent=1) + "\n", encoding="utf-8")
        beside.chmod(0o777 & ~_umask())  # mkdtemp makes what its owner alone may read
        os.rename(beside, store.path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def load(path: str | os.PathLike) -> Store:
    """The sweep in a folder.

    Raises FileNotFoundError if there is none and ValueError if it is not one that `create` made, each naming it.
    """
    path = pathlib.Path(path)
    if not (path / GROUP).exists():
        raise FileNotFoundError(f"{path} holds no sweep: make one with scripts/sweep_dataset.py")
    try:
        settings = json.loads((path / GROUP).read_text(encoding="utf-8"))["attributes"]["settings"]
        images, labels, rows, cols = (_open(path / n).read().result() for n in ("image", "label", "row", "col"))
        probabilities = _open(path / "probabilities")
        chunk = probabilities.spec().to_json()["metadata"]["chunk_grid"]["configuration"]["chunk_shape"][0]
        classes = probabilities.shape[3]
        if probabilities.shape != (len(images), len(rows), len(cols), classes) or len(images) != len(labels):
            raise ValueError("its arrays do not fit together")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ValueError(f"{path} is damaged or not a sweep ({type(error).__name__}: {reason})") from error
    return Store(path, settings, images, labels, rows, cols, classes, chunk)


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
    """Which chunks, of those given or of all, are not there yet: bool [chunks]."""
    among = range(store.chunks) if chunks is None else chunks
    return np.array([not _file(store, int(chunk)).exists() for chunk in among], bool)


def write(store: Store, chunk: int, clean: np.ndarray, probabilities: np.ndarray) -> None:
    """Writes a chunk: clean [images, classes], probabilities [images, rows, cols, classes]. Raises OSError."""
    span = store.span(chunk)
    try:
        # The probabilities come last: where they are, the whole chunk is.
        _open(store.path / "clean")[span].write(clean).result()
        _open(store.path / "probabilities")[span].write(probabilities).result()
    except ValueError as error:  # as tensorstore reports whatever the system refuses
        raise OSError(f"cannot write chunk {chunk} of {store.path} ({_reason(error)})") from error


def read(store: Store, chunk: int) -> tuple[np.ndarray, np.ndarray]:
    """clean [images, classes] and probabilities [images, rows, cols, classes] of a chunk.

    Raises FileNotFoundError for a chunk that is missing and ValueError for a damaged one, each naming it.
    """
    if not _file(store, chunk).exists():
        raise FileNotFoundError(f"chunk {chunk} of {store.path} is missing: run scripts/sweep_dataset.py again")
    try:
        clean, probabilities = (
            _open(store.path / name)[store.span(chunk)].read().result() for name in ("clean", "probabilities")
        )
    except ValueError as error:
        raise ValueError(
            f"chunk {chunk} of {store.path} is damaged ({_reason(error)}): remove {_file(store, chunk)} and run "
            "scripts/sweep_dataset.py again"
        ) from error
    return clean, probabilities


def _file(store: Store, chunk: int) -> pathlib.Path:
    return store.path.joinpath("probabilities", "c", str(chunk), "0", "0", "0")


def _make(
    path: pathlib.Path,
    shape: tuple[int, ...],
    chunk: tuple[int, ...],
    axes: tuple[str, ...],
    dtype: str = "float32",
    fill: Any = "NaN",
) -> ts.TensorStore:
    codecs = CODECS if dtype == "float32" else CODECS[:1]
    metadata = {
        "shape": shape,
        "data_type": dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "dimension_names": axes,
        "fill_value": fill,
        "codecs": codecs,
    }
    return ts.open(_spec(path) | {"metadata": metadata}, create=True).result()


def _open(path: pathlib.Path) -> ts.TensorStore:
    return ts.open(_spec(path), open=True).result()


def _spec(path: pathlib.Path) -> dict[str, Any]:
    return {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(path.absolute())}}


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
