"""Figures that both studies draw: the unrolled graph, the shares of the steps, the error against epsilon."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from hw3.report import style
from hw3.report.style import BLUE, GREY, ORANGE, VERMILION
from hw3.studies.unrolling.common.verification import Curve

STEPS_DRAWN = 5  # of a longer sequence the last ones: the loss is there
ENTRIES_WRITTEN = 3
NEGLIGIBLE = 1e-20  # of the largest share
SMALLEST_ERROR = 1e-17  # an error of zero has no logarithm

UNROLLED, SHARES, EPSILON = "unrolled.png", "shares.png", "epsilon.png"


class Quantity(NamedTuple):
    """A symbol, its values `[T, k]`, and the loss's derivative for it `[T, k]` or None."""

    symbol: str
    values: Any
    derivative: Any = None


class Layer(NamedTuple):
    """A box of the unrolled graph: the quantities in it, and what the arrow from the box below does."""

    quantities: Sequence[Quantity]
    through: str = ""


def _vector(entries: np.ndarray) -> str:
    text = ", ".join(f"{entry + 0.0:.5g}" for entry in entries[:ENTRIES_WRITTEN])  # + 0.0: no minus zero
    return f"({text}, ...)" if len(entries) > ENTRIES_WRITTEN else f"({text})"


def _lines(layer: Layer, t: int) -> list[tuple[str, str]]:
    """The lines of a box in step t with their colours: values in black, derivatives in red."""
    lines = []
    for symbol, values, derivative in layer.quantities:
        lines.append((f"{symbol} = {_vector(values[t])}", "black"))
        if derivative is not None:
            lines.append((f"∂L/∂{symbol} = {_vector(derivative[t])}", VERMILION))
    return lines


def unrolled_graph(layers: Sequence[Layer], recurrent: Sequence[tuple[int, int, str]], title: str) -> Figure:
    """The computation unrolled in time: a column for each step, its boxes from the input up to the output.

    `recurrent` are arrows to the next step: (number of the layer they leave, of the one they enter, label).
    """
    steps = len(layers[0].quantities[0].values)
    shown = range(max(0, steps - STEPS_DRAWN), steps)
    column, width, line_height, gap = 3.0, 2.5, 0.24, 0.36  # inches
    heights = [line_height * len(_lines(layer, 0)) + 0.12 for layer in layers]
    bottoms = [0.32 + sum(heights[:index]) + gap * index for index in range(len(layers))]
    top = bottoms[-1] + heights[-1]
    figure = Figure(figsize=(column * len(shown) + 0.3, top + 0.75), dpi=style.DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, figure.get_figwidth())
    axes.set_ylim(0, figure.get_figheight())
    axes.axis("off")
    arrow = {"arrowstyle": "-|>", "color": GREY, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    text: dict[str, Any] = {"va": "center", "size": 10}
    for place, t in enumerate(shown):
        left = 0.15 + place * column + (column - width) / 2
        middle = left + width / 2
        axes.text(middle, top + 0.2, f"step {t + 1}", ha="center", va="center", weight="bold")
        for index, (layer, bottom, height) in enumerate(zip(layers, bottoms, heights, strict=True)):
            axes.add_patch(_box(left, bottom, width, height, index in (0, len(layers) - 1)))
            lines = _lines(layer, t)
            for number, (line, colour) in enumerate(lines):
                y = bottom + height * (1 - (number + 0.5) / len(lines))
                axes.text(middle, y, line, ha="center", va="center", size=min(9, 380 / len(line)), color=colour)
            if index:
                axes.annotate("", (middle, bottom), (middle, bottom - gap), arrowprops=arrow)
                axes.text(middle + 0.12, bottom - gap / 2, layer.through, color=GREY, **text)
        if place + 1 < len(shown):
            for source, target, label in recurrent:
                y_from, y_to = (bottoms[index] + heights[index] / 2 for index in (source, target))
                start, end = (left + width, y_from), (left + column, y_to)
                axes.annotate("", end, start, arrowprops={**arrow, "color": BLUE})
                x, y = left + (width + column) / 2 + 0.1, (y_from + y_to) / 2 + 0.15
                axes.text(x, y, label, color=BLUE, ha="left", **text)
    centre: dict[str, Any] = {"x": figure.get_figwidth() / 2, "ha": "center", "va": "center"}
    axes.text(
        y=0.13,
        s="black: values; red: derivatives of the loss through all later steps",
        size=9,
        color=GREY,
        **centre,
    )
    said = title if len(shown) == steps else f"{title} (the last {len(shown)} of {steps} steps)"
    axes.text(y=figure.get_figheight() - 0.2, s=said, size=12, weight="bold", **centre)
    return figure


def _box(left: float, bottom: float, width: float, height: float, outer: bool) -> FancyBboxPatch:
    return FancyBboxPatch(
        (left, bottom),
        width,
        height,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor="#EAF3F9" if outer else "white",
        edgecolor=GREY,
        linewidth=1,
    )


def share_bars(shares: np.ndarray, symbol: str, title: str) -> Figure:
    """What the use of a bias in each step adds to the gradient: shares `[T, n]`, one panel for each entry.

    Bars with their values for a few steps; for many the magnitude on a logarithmic scale, negligible ones
    left out.
    """
    steps, entries = shares.shape
    drawn = min(entries, 4)
    figure = style.new_figure(4.4 * drawn, 3.6)
    figure.suptitle(title, weight="bold")
    for index in range(drawn):
        axes = figure.add_subplot(1, drawn, index + 1)
        values = shares[:, index]
        if steps <= 12:
            bars = axes.bar(
                np.arange(1, steps + 1),
                values,
                color=[BLUE if value < 0 else ORANGE for value in values],
                width=0.6,
            )
            axes.bar_label(bars, [f"{value + 0.0:.3g}" for value in values], padding=3, size=9)
            axes.set_xticks(range(1, steps + 1))
            axes.axhline(0, color="black", linewidth=0.8)
            axes.use_sticky_edges = False  # room for the labels on both sides of zero
            axes.margins(y=0.15)
        else:
            magnitude = np.abs(values)
            drawn_steps = np.flatnonzero(magnitude > NEGLIGIBLE * magnitude.max())  # the rest only sets the scale
            axes.semilogy(drawn_steps + 1, magnitude[drawn_steps], ".-", color=BLUE, markersize=5)
            axes.set_xlim(float(min(drawn_steps, default=0)), steps + 1)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
            axes.ticklabel_format(axis="x", useOffset=False)
            axes.grid(alpha=0.3)
        axes.set_title(f"{symbol}{index + 1}: sum {values.sum():.6g}", size=11)
        axes.set_xlabel("step t in which the bias is used")
        axes.set_ylabel(f"share ∂L/∂{symbol}{index + 1}⁽ᵗ⁾" if steps <= 12 else f"|share ∂L/∂{symbol}{index + 1}⁽ᵗ⁾|")
    return figure


def epsilon_curve(curve: Curve, chosen: float, label: str) -> Figure:
    """The relative error of central differences against epsilon: the V of truncation and round-off."""
    figure = style.new_figure(7, 4.4)
    axes = figure.add_subplot()
    error = np.maximum(curve.errors, SMALLEST_ERROR)
    axes.loglog(curve.epsilons, error, marker="o", markersize=4, color=BLUE, label=label)
    axes.plot(
        curve.best_epsilon,
        max(curve.best_error, SMALLEST_ERROR),
        marker="*",
        markersize=16,
        color=VERMILION,
        linestyle="none",
        zorder=3,
        label=f"best epsilon: {curve.best_epsilon:.2g}, error {curve.best_error:.1e}",
    )
    axes.axvline(chosen, color=GREY, linestyle="--", label=f"epsilon used: {chosen:g}")
    axes.invert_xaxis()
    axes.set_xlabel("epsilon (truncation rules on the left, round-off on the right)")
    axes.set_ylabel("relative error of the gradient")
    axes.set_title("Central differences against the unrolled gradient", weight="bold")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
