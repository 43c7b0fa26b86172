"""One program as many processes, on one machine or on many, on JAX's own distributed runtime. Not a program itself.

The processes need a folder that all of them see. They exchange nothing there but their results, that they are there,
and who failed first: so each can end at once, with a line that says why, where JAX alone would notice a missing process
after a while and end the others in a page of its own. A process that is killed outright can say nothing; those on the
same machine see it (and say so to the others), on another machine JAX's heartbeats must do.
"""

import atexit
import contextlib
import json
import os
import pathlib
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

import jax
import numpy as np
from absl import flags
from jax.experimental import multihost_utils

from hw3 import unfinished
from hw3.errors import InvalidInput

HEARTBEAT_SECONDS = 30  # without a sign of life, after which JAX ends the other processes
POLL_SECONDS = 0.5
POLL_PEERS_SECONDS = 0.02  # of processes on the same machine: JAX notices the end of process 0 as soon
SILENT_SECONDS = 10.0  # of waiting for the others before this process says so
LINGER_SECONDS = 2.0  # process 0 takes JAX's coordinator with it, so the others leave first


class Processes(NamedTuple):
    """Which process this is, of how many."""

    rank: int  # from 0
    size: int


_own = Processes(0, 1)
_claims: list[pathlib.Path] = []  # files that say that this process is there


def define_flags() -> None:
    """Defines --coordinator_address, --num_processes and --process_id."""
    flags.DEFINE_string(
        "coordinator_address",
        None,
        "With many processes: host:port of process 0, any free port. Not needed on a cluster that JAX knows (SLURM, "
        "Kubernetes, TPU, Open MPI).",
    )
    flags.DEFINE_integer("num_processes", None, "With many processes: how many there are.", lower_bound=1)
    flags.DEFINE_integer("process_id", None, "With many processes: which this is, from 0.", lower_bound=0)


def name() -> str:
    """What this process calls itself before what it has to say; empty if it is alone."""
    return f"process {_own.rank} of {_own.size} on {socket.gethostname()}:" if _own.size > 1 else ""


def join(folder: pathlib.Path) -> Processes:
    """Finds the others by the flags, or by what the cluster says; must come before anything that JAX computes.

    Raises ValueError for flags that name no process, or one that is there already (if it is on this machine and has
    the same folder), and what JAX raises if the others do not come.
    """
    global _own
    unfinished.clear(folder / "process")
    values = flags.FLAGS
    address, size, rank = values.coordinator_address, values.num_processes, values.process_id
    named = {"coordinator_address": address, "num_processes": size, "process_id": rank}
    missing = [flag for flag, value in named.items() if value is None]
    if 0 < len(missing) < len(named):
        raise InvalidInput(f"--{missing[0]} is missing: --{', --'.join(named)} go together")
    if missing:
        try:
            jax.distributed.initialize(heartbeat_timeout_seconds=HEARTBEAT_SECONDS)
        except ValueError as error:
            if "coordinator_address should be defined" not in str(error):
                raise
            return _own  # no cluster: alone
    else:
        if not re.fullmatch(r"\S+:\d+", address):
            raise InvalidInput(f"--coordinator_address={address}: must be host:port, as 10.0.0.1:1234")
        if rank >= size:
            raise InvalidInput(f"--process_id={rank}: must be below --num_processes={size}")
        claim = f"{rank} at {address}"
        _claim(folder, claim)
        if others := _claimed(folder, claim):
            _unclaim()
            raise InvalidInput(
                f"--process_id={rank} is given twice: another process of this run, number "
                f"{others[0].name.split('~')[-3]} on this machine, has it"
            )
        # If they do not come, JAX ends this process after five minutes, and not in a line that one would understand.
        text = f"process {rank} of {size} waits for the others at {address}, up to 5 minutes"
        patience = threading.Timer(SILENT_SECONDS, print, [text], {"file": sys.stderr, "flush": True})
        patience.daemon = True
        patience.start()
        jax.distributed.initialize(address, size, rank, heartbeat_timeout_seconds=HEARTBEAT_SECONDS)
        patience.cancel()
    _own = Processes(jax.process_index(), jax.process_count())
    return _own


@contextlib.contextmanager
def together(folder: pathlib.Path, describe: Callable[[BaseException], str]) -> Iterator[None]:
    """If one process fails in the block, it leaves word of it in the folder, which all see, and the others end too."""
    if _own.size == 1:
        yield
        return
    run = int(multihost_utils.broadcast_one_to_all(np.int32(int.from_bytes(os.urandom(3)))))
    word = folder / f".failed-{run:06x}"
    _claim(folder, f"{_own.rank} in {run}")
    agree(np.zeros(1, bool))  # all have
    peers = {
        made: f"process {rank} of {_own.size} on {socket.gethostname()}:"
        for rank in range(_own.size)
        for made in _claimed(folder, f"{rank} in {run}")
    }
    if _own.rank == 0:
        for old in set(folder.glob(".failed-*")) - {word}:
            old.unlink(missing_ok=True)
    ended = threading.Event()
    threading.Thread(target=_watch, args=(word, peers, ended), daemon=True).start()
    try:
        yield
    except BaseException as error:
        ended.set()
        with contextlib.suppress(OSError), word.open("x", encoding="utf-8") as file:  # the first one alone
            json.dump({"who": name(), "why": describe(error)}, file)
        atexit.register(_leave)  # runs before JAX's own, which would wait for the others to end as well
        raise
    ended.set()


def agree(values: np.ndarray) -> np.ndarray:
    """What process 0 gives, in all of them; none goes on before it is there."""
    if _own.size == 1:
        return values
    try:
        return np.asarray(multihost_utils.broadcast_one_to_all(values))
    except Exception:
        # Perhaps of an exchange with a process that has failed: then the watch ends this one meanwhile.
        time.sleep(2 * POLL_SECONDS + LINGER_SECONDS)
        raise


def _watch(word: pathlib.Path, peers: dict[pathlib.Path, str], ended: threading.Event) -> None:
    last = time.monotonic()
    while not ended.wait(POLL_PEERS_SECONDS if peers else POLL_SECONDS):
        killed = [made for made in peers if unfinished.is_left(made) and made.exists()]  # those who leave take theirs
        if killed:
            with contextlib.suppress(OSError), word.open("x", encoding="utf-8") as file:
                json.dump({"who": peers[killed[0]], "why": "it was killed, or ended without a word"}, file)
        if killed or time.monotonic() - last >= POLL_SECONDS:
            last = time.monotonic()
            with contextlib.suppress(OSError, ValueError):
                failure = json.loads(word.read_text(encoding="utf-8"))
                why = " ".join(f"{failure['who']} {failure['why']}".split())
                print(f"error: {name()} ends, for another failed; {why}", file=sys.stderr)
                _leave()


def _claim(folder: pathlib.Path, claim: str) -> None:
    """Leaves a file that says what this process is, until it ends."""
    own = unfinished.beside(folder / "process")
    own.write_text(claim, encoding="utf-8")
    if not _claims:
        atexit.register(_unclaim)
    _claims.append(own)


def _claimed(folder: pathlib.Path, claim: str) -> list[pathlib.Path]:
    """The files of other processes of this machine that say the same."""
    found = []
    for made in unfinished.going_on(folder / "process"):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if made not in _claims and made.read_text(encoding="utf-8") == claim:
                found.append(made)
    return found


def _unclaim() -> None:
    while _claims:
        _claims.pop().unlink(missing_ok=True)


def _leave() -> NoReturn:
    """Ends this process at once, without waiting for the others."""
    _unclaim()
    sys.stdout.flush()
    sys.stderr.flush()
    if _own.rank == 0:
        time.sleep(LINGER_SECONDS)
    os._exit(1)
