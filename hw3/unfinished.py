"""Files and folders in the making: hidden names beside the place they are to take, which say which process makes them.

So a later process can clear what a killed one left, and never touches what another is still working on, on this
machine or, in a folder that several share, on another.
"""

import contextlib
import errno
import os
import pathlib
import re
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator

ATTEMPTS = 10  # to take a place that other processes take at the same time
_NAME_LENGTH = 100  # of the place's own name in that of its unfinished, which must stay below 255


def beside(path: pathlib.Path) -> pathlib.Path:
    """A new name in the folder of `path`, `.NAME~MACHINE~PROCESS~START~RANDOM`; nothing is made under it."""
    own = os.getpid()
    return path.with_name(f"{_prefix(path)}~{_machine()}~{own}~{_start(own)}~{secrets.token_hex(4)}")


def left(path: pathlib.Path) -> list[pathlib.Path]:
    """What processes of this machine that have ended left unfinished beside `path`."""
    return [made for made in _made_here(path) if is_left(made)]


def going_on(path: pathlib.Path) -> list[pathlib.Path]:
    """What processes of this machine are making beside `path` now, this one among them."""
    return [made for made in _made_here(path) if not is_left(made)]


def is_left(made: pathlib.Path) -> bool:
    """Whether the process of this machine that makes what has this name has ended."""
    process, start = made.name.split("~")[-3:-1]
    return _has_ended(int(process), start)


def _made_here(path: pathlib.Path) -> list[pathlib.Path]:
    named = re.compile(rf"{re.escape(f'{_prefix(path)}~{_machine()}')}~\d+~\d+~[0-9a-f]{{8}}", re.ASCII)
    with contextlib.suppress(FileNotFoundError):
        return [path.with_name(name) for name in os.listdir(path.parent) if named.fullmatch(name)]
    return []


@contextlib.contextmanager
def folder(path: pathlib.Path, check: Callable[[pathlib.Path], None]) -> Iterator[pathlib.Path]:
    """A folder that takes the place of `path`, with all the block wrote, only if the block ends well.

    `check(path)` raises if what is there must not be replaced. Nothing is ever lost: what is there is moved into the
    folder beside first, and comes back if the new one cannot take its place, by `clear` if this process is killed.
    """
    whole = beside(path)
    new = whole / "new"
    try:
        new.mkdir(parents=True)
        yield new
        _put(new, path, check)
    finally:
        shutil.rmtree(whole, ignore_errors=True)


def _put(new: pathlib.Path, path: pathlib.Path, check: Callable[[pathlib.Path], None]) -> None:
    for attempt in range(ATTEMPTS):
        check(path)
        old = new.with_name(f"old-{attempt}")
        with contextlib.suppress(FileNotFoundError):
            os.rename(path, old)
        try:
            os.rename(new, path)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and attempt + 1 < ATTEMPTS:
                continue  # another process has come between
            if old.exists():
                os.rename(old, path)
            raise
        return


def clear(path: pathlib.Path) -> None:
    """Removes what is `left` beside `path`, as far as it can be removed, but for what was in the place of `path`."""
    for old in left(path):
        for taken in old.glob("old-*"):  # its process was killed between the two moves of `_put`
            with contextlib.suppress(OSError):
                os.rename(taken, path)
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                old.unlink()


def _prefix(path: pathlib.Path) -> str:
    return f".{path.name[:_NAME_LENGTH]}"


def _machine() -> str:
    """Within it a process's number means the same process: the host, and on Linux the namespace of such numbers."""
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        namespace = 0
    return re.sub(r"[^\w.-]", "_", socket.gethostname(), flags=re.ASCII)[:64] + f".{namespace}"


def _start(process: int) -> str:
    """When a process was started, as /proc counts; "0" where there is no /proc, no such process or its shell alone."""
    try:
        # The second field is the program's name in brackets, whatever that holds.
        fields = pathlib.Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return "0"
    return "0" if fields[0] in "ZX" else fields[19]


def _has_ended(process: int, start: str) -> bool:
    """Whether no process has this number any more, or another has it now. Where that cannot be told: no."""
    if os.name != "posix":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # it is another user's; or not a number of a process
        pass
    return _start(process) != start
