"""Timing contenders in turn, and whether other work on the machine disturbs it."""

import os
import pathlib
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import psutil

from hw3.cnn import fast_layers

SHORTEST = 0.3  # seconds that one timing lasts at least
LONG = 5.0  # seconds of a first call after which there is no second one to warm up
# Cores that others may use before times count as disturbed: background services use a few hundredths; a tenth already
# moves the threads of a library that keeps them in step, more than ours.
QUIET = 0.1


class Row(NamedTuple):
    """One kind of work: `items` (of `unit`) and floating-point operations in a call, and who can do it."""

    name: str
    unit: str
    items: int
    flop: float | None
    contenders: dict[str, Callable[[], Any]]


class Times(NamedTuple):
    """Seconds of each contender's calls and of its first, which compiles; and how many cores others used meanwhile, on
    average."""

    seconds: dict[str, list[float]]
    first: dict[str, float]
    others: float


class OthersLoad:
    """The cores that other processes use from its making on: the machine's busy time less that of our own processes."""

    def __init__(self) -> None:
        self.start = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        machine = psutil.cpu_times()
        busy = sum(machine) - machine.idle - getattr(machine, "iowait", 0.0)
        own = os.times()
        return time.monotonic(), busy - getattr(machine, "guest", 0.0), sum(own[:4])

    def cores(self) -> float:
        """How many cores others used, on average since the start."""
        elapsed, busy, own = (now - then for now, then in zip(self._now(), self.start, strict=True))
        return max(0.0, busy - own) / max(elapsed, 1e-3)


def others_now(seconds: float = 2.0) -> float:
    """The cores that others use while this process does nothing for so long."""
    load = OthersLoad()
    time.sleep(seconds)
    return load.cores()


def seconds(call: Callable[[], Any], calls: int) -> float:
    """Seconds a call, of `calls` in a row, all results waited for."""
    start = time.perf_counter()
    results = [call() for _ in range(calls)]
    jax.block_until_ready([result for result in results if isinstance(result, jax.Array)])
    return (time.perf_counter() - start) / calls


def measure(row: Row, repeats: int) -> Times:
    """Times each contender `repeats` times in turn after warming up."""
    calls, first = {}, {}
    for name, call in row.contenders.items():
        first[name] = seconds(call, 1)
        calls[name] = 1 if first[name] > LONG else max(1, round(SHORTEST / seconds(call, 1)))
    found: dict[str, list[float]] = {name: [] for name in row.contenders}
    load = OthersLoad()
    for _ in range(repeats):
        for name, call in row.contenders.items():
            found[name].append(seconds(call, calls[name]))
    return Times(found, first, load.cores())


def lines(row: Row, times: Times, peak: float, force: bool) -> list[list[str]]:
    """A line of the table for each contender. Ratios of a disturbed row are left out, or marked with `force`."""
    disturbed = times.others > QUIET
    ours = statistics.median(times.seconds["hw3"])
    found = []
    for name, values in times.seconds.items():
        median = statistics.median(values)
        ratio = f"{median / ours:.2f}" + (" (disturbed)" if disturbed else "")
        found.append(
            [
                row.name,
                name,
                f"{1e3 * median:.1f}",
                f"{1e3 * min(values):.1f}..{1e3 * max(values):.1f}",
                f"{times.first[name]:.1f}",
                f"{row.items / median:,.0f} {row.unit}/s",
                f"{row.flop / median / peak:.0%}" if row.flop else "",
                ratio if force or not disturbed else "disturbed",
                f"{times.others:.2f}",
            ]
        )
    return found


def limit() -> float:
    """Floating-point operations a second of a product of two 2048x2048 float32 matrices: what the machine can do."""
    matrix = jnp.ones((2048, 2048))
    options = fast_layers.compiler_options(jax.default_backend())
    product = jax.jit(lambda a: a @ a, compiler_options=options)
    seconds(lambda: product(matrix), 1)
    return 2 * 2048**3 / min(seconds(lambda: product(matrix), 2) for _ in range(5))


def this_machine() -> str:
    """One line about where this runs."""
    device = jax.devices()[0]
    where = f"{processor()}, {os.cpu_count()} cores" if device.platform == "cpu" else device.device_kind
    return f"{where}, JAX {jax.__version__}, Python {platform.python_version()}"


def processor() -> str:
    """The processor's name as far as the system tells, with its family where the name alone says little."""
    facts: dict[str, str] = {}
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").split("\n\n")[0].splitlines():
            name, _, value = line.partition(":")
            facts[name.strip()] = value.strip()
    name = facts.get("model name") or platform.processor() or platform.machine()
    family = f" (family {facts['cpu family']}, model {facts['model']})" if "cpu family" in facts else ""
    return name + family
