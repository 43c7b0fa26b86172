"""Norms of products of Jacobians over thousands of steps, in many random RNNs and LSTMs that read one sequence."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from hw3.compilation import DRAWING
from hw3.datasets import proteins
from hw3.errors import InvalidInput
from hw3.recurrent import gradient_flow, initializers
from hw3.recurrent.lstm import Gates, LSTMParams
from hw3.recurrent.rnn import RNNParams
from hw3.studies.long_sequences.bands import thinned
from hw3.studies.long_sequences.gradient_flow.records import (
    FULL,
    Curve,
    GateShares,
    Growth,
    LSTMCurves,
    LSTMGrid,
    LSTMShares,
    Results,
    RNNCurve,
    RNNGrid,
    RNNShares,
    Settings,
    Share,
)
from hw3.studies.progress import Progress, quiet

OUTPUTS = 4
# The grids of the two maps and of the sliders over them.
INPUT_SCALES = (0.0, 0.1, 1.0)  # of the RNN's U
RNN_RADII = tuple(np.arange(0.1, 3.05, 0.1).round(1).tolist())  # spectral radii of the RNN's W
LSTM_RADII = (0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)  # and of every gate's
LSTM_BIASES = tuple(np.arange(-2.0, 8.5).tolist())  # of the forget gate
SHARE_RADIUS = 1.0  # of the RNN whose shares are measured
LSTM_RADIUS = 1.0  # of every gate's W, where the forget bias alone changes
SHARE_BIASES = (0.0, 1.0, 6.0)
SHARE_LAGS = (0, 10, 100, 1000)
DRAWN = 150  # points of a curve, evenly on a log scale, and as many evenly
SLIDER_POINTS = 40  # the same, of the curves that a reader picks with sliders


def measure(settings: Settings = FULL, *, progress: Progress = quiet) -> Results:
    """How far back gradients reach in random networks, in float64.

    Raises ValueError for radii that aren't positive, a negative input_scale, no radii or biases at all, and where a
    derivative becomes exactly 0.
    """
    _check(settings)
    with jax.enable_x64(True):
        return _measure(settings, progress)


def _check(settings: Settings) -> None:
    if not settings.radii or not all(0 < radius < math.inf for radius in settings.radii):
        raise InvalidInput(f"radii must be positive and finite, not {settings.radii}")
    if not settings.forget_biases or not all(map(math.isfinite, settings.forget_biases)):
        raise InvalidInput(f"forget_biases must be finite numbers, not {settings.forget_biases}")
    if not 0 <= settings.input_scale < math.inf:
        raise InvalidInput(f"input_scale must be finite and not negative, not {settings.input_scale:g}")


def _measure(settings: Settings, progress: Progress) -> Results:
    hidden, tanh = settings.hidden, settings.tanh_candidate
    sequence_key, state_key, row_key, network_key = jax.random.split(jax.random.key(settings.seed), 4)
    residues = proteins.background(sequence_key, (max(settings.steps, settings.map_steps),))
    whole = proteins.one_hot(residues).astype(float)
    xs, short = whole[: settings.steps], whole[: settings.map_steps]
    h0 = jax.random.normal(state_key, (hidden,), float)
    rows = jax.random.normal(row_key, (1, 2 * hidden), float)
    keys = jax.random.split(network_key, settings.initialisations)

    # Drawn once, with radius and scales 1, which are set later: drawing and eigenvalues take long to compile.
    sizes = (hidden, xs.shape[1], OUTPUTS, 1.0)
    draw = functools.partial(jax.jit, compiler_options=DRAWING)
    rnns = draw(jax.vmap(lambda key: initializers.random_rnn(key, *sizes)))(keys)
    lstms = draw(jax.vmap(lambda key: initializers.random_lstm(key, *sizes, forget_bias=0.0)))(keys)

    def rnn(drawn: RNNParams, radius: jax.Array, scale: jax.Array) -> RNNParams:
        return drawn._replace(W=radius * drawn.W, U=scale * drawn.U)

    def lstm(drawn: LSTMParams, radius: jax.Array, bias: jax.Array) -> LSTMParams:
        gates = Gates(*(g._replace(W=radius * g.W, U=settings.input_scale * g.U) for g in drawn.gates))
        return drawn._replace(gates=gates._replace(forget=gates.forget._replace(b=gates.forget.b + bias)))

    rnn_flow = _of_all(rnns, xs, lambda drawn, xs, *r: gradient_flow.rnn_flow(rnn(drawn, *r), xs, h0))
    rnn_slope = _of_all(
        rnns, short, lambda drawn, xs, *r: gradient_flow.rnn_flow(rnn(drawn, *r), xs, h0, rows[:, :hidden])
    )
    rnn_share = _of_all(rnns, xs, lambda drawn, xs, *r: gradient_flow.rnn_shares(rnn(drawn, *r), xs, h0))
    lstm_flow = _of_all(
        lstms, xs, lambda drawn, xs, *r: gradient_flow.lstm_flow(lstm(drawn, *r), xs, tanh_candidate=tanh)
    )
    lstm_slope = _of_all(
        lstms,
        short,
        lambda drawn, xs, *r: gradient_flow.lstm_flow(lstm(drawn, *r), xs, rows=rows, tanh_candidate=tanh).whole,
    )
    lstm_share = _of_all(
        lstms, xs, lambda drawn, xs, *r: gradient_flow.lstm_shares(lstm(drawn, *r), xs, tanh_candidate=tanh)
    )

    lags, slider_lags = thinned(settings.steps, DRAWN), thinned(settings.map_steps, SLIDER_POINTS)
    share_lags = tuple(lag for lag in SHARE_LAGS if lag < settings.steps)
    kinds = (
        len(settings.radii) + len(INPUT_SCALES) * len(RNN_RADII) + len(settings.forget_biases) + 1 + len(SHARE_BIASES)
    )
    total = kinds + len(LSTM_RADII) * len(LSTM_BIASES)
    with progress("gradient flow", total * settings.initialisations, "networks") as advance:

        def told(value: Any) -> Any:
            advance(settings.initialisations)
            return value

        rnn_curves = tuple(
            RNNCurve(radius, _curve(told(rnn_flow(radius, settings.input_scale)), lags)) for radius in settings.radii
        )
        lstm_curves = []
        for bias in settings.forget_biases:
            flow = told(lstm_flow(LSTM_RADIUS, bias))
            lstm_curves.append(LSTMCurves(bias, *(_curve(log_norms, lags) for log_norms in flow)))
        rnn_grids = []
        for scale in INPUT_SCALES:
            found = [_checked(told(rnn_slope(radius, scale))) for radius in RNN_RADII]
            medians = np.stack([np.median(log_norms[:, slider_lags], 0) for log_norms in found])
            rnn_grids.append(RNNGrid(scale, RNN_RADII, tuple(map(_growth, found)), medians))
        map_growth, map_medians = [], np.empty((len(LSTM_RADII), len(LSTM_BIASES), len(slider_lags)))
        for row, radius in enumerate(LSTM_RADII):
            found = [_checked(told(lstm_slope(radius, bias))) for bias in LSTM_BIASES]
            map_growth.append(tuple(_growth(log_norms).median for log_norms in found))
            map_medians[row] = [np.median(log_norms[:, slider_lags], 0) for log_norms in found]
        lstm_grid = LSTMGrid(LSTM_RADII, LSTM_BIASES, tuple(map_growth), map_medians)

        def share(values: np.ndarray) -> Share:
            return Share(gradient_flow.band(values[:, lags[:-1]]), _floats(np.median(values[:, share_lags], 0)))

        rnn_shares = RNNShares(*map(share, told(rnn_share(SHARE_RADIUS, settings.input_scale))))
        lstm_shares = []
        for bias in SHARE_BIASES:
            shares = told(lstm_share(LSTM_RADIUS, bias))
            gates = tuple(GateShares(*map(share, gate)) for gate in shares.gates)
            lstm_shares.append(LSTMShares(bias, gates, share(shares.c), share(shares.V)))
    return Results(
        settings,
        lags,
        rnn_curves,
        tuple(lstm_curves),
        slider_lags,
        tuple(rnn_grids),
        lstm_grid,
        share_lags,
        rnn_shares,
        tuple(lstm_shares),
    )


def _of_all(networks: Any, inputs: jax.Array, one: Callable[..., Any]) -> Callable[..., Any]:
    """`one(network, inputs, ...)` for every network, compiled once for all settings, which are traced numbers."""

    # Networks and inputs are arguments: what is closed over would be worked out by the compiler, slowly.
    @jax.jit
    def run(networks: Any, inputs: jax.Array, *settings: jax.Array) -> Any:
        return jax.vmap(lambda network: one(network, inputs, *settings))(networks)

    return lambda *settings: jax.tree.map(
        np.asarray, run(networks, inputs, *(jnp.asarray(value, float) for value in settings))
    )


def _checked(log_norms: np.ndarray) -> np.ndarray:
    if not np.isfinite(log_norms).all():
        raise InvalidInput("a derivative is exactly 0: radii, forget_biases or input_scale are too large for float64")
    return log_norms


def _growth(log_norms: np.ndarray) -> Growth:
    """Of log norms [networks, lags]."""
    return Growth(*(float(value) for value in gradient_flow.band(gradient_flow.lyapunov_exponent(log_norms))))


def _curve(log_norms: np.ndarray, lags: np.ndarray) -> Curve:
    """Of log norms [networks, all lags]."""
    found = _checked(log_norms)
    return Curve(gradient_flow.band(found[:, lags]), _growth(found), (float(found.min()), float(found.max())))


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(values.tolist())
