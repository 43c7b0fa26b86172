"""Figures of the RNN unrolled by hand."""

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
from hw3.studies.unrolling.rnn.measure import Results

NAME = "rnn"  # of the folder with all results
DESCENT = "descent.png"


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    now = results.intermediates
    layers = [
        Layer([Quantity("x", results.settings.x)]),
        Layer([Quantity("a", results.forward.a, now.dL_da)], "U"),
        Layer([Quantity("h", results.forward.h, now.dL_dh)], "tanh"),
        Layer([Quantity("o", results.forward.o, now.dL_do)], "V"),
        Layer([Quantity("ŷ", results.forward.y_hat, now.dL_dy)], "softmax"),
    ]
    return {
        UNROLLED: unrolled_graph(layers, [(2, 1, "W")], f"RNN unrolled in time, L = {results.loss:.8g}"),
        SHARES: share_bars(np.array(now.dL_da), "b", "What each step's use of b adds to the gradient"),
        EPSILON: epsilon_curve(
            results.verification.curve, results.settings.task.epsilon, "central differences of L in b"
        ),
        DESCENT: loss_along_gradient(results),
    }


def loss_along_gradient(results: Results) -> Figure:
    """The loss at b - rate * dL/db against the rate, with some steps marked."""
    marks = {"before": (0.0, results.loss)}
    marks |= {f"rate {step.learning_rate:g}": (step.learning_rate, step.loss) for step in results.steps}
    figure = style.new_figure(7, 4.4)
    axes = figure.add_subplot()
    axes.plot(*zip(*results.line, strict=True), color=BLUE, label="loss along the gradient")
    looks = (("black", "o"), (VERMILION, "D"), (GREEN, "s"), (PURPLE, "^"), (ORANGE, "v"))
    for (label, (rate, loss)), (colour, marker) in zip(marks.items(), looks, strict=False):
        axes.plot(rate, loss, marker, color=colour, markersize=8, linestyle="none", label=f"{label}: {loss:.8f}")
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel("learning rate (negative: up the gradient)")
    axes.set_ylabel("loss")
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.set_title("One step on b: the loss before and after", weight="bold")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
