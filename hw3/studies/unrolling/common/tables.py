"""Rows and tables that both studies print and the page folds away."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hw3.report.page import Table
from hw3.studies.unrolling.common.verification import Routes, Verification

STEPS_SHOWN = 5  # of a longer sequence the last ones: the loss is there
ENTRIES_SHOWN = 9  # of what a step has; more is for results.json
PARAMETERS_SHOWN = 30
ROUTES = [name.replace("_", " ") for name in Routes._fields]


def shown(steps: int) -> range:
    """The steps, counted from 0, that tables show."""
    return range(max(0, steps - STEPS_SHOWN), steps)


def heads(steps: int) -> list[str]:
    """Their names."""
    return [f"t={t + 1}" for t in shown(steps)]


def by_step(caption: str, quantities: Sequence[tuple[str, Any]]) -> Table:
    """Quantities with their names, each `[steps, ...]`: a row an entry, a column a step."""
    steps = len(quantities[0][1])
    return Table(caption, ["", *heads(steps)], [row for name, values in quantities for row in _rows(name, values)])


def _rows(name: str, values: Any) -> Iterator[list[str]]:
    array = np.asarray(values)
    steps = shown(len(array))
    if array[0].size > ENTRIES_SHOWN:
        yield [f"{name}: {array[0].size} entries, see results.json", *("" for _ in steps)]
        return
    for index in np.ndindex(array.shape[1:]):
        entry = ",".join(str(i + 1) for i in index)
        yield [f"{name} [{entry}]", *(f"{array[(t, *index)] + 0.0:.8g}" for t in steps)]  # + 0.0: no minus zero


def outputs(caption: str, y_hat: Sequence[Sequence[float]], step_losses: Sequence[float]) -> Table:
    """The outputs `[steps, m]` and the loss of each step's output alone `[steps]`."""
    steps = shown(len(y_hat))
    rows = [[f"ŷ{k + 1}", *(f"{y_hat[t][k]:.8f}" for t in steps)] for k in range(len(y_hat[0]))]
    return Table(
        caption,
        ["output", *heads(len(y_hat))],
        [*rows, ["loss of the step", *(f"{step_losses[t]:.8f}" for t in steps)]],
    )


def routes(verification: Verification) -> Table:
    """The gradient by every route, and how far each is from automatic differentiation."""
    rows = [[entry.name, *(f"{value:.10g}" for value in entry.values)] for entry in verification.entries]
    left_out = len(rows) - PARAMETERS_SHOWN
    more = [[f"{left_out} more, see results.json", *("" for _ in ROUTES)]] if left_out > 0 else []
    return Table(
        "The gradient by every route; error: the largest, relative, against autodiff",
        ["", *ROUTES],
        [*rows[:PARAMETERS_SHOWN], *more, ["error", *(f"{error:.1e}" for error in verification.largest)]],
    )


def largest_errors(verification: Verification) -> Table:
    """How far each route is from automatic differentiation, over all parameters."""
    errors = zip(ROUTES, verification.largest, strict=True)
    return Table(
        "All parameters: largest error relative to autodiff",
        ("route", "error"),
        [(name, f"{error:.1e}") for name, error in errors],
    )


def enumerated(values: Sequence[float], form: str = "") -> str:
    """Numbers with commas between, to their last digit without a form; the first ones of many."""
    said = ", ".join(f"{value:{form}}" if form else repr(value) for value in values[:ENTRIES_SHOWN])
    return f"{said}, ..." if len(values) > ENTRIES_SHOWN else said
