"""Figures of how far back gradients reach: the results of `flow_gradients.py` in, matplotlib figures out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colors, ticker
from matplotlib.figure import Figure

from hw3.report import style
from hw3.report.style import GREY
from hw3.studies.long_sequences.bands import LOOKS, TEN, draw_band, shades


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
def rnn(results: Mapping[str, Any]) -> Figure:
    """Norms against the lag for each spectral radius, and the exponents against it for several input scales."""
    figure = style.new_figure(style.WIDTH, 3.8)
    figure.suptitle(f"RNN of {results['hidden']} units: how dh⁽ᵀ⁾/dh⁽ᵗ⁾ vanishes and explodes")
    left, right = figure.subplots(1, 2)
    for row, colour in zip(results["rnn"], shades(len(results["rnn"])), strict=True):
        draw_band(left, results["lags"], row["log_norm"], colour, f"{row['setting']:g}", unit=TEN)
    _norm_axes(left, f"norm against the lag, input scale {results['input_scale']:g}")
    left.legend(frameon=False, title="spectral radius ρ of W", ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    radii = np.array(results["exponent_radii"])
    for (scale, found), (colour, line) in zip(results["exponents"].items(), LOOKS, strict=False):
        bands = {name: [b[name] for b in found] for name in ("low", "median", "high")}
        label = "no input" if float(scale) == 0 else f"input scale {float(scale):g}"
        draw_band(right, radii, bands, colour, label, line)
    right.plot(radii, np.log(radii), color=GREY, linewidth=0.9, linestyle=(0, (1, 1)), label="log ρ")
    right.axhline(0, color="black", linewidth=0.6)
    right.axvline(1, color="black", linewidth=0.6)
    right.set_ylim(-1.5, 0.5)
    right.set_title(f"Lyapunov exponent over {results['map_steps']:,} steps")
    right.set_xlabel("spectral radius ρ of W")
    right.set_ylabel("growth a step (nats)")
    right.grid(linewidth=0.3, alpha=0.6)
    right.legend(frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    return figure


@style.styled
def lstm(results: Mapping[str, Any]) -> Figure:
    """Norms against the lag for each forget-gate bias: of the state, of the gates' product alone, and of h."""
    figure = style.new_figure(style.WIDTH, 3.5)
    figure.suptitle(
        f"LSTM of {results['hidden']} units, spectral radius {results['lstm_radius']:g} in every gate: "
        "what the forget gate's bias does"
    )
    axes = figure.subplots(1, 2, sharey=True)
    colours = shades(len(results["lstm"]))
    for ax, name, title in (
        (axes[0], "ds_ds", "ds⁽ᵀ⁾/ds⁽ᵗ⁾ (dashed: product of forget gates)"),
        (axes[1], "dh_dh", "dh⁽ᵀ⁾/dh⁽ᵗ⁾"),
    ):
        for row, colour in zip(results["lstm"], colours, strict=True):
            draw_band(ax, results["lags"], row[name]["log_norm"], colour, f"{row[name]['setting']:g}", unit=TEN)
            if name == "ds_ds":
                gates = np.array(row["forget"]["log_norm"]["median"]) / TEN
                ax.plot(results["lags"], gates, color=colour, linestyle="--", linewidth=0.9)
        _norm_axes(ax, title)
    axes[1].set_ylabel("")
    axes[1].legend(frameon=False, title="forget-gate bias", loc="lower left")
    return figure


@style.styled
def exponent_map(results: Mapping[str, Any]) -> Figure:
    """The LSTM's Lyapunov exponent for each forget-gate bias and spectral radius."""
    found = results["map"]
    values = np.array(found["exponents"])
    figure = style.new_figure(style.WIDTH * 0.72, 3.6)
    ax = figure.add_subplot()
    norm = colors.SymLogNorm(0.003, vmin=-2, vmax=2)
    artist = ax.imshow(values, cmap=style.DIVERGING, norm=norm, origin="lower", aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        colour = style.text_colour(colors.to_hex(artist.cmap(norm(value))))
        ax.text(
            column,
            row,
            f"{value:+.4f}" if abs(value) < 0.1 else f"{value:+.2f}",
            ha="center",
            va="center",
            color=colour,
        )
    ax.set_xticks(range(len(found["biases"])), [f"{bias:g}" for bias in found["biases"]])
    ax.set_yticks(range(len(found["radii"])), [f"{radius:g}" for radius in found["radii"]])
    ax.set_xlabel("bias of the forget gate")
    ax.set_ylabel("spectral radius of W in every gate")
    ax.set_title(
        f"LSTM: growth of d(h, s)⁽ᵀ⁾/d(h, s)⁽ᵗ⁾ a step (nats), median of {results['initialisations']} networks"
    )
    bar = figure.colorbar(artist, ax=ax, ticks=[-1, -0.1, -0.01, 0, 0.01, 0.1, 1])
    bar.ax.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    bar.set_label("blue vanishes, red explodes")
    return figure


@style.styled
def shares(results: Mapping[str, Any]) -> Figure:
    """For each network the share of every parameter's gradient that comes from more than k steps back."""
    panels = results["shares"]
    figure = style.new_figure(style.WIDTH, 2.7 * -(-len(panels) // 2))
    figure.suptitle("Share of the gradient that comes from more than k steps back")
    lags = np.array(results["lags"][:-1])
    told: set[tuple[str, ...]] = set()  # panels with the same parameters share the first one's legend
    for ax, (network, parameters) in zip(style.grid(figure, len(panels), 2), panels.items(), strict=True):
        for (name, found), (colour, line) in zip(_drawn(parameters).items(), LOOKS, strict=False):
            draw_band(ax, lags, found["band"], colour, name, line)
        ax.set_xscale("symlog", linthresh=1)
        ax.set_xlim(left=0)
        ax.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
        ax.set_ylim(-0.03, 1.03)
        ax.set_title(network)
        ax.set_xlabel("k (steps)")
        ax.set_ylabel("share")
        ax.grid(linewidth=0.3, alpha=0.6)
        names = tuple(_drawn(parameters))
        if names not in told:
            ax.legend(frameon=False)
        told.add(names)
    return figure


def _drawn(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of the RNN; of the LSTM the W of every gate, for U and b lie on it, and the output's."""
    if "W" in parameters:
        return dict(parameters)
    return {name: found for name, found in parameters.items() if name.endswith(" W") or name in ("c", "V")}
