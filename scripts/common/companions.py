"""Programs that run beside others and take what processor time those leave idle. Not a program itself.

Drawing, compiling and small networks keep one core busy, and while a large network is trained each core waits for the
other now and then. What runs beside has a lower priority, so that it delays the others little; what is to be timed has
to wait until it is done.
"""

import os
import pathlib
import sys
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import connection
from typing import Any, NamedTuple, NoReturn

from common import program

NICENESS = 5  # with more, what else the machine does would keep them from ever ending


class Job(NamedTuple):
    """A program in a process of its own."""

    command: tuple[str, ...]  # its file and what follows it on the command line
    process: Any
    started: float  # by the monotonic clock


class Companions:
    """Runs programs in the order in which they are added, one at a time, while `wait_for` or `finish` waits."""

    def __init__(
        self, processes: Any, fail: Callable[[str, int], NoReturn], output: pathlib.Path, niceness: int = NICENESS
    ) -> None:
        """Args: processes: a context of `multiprocessing`; fail: ends this program, called with the name of a program
        that failed and its status; output: a file that takes what the programs print, until it is told; niceness: by
        how much their priority is lower, where the system has priorities."""
        self._processes, self._fail, self._output, self._niceness = processes, fail, output, niceness
        self._waiting: deque[tuple[str, ...]] = deque()
        self._running: Job | None = None
        self._ended: list[tuple[Job, float, str]] = []  # with seconds and output, not yet told

    def add(self, *command: str) -> None:
        """Adds a program: its file and what follows it on the command line."""
        self._waiting.append(command)
        self._start_next()

    def wait_for(self, process: Any) -> None:
        """Waits until `process` has ended. Then tells of the programs that ended meanwhile, each with all it printed.

        Calls `fail` for one that failed.
        """
        while process.is_alive():
            connection.wait([process.sentinel, *([self._running.process.sentinel] if self._running else [])])
            self._start_next()
        process.join()
        self._tell()

    def finish(self) -> None:
        """Waits for all programs and tells of each as it ends. Calls `fail` for one that failed."""
        while self._running:
            print(f"\nwaiting for {_name(self._running.command)} ...", flush=True)
            self._running.process.join()
            self._start_next()
            self._tell()

    def _start_next(self) -> None:
        """Starts the first of the programs that wait, unless one is running."""
        if self._running and not self._running.process.is_alive():
            self._running.process.join()
            text = self._output.read_text(encoding="utf-8", errors="replace")
            self._ended.append((self._running, time.monotonic() - self._running.started, text))
            self._running = None
        failed = any(job.process.exitcode for job, _, _ in self._ended)
        if self._waiting and not self._running and not failed:
            command = self._waiting.popleft()
            # A daemon, so that it ends with this program whatever makes that end.
            process = self._processes.Process(
                target=_execute, args=(command, self._output, self._niceness), daemon=True
            )
            process.start()
            self._running = Job(command, process, time.monotonic())

    def _tell(self) -> None:
        while self._ended:
            job, seconds, text = self._ended.pop(0)
            print(f"\n== {_name(job.command)}, beside the others\n{text.rstrip()}", flush=True)
            if job.process.exitcode:
                self._fail(_name(job.command), job.process.exitcode)
            print(f"== {_name(job.command)} took {seconds:.0f} s beside the others", flush=True)


def _name(command: tuple[str, ...]) -> str:
    return pathlib.Path(command[0]).name


def _execute(command: tuple[str, ...], output: pathlib.Path, niceness: int) -> None:
    """Runs a program in this process with all it prints in a file."""
    if hasattr(os, "nice"):
        os.nice(niceness)
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # JAX would take most of a GPU's memory for itself
    with output.open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    program.execute(command)
