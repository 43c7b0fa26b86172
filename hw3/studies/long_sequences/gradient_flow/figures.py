"""Figures of how far back gradients reach."""

from typing import Any

import numpy as np
from matplotlib import colors, ticker
from matplotlib.figure import Figure

from hw3.recurrent.gradient_flow import Band
from hw3.recurrent.lstm import Gates
from hw3.report import style
from hw3.report.style import GREY
from hw3.studies.long_sequences.bands import LOOKS, TEN, draw_band, shades
from hw3.studies.long_sequences.gradient_flow.measure import LSTM_RADIUS
from hw3.studies.long_sequences.gradient_flow.records import LSTMShares, Results, RNNShares, Share

RNN, LSTM, MAP, SHARES = "rnn.png", "lstm.png", "map.png", "shares.png"


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    return {RNN: rnn(results), LSTM: lstm(results), MAP: growth_map(results), SHARES: shares(results)}


def _norm_axes(ax: Any, title: str) -> None:
    ax.set_title(title)
    ax.set_xlabel("lag T − t (steps)")
    ax.set_ylabel("log₁₀ of the norm (0: neither grows nor shrinks)")
    ax.axhline(0, color="black", linewidth=0.6)
    ax.grid(linewidth=0.3, alpha=0.6)
    ax.set_xscale("symlog", linthresh=1)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
    ax.set_yscale("symlog", linthresh=1)
    ax.yaxis.set_major_locator(ticker.FixedLocator([-10000, -1000, -100, -10, -1, 0, 1, 10, 100, 1000]))
    ax.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
    ax.yaxis.set_minor_locator(ticker.NullLocator())


@style.styled
def rnn(results: Results) -> Figure:
    """Norms against the lag for each spectral radius, and growth against it for several input scales."""
    settings = results.settings
    figure = style.new_figure(style.WIDTH, 3.8)
    figure.suptitle(f"RNN of {settings.hidden} units: how dh⁽ᵀ⁾/dh⁽ᵗ⁾ vanishes and explodes")
    left, right = figure.subplots(1, 2)
    for row, colour in zip(results.rnn, shades(len(results.rnn)), strict=True):
        draw_band(left, results.lags, row.dh_dh.log_norm, colour, f"{row.radius:g}", unit=TEN)
    _norm_axes(left, f"norm against the lag, input scale {settings.input_scale:g}")
    left.legend(frameon=False, title="spectral radius ρ of W", ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    for grid, (colour, line) in zip(results.rnn_grids, LOOKS, strict=False):
        label = "no input" if grid.input_scale == 0 else f"input scale {grid.input_scale:g}"
        draw_band(right, grid.radii, Band(*np.array(grid.growth).T), colour, label, line)
    radii = results.rnn_grids[0].radii
    right.plot(radii, np.log(radii), color=GREY, linewidth=0.9, linestyle=(0, (1, 1)), label="log ρ")
    right.axhline(0, color="black", linewidth=0.6)
    right.axvline(1, color="black", linewidth=0.6)
    right.set_ylim(-1.5, 0.5)
    right.set_title(f"Lyapunov exponent over {settings.map_steps:,} steps")
    right.set_xlabel("spectral radius ρ of W")
    right.set_ylabel("growth a step (nats)")
    right.grid(linewidth=0.3, alpha=0.6)
    right.legend(frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    return figure


@style.styled
def lstm(results: Results) -> Figure:
    """Norms against the lag for each forget-gate bias: of the state, of the gates' product alone, and of h."""
    figure = style.new_figure(style.WIDTH, 3.5)
    figure.suptitle(
        f"LSTM of {results.settings.hidden} units, spectral radius {LSTM_RADIUS:g} in every gate: "
        "what the forget gate's bias does"
    )
    left, right = figure.subplots(1, 2, sharey=True)
    for row, colour in zip(results.lstm, shades(len(results.lstm)), strict=True):
        draw_band(left, results.lags, row.ds_ds.log_norm, colour, unit=TEN)
        left.plot(results.lags, row.forget.log_norm.median / TEN, color=colour, linestyle="--", linewidth=0.9)
        draw_band(right, results.lags, row.dh_dh.log_norm, colour, f"{row.forget_bias:g}", unit=TEN)
    _norm_axes(left, "ds⁽ᵀ⁾/ds⁽ᵗ⁾ (dashed: product of forget gates)")
    _norm_axes(right, "dh⁽ᵀ⁾/dh⁽ᵗ⁾")
    right.set_ylabel("")
    right.legend(frameon=False, title="forget-gate bias", loc="lower left")
    return figure


@style.styled
def growth_map(results: Results) -> Figure:
    """The LSTM's Lyapunov exponent for each forget-gate bias and spectral radius."""
    grid = results.lstm_grid
    values = np.array(grid.growth)
    figure = style.new_figure(style.WIDTH, 4.2)
    ax = figure.add_subplot()
    norm = colors.SymLogNorm(0.003, vmin=-2, vmax=2)
    artist = ax.imshow(values, cmap=style.DIVERGING, norm=norm, origin="lower", aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        colour = style.text_colour(colors.to_hex(artist.cmap(norm(value))))
        text = f"{value:+.4f}" if abs(value) < 0.1 else f"{value:+.2f}"
        ax.text(column, row, text, ha="center", va="center", color=colour)
    ax.set_xticks(range(len(grid.forget_biases)), [f"{bias:g}" for bias in grid.forget_biases])
    ax.set_yticks(range(len(grid.radii)), [f"{radius:g}" for radius in grid.radii])
    ax.set_xlabel("bias of the forget gate")
    ax.set_ylabel("spectral radius of W in every gate")
    ax.set_title(
        f"LSTM: growth of d(h, s)⁽ᵀ⁾/d(h, s)⁽ᵗ⁾ a step (nats), median of {results.settings.initialisations} networks"
    )
    bar = figure.colorbar(artist, ax=ax, ticks=[-1, -0.1, -0.01, 0, 0.01, 0.1, 1])
    bar.ax.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    bar.set_label("blue vanishes, red explodes")
    return figure


@style.styled
def shares(results: Results) -> Figure:
    """For each network the share of every parameter's gradient that comes from more than k steps back."""
    panels = [("RNN", dict(zip(RNNShares._fields, results.rnn_shares, strict=True)))]
    panels += [(f"LSTM, forget bias {found.forget_bias:g}", _drawn(found)) for found in results.lstm_shares]
    figure = style.new_figure(style.WIDTH, 2.7 * -(-len(panels) // 2))
    figure.suptitle("Share of the gradient that comes from more than k steps back")
    for number, (ax, (title, parameters)) in enumerate(zip(style.grid(figure, len(panels), 2), panels, strict=True)):
        for (name, share), (colour, line) in zip(parameters.items(), LOOKS, strict=False):
            draw_band(ax, results.lags[:-1], share.band, colour, name, line)
        ax.set_xscale("symlog", linthresh=1)
        ax.set_xlim(left=0)
        ax.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
        ax.set_ylim(-0.03, 1.03)
        ax.set_title(title)
        ax.set_xlabel("k (steps)")
        ax.set_ylabel("share")
        ax.grid(linewidth=0.3, alpha=0.6)
        if number < 2:  # the RNN's, and the first LSTM's for all
            ax.legend(frameon=False)
    return figure


def _drawn(found: LSTMShares) -> dict[str, Share]:
    """The W of every gate, for U and b lie on it, and the output's parameters."""
    gates = {f"{name} W": gate.W for name, gate in zip(Gates._fields, found.gates, strict=True)}
    return gates | {"c": found.c, "V": found.V}
