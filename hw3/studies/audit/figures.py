"""Figures of the audit."""

import numpy as np
from matplotlib.figure import Figure

from hw3.report import style
from hw3.report.style import BLUE, ORANGE, SKY, VERMILION
from hw3.studies.audit.findings import VERDICTS, counts
from hw3.studies.audit.measure import Results

COUNTS = "verdicts.png"
LOOKS = ((BLUE, ""), (SKY, ".."), ("#CCCCCC", ""), (ORANGE, "//"), (VERMILION, "xx"))  # in the order of VERDICTS


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    return {COUNTS: verdict_counts(results)}


def verdict_counts(results: Results) -> Figure:
    """How many numbers of each document got each verdict, as stacked bars."""
    rows = counts(results.findings)[:-1]
    numbers = np.array([row.numbers for row in rows])
    figure = style.new_figure(8.5, 0.55 * len(rows) + 1.9)
    axes = figure.add_subplot()
    start = np.zeros(len(rows))
    for verdict, width, (colour, hatch) in zip(VERDICTS, numbers.T, LOOKS, strict=True):
        if not width.any():
            continue
        bars = axes.barh(
            range(len(rows)), width, left=start, color=colour, hatch=hatch, edgecolor="white", label=verdict
        )
        axes.bar_label(
            bars,
            [str(value) if value else "" for value in width],
            label_type="center",
            size=9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
        start = start + width
    axes.set_yticks(range(len(rows)), [f"document {row.document}" for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("printed numbers")
    axes.set_xlim(0, 1.03 * start.max())
    axes.set_title("The audit: every printed number", weight="bold")
    figure.legend(loc="outside lower center", ncols=len(VERDICTS), fontsize=9)
    return figure
