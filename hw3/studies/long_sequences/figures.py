"""Figures of echo states and of learners of long sequences: results of their programs in, matplotlib figures out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure

from hw3.report import style
from hw3.studies.long_sequences.flow_figures import LOOKS, draw_band, shades
from hw3.studies.unrolling.figures import GREY

MARKERS = "os^DvPX*"
LEARNERS = (*LOOKS, ("#882255", ":"))
FLOOR = 1e-17  # where a difference of float64 ends


@style.styled
def forgetting(results: Mapping[str, Any]) -> Figure:
    """What is left of the difference of two states: against time, and at the end against the spectral radius."""
    figure = style.new_figure(style.WIDTH, 3.4)
    figure.suptitle(f"The echo state property of reservoirs with {results['hidden']} units")
    left, right = figure.subplots(1, 2)
    for curve, colour in zip(results["curves"], shades(len(results["curves"])), strict=True):
        band = _above_floor(curve["band"])
        draw_band(left, range(len(band["median"])), band, colour, f"{curve['radius']:g}")
    left.set_title(f"two states read one sequence, input scale {results['input_scale']:g}")
    left.set_xlabel("step")
    left.legend(frameon=False, title="spectral radius", loc="lower right")
    for (scale, found), (colour, line) in zip(results["left"].items(), LOOKS, strict=False):
        label = "no input" if float(scale) == 0 else f"input scale {float(scale):g}"
        draw_band(right, results["radii"], _above_floor(found["band"]), colour, label, line)
    right.axhline(results["forgotten"], color=GREY, linewidth=0.9, linestyle=(0, (1, 1)), label="counts as forgotten")
    right.axvline(1, color="black", linewidth=0.6)
    right.set_title(f"after {results['steps']:,} steps")
    right.set_xlabel("spectral radius of W")
    right.legend(frameon=False, loc="lower right")
    for ax in (left, right):
        ax.set_yscale("log")
        ax.set_ylim(FLOOR, 10)
        ax.set_ylabel("what is left of their difference")
        ax.grid(linewidth=0.3, alpha=0.6)
    return figure


def _above_floor(band: Mapping[str, Sequence[float]]) -> dict[str, np.ndarray]:
    return {name: np.maximum(values, FLOOR) for name, values in band.items()}


@style.styled
def capacity(results: Mapping[str, Any]) -> Figure:
    """The memory capacity curve of each spectral radius and the totals beside the bound."""
    figure = style.new_figure(style.WIDTH, 3.0)
    figure.suptitle(f"Memory capacity of reservoirs with {results['hidden']} units")
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    rows = results["capacities"]
    for row, (colour, line) in zip(rows, LOOKS, strict=False):
        draw_band(left, range(1, results["delays"] + 1), row["by_delay"], colour, f"{row['radius']:g}", line)
    left.set_xlabel("delay k (steps)")
    left.set_ylabel("MC_k, squared correlation with x⁽ᵗ⁻ᵏ⁾")
    left.set_ylim(-0.03, 1.05)
    left.legend(frameon=False, title="spectral radius")
    for place, (row, (colour, _)) in enumerate(zip(rows, LOOKS, strict=False)):
        totals = np.array(row["totals"])
        right.bar(place, totals.mean(), color=colour, alpha=0.35, width=0.6)
        right.plot(np.full(len(totals), place), totals, "o", color=colour, markersize=3)
    right.axhline(results["hidden"], color="black", linewidth=0.9, linestyle="--")
    right.text(-0.4, results["hidden"], f"bound: {results['hidden']}", va="bottom")
    right.set_ylim(0, 1.12 * results["hidden"])
    right.set_xticks(range(len(rows)), [f"{row['radius']:g}" for row in rows])
    right.set_xlabel("spectral radius")
    right.set_ylabel("memory capacity, sum over k")
    for ax in (left, right):
        ax.grid(linewidth=0.3, alpha=0.6)
    return figure


@style.styled
def accuracy_by_length(results: Mapping[str, Any]) -> Figure:
    """Test accuracy (mean over seeds, bars from the worst to the best) and training time against the length."""
    figure = style.new_figure(style.WIDTH, 4.4)
    figure.suptitle(f"{results['classes']} classes told by motifs in the first {results['task']['early']} residues")
    left, right = figure.subplots(1, 2)
    rows = results["rows"]
    drawn = [name for name in results["learners"] if any(row["learner"] == name for row in rows)]
    for number, name in enumerate(drawn):
        colour, line = LEARNERS[number % len(LEARNERS)]
        own = [row for row in rows if row["learner"] == name]
        lengths = np.array([row["length"] for row in own]) * 1.04 ** (number - len(drawn) / 2)  # bars side by side
        mean = np.array([np.mean(row["accuracies"]) for row in own])
        spread = [
            mean - [min(row["accuracies"]) for row in own],
            np.array([max(row["accuracies"]) for row in own]) - mean,
        ]
        look: Any = {"color": colour, "linestyle": line, "marker": MARKERS[number % len(MARKERS)], "markersize": 4}
        left.errorbar(lengths, mean, np.maximum(spread, 0), linewidth=1, capsize=2, label=name, **look)
        right.plot([row["length"] for row in own], [row["seconds"] for row in own], linewidth=1, **look)
    bounds = results["baselines"]
    lengths = [row["length"] for row in bounds]
    for name, title, line in (
        ("matched_filter", "matched filter (Bayes)", "-"),
        ("last_residues", "last residues only", ":"),
    ):
        left.plot(lengths, [np.mean(row[name]) for row in bounds], color=GREY, linestyle=line, label=title)
    left.axhline(1 / results["classes"], color="black", linewidth=0.6, linestyle="--", label="chance")
    left.set_ylim(0, 1.05)
    left.set_title("on new sequences: mean, worst and best seed")
    left.set_ylabel("accuracy")
    right.set_yscale("log")
    right.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    right.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    right.yaxis.set_minor_formatter(ticker.NullFormatter())
    right.set_title(f"learning, {len(results['seeds'])} seeds together, without compiling")
    right.set_ylabel("seconds")
    for ax in (left, right):
        ax.set_xscale("log")
        ax.set_xticks(lengths, [f"{length:,}" for length in lengths])
        ax.xaxis.set_minor_locator(ticker.NullLocator())
        ax.set_xlabel("length of the sequences (residues)")
        ax.grid(linewidth=0.3, alpha=0.6)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure
