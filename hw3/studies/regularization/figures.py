"""Dropout, bagging and batch normalisation: means over seeds with their 95% intervals."""

from typing import Any, cast

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure

from hw3.report import style
from hw3.report.page import Results
from hw3.report.style import BLUE, GREEN, GREY, PURPLE, VERMILION
from hw3.studies import verdicts
from hw3.studies.regularization.dropout import TARGET

MARKERS = {BLUE: "o", VERMILION: "s", GREEN: "^", PURPLE: "D", GREY: "v"}


def line(ax: Any, x: Any, values: Any, colour: str, label: str, scale: float = 1.0, dashed: bool = False) -> None:
    """Means of values [seeds, points] with their intervals as a band and bars."""
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


@style.styled
def dropout(found: Results) -> Figure:
    """Speed, capacity, overfitting, sparsity and co-adaptation against the rate."""
    rates = found["rates"]
    figure = spaced(4.4)
    axes = figure.subplots(2, 3).ravel()
    colours = style.sequence(len(rates))
    curve = np.asarray(found["curve"])
    for i, (rate, colour) in enumerate(zip(rates, colours, strict=True)):
        axes[0].plot(np.arange(1, curve.shape[-1] + 1), 100 * curve[:, i].mean(0), color=colour, label=f"{rate:g}")
    axes[0].axhline(100 * TARGET, color=GREY, linewidth=0.7, linestyle=":")
    axes[0].xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    decorate(axes[0], "Learning curves by rate", "epoch", "training images right (%)")
    axes[0].legend(frameon=False, fontsize=6, ncols=2)
    name = "dropout rate"
    line(axes[1], rates, found["epochs"], BLUE, "")
    axes[1].axhline(curve.shape[-1] + 1, color=GREY, linewidth=0.7, linestyle=":")
    decorate(axes[1], f"Epochs to {TARGET:.0%} (dotted: not reached)", name, "epochs", False)
    line(axes[2], rates, found["train_accuracy"], BLUE, "training", 100)
    line(axes[2], rates, found["test_accuracy"], VERMILION, "test", 100)
    decorate(axes[2], "Overfitting", name, "images right (%)")
    line(axes[3], rates, found["memorised"], BLUE, "", 100)
    decorate(axes[3], "Capacity: random labels memorised", name, "training images (%)", False)
    line(axes[4], rates, found["sparsity"], BLUE, "", 100)
    decorate(axes[4], "Sparsity of the hidden units", name, "activations that are zero (%)", False)
    line(axes[5], rates, found["co_adaptation"], BLUE, "", 1)
    decorate(axes[5], "Co-adaptation of the hidden units", name, "mean |correlation|", False)
    return figure


@style.styled
def bagging(found: Results) -> Figure:
    """Accuracy, calibration and log loss of the contenders."""
    members = found["members"]
    names = {
        "single": "single network",
        "dropout": f"dropout {found['rate']:g}",
        "monte_carlo": f"the same, {found['masks']} masks averaged",
        "bagging": f"bagging, {members} networks,\ncost of one",
        "bagging_long": f"bagging, {members} networks,\n{members} times the cost",
        "member": "one network of that bag",
    }
    figure = style.new_figure(style.WIDTH, 2.5)
    axes = figure.subplots(1, 3, sharey=True)
    places = np.arange(len(names))[::-1]
    panels = (
        ("accuracy", 100, "Accuracy", "test images right (%)"),
        ("calibration_error", 100, "Calibration", "expected calibration error (%)"),
        ("log_loss", 1, "Log loss", "nats per test image"),
    )
    for ax, (measure, scale, title, label) in zip(axes, panels, strict=True):
        for place, name in zip(places, names, strict=True):
            values = scale * np.asarray(found["quality"][name][measure])
            mean = verdicts.effect(values)
            ax.plot(values, np.full(len(values), place + 0.25), ".", color="#888888", markersize=3)
            ax.errorbar(mean.mean, place, xerr=mean.half_width, color=BLUE, marker="o", markersize=4, capsize=2,
                        elinewidth=0.9)  # fmt: skip
        decorate(ax, title, label, "", False)
    axes[0].set_yticks(places, names.values())
    return figure


@style.styled
def batch_sizes(found: Results) -> Figure:
    """Accuracy against the size of the batch, in training and at test time."""
    sizes = found["sizes"]
    figure = spaced(2.8)
    trained, tested = figure.subplots(1, 2, sharey=True)
    line(trained, sizes, found["plain"], GREY, "without normalisation", 100, True)
    line(trained, sizes, found["running"], BLUE, "running statistics at test time", 100)
    line(trained, sizes, found["batch"], VERMILION, "statistics of test batches as large", 100)
    decorate(trained, "Batches of every size in training", "batch size in training", "test images right (%)")
    line(tested, [sizes[0], sizes[-1]], found["large_then_running"], BLUE, "running statistics", 100)
    line(tested, sizes, found["large_then_small"], VERMILION, "statistics of the test batch", 100)
    decorate(tested, f"Trained with batches of {sizes[-1]}", "batch size at test time", "")
    for ax in (trained, tested):
        log2_axis(ax, sizes)
        ax.legend(frameon=False, loc="lower right")
    return figure


@style.styled
def gradients(found: Results) -> Figure:
    """The norm of the first layer's gradient against depth, and its growth per layer before and after training."""
    initial, trained = found["initial"], found["trained"]
    figure = spaced(3.2)
    norm, growth = figure.subplots(1, 2)
    kinds = (
        ("normalised", BLUE, "batch normalisation"),
        ("plain", VERMILION, "none, He initialisation"),
        ("plain_lecun", GREY, "none, LeCun initialisation"),
    )
    for name, colour, label in kinds:
        logs = np.log10(np.asarray(initial[f"{name}_first"]))
        means = 10 ** logs.mean(0)
        spread = np.array([means - 10 ** logs.min(0), 10 ** logs.max(0) - means])
        norm.errorbar(initial["depths"], means, spread, color=colour, marker=MARKERS[colour], markersize=3.5,
                      linewidth=1.1, capsize=2, label=label)  # fmt: skip
    norm.set_yscale("log")
    decorate(
        norm, "At initialisation (bars: all seeds)", "hidden layers", "gradient norm of the first layer's kernel", False
    )
    norm.legend(frameon=False, loc="lower left")  # what vanishes ends on the right
    for name, colour, label in kinds[:2]:
        line(growth, initial["depths"], initial[name], colour, f"{label}, fresh")
        line(growth, trained["depths"], trained[name], colour, f"{label}, after {trained['steps']} steps", dashed=True)
    growth.axhline(found["theory"], color=GREY, linewidth=0.8, linestyle=":", label=r"theory, $\sqrt{\pi/(\pi-1)}$")
    decorate(growth, "Growth of the gradient's norm", "hidden layers", "factor per layer on the way down", False)
    figure.legend(*growth.get_legend_handles_labels(), loc="outside lower right", ncols=2, frameon=False, fontsize=7)
    for ax in (norm, growth):
        log2_axis(ax, initial["depths"])
    return figure


@style.styled
def variance_shift(found: Results) -> Figure:
    """The ratio of variances layer by layer and the accuracies, a row a rate."""
    runs = found["runs"]
    figure = spaced(2.4 * len(runs) + 0.9)
    axes = figure.subplots(len(runs), 2, squeeze=False)
    colours = (GREY, VERMILION, PURPLE, GREEN)
    for (left, right), run in zip(axes, runs, strict=True):
        ratio = np.asarray(run["ratio"])
        blocks = np.arange(1, ratio.shape[-1] + 1)
        for i, (placement, colour) in enumerate(zip(found["placements"], colours, strict=True)):
            line(left, blocks + 0.05 * (i - 1.5), ratio[:, i], colour, placement)
        left.set_xticks(blocks)
        decorate(left, f"Variance shift, rate {run['rate']:g}", "normalisation (layer)",
                 "variance in training / at test time", False)  # fmt: skip
        left.set_ylim(0, None)
        x = np.arange(len(found["placements"]))
        for shift, name, colour, label in (
            (-0.15, "accuracy", BLUE, "running statistics"),
            (0.0, "corrected", GREEN, "statistics without dropout"),
            (0.15, "plain_accuracy", GREY, "no normalisation"),
        ):
            values = [verdicts.effect(100 * column) for column in np.asarray(run[name]).T]
            right.errorbar(x + shift, [v.mean for v in values], [v.half_width for v in values], linestyle="none",
                           color=colour, marker=MARKERS[colour], markersize=4, capsize=2, label=label)  # fmt: skip
        wrapped = [placement.replace(" ", "\n", 1).replace("every ", "every\n").replace("last ", "last\n")
                   for placement in found["placements"]]  # fmt: skip
        right.set_xticks(x, wrapped)
        decorate(right, f"What it costs, rate {run['rate']:g}", "place of the dropout", "test images right (%)", False)
    for column in (0, 1):  # one legend a column, below, where no point is
        axes[-1, column].legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.42), ncols=2, fontsize=7)
    return figure
