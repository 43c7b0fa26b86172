"""Where a sweep may run: not inside a transformation of JAX, not in a forked process, and under no other mesh."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import jax
from jax.sharding import Mesh

from hw3.errors import InvalidInput

INSIDE = "sweep and search can't run inside jit, vmap, grad or scan: call them outside, with arrays"

_forked: list[int] = []  # the process, if it is a fork of one in which JAX was already running


def _note_fork() -> None:
    from jax._src import xla_bridge  # no public function tells whether JAX's threads have started

    if xla_bridge.backends_are_initialized():
        _forked.append(os.getpid())


os.register_at_fork(after_in_child=_note_fork)


@contextlib.contextmanager
def alone(mesh: Mesh) -> Iterator[None]:
    """Runs with this mesh whatever mesh the caller has set.

    Raises ValueError inside `jax.jit` and in a forked process, where JAX would wait for ever.
    """
    check()
    try:
        setting = jax.set_mesh(mesh)
    except ValueError:  # inside jit, where no mesh can be set
        raise InvalidInput(INSIDE) from None
    with setting:
        yield


def check(*arrays: Any) -> None:
    """Raises ValueError inside a transformation of JAX (told by the arrays, too) and in the child of a fork."""
    if any(isinstance(array, jax.core.Tracer) for array in arrays):
        raise InvalidInput(INSIDE)
    if os.getpid() in _forked:
        raise InvalidInput(
            "this process was forked from one that had already used JAX, whose threads are not here: start processes "
            "with multiprocessing.get_context('spawn')"
        )
