"""Lines of means over seeds with their 95% intervals, and the axes that they stand in."""

from typing import Any, cast

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure

from hw3.report import style
from hw3.report.style import BLUE, GREEN, GREY, PURPLE, VERMILION
from hw3.studies import verdicts

MARKERS = {BLUE: "o", VERMILION: "s", GREEN: "^", PURPLE: "D", GREY: "v"}


def line(ax: Any, x: Any, values: Any, colour: str, label: str, scale: float = 1.0, dashed: bool = False) -> None:
    """Means of values [seeds, points] with bars for their intervals."""
    found = [verdicts.effect(column) for column in scale * np.asarray(values, float).T]
    means, half = np.array([e.mean for e in found]), np.array([e.half_width for e in found])
    ax.errorbar(x, means, half, color=colour, marker=MARKERS[colour], markersize=3.5, linewidth=1.1, capsize=2,
                elinewidth=0.7, linestyle="--" if dashed else "-", mfc="white" if dashed else colour,
                label=label)  # fmt: skip


def spaced(height: float) -> Figure:
    """A figure of the page's width whose panels keep clear of each other's axis names."""
    figure = style.new_figure(style.WIDTH, height)
    cast(Any, figure.get_layout_engine()).set(wspace=0.06, w_pad=0.06, h_pad=0.06)
    return figure


def decorate(ax: Any, title: str, x: str, y: str, legend: bool = True) -> None:
    """Titles, axis names, a faint grid and the legend."""
    ax.set_title(title)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.grid(True, linewidth=0.3, alpha=0.6)
    if legend:
        ax.legend(frameon=False)


def log2_axis(ax: Any, values: Any) -> None:
    """A horizontal axis for powers of two, each of `values` marked."""
    ax.set_xscale("log", base=2)
    ax.set_xticks(values, [f"{value:g}" for value in values])
    ax.xaxis.set_minor_locator(ticker.NullLocator())
