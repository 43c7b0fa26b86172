"""Figures of the LSTM unrolled by hand."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from hw3.report import style
from hw3.report.style import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILION
from hw3.studies.unrolling.common.figures import (
    EPSILON,
    SHARES,
    UNROLLED,
    Layer,
    Quantity,
    epsilon_curve,
    share_bars,
    unrolled_graph,
)
from hw3.studies.unrolling.lstm.measure import Results

NAME = "lstm"  # of the folder with all results
FORGET = "forget.png"


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    now = results.intermediates
    dL_ds, dL_dh = np.array(now.dL_ds), np.array(now.dL_dh)
    gates = [
        Quantity("f", results.forward.f, dL_ds * now.ds_df),
        Quantity("g", results.forward.g, dL_ds * now.ds_dg),
        Quantity("k", results.forward.k, dL_ds * now.ds_dk),
        Quantity("q", results.forward.q, dL_dh * now.dh_dq),
    ]
    layers = [
        Layer([Quantity("x", results.settings.x)]),
        Layer(gates, "U, sigma"),
        Layer([Quantity("s", results.forward.s, now.dL_ds)], "f s + g k"),
        Layer([Quantity("h", results.forward.h, now.dL_dh)], "q tanh"),
        Layer([Quantity("o", results.forward.o, now.dL_do)], "V"),
        Layer([Quantity("ŷ", results.forward.y_hat, now.dL_dy)], "softmax"),
    ]
    shares = np.array(now.dL_da.forget)
    return {
        UNROLLED: unrolled_graph(layers, [(2, 2, "f"), (3, 1, "W")], f"LSTM unrolled in time, L = {results.loss:.8g}"),
        SHARES: share_bars(shares, "b_f", "What each step's use of the forget gate's bias adds to the gradient"),
        EPSILON: epsilon_curve(
            results.verification.curve, results.settings.task.epsilon, "central differences of L in b_f"
        ),
        FORGET: _forget_gates(results),
    }


def _forget_gates(results: Results) -> Figure:
    return forget_gates(
        {
            choice.name if choice.name[0].isalpha() else f"b_f = {choice.name}": np.array(choice.f)
            for choice in results.choices
        },
        np.array([kept.bias for kept in results.kept]),
        np.array([kept.fractions for kept in results.kept]),
    )


def forget_gates(choices: Mapping[str, np.ndarray], biases: np.ndarray, kept: np.ndarray) -> Figure:
    """The forget gate f `[T, n]` of each step under choices of its bias, and what is kept for any bias.

    `kept` `[B, n]` is the product of f over the steps at each of the biases `[B]`. Two cells are drawn.
    """
    cells = min(kept.shape[1], 2)
    figure = style.new_figure(3.1 * (cells + 1), 3.4)
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
