"""The gradient unrolled by hand beside automatic differentiation, complex steps and central differences."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from hw3.recurrent import gradients
from hw3.studies.unrolling.common.task import Vector, as_tuples


class Routes(NamedTuple):
    """One number by each route to the gradient."""

    unrolled: float
    autodiff: float
    complex_step: float
    differences: float


class Entry(NamedTuple):
    """One entry of one parameter: its derivative by each route, and each route's error relative to autodiff."""

    name: str  # "W[2,1]"
    values: Routes
    errors: Routes  # relative to the largest derivative in the same parameter


class Curve(NamedTuple):
    """The error of central differences of the loss in the biases against epsilon."""

    epsilons: Vector
    errors: Vector  # the largest, relative to the largest derivative

    @property
    def best_error(self) -> float:
        """The smallest error."""
        return min(self.errors)

    @property
    def best_epsilon(self) -> float:
        """The (first) epsilon with the smallest error."""
        return self.epsilons[self.errors.index(self.best_error)]


class Verification(NamedTuple):
    """All parameters by all routes, and how the choice of epsilon matters for the biases."""

    entries: tuple[Entry, ...]
    largest: Routes  # the largest error of each route
    differences: Vector  # the derivatives in the biases by central differences
    curve: Curve


def verify(
    loss_of: Callable[[Any], jax.Array],
    params: Any,
    gradient: Any,
    biases_of: Callable[[Any], jax.Array],
    with_biases: Callable[[Any], Any],
    epsilon: float,
) -> Verification:
    """Sets an unrolled gradient beside the other routes.

    Args: loss_of: of parameters; biases_of: takes the biases `[n]` in question out of parameters or a gradient;
      with_biases: the parameters with others in their place; epsilon: of the central differences.
    """
    found = gradients.routes(loss_of, params, gradient, epsilon)
    rows = gradients.side_by_side(found, "autodiff")
    errors = gradients.error_curve(lambda biases: loss_of(with_biases(biases)), biases_of(params), biases_of(gradient))
    return Verification(
        tuple(Entry(row.entry, Routes(*row.values), Routes(*row.relative_errors)) for row in rows),
        Routes(*np.max([row.relative_errors for row in rows], 0).tolist()),
        as_tuples(biases_of(found["differences"])),
        Curve(gradients.EPSILONS, as_tuples(errors)),
    )
