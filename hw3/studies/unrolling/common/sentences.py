"""What the measured numbers say, in words that both studies use."""

import math
from collections.abc import Sequence

import numpy as np

from hw3.report.words import percent, power, scientific
from hw3.studies.unrolling.common.verification import Curve, Verification

ROUND_OFF = 1e-13  # relative; what float64 may lose over a few steps
PREDICTED_TO = 0.01  # a change is as predicted if it is so near to the prediction
# A ten times larger epsilon makes an error of truncation 100 times as large and one of round-off a tenth, more or less.
TRUNCATION, ROUNDING = 30, 1  # times as large: from here it is the one, up to here the other


def signed(value: float, form: str) -> str:
    """A number with a proper minus sign, none before a zero, and a proper power of ten."""
    mantissa, _, exponent = f"{value + 0.0:{form}}".replace("-", "−").partition("e")
    return f"{mantissa}×10{power(exponent)}" if exponent else mantissa


def vector(values: Sequence[float], form: str) -> str:
    """Numbers in brackets."""
    return "(" + ", ".join(signed(value, form) for value in values) + ")"


def agreement(verification: Verification) -> str:
    """How near the gradient unrolled by hand comes to automatic differentiation."""
    error = verification.largest.unrolled
    if error == 0:
        return "equals automatic differentiation to the last bit"
    if error < ROUND_OFF:
        return f"equals automatic differentiation to round-off ({scientific(error, 1)})"
    return f"differs from automatic differentiation by {scientific(error, 1)}"


def other_routes(verification: Verification) -> str:
    """By how much each route to the gradient of all parameters misses automatic differentiation."""
    largest = verification.largest
    return (
        "Over all parameters the largest error relative to automatic differentiation is "
        f"{scientific(largest.unrolled, 1)} by hand, {scientific(largest.complex_step, 1)} by complex steps and "
        f"{scientific(largest.differences, 1)} by central differences."
    )


def error_at(curve: Curve, epsilon: float) -> str:
    """What makes the error of central differences at an epsilon: found from how it changes with epsilon there."""
    sizes = np.log10(curve.epsilons)
    here, above = (int(np.abs(sizes - size).argmin()) for size in (math.log10(epsilon), math.log10(10 * epsilon)))
    if abs(sizes[above] - sizes[here] - 1) > 0.1 or not curve.errors[here]:
        return ""
    factor = curve.errors[above] / curve.errors[here]
    said = f"With a ten times larger epsilon the error is {factor:.3g} times as large: "
    if factor > TRUNCATION:
        return said + "it is truncation, which grows as the square of epsilon."
    if factor < ROUNDING:
        return said + "it is round-off, which falls as epsilon grows."
    return said + "truncation and round-off are of one size."


def last_step(shares: Sequence[Sequence[float]], biases: str) -> str:
    """How much the last step's use of biases adds to their gradient, of all that the steps `[T, n]` add."""
    sizes = np.abs(shares).sum(1)
    if len(sizes) == 1 or not sizes.sum():
        return f"{biases} is used once" if len(sizes) == 1 else "no step adds anything"
    cancelled = not np.allclose(np.abs(np.sum(shares, 0)), np.abs(shares).sum(0))
    whole = "what all add, sizes counted, for some cancel" if cancelled else "the gradient"
    return f"the last of {len(sizes)} steps' use of {biases} adds {percent(sizes[-1] / sizes.sum(), 1)} of {whole}"


def outcome_of_step(before: float, after: float, rate: float, gradient: Sequence[float]) -> str:
    """What a step down a gradient does to the loss, and whether it is what that gradient predicts to first order."""
    change, predicted = after - before, -rate * float(np.square(gradient).sum())
    if not change:
        return f"leaves the loss at {before:.8f}"
    moved = "lowers" if change < 0 else "raises"
    said = f"{moved} the loss from {before:.8f} to {after:.8f}"
    if predicted and abs(change / predicted - 1) < PREDICTED_TO:
        return f"{said}, by {scientific(abs(change), 3)} as the gradient predicts"
    return f"{said}, by {scientific(abs(change), 3)}; the gradient predicts a change of {scientific(predicted, 3)}"
