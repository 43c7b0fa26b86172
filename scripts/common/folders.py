"""Where the programs put what they write: nothing that was there before is lost, unless the same program had made it.

Files and folders are made beside and moved into place once they are whole. A folder that a program made holds a file,
`.made-by`, that says so and lists what it wrote; it alone is replaced by the next run. Results of versions without that
file are known by their `results.json`, which names the program. Not a program itself.
"""

import contextlib
import json
import os
import pathlib
import shlex
import sys
from collections.abc import Iterator

from absl import flags

from hw3 import unfinished
from hw3.errors import InvalidInput

MARK = ".made-by"
FROM_FILE_MANAGERS = {".DS_Store", "Thumbs.db", "desktop.ini"}


def check_writable(path: pathlib.Path) -> pathlib.Path:
    """Makes a folder for results under --outdir; raises OSError naming it if nothing can be written there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = unfinished.beside(path / "writable")
        probe.touch()
        probe.unlink()
        unfinished.clear(path / "writable")
    except OSError as error:
        raise OSError(f"--outdir: cannot write in {path} ({error.strerror})") from error
    return path


def ready(name: str) -> pathlib.Path:
    """The place of `name` under --outdir, cleared of what killed runs left; before the work whose results it takes.

    Raises ValueError if this program did not make what is there, OSError if nothing can be written.
    """
    target = check_writable(pathlib.Path(flags.FLAGS.outdir)) / name
    check_own(target)
    unfinished.clear(target)
    return target


@contextlib.contextmanager
def results_folder(name: str) -> Iterator[pathlib.Path]:
    """A folder that takes the place of `name` under --outdir, with all the block wrote, only if the block ends well.

    So results of an earlier run are neither lost to a failing one nor mixed with those of another. Errors as `ready`,
    before the block and after it.
    """
    with unfinished.folder(ready(name), check_own) as new:
        yield new
        _mark(new)


def own_folder(path: pathlib.Path, known: bool = False) -> pathlib.Path:
    """Makes a folder that this program fills in the course of several runs, or finds it.

    Raises ValueError if something is there that this program did not make, unless it is `known` to be its own.
    """
    if not (known or (_program_of(path) == _program())) and _exists(path) and not _is_empty(path):
        raise InvalidInput(_refusal(path, "was not made by this program"))
    check_writable(path)
    with replacing(path / MARK) as beside:
        beside.write_text(json.dumps({"program": _program()}) + "\n", encoding="utf-8")
    return path


def check_own(path: pathlib.Path) -> None:
    """Raises ValueError unless `path` is free or all that is there was made by an earlier run of this program."""
    for _ in range(unfinished.ATTEMPTS):
        before = _number(path)
        why = _foreign(path)
        if not why:
            return
        if _number(path) == before:  # otherwise another run of this program put its own there meanwhile
            break
    raise InvalidInput(_refusal(path, why))


def check_own_file(path: pathlib.Path, sign: str) -> None:
    """Raises ValueError unless `path` is free or a text file with `sign` among its first 10,000 bytes."""
    if not _exists(path):
        return
    if not path.is_symlink() and path.is_file():
        with path.open("rb") as file:
            if sign.encode() in file.read(10_000):
                return
    raise InvalidInput(_refusal(path, "was not made by this program"))


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary name beside `path` that is moved onto it only if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished.clear(path)
    beside = unfinished.beside(path)
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _program() -> str:
    return pathlib.Path(sys.argv[0]).name


def _refusal(path: pathlib.Path, why: str) -> str:
    return f"{path} {why}: {_program()} replaces its own results alone; move that away, or name another --outdir"


def _foreign(path: pathlib.Path) -> str:
    """Why what is there is not, or not all, of this program; empty if it is."""
    if not _exists(path) or _is_empty(path):
        return ""
    if path.is_symlink() or not path.is_dir():
        return "is no folder"
    if (maker := _program_of(path)) != _program():
        return f"was made by {maker}" if maker else "was not made by this program"
    listed = _read_mark(path).get("files")
    others = sorted(set(_files(path)) - set(listed) - {MARK}) if isinstance(listed, list) else []
    return f"holds {others[0]!r}, which no run of this program wrote" if others else ""


def _number(path: pathlib.Path) -> int | None:
    """By which the file system tells this folder from another that takes its name."""
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return None


def _exists(path: pathlib.Path) -> bool:
    return os.path.lexists(path)


def _is_empty(path: pathlib.Path) -> bool:
    try:
        return not path.is_symlink() and not os.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _files(folder: pathlib.Path) -> list[str]:
    """All below a folder that is no folder itself, but for what file managers strew."""
    found = []
    for parent, folders, files in os.walk(folder):  # unlike `rglob` silent about a folder that vanishes meanwhile
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        found += [pathlib.Path(parent, name).relative_to(folder).as_posix() for name in files + links]
    return [name for name in found if pathlib.PurePosixPath(name).name not in FROM_FILE_MANAGERS]


def _mark(folder: pathlib.Path) -> None:
    record = {"program": _program(), "files": sorted(_files(folder))}
    (folder / MARK).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _read_mark(folder: pathlib.Path) -> dict:
    return _read_object(folder / MARK)


def _read_object(path: pathlib.Path) -> dict:
    """The JSON object in a file; empty if it holds none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError, RecursionError):
        value = {}
    return value if isinstance(value, dict) else {}


def _program_of(folder: pathlib.Path) -> str:
    """The program that made a folder; empty if none of ours did."""
    if (folder / MARK).is_file():
        return str(_read_mark(folder).get("program", ""))
    try:
        words = shlex.split(str(_read_object(folder / "results.json").get("command", "")))
    except ValueError:
        return ""
    return pathlib.PurePosixPath(words[1]).name if len(words) > 1 and words[0] == "python" else ""
