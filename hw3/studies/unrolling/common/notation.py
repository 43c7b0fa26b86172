"""The symbols of both derivations with their numbers, as terms of the page's mathematics."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from hw3.report import math
from hw3.report.math import Line, Term
from hw3.studies.unrolling.common.task import Matrix, Task, Vector

STEPS_DERIVED = 5  # a longer sequence, or larger matrices, would fill pages
ENTRIES_DERIVED = 4


def fits(*shape: int, steps: int) -> bool:
    """Whether a network of these sizes is small enough to be written out."""
    return steps <= STEPS_DERIVED and max(shape) <= ENTRIES_DERIVED


def in_step(name: str, t: int, sub: str = "") -> Markup:
    """A symbol in step t, counted from 0, as h^(t+1); "ŷ" for the outputs."""
    return math.symbol("y" if name == "ŷ" else name, sub, f"({t + 1})", "^" if name == "ŷ" else "")


def value(name: str, t: int, values: Matrix) -> Term:
    """A vector `[T, k]` in step t."""
    return Term(in_step(name, t), math.vector(values[t]))


def start(name: str, values: Vector | None, size: int) -> Term:
    """A state before the first step, zero if None."""
    return Term(in_step(name, -1), math.vector(np.zeros(size) if values is None else values))


def slope(name: str, t: int, values: Matrix, sub: str = "") -> Term:
    """The loss's derivative `[T, k]` in a quantity of step t."""
    return Term(math.derivative("L", in_step(name, t, sub)), math.vector(values[t]))


def parameter(name: str, values: Matrix | Vector, sub: str = "", transposed: bool = False) -> Term:
    """A matrix, or a vector as a column."""
    array = np.array(values)
    symbol = math.symbol(name, sub, "T" if transposed else "")
    return Term(symbol, math.vector(array) if array.ndim == 1 else math.matrix(array.T if transposed else array))


def through_output(task: Task, t: int, y_hat: Matrix, dL_dy: Matrix, dL_do: Matrix) -> list[Line]:
    """From the loss to o^(t) of a step whose output is in the loss."""
    y = np.array(y_hat[t])
    jacobian = np.diag(y) - np.outer(y, y)
    return [
        Line(
            f"The loss, by the outputs of step {t + 1}",
            [slope("ŷ", t, dL_dy), "=", Term(_loss_slopes(task, t, len(y)), math.vector(dL_dy[t]))],
        ),
        Line(
            "through the softmax, whose derivatives are ŷᵢ (1 − ŷᵢ) and −ŷᵢ ŷⱼ,",
            [
                slope("o", t, dL_do),
                "=",
                Term(
                    math.power(math.row("(", math.derivative(in_step("ŷ", t), in_step("o", t)), ")"), "T"),
                    math.matrix(jacobian.T),
                ),
                "·",
                slope("ŷ", t, dL_dy),
            ],
        ),
    ]


def _loss_slopes(task: Task, t: int, outputs: int) -> Markup:
    entries = []
    for k in range(1, outputs + 1):
        y = in_step("ŷ", t, str(k))
        terms: list[str | Markup] = []
        if k == task.squared:
            terms += [math.number(2), "(", y, "−", math.fraction("1", "2"), ")"]
        if k == task.logged:
            terms += ["−", math.fraction("1", y)]
        entries.append(math.row(*(terms or [math.number(0)])))
    return math.column(entries)


def loss_of_step(task: Task, t: int, y_hat: Matrix) -> Sequence[Term | str]:
    """The two terms of the loss of step t."""
    y = y_hat[t]
    squared, logged = (in_step("ŷ", t, str(k)) for k in (task.squared, task.logged))
    return [
        Term(
            math.power(math.row("(", squared, "−", math.fraction("1", "2"), ")"), "2"),
            math.number((y[task.squared - 1] - 0.5) ** 2, 9),
        ),
        "−",
        Term(math.apply("log", logged), math.row("(", math.number(float(np.log(y[task.logged - 1])), 9), ")")),
    ]
