"""Printed digits against a value: whether it gives them, and which single slip would explain them."""

import itertools
from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal

import numpy as np

DIGITS_FOR_A_MISPRINT = 5  # fewer can be met by chance among the slips that are tried


def _unit(printed: Decimal) -> Decimal:
    return Decimal(1).scaleb(int(printed.as_tuple().exponent))


def significant(text: str) -> int:
    """How many significant digits a printed number has."""
    return len(Decimal(text).as_tuple().digits) if Decimal(text) else 0


def meets(text: str, value: float) -> str | None:
    """How a value gives the printed digits: "" rounded, or the remark that it takes; None if it doesn't."""
    if not np.isfinite(value):
        return None
    printed, exact = Decimal(text), Decimal(value)
    unit = _unit(printed)
    if unit >= 1:  # a whole number is printed for an exact one
        return "" if abs(value - float(printed)) < 1e-12 else None
    if abs(exact - printed) <= unit / 2:
        return ""
    if exact.quantize(unit, ROUND_DOWN) == printed:
        return "digits cut off, not rounded"
    return None


def repairs(text: str) -> Iterator[tuple[str, str]]:
    """Every text that a single slip may have turned into this one, the likeliest slip first."""
    yield "sign lost", text[1:] if text.startswith("-") else f"-{text}"
    if significant(text) < DIGITS_FOR_A_MISPRINT:
        return
    places = [i for i, character in enumerate(text.split("e")[0]) if character.isdigit()]
    for i in places[1:]:
        for digit in "0123456789":
            yield "a digit lost", text[:i] + digit + text[i:]
    for i in places:
        for digit in "0123456789":
            yield "a wrong digit", text[:i] + digit + text[i + 1 :]
    for i in places[1:]:
        yield "a digit too many", text[:i] + text[i + 1 :]
    for i, j in itertools.pairwise(places):
        yield "two digits swapped", text[:i] + text[j] + text[i + 1 : j] + text[i] + text[j + 1 :]


def like(text: str, value: float) -> str:
    """A value with as many decimals as the printed text."""
    exponent = int(Decimal(text).as_tuple().exponent)
    if "e" in text:
        return f"{value:.{significant(text) - 1}e}"
    return f"{value:.{max(0, -exponent)}f}"
