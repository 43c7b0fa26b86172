"""Times of functions, measured in turn so that what else the machine does falls on all of them alike."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import jax


def alternate_seconds(functions: Sequence[Callable[[], Any]], repeats: int) -> list[tuple[float, ...]]:
    """The times of `repeats` calls of each function, one after the other in turn, in seconds.

    Each has been called once before, so nothing is compiled, and each result is waited for.
    """
    for function in functions:
        jax.block_until_ready(function())
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            jax.block_until_ready(function())
            taken.append(time.perf_counter() - start)
    return [tuple(taken) for taken in times]
