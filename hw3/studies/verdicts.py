"""Whether a claim held, from measured differences and their spread: one rule for every claim.

A claim is tested under one or more conditions. Under each, an effect is measured that is positive if the claim is
right, once for every seed, and the claim holds there if the 95% confidence interval of its mean (Student's t over the
seeds) lies above zero. It "held" if it holds under all conditions, "held under conditions" if under some, and "did not
hold" if under none. An effect without any spread, as a count of parameters, has an interval of no width.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from hw3.errors import InvalidInput

HELD, CONDITIONAL, FAILED = VERDICTS = ("held", "held under conditions", "did not hold")
CONFIDENCE = 0.95


class Effect(NamedTuple):
    """A mean over seeds and half the width of its confidence interval, both in the unit of the claim."""

    mean: float
    half_width: float

    @property
    def holds(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.mean - self.half_width > 0

    @property
    def opposite(self) -> bool:
        """Whether the whole interval lies below zero: not only is the claim not seen, its opposite is."""
        return self.mean + self.half_width < 0


class Claim(NamedTuple):
    """What a document says, and the effects by condition that show whether it is so."""

    part: str  # of the document: "1 (1)"
    said: str  # quoted
    measured: str  # what the effect is, so that a positive one supports the claim
    unit: str  # of the effect, written behind it
    effects: Mapping[str, Effect]  # by condition, in words


def effect(larger: Any, smaller: Any = 0.0) -> Effect:
    """The mean of `larger - smaller` [seeds], paired by seed, with its interval.

    Raises ValueError for fewer than two seeds, which have no spread, and for values that are not finite.
    """
    differences = np.asarray(larger, float) - np.asarray(smaller, float)
    if differences.ndim != 1 or len(differences) < 2:
        raise InvalidInput(f"an effect needs the values of at least two seeds, not the shape {differences.shape}")
    if not np.isfinite(differences).all():
        raise InvalidInput("an effect needs finite values")
    standard_error = differences.std(ddof=1) / np.sqrt(len(differences))
    quantile = special.stdtrit(len(differences) - 1, (1 + CONFIDENCE) / 2)  # of Student's t
    return Effect(float(differences.mean()), float(quantile * standard_error))


def exact(value: float) -> Effect:
    """An effect that has no spread because nothing in it is random.

    >>> exact(3).holds, exact(0).holds
    (True, False)
    """
    return Effect(float(value), 0.0)


def verdict(claim: Claim) -> str:
    """One of `VERDICTS`, by the rule at the head of this module."""
    held = [found.holds for found in claim.effects.values()]
    return HELD if all(held) else CONDITIONAL if any(held) else FAILED
