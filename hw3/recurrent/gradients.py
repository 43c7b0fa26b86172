"""Gradients by other routes than unrolling, and several routes set side by side.

A "point" is any pytree of numbers (`RNNParams`, `LSTMParams`, a vector b), whole ones taken as floats; a "function"
maps it to a number.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput

EPSILONS = tuple(10.0 ** (-exponent / 4) for exponent in range(4, 49))  # 1e-1 to 1e-12, four in each decade


class Row(NamedTuple):
    """One entry of one parameter: its value by each route, and each value's error relative to the reference.

    The error is |value - reference| / (largest |reference| of that parameter): an entry whose true gradient
    is zero has an error too.
    """

    entry: str
    values: tuple[float, ...]
    relative_errors: tuple[float, ...]


def checked_epsilon(epsilon: float) -> float:
    """The same epsilon; ValueError unless it is positive and finite."""
    if not 0 < epsilon < float("inf"):
        raise InvalidInput(f"epsilon is {epsilon}; it must be a positive finite number")
    return epsilon


def _floating(point: Any) -> Any:
    """The point with whole numbers as floats: an epsilon added to an integer would be cut off."""
    whole = jax.tree.map(jnp.asarray, point)
    return jax.tree.map(lambda leaf: leaf if jnp.issubdtype(leaf.dtype, jnp.inexact) else leaf.astype(float), whole)


def central_differences(function: Callable[[Any], jax.Array], point: Any, epsilon: Any) -> Any:
    """(function(p + epsilon) - function(p - epsilon)) / (2 epsilon) for every entry p, shaped like the point.

    epsilon may be traced; a plain number is checked (ValueError unless finite and positive).
    """
    if isinstance(epsilon, int | float):
        checked_epsilon(epsilon)
    point = _floating(point)
    flat, unravel = jax.flatten_util.ravel_pytree(point)
    epsilon = jnp.asarray(epsilon, flat.dtype)

    def along(direction: jax.Array) -> jax.Array:
        shift = epsilon * direction
        return (function(unravel(flat + shift)) - function(unravel(flat - shift))) / (2 * epsilon)

    # One direction after the other: memory for one pair of evaluations, however many parameters there are.
    return unravel(jax.lax.map(along, jnp.eye(flat.shape[0], dtype=flat.dtype)))


def complex_steps(function: Callable[[Any], jax.Array], point: Any, step: float = 1e-20) -> Any:
    """Im(function(p + i step)) / step for every entry p, shaped like the point.

    No nearly equal numbers are subtracted, so unlike `central_differences` it is exact to round-off; the
    function must be analytic and compute in the (complex) type of the point that it is given. (Squire and
    Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40, 1998.)
    """
    point = _floating(point)
    flat, unravel = jax.flatten_util.ravel_pytree(point)
    kind = np.result_type(flat.dtype, np.complex64)
    _, unravel_complex = jax.flatten_util.ravel_pytree(jax.tree.map(lambda leaf: leaf.astype(kind), point))

    def along(direction: jax.Array) -> jax.Array:
        return function(unravel_complex(jax.lax.complex(flat, step * direction))).imag / step

    return unravel(jax.lax.map(along, jnp.eye(flat.shape[0], dtype=flat.dtype)))


def routes(function: Callable[[Any], jax.Array], point: Any, unrolled: Any, epsilon: float) -> dict[str, Any]:
    """The gradient at a point by every route: unrolled (given), autodiff, complex step, differences."""
    point = _floating(point)
    return {
        "unrolled": unrolled,
        "autodiff": jax.jit(jax.grad(function))(point),
        "complex step": jax.jit(lambda p: complex_steps(function, p))(point),
        "differences": jax.jit(lambda p, e: central_differences(function, p, e))(point, checked_epsilon(epsilon)),
    }


def error_curve(
    function: Callable[[Any], jax.Array], point: Any, exact: Any, epsilons: Sequence[float] = EPSILONS
) -> np.ndarray:
    """The error of central differences for each epsilon `[E]`, relative to exact, both in the largest norm.

    Truncation falls as epsilon^2, round-off grows as 1/epsilon: a V. Raises ValueError unless all are
    positive.
    """
    for epsilon in epsilons:
        checked_epsilon(epsilon)
    truth, _ = jax.flatten_util.ravel_pytree(exact)
    scale = jnp.maximum(jnp.max(jnp.abs(truth)), jnp.finfo(truth.dtype).tiny)  # an exact zero has no scale

    def error(epsilon: jax.Array) -> jax.Array:
        found, _ = jax.flatten_util.ravel_pytree(central_differences(function, point, epsilon))
        return jnp.max(jnp.abs(found - truth)) / scale

    return np.asarray(
        jax.jit(lambda all_epsilons: jax.lax.map(error, all_epsilons))(jnp.asarray(epsilons, truth.dtype))
    )


def side_by_side(routes: Mapping[str, Any], reference: str) -> list[Row]:
    """Sets gradients of one shape side by side, entry by entry; errors are taken against `reference`.

    Entries are named by their path and 1-based indices: `b[1]`, `gates.forget.W[2,1]`.
    """
    leaves = {name: jax.tree_util.tree_leaves_with_path(gradient) for name, gradient in routes.items()}
    rows = []
    for position, (path, truth) in enumerate(leaves[reference]):
        name = jax.tree_util.keystr(path, simple=True, separator=".")
        truth = np.asarray(truth)
        scale = max(float(np.abs(truth).max()), float(np.finfo(truth.dtype).tiny))
        for index in np.ndindex(truth.shape):
            values = tuple(float(np.asarray(leaves[route][position][1])[index]) for route in routes)
            errors = tuple(abs(value - float(truth[index])) / scale for value in values)
            rows.append(Row(f"{name}[{','.join(str(i + 1) for i in index)}]", values, errors))
    return rows
