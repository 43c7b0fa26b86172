"""What follows from the measured gradient flow, each by a rule: what vanishes, what explodes, what reaches far back."""

import math
from typing import NamedTuple

from hw3.studies.long_sequences.gradient_flow.records import Results, RNNGrid, RNNShares

STEPS = 1000
FACTOR = 1000.0
LIMIT = math.log(FACTOR) / STEPS  # what changes by more than FACTOR over STEPS steps, in nats a step, does not hold
FAR = 100  # steps back
LOG_RADIUS_TOLERANCE = 0.01  # nats a step within which growth counts as the logarithm of the spectral radius

VANISHES, HOLDS, EXPLODES = FATES = ("vanishes", "holds", "explodes")


def fate(growth: float) -> str:
    """One of `FATES` of a gradient whose log norm grows by so many nats a step.

    >>> fate(-0.01), fate(0.001), fate(0.01)
    ('vanishes', 'holds', 'explodes')
    """
    return VANISHES if growth < -LIMIT else EXPLODES if growth > LIMIT else HOLDS


class Cell(NamedTuple):
    """An LSTM's setting and what becomes of its gradient there."""

    radius: float
    forget_bias: float
    fate: str


def cells(results: Results) -> list[Cell]:
    """Every pair of spectral radius and forget bias, by the median of its networks."""
    grid = results.lstm_grid
    return [
        Cell(radius, bias, fate(growth))
        for radius, line in zip(grid.radii, grid.growth, strict=True)
        for bias, growth in zip(grid.forget_biases, line, strict=True)
    ]


def exploding_radii(grid: RNNGrid) -> tuple[float, ...]:
    """The spectral radii at which at least half of the RNNs explode."""
    return tuple(r for r, growth in zip(grid.radii, grid.growth, strict=True) if fate(growth.median) == EXPLODES)


def follows_log_radius_up_to(grid: RNNGrid) -> float | None:
    """The largest spectral radius up to which growth is its logarithm, as if tanh were straight; None if nowhere."""
    last = None
    for radius, growth in zip(grid.radii, grid.growth, strict=True):
        if abs(growth.median - math.log(radius)) > LOG_RADIUS_TOLERANCE:
            break
        last = radius
    return last


def far(results: Results) -> tuple[int, int]:
    """The largest lag of the table that is at most `FAR`, and its place there."""
    lag = max(lag for lag in results.share_lags if lag <= FAR)
    return lag, results.share_lags.index(lag)


def reaching_back(results: Results) -> tuple[str, ...]:
    """The parameters of the RNN of whose gradient a part comes from before the last step: the hardest to learn."""
    shares = zip(RNNShares._fields, results.rnn_shares, strict=True)
    return tuple(name for name, share in shares if share.medians[0] > 0)


class Reach(NamedTuple):
    """What share of the gradient of W, of the forget gate's in an LSTM, comes from further back than `far`."""

    rnn: float
    lstm: float
    forget_bias: float  # of that LSTM, the one that reaches furthest


def reach(results: Results) -> Reach:
    """The RNN beside the LSTM that reaches furthest back, both with the same inputs and spectral radius."""
    _, place = far(results)
    best = max(results.lstm_shares, key=lambda shares: shares.forget.W.medians[place])
    return Reach(results.rnn_shares.W.medians[place], best.forget.W.medians[place], best.forget_bias)
