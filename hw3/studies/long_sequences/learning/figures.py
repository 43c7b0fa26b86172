"""Figures of learners of long sequences."""

from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure

from hw3.report import style
from hw3.report.style import GREY
from hw3.studies.long_sequences.bands import LOOKS
from hw3.studies.long_sequences.learning.claims import chance
from hw3.studies.long_sequences.learning.measure import Results

ACCURACY = "accuracy.png"
MARKERS = "os^DvPX*"
LEARNER_LOOKS = (*LOOKS, ("#882255", ":"))


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    return {ACCURACY: accuracy(results)}


@style.styled
def accuracy(results: Results) -> Figure:
    """Test accuracy (mean over seeds, bars from the worst to the best) and training time against the length."""
    settings = results.settings
    figure = style.new_figure(style.WIDTH, 4.4)
    figure.suptitle(f"{settings.classes} classes told by motifs in the first {settings.early} residues")
    left, right = figure.subplots(1, 2)
    lengths = np.array(settings.lengths)
    for number, learner in enumerate(settings.learners):
        colour, line = LEARNER_LOOKS[number % len(LEARNER_LOOKS)]
        own = results.of(learner)
        accuracies = np.array([outcome.accuracies for outcome in own])  # [lengths, seeds]
        mean = accuracies.mean(1)
        bars = np.maximum([mean - accuracies.min(1), accuracies.max(1) - mean], 0)
        look: Any = {"color": colour, "linestyle": line, "marker": MARKERS[number % len(MARKERS)], "markersize": 4}
        beside = lengths * 1.04 ** (number - len(settings.learners) / 2)  # bars side by side
        left.errorbar(beside, mean, bars, linewidth=1, capsize=2, label=learner.name, **look)
        right.plot(lengths, [outcome.seconds for outcome in own], linewidth=1, **look)
    for bounds, title, line in (
        ([bound.matched_filter for bound in results.bounds], "matched filter (Bayes)", "-"),
        ([bound.last_residues for bound in results.bounds], "last residues only", ":"),
    ):
        left.plot(lengths, np.mean(bounds, 1), color=GREY, linestyle=line, label=title)
    left.axhline(chance(results), color="black", linewidth=0.6, linestyle="--", label="chance")
    left.set_ylim(0, 1.05)
    left.set_title("on new sequences: mean, worst and best seed")
    left.set_ylabel("accuracy")
    right.set_yscale("log")
    right.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    right.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    right.yaxis.set_minor_formatter(ticker.NullFormatter())
    right.set_title(f"learning, {settings.seeds} seeds together, without compiling")
    right.set_ylabel("seconds")
    for ax in (left, right):
        ax.set_xscale("log")
        ax.set_xticks(lengths, [f"{length:,}" for length in lengths])
        ax.xaxis.set_minor_locator(ticker.NullLocator())
        ax.set_xlabel("length of the sequences (residues)")
        ax.grid(linewidth=0.3, alpha=0.6)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure
