"""Results of a study on disk: one converter from NamedTuples to JSON and back, by their types.

`results.json` holds numbers and text as a person reads them, `arrays.npz` beside it the arrays (bit for bit; the JSON
names each and its shape). JSON has no word for NaN and the infinities: they stand as the strings "NaN", "Infinity" and
"-Infinity" where a float is due.
"""

import json
import math
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import cattrs
import numpy as np
from cattrs.cols import is_namedtuple, namedtuple_dict_structure_factory, namedtuple_dict_unstructure_factory

from hw3.errors import InvalidInput

FORMAT = 1
FILE, ARRAYS = "results.json", "arrays.npz"

T = TypeVar("T")


class Record(NamedTuple):
    """What a program left of a study."""

    command: str  # how the program was called
    results: Any  # the study's own `Results`


def _float_as_json(value: float) -> float | str:
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _float_from_json(value: Any, _: type) -> float:
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a number is due, not {value!r}")
    return float(value)


def _exactly(kind: type) -> Any:
    def check(value: Any, _: type) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{kind.__name__} is due, not {value!r}")
        return value

    return check


def _converter(arrays: dict[str, np.ndarray]) -> cattrs.Converter:
    """Converts NamedTuples of numbers, text, tuples, options and arrays, which go to or come from `arrays`."""
    converter = cattrs.Converter(forbid_extra_keys=True)

    def keep(array: np.ndarray) -> dict[str, Any]:
        name = str(len(arrays))
        arrays[name] = np.asarray(array)
        return {"array": name, "shape": list(arrays[name].shape)}

    def fetch(value: Any, _: type) -> np.ndarray:
        array = arrays[value["array"]]
        if list(array.shape) != value["shape"]:
            raise InvalidInput(f"array {value['array']} has the shape {array.shape}, not {value['shape']}")
        return array

    converter.register_unstructure_hook(float, _float_as_json)
    converter.register_structure_hook(float, _float_from_json)
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_unstructure_hook_func(lambda kind: kind is np.ndarray, keep)
    converter.register_structure_hook_func(lambda kind: kind is np.ndarray, fetch)
    converter.register_unstructure_hook_factory(is_namedtuple, namedtuple_dict_unstructure_factory)
    converter.register_structure_hook_factory(is_namedtuple, _strictly)
    return converter


def _strictly(kind: type, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    return namedtuple_dict_structure_factory(kind, converter, "from_converter", True)


def write(folder: pathlib.Path, study: str, record: Record) -> None:
    """Writes `results.json`, and `arrays.npz` if there are arrays, into an existing folder.

    Args: study: its name, which `read` asks for again.
    """
    arrays: dict[str, np.ndarray] = {}
    results = _converter(arrays).unstructure(record.results, type(record.results))
    if arrays:
        np.savez(folder / ARRAYS, allow_pickle=False, **arrays)
    whole = {"study": study, "format": FORMAT, "command": record.command, "results": results}
    (folder / FILE).write_text(json.dumps(whole, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read(folder: pathlib.Path, study: str, kind: type[T]) -> Record:
    """What `write` left in `folder`, its results a `kind`.

    Raises FileNotFoundError where nothing is and ValueError, one line that names the file, for anything that isn't a
    result of this study in this version.
    """
    path = folder / FILE
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: run the program that makes it first")
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(whole, Mapping) or "study" not in whole:
            raise InvalidInput("it is of an older version of this program, or of another")
        if (whole["study"], whole["format"]) != (study, FORMAT):
            raise InvalidInput(f"it is of {whole['study']}, format {whole['format']}; {study}, format {FORMAT}, is due")
        arrays = {}
        if (folder / ARRAYS).exists():
            with np.load(folder / ARRAYS, allow_pickle=False) as file:
                arrays = dict(file)
        return Record(whole["command"], _converter(arrays).structure(whole["results"], kind))
    # A damaged file surfaces as errors of JSON, zip, NumPy and cattrs; for the reader it is one case.
    except Exception as error:
        raise InvalidInput(f"{path} cannot be used ({_reason(error)}): run the program that makes it again") from error


def _reason(error: Exception) -> str:
    found = cattrs.transform_error(error) if isinstance(error, ExceptionGroup) else [str(error) or type(error).__name__]
    return " ".join(found[0].split())[:200]
