"""Functions that begin to be compiled before they are called, in a thread of their own."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import jax
import numpy as np


class Ahead:
    """A function compiled for each shape and device of its arguments, at the first call or when `begin` says so."""

    def __init__(self, function: Callable[..., Any], options: dict[str, str]) -> None:
        """Compiled with these options of XLA's."""
        self._jitted = jax.jit(function, compiler_options=options)
        self._ahead: dict[Hashable, Future[Any]] = {}

    def __call__(self, *arguments: Any) -> Any:
        """What the function gives; waits for a compilation that has begun."""
        ahead = self._ahead.get(_kind(arguments)) if self._ahead else None
        return (ahead.result() if ahead else self._jitted)(*arguments)

    def begin(self, *arguments: Any) -> None:
        """Begins to compile for arguments of these shapes: arrays, or `jax.ShapeDtypeStruct` with their sharding."""
        kind = _kind(arguments)
        if kind not in self._ahead:
            lowered = self._jitted.lower(*arguments)  # here, for JAX's settings are those of a thread
            pool = ThreadPoolExecutor(1)
            self._ahead[kind] = pool.submit(lowered.compile)
            pool.shutdown(wait=False)

    def results(self, *arguments: Any) -> Any:
        """Shapes and dtypes of what it gives."""
        return jax.eval_shape(self._jitted, *arguments)


def _kind(arguments: Any) -> Hashable:
    """Equal for arguments that one compiled program serves."""
    leaves, structure = jax.tree.flatten(arguments)
    places = (getattr(leaf, "sharding", None) for leaf in leaves)
    devices = frozenset(device for place in places if place is not None for device in place.device_set)
    return structure, devices, tuple((np.shape(leaf), leaf.dtype) for leaf in leaves)
