"""What the programs write and read: whole files or none, and a study with all that belongs to it.

Nothing that was there before is lost: files and folders are made beside and moved into place once they are whole.
"""

import csv
import json
import pathlib
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from absl import flags
from matplotlib.figure import Figure
from PIL import Image

from common import console
from common.folders import replacing, results_folder
from hw3.errors import InvalidInput
from hw3.report import charts
from hw3.report import results as results_on_disk
from hw3.report.page import Table
from hw3.report.results import Record


class Study(Protocol):
    """What a study's package offers a program, beside its `Settings`, `Results` and `measure`."""

    NAME: str  # of its folder under --outdir

    def tables(self, results: Any) -> Sequence[Table]:
        """What the program prints and the page folds away."""

    def figures(self, results: Any) -> Mapping[str, Figure]:
        """Figures by file name."""


def keep(study: Study, results: NamedTuple, files: Mapping[str, Table | np.ndarray] | None = None) -> pathlib.Path:
    """Writes a study's results, figures and other files as one folder under --outdir, and prints its tables.

    Args: files: tables to be written as CSV and images [height, width, 1 or 3] in [0, 1] to be written as PNG, by
      file name, which may have folders in it.
    """
    with results_folder(study.NAME) as folder:
        write_study(folder, study, results, files)
    show(study, results)
    where = pathlib.Path(flags.FLAGS.outdir, study.NAME)
    print(f"figures and numbers: {where}")
    return where


def write_study(
    folder: pathlib.Path, study: Study, results: NamedTuple, files: Mapping[str, Table | np.ndarray] | None = None
) -> None:
    """Writes all that `keep` does into a folder that is there."""
    for name, figure in study.figures(results).items():
        write_figure(folder / name, figure)
        write_chart(folder / name, figure)
    for name, content in (files or {}).items():
        if isinstance(content, Table):
            write_csv(folder / name, content.header, content.rows)
        else:
            write_image(folder / name, content)
    results_on_disk.write(folder, study.NAME, Record(command(), results))


def show(study: Study, results: NamedTuple) -> None:
    """Prints the tables of a study."""
    for table in study.tables(results):
        console.show(table)


def command() -> str:
    """How this program was called, for the reader of its results."""
    return shlex.join(["python", f"scripts/{pathlib.Path(sys.argv[0]).name}", *sys.argv[1:]])


LARGEST_JSON = 100_000_000  # bytes


def read_json(path: str) -> Any:
    """The value in a JSON file.

    Raises ValueError, which names the file, for what isn't JSON (with the line), isn't a regular file of moderate size
    (a pipe or a device may never end) or says a key twice; else as `open`.
    """
    place = pathlib.Path(path)
    if place.exists() and not place.is_file():
        raise InvalidInput(f"{path}: not a regular file")
    if place.exists() and place.stat().st_size > LARGEST_JSON:
        raise InvalidInput(f"{path}: larger than {LARGEST_JSON / 1e6:.0f} MB")
    try:
        return json.loads(place.read_text(encoding="utf-8"), object_pairs_hook=_with_each_key_once)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{path}: not JSON: {error.msg} in line {error.lineno}") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path}: not a text file") from None
    except RecursionError:
        raise InvalidInput(f"{path}: nested too deeply") from None
    except ValueError as error:  # a key twice, or a number of more digits than Python reads
        raise InvalidInput(f"{path}: {error}") from None


def _with_each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, _ in pairs if [other for other, _ in pairs].count(key) > 1)
        raise InvalidInput(f"the key {twice!r} is there twice")
    return found


def write_text(path: pathlib.Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: pathlib.Path, value: Mapping[str, Any]) -> None:
    """Writes a JSON object, whole or not at all. Raises ValueError for a NaN or an infinity, which JSON has not."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def write_csv(path: pathlib.Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Writes a table, whole or not at all."""
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_figure(path: pathlib.Path, figure: Any) -> None:
    """Writes a matplotlib figure as PNG, whole or not at all."""
    with replacing(path) as beside:
        figure.savefig(beside, format="png", dpi="figure", metadata={"Software": None})


def write_chart(path: pathlib.Path, figure: Figure) -> None:
    """Writes a figure as SVG beside its PNG, `path`, if that is smaller on a page; leaves none there otherwise."""
    svg, beside = charts.chart(figure), path.with_name(charts.file_beside(path.name))
    if svg and len(svg.encode()) < path.stat().st_size * charts.ON_PAGE:
        write_text(beside, svg)
    else:
        beside.unlink(missing_ok=True)


ENLARGED = 8  # saved images are enlarged so many times


def write_image(path: pathlib.Path, image: np.ndarray) -> None:
    """Writes an image [height, width, 1 or 3] in [0, 1] as an enlarged PNG, whole or not at all."""
    pixels = np.round(255 * image).astype(np.uint8).repeat(ENLARGED, 0).repeat(ENLARGED, 1)
    with replacing(path) as beside:
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(beside, format="PNG")
