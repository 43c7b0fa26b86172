"""Figures of the RNN and LSTM problems: arrays in, matplotlib figures out."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from hw3.report import style
from hw3.report.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION

STEPS_DRAWN = 5  # of a longer sequence the last ones: the loss is there
ENTRIES_WRITTEN = 3
NEGLIGIBLE = 1e-20  # of the largest share


class Quantity(NamedTuple):
    """A symbol, its values `[T, k]`, and the loss's derivative for it `[T, k]` or None."""

    symbol: str
    values: np.ndarray
    derivative: np.ndarray | None = None


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
    column, width, line_height, gap = 3.9, 2.9, 0.27, 0.42  # inches
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


def epsilon_curve(epsilons: np.ndarray, errors: Mapping[str, np.ndarray], chosen: float, title: str) -> Figure:
    """The relative error of central differences against epsilon `[E]`: the V of truncation and round-off."""
    figure = style.new_figure(7, 4.4)
    axes = figure.add_subplot()
    looks = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"))
    for (label, error), (colour, marker) in zip(errors.items(), looks, strict=False):
        best = int(np.argmin(error))
        axes.loglog(epsilons, np.maximum(error, 1e-17), marker=marker, markersize=4, color=colour, label=label)
        axes.plot(
            epsilons[best],
            max(error[best], 1e-17),
            marker="*",
            markersize=16,
            color=VERMILION,
            linestyle="none",
            zorder=3,
            label=f"best epsilon: {epsilons[best]:.2g}, error {error[best]:.1e}",
        )
    axes.axvline(chosen, color=GREY, linestyle="--", label=f"epsilon used: {chosen:g}")
    axes.invert_xaxis()
    axes.set_xlabel("epsilon (truncation rules on the left, round-off on the right)")
    axes.set_ylabel("relative error of the gradient")
    axes.set_title(title, weight="bold")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def loss_along_gradient(
    rates: np.ndarray, losses: np.ndarray, marks: Mapping[str, tuple[float, float]], title: str
) -> Figure:
    """The loss at b - rate * dL/db for rates `[K]`, with marked points as label -> (rate, loss)."""
    figure = style.new_figure(7, 4.4)
    axes = figure.add_subplot()
    axes.plot(rates, losses, color=BLUE, label="loss along the gradient")
    looks = (("black", "o"), (VERMILION, "D"), (GREEN, "s"), (PURPLE, "^"))
    for (label, (rate, loss)), (colour, marker) in zip(marks.items(), looks, strict=False):
        axes.plot(rate, loss, marker, color=colour, markersize=8, linestyle="none", label=f"{label}: {loss:.8f}")
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel("learning rate (negative: up the gradient)")
    axes.set_ylabel("loss")
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.set_title(title, weight="bold")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def forget_gates(choices: Mapping[str, np.ndarray], biases: np.ndarray, kept: np.ndarray) -> Figure:
    """The forget gate f `[T, n]` of each step under choices of its bias, and what is kept for any bias.

    `kept` `[B, n]` is the product of f over the steps at each of the biases `[B]`. Two cells are drawn.
    """
    cells = min(kept.shape[1], 2)
    figure = style.new_figure(4.2 * (cells + 1), 4.2)
    figure.suptitle("What the forget gate's bias does", weight="bold")
    *panels, right = figure.subplots(1, cells + 1)
    styles = ((ORANGE, "s", "-"), (BLUE, "o", "--"), (VERMILION, "D", ":"), (GREEN, "^", "-."))
    for cell, axes in enumerate(panels):
        for (label, f), (colour, marker, line) in zip(choices.items(), styles, strict=False):
            steps = range(1, len(f) + 1)
            axes.plot(steps, f[:, cell], marker=marker, color=colour, linestyle=line, label=label)
            if len(f) <= 12:
                axes.set_xticks(steps)
        axes.set_xlabel("step t")
        axes.set_ylabel("forget gate f (1 keeps the state)")
        axes.set_ylim(0, 1)
        axes.set_title(f"cell {cell + 1}, each step", size=11)
    panels[0].legend(fontsize=9)
    for cell in range(cells):
        right.plot(
            biases,
            kept[:, cell],
            color=(BLUE, PURPLE)[cell],
            linestyle=("-", "--")[cell],
            label=f"cell {cell + 1}",
        )
    right.axvline(1, color=GREY, linestyle=":", label="bias 1")
    right.set_xlabel("forget-gate bias")
    right.set_ylabel("fraction of s⁽⁰⁾ left after the last step")
    right.set_title("product of f over all steps", size=11)
    right.legend(fontsize=9)
    for axes in (*panels, right):
        axes.grid(alpha=0.3)
    return figure


def verdict_counts(documents: Sequence[str], verdicts: Sequence[str], counts: np.ndarray) -> Figure:
    """How many numbers of each document got each verdict: counts `[documents, verdicts]` as stacked bars."""
    figure = style.new_figure(8.5, 0.55 * len(documents) + 1.9)
    axes: Axes = figure.add_subplot()
    start = np.zeros(len(documents))
    for index, (verdict, colour, hatch) in enumerate(
        zip(verdicts, (BLUE, SKY, ORANGE, VERMILION), ("", "..", "//", "xx"), strict=True)
    ):
        width = counts[:, index]
        bars = axes.barh(
            range(len(documents)),
            width,
            left=start,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            label=verdict,
        )
        axes.bar_label(
            bars,
            [str(value) if value else "" for value in width],
            label_type="center",
            size=9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
        start = start + width
    axes.set_yticks(range(len(documents)), [f"document {name}" for name in documents])
    axes.invert_yaxis()
    axes.set_xlabel("printed numbers")
    axes.set_xlim(0, 1.03 * start.max())
    axes.set_title("The audit: every printed RNN and LSTM number", weight="bold")
    figure.legend(loc="outside lower center", ncols=4, fontsize=9)
    return figure
