"""The audit: what each printed number is worth, found by trying.

A verdict is never typed in. For every number these are tried in turn, and the first that gives the printed
digits is the verdict: the assignment as it stands; each combination of conventions
(`values.CHOICES`), the fewest departures first; known ways to compute wrongly; a misprint (sign,
digit, or another quantity's value).
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import jax
import numpy as np

from hw3.studies import given
from hw3.studies.audit.findings import CONVENTION, MISPRINTED, REPRODUCED, WRONG, Finding
from hw3.studies.audit.recurrent.numbers import NUMBERS, Printed
from hw3.studies.audit.recurrent.values import (
    MISTAKES,
    PLAIN,
    STATED,
    STATEMENTS,
    Setting,
    Values,
    departures,
    mistakes,
    settings,
    values,
)
from hw3.studies.audit.slips import DIGITS_FOR_A_MISPRINT, like, meets, repairs, significant

# Fewer digits than these can be met by chance among the things that are tried.
DIGITS_FOR_ANOTHER_QUANTITY = 6
DIGITS_FOR_A_MISPRINT_UNDER_ANY_CONVENTION = 12


def audit(numbers: Sequence[Printed] = NUMBERS) -> list[Finding]:
    """Audits every printed number in order, in float64 whatever the caller's setting."""
    with jax.enable_x64(True):
        findings: list[Finding] = []
        for document in dict.fromkeys(row.document for row in numbers):
            rows = [row for row in numbers if row.document == document]
            own = own_setting(rows)
            findings += [finding for row in rows for finding in _audit_row(row, own)]
        return findings


def own_setting(rows: Sequence[Printed]) -> Setting:
    """A document's own loss, learning rate and direction: those that meet most of its numbers."""
    cells = [cell for row in rows for cell in _cells(row)]

    def met(setting: Setting) -> int:
        return sum(meets(printed, found) is not None for printed, found in _looked_up(cells, setting))

    return max(settings(STATED), key=met)  # the first of equals: the fewest departures


Cell = tuple[Printed, tuple[int, ...], str]


def _cells(row: Printed) -> list[Cell]:
    """Each number of a row with its full index; numbers fill what `row.at` leaves open, row by row."""
    digits = row.digits.split()
    shape = values(PLAIN)[row.name].shape[len(row.at) :]
    indices = list(np.ndindex(shape))
    # A number too many gets an index that doesn't exist.
    indices += [(shape[0] + extra,) for extra in range(len(digits) - len(indices))]
    return [(row, (*row.at, *index), text) for index, text in zip(indices, digits, strict=False)]


def _looked_up(cells: Sequence[Cell], setting: Setting) -> Iterator[tuple[str, float]]:
    for row, index, text in cells:
        yield text, _entry(values(setting), row.name, index)


def _entry(found: Values, name: str, index: tuple[int, ...]) -> float:
    try:
        return float(found[name][index])
    except IndexError:
        return float("nan")


def _round_off(name: str, value: float, setting: Setting) -> float:
    """How far two float64 programs may differ: a few last bits; for a difference those of loss / epsilon."""
    few_bits = 4 * float(np.finfo(np.float64).eps)
    if name == "differences" or (name == "gradient" and setting.gradient == "differences"):
        return few_bits * float(values(setting)["loss"]) / (2 * setting.epsilon)
    return few_bits * abs(value)


def _gives(text: str, name: str, value: float, setting: Setting) -> str | None:
    remark = meets(text, value)
    if remark is None and significant(text) >= 15 and abs(value - float(text)) <= _round_off(name, value, setting):
        return "to the round-off of float64"
    return remark


def _audit_row(row: Printed, own: Setting) -> Iterator[Finding]:
    for cell in _cells(row):
        yield _audit_cell(cell, own)


def _audit_cell(cell: Cell, own: Setting) -> Finding:
    row, index, text = cell
    right = _entry(values(own), row.name, index)
    what = (
        row.what
        if len(index) == len(row.at)
        else f"{row.what}, entry {','.join(str(i + 1) for i in index[len(row.at) :])}"
    )

    def finding(verdict: str, reason: str, ours: float = right) -> Finding:
        return Finding(row.problem, row.document, row.part, what, text, ours, verdict, reason)

    if np.isnan(right):
        shape = values(PLAIN)[row.name].shape[len(row.at) :]
        return finding(MISPRINTED, f"one entry too many: there are {int(np.prod(shape))}")
    for setting in settings():
        ours = _entry(values(setting), row.name, index)
        remark = _gives(text, row.name, ours, setting)
        if remark is not None:
            said = [STATEMENTS[departure] for departure in departures(setting)]
            if any(departure in MISTAKES for departure in departures(setting)):
                return finding(WRONG, "; ".join(said))
            only_round_off = not said and remark == "to the round-off of float64"
            verdict = REPRODUCED if only_round_off or not (said or remark) else CONVENTION
            return finding(verdict, "; ".join([*said, remark] if remark else said), ours)
    return finding(
        *(_mistaken(cell, own) or _misprinted(cell, own) or (WRONG, "no mistake that was tried gives these digits"))
    )


def _mistaken(cell: Cell, own: Setting) -> tuple[str, str] | None:
    """A known way to compute wrongly that gives the digits, in the right place or (as a guess) in another."""
    row, index, text = cell
    guesses = []
    for setting in dict.fromkeys((own, PLAIN)):
        for said, found in mistakes(setting):
            if row.name in found:
                if meets(text, _entry(found, row.name, index)) is not None and Decimal(text):
                    return WRONG, said
                guesses += [
                    f"perhaps {_named(row.name, other)} with {said}"
                    for other in np.ndindex(found[row.name].shape)
                    if significant(text) >= DIGITS_FOR_ANOTHER_QUANTITY
                    and meets(text, float(found[row.name][other])) is not None
                ]
    return (WRONG, guesses[0]) if guesses else None


def _named(name: str, index: tuple[int, ...]) -> str:
    entry = [str(i + 1) for i in index]
    if values(PLAIN)[name].shape[:1] == (len(given.SEQUENCE),):  # no other side has that many entries
        step = f" of step {entry.pop(0)}"
    else:
        step = ""
    return f"{name}{step}" + (f", entry {','.join(entry)}" if entry else "")


def _misprinted(cell: Cell, own: Setting) -> tuple[str, str] | None:
    row, index, text = cell
    right = _entry(values(own), row.name, index)
    should = f"it should read {like(text, right)}"
    everywhere = settings() if significant(text) >= DIGITS_FOR_A_MISPRINT_UNDER_ANY_CONVENTION else []
    for setting in dict.fromkeys((own, PLAIN, *everywhere)):
        value = _entry(values(setting), row.name, index)
        for said, repaired in repairs(text):
            if _gives(repaired, row.name, value, setting) is not None:
                stated = [STATEMENTS[departure] for departure in departures(setting) if departure[0] not in STATED]
                return MISPRINTED, "; ".join([f"{said}: it should read {repaired}", *stated])
    if significant(text) >= DIGITS_FOR_A_MISPRINT:
        found = values(own)
        # The same quantity of another step is the likelier slip, so it is looked at first.
        for name in (row.name, *(name for name in found if name != row.name)):
            for other in np.ndindex(found[name].shape):
                if meets(text, float(found[name][other])) is not None:
                    return MISPRINTED, f"the value of {_named(name, other)} stands here; {should}"
    return None
