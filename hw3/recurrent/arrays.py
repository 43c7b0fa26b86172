"""What the networks compute with: whatever a caller gives as numbers, as floating-point arrays of one precision.

Arrays and tracers of JAX, NumPy arrays, numbers and lists of numbers are all taken. Integers become floats; numbers of
double precision where JAX computes in single (`jax.enable_x64` is off) are rounded with a warning. Under `jit` JAX has
rounded them, in silence, before anything here sees them.
"""

import operator
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput


def is_traced(value: Any) -> bool:
    """Whether a value is known only when the compiled program runs."""
    return isinstance(value, jax.core.Tracer)


def _holds_traced(value: Any) -> bool:
    """Whether a value, or rows of numbers, are known only when the compiled program runs."""
    return any(is_traced(leaf) for leaf in jax.tree.leaves(value))


def shape_of(value: Any, name: str) -> tuple[int, ...]:
    """The shape of an array or of rows of equal length. Raises ValueError naming it for anything else."""
    try:
        return jnp.shape(jnp.asarray(value)) if _holds_traced(value) else np.shape(value)
    except ValueError:
        raise InvalidInput(f"{name} must be numbers in rows of equal length") from None


def floats(tree: Any) -> Any:
    """A pytree of NamedTuples (`RNNParams`, `LSTMParams`, ...) with every field in it a floating-point JAX array.

    All have the widest precision among those that are floating (or complex) already, or JAX's default if none is.
    Raises ValueError for what isn't numbers.
    """
    leaves, structure = jax.tree.flatten(tree, is_leaf=lambda node: not hasattr(node, "_fields"))
    numbers = [_numbers(leaf) for leaf in leaves]
    kinds = [array.dtype for array in numbers if jnp.issubdtype(array.dtype, jnp.inexact)]
    dtype = np.result_type(*kinds) if kinds else jax.dtypes.canonicalize_dtype(float)
    if dtype in (np.float64, np.complex128) and not jax.config.jax_enable_x64:  # type: ignore[attr-defined]
        warnings.warn(
            "numbers of double precision are computed with in single precision: call within jax.enable_x64(True), or "
            "give float32",
            stacklevel=3,
        )
    dtype = jax.dtypes.canonicalize_dtype(dtype)
    return jax.tree.unflatten(structure, [jnp.asarray(array, dtype) for array in numbers])


def like(value: Any, dtype: Any) -> jax.Array:
    """Numbers as an array of this dtype. Raises ValueError for what isn't numbers."""
    return jnp.asarray(_numbers(value), dtype)


def _numbers(value: Any) -> Any:
    try:
        array: Any = jnp.asarray(value) if _holds_traced(value) or isinstance(value, jax.Array) else np.asarray(value)
    except ValueError:
        raise InvalidInput("parameters and sequences must be numbers in rows of equal length") from None
    if not jnp.issubdtype(array.dtype, jnp.number):
        raise InvalidInput(f"parameters and sequences must be numbers, not {array.dtype}")
    # A list's own precision is nobody's choice: Python has only one kind of float.
    return (
        array
        if hasattr(value, "dtype") or array.dtype != np.float64
        else array.astype(jax.dtypes.canonicalize_dtype(float))
    )


def check_index(index: Any, size: int, name: str) -> None:
    """Raises ValueError unless an index is traced or a whole number from 0 to size - 1."""
    if is_traced(index):
        return
    try:
        value = None if isinstance(index, bool | np.bool_) else operator.index(index)
    except TypeError:
        value = None
    if value is None:
        raise InvalidInput(f"{name} is {index!r}; it must be a whole number, counted from 0")
    if not 0 <= value < size:
        raise InvalidInput(f"{name} is number {value + 1}, but there are {size}")


def check_range(value: Any, name: str, low: float, high: float, allowed: str) -> None:
    """Raises ValueError, which says what is `allowed`, unless all numbers are traced or lie in [low, high]."""
    if not is_traced(value) and not bool(np.all((np.asarray(value) >= low) & (np.asarray(value) <= high))):
        raise InvalidInput(f"{name} is {value}; it must be {allowed}")
