"""What fixes a measurement of gradient flow, and what it finds."""

from typing import NamedTuple

import numpy as np

from hw3.recurrent.gradient_flow import Band
from hw3.recurrent.lstm import Gates


class Settings(NamedTuple):
    """What fixes every number, at the homework's own case."""

    hidden: int = 32  # units
    initialisations: int = 16  # random networks of each kind
    steps: int = 10_000  # of the sequence, the longest lag
    map_steps: int = 2_000  # the same where growth is measured against spectral radius, input scale and forget bias
    radii: tuple[float, ...] = (0.1, 0.5, 0.9, 1.1, 1.5, 2.0, 3.0)  # spectral radii of the RNN's W, for curves
    forget_biases: tuple[float, ...] = (-1.0, 0.0, 1.0, 2.0, 4.0, 6.0)  # of the LSTM, for curves
    input_scale: float = 0.3  # standard deviation of U's entries
    tanh_candidate: bool = True  # the usual tanh for the LSTM's candidate; the book's sigmoid if not
    seed: int = 0  # of the sequence and the networks


FULL = Settings()
QUICK = Settings(hidden=16, initialisations=8)


class Growth(NamedTuple):
    """How fast log norms change with the lag, in nats a step: 10% quantile, median and 90% over the networks."""

    low: float
    median: float
    high: float


class Curve(NamedTuple):
    """Log norms against the lag."""

    log_norm: Band  # over the networks, each [lags]
    growth: Growth
    extremes: tuple[float, float]  # the smallest and the largest log norm of any network at any lag


class RNNCurve(NamedTuple):
    """Of dh(T)/dh(T - k) at one spectral radius of W."""

    radius: float
    dh_dh: Curve


class LSTMCurves(NamedTuple):
    """Of an LSTM's derivatives at one bias of its forget gate, as `hw3.recurrent.gradient_flow.LSTMFlow`."""

    forget_bias: float
    dh_dh: Curve
    ds_ds: Curve
    whole: Curve
    forget: Curve  # of the product of forget gates alone


class RNNGrid(NamedTuple):
    """The RNN over spectral radii, at one scale of the inputs."""

    input_scale: float
    radii: tuple[float, ...]
    growth: tuple[Growth, ...]  # a radius each
    log_norm: np.ndarray  # medians over the networks [radii, slider lags]


class LSTMGrid(NamedTuple):
    """The LSTM's d(h, s)(T)/d(h, s)(T - k) over spectral radii of every W and biases of the forget gate."""

    radii: tuple[float, ...]
    forget_biases: tuple[float, ...]
    growth: tuple[tuple[float, ...], ...]  # medians over the networks in nats a step, [radii][biases]
    log_norm: np.ndarray  # medians over the networks [radii, biases, slider lags]


class Share(NamedTuple):
    """What part of a parameter's gradient comes from more than k steps back."""

    band: Band  # over the networks, at all lags but the last, each [lags - 1]
    medians: tuple[float, ...]  # at the lags of the table


class RNNShares(NamedTuple):
    """Of every parameter of an RNN."""

    b: Share
    c: Share
    W: Share
    U: Share
    V: Share


class GateShares(NamedTuple):
    """Of every parameter of a gate."""

    b: Share
    U: Share
    W: Share


class LSTMShares(NamedTuple):
    """Of every parameter of an LSTM at one bias of its forget gate."""

    forget_bias: float
    gates: tuple[GateShares, ...]  # in the order of `hw3.recurrent.lstm.Gates`: forget, input, output, candidate
    c: Share
    V: Share

    @property
    def forget(self) -> GateShares:
        """Of the forget gate."""
        return self.gates[Gates._fields.index("forget")]


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    lags: np.ndarray  # of the curves, int [lags]
    rnn: tuple[RNNCurve, ...]  # a radius each
    lstm: tuple[LSTMCurves, ...]  # a forget bias each
    slider_lags: np.ndarray  # of the grids' curves, int [slider lags]
    rnn_grids: tuple[RNNGrid, ...]  # an input scale each
    lstm_grid: LSTMGrid
    share_lags: tuple[int, ...]  # of the shares' medians
    rnn_shares: RNNShares
    lstm_shares: tuple[LSTMShares, ...]  # a forget bias each
