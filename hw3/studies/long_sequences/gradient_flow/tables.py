"""How gradients grow and how far back they reach, as tables for the console and the page."""

import math
from collections.abc import Iterable, Iterator, Sequence

from hw3.recurrent.lstm import Gates
from hw3.report.page import Table
from hw3.report.words import power
from hw3.studies.long_sequences.gradient_flow.claims import STEPS
from hw3.studies.long_sequences.gradient_flow.records import GateShares, Growth, LSTMShares, Results, RNNShares, Share


def tables(results: Results) -> list[Table]:
    """All tables of the study."""
    return [rnn_growth(results), lstm_growth(results), rnn_shares(results), lstm_shares(results)]


def over_steps(growth: float, steps: int = STEPS) -> str:
    """What growth by so many nats a step comes to, as a power of ten that may be beyond float64.

    >>> over_steps(-0.5), over_steps(0.01), over_steps(-0.0001)
    ('10⁻²¹⁷', '10⁴', '10⁰')
    """
    return f"10{power(str(round(growth * steps / math.log(10))))}"


def _median_and_band(growth: Growth) -> list[str]:
    return [f"{growth.median:+.4f}", f"{growth.low:+.4f} to {growth.high:+.4f}"]


def rnn_growth(results: Results) -> Table:
    """The RNN against the spectral radius."""
    settings = results.settings
    return Table(
        f"RNN: growth of |dh(T)/dh(t)| a step (nats), {settings.initialisations} networks of {settings.hidden} units, "
        f"{settings.steps:,} steps",
        ("spectral radius", "median", "80% of them", f"over {STEPS:,} steps"),
        [
            [f"{row.radius:g}", *_median_and_band(row.dh_dh.growth), over_steps(row.dh_dh.growth.median)]
            for row in results.rnn
        ],
    )


def lstm_growth(results: Results) -> Table:
    """The LSTM against the bias of its forget gate."""
    return Table(
        "LSTM: growth of |ds(T)/ds(t)| a step (nats), and of the product of forget gates alone",
        ("forget bias", "ds/ds", "80% of them", "gates alone", "80% of them"),
        [
            [f"{row.forget_bias:g}", *_median_and_band(row.ds_ds.growth), *_median_and_band(row.forget.growth)]
            for row in results.lstm
        ],
    )


def _shares(
    results: Results, network: str, header: Sequence[str], rows: Iterable[tuple[Sequence[str], Share]]
) -> Table:
    return Table(
        f"{network}: share of the gradient that comes from more than k steps back (median)",
        (*header, *(f"k = {lag:,}" for lag in results.share_lags)),
        [[*names, *(f"{value:.1e}" for value in share.medians)] for names, share in rows],
    )


def rnn_shares(results: Results) -> Table:
    """Every parameter of the RNN."""
    rows = [((name,), share) for name, share in zip(RNNShares._fields, results.rnn_shares, strict=True)]
    return _shares(results, "RNN", ("parameter",), rows)


def lstm_shares(results: Results) -> Table:
    """Every parameter of the LSTMs."""
    rows = [
        ((f"{shares.forget_bias:g}", name), share) for shares in results.lstm_shares for name, share in named(shares)
    ]
    return _shares(results, "LSTM", ("forget bias", "parameter"), rows)


def named(shares: LSTMShares) -> Iterator[tuple[str, Share]]:
    """The shares of an LSTM with names for people: gate by gate, then of the output."""
    for gate, parameters in zip(Gates._fields, shares.gates, strict=True):
        for name, share in zip(GateShares._fields, parameters, strict=True):
            yield f"{gate} {name}", share
    yield "c", shares.c
    yield "V", shares.V
