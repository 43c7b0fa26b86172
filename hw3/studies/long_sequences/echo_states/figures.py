"""Figures of what echo states forget and remember."""

import numpy as np
from matplotlib.figure import Figure

from hw3.recurrent.gradient_flow import Band
from hw3.report import style
from hw3.studies.long_sequences.bands import LOOKS, draw_band, shades
from hw3.studies.long_sequences.echo_states.measure import DRAWN_SCALE, FORGOTTEN, Results

FORGETTING, CAPACITY = "forgetting.png", "capacity.png"
FLOOR = 1e-17  # where a difference of float64 ends


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    return {FORGETTING: forgetting(results), CAPACITY: capacity(results)}


@style.styled
def forgetting(results: Results) -> Figure:
    """What is left of the difference of two states: against time, and at the end against the spectral radius."""
    settings = results.settings
    figure = style.new_figure(style.WIDTH, 3.4)
    figure.suptitle(f"The echo state property of reservoirs with {settings.hidden} units")
    left, right = figure.subplots(1, 2)
    for curve, colour in zip(results.curves, shades(len(results.curves)), strict=True):
        band = _above_floor(curve.band)
        draw_band(left, range(len(band.median)), band, colour, f"{curve.radius:g}")
    left.set_title(f"two states read one sequence, input scale {DRAWN_SCALE:g}")
    left.set_xlabel("step")
    left.legend(frameon=False, title="spectral radius", loc="lower right")
    for found, (colour, line) in zip(results.left, LOOKS, strict=False):
        label = "no input" if found.input_scale == 0 else f"input scale {found.input_scale:g}"
        draw_band(right, settings.radii, _above_floor(found.band), colour, label, line)
    right.axhline(FORGOTTEN, color=style.GREY, linewidth=0.9, linestyle=(0, (1, 1)), label="counts as forgotten")
    right.axvline(1, color="black", linewidth=0.6)
    right.set_title(f"after {settings.steps:,} steps")
    right.set_xlabel("spectral radius of W")
    right.legend(frameon=False, loc="lower right")
    for ax in (left, right):
        ax.set_yscale("log")
        ax.set_ylim(FLOOR, 10)
        ax.set_ylabel("what is left of their difference")
        ax.grid(linewidth=0.3, alpha=0.6)
    return figure


def _above_floor(band: Band) -> Band:
    return Band(*(np.maximum(values, FLOOR) for values in band))


@style.styled
def capacity(results: Results) -> Figure:
    """The memory capacity curve of each spectral radius and the totals beside the bound."""
    hidden = results.settings.hidden
    figure = style.new_figure(style.WIDTH, 3.0)
    figure.suptitle(f"Memory capacity of reservoirs with {hidden} units")
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    rows = results.capacities
    for row, (colour, line) in zip(rows, LOOKS, strict=False):
        draw_band(left, range(1, results.delays + 1), row.by_delay, colour, f"{row.radius:g}", line)
    left.set_xlabel("delay k (steps)")
    left.set_ylabel("MC_k, squared correlation with x⁽ᵗ⁻ᵏ⁾")
    left.set_ylim(-0.03, 1.05)
    left.legend(frameon=False, title="spectral radius")
    for place, (row, (colour, _)) in enumerate(zip(rows, LOOKS, strict=False)):
        right.bar(place, np.mean(row.totals), color=colour, alpha=0.35, width=0.6)
        right.plot(np.full(len(row.totals), place), row.totals, "o", color=colour, markersize=3)
    right.axhline(hidden, color="black", linewidth=0.9, linestyle="--")
    right.text(-0.4, hidden, f"bound: {hidden}", va="bottom")
    right.set_ylim(0, 1.12 * hidden)
    right.set_xticks(range(len(rows)), [f"{row.radius:g}" for row in rows])
    right.set_xlabel("spectral radius")
    right.set_ylabel("memory capacity, sum over k")
    for ax in (left, right):
        ax.grid(linewidth=0.3, alpha=0.6)
    return figure
