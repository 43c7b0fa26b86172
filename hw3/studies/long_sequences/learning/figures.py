"""Figures of echo states and of learners of long sequences: results of their programs in, matplotlib figures out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure

from hw3.report import style
from hw3.report.style import GREY
from hw3.studies.long_sequences.bands import LOOKS

MARKERS = "os^DvPX*"
LEARNERS = (*LOOKS, ("#882255", ":"))


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
