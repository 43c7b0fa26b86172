"""What a printed number may be: rules that need nobody's network."""

from typing import NamedTuple

import numpy as np

from hw3.studies.audit.findings import MISPRINTED, POSSIBLE, REPRODUCED, WRONG
from hw3.studies.audit.images.transcription import Number
from hw3.studies.audit.slips import repairs

CLASSES = 10
NAN = float("nan")


class Verdict(NamedTuple):
    """What becomes of one number: the last three fields of a `Finding`."""

    ours: float
    verdict: str
    reason: str = ""


def possible(number: Number, holds: bool, otherwise: str) -> Verdict:
    """POSSIBLE if a rule holds that it has to obey."""
    return Verdict(NAN, POSSIBLE) if holds else Verdict(NAN, WRONG, otherwise)


def exactly(number: Number, value: float) -> Verdict:
    """REPRODUCED if it is the value; MISPRINTED if a single slip would explain it."""
    value = float(value)
    if number.value == value:
        return Verdict(value, REPRODUCED)
    digits = number.text.replace(",", "")
    for said, repaired in repairs(digits) if digits[0].isdigit() else ():
        if float(repaired) == value:
            return Verdict(value, MISPRINTED, f"{said}: it should read {repaired}")
    return Verdict(value, WRONG, f"it should be {value:g}")


def label(number: Number) -> Verdict:
    """The name of a class."""
    return possible(number, number.value in range(CLASSES), "no digit from 0 to 9")


def highest_probability(number: Number) -> Verdict:
    """The probability of the likeliest of ten classes, most likely printed by a program that computes in float32."""
    if not 1 / CLASSES <= number.value <= 1:
        return Verdict(NAN, WRONG, "the highest of ten probabilities lies between 0.1 and 1")
    reason = "" if is_float32(number.text) else "though no number of float32 is printed so"
    return Verdict(NAN, POSSIBLE, reason)


def is_float32(text: str) -> bool:
    """Whether a float32 is printed so: as its shortest text or rounded to as many decimals.

    Eight decimals are as many as a float32 between 1/2 and 1 can tell apart, six times over: of six such numbers five
    are none.

    >>> is_float32("0.99945325"), is_float32("0.99945324")
    (True, False)
    """
    decimals = len(text.partition(".")[2])
    value = np.float32(text)
    return str(value) == text or f"{float(value):.{decimals}f}" == text


def share(number: Number, total: int) -> Verdict:
    """A percentage: some whole number out of `total`; two digits swapped are the one slip that is rare by chance."""
    digits = len(number.text.partition(".")[2])
    shares = {f"{100 * count / total:.{digits}f}": count for count in range(total + 1)}
    if number.text in shares:
        return Verdict(NAN, POSSIBLE)
    for said, repaired in repairs(number.text):
        if said == "two digits swapped" and repaired in shares:
            words = f"{said}: it should read {repaired}, {shares[repaired]} of {total}"
            return Verdict(float(repaired), MISPRINTED, words)
    near = sorted(sorted(shares, key=lambda text: abs(float(text) - number.value))[:2], key=float)
    return Verdict(NAN, WRONG, f"no share of {total} positions: {' and '.join(near)} are the nearest")
