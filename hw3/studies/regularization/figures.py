"""Dropout, bagging and batch normalisation: means over seeds with their 95% intervals."""

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure

from hw3.report import style
from hw3.report.style import BLUE, GREEN, GREY, PURPLE, VERMILION
from hw3.studies import verdicts
from hw3.studies.drawing import MARKERS, decorate, line, log2_axis, spaced
from hw3.studies.regularization.bagging import Bagging, contenders
from hw3.studies.regularization.batch_sizes import BatchSizes
from hw3.studies.regularization.dropout import TARGET, Dropout
from hw3.studies.regularization.gradients import THEORETICAL_GROWTH, Gradients
from hw3.studies.regularization.measure import Results
from hw3.studies.regularization.settings import Settings
from hw3.studies.regularization.variance_shift import PLACEMENTS, VarianceShift

DROPOUT, BAGGING, BATCH_SIZES = "dropout.png", "bagging.png", "batch_sizes.png"
GRADIENTS, VARIANCE_SHIFT = "gradients.png", "variance_shift.png"


def figures(results: Results) -> dict[str, Figure]:
    """The figures of all that was measured, by file name."""
    settings = results.settings
    drawn = {}
    if results.dropout:
        drawn[DROPOUT] = dropout(settings, results.dropout)
    if results.bagging:
        drawn[BAGGING] = bagging(settings, results.bagging)
    if results.batch_sizes:
        drawn[BATCH_SIZES] = batch_sizes(settings, results.batch_sizes)
    if results.gradients:
        drawn[GRADIENTS] = gradients(settings, results.gradients)
    if results.variance_shift:
        drawn[VARIANCE_SHIFT] = variance_shift(results.variance_shift)
    return drawn


@style.styled
def dropout(settings: Settings, found: Dropout) -> Figure:
    """Speed, capacity, overfitting, sparsity and co-adaptation against the rate."""
    rates, epochs = settings.rates, found.curve.shape[-1]
    figure = spaced(4.4)
    learning, speed, overfitting, capacity, sparsity, co_adaptation = figure.subplots(2, 3).ravel()
    for i, (rate, colour) in enumerate(zip(rates, style.sequence(len(rates)), strict=True)):
        learning.plot(np.arange(1, epochs + 1), 100 * found.curve[:, i].mean(0), color=colour, label=f"{rate:g}")
    learning.axhline(100 * TARGET, color=GREY, linewidth=0.7, linestyle=":")
    learning.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    decorate(learning, "Learning curves by rate", "epoch", "training images right (%)")
    learning.legend(frameon=False, fontsize=6, ncols=2)
    name = "dropout rate"
    line(speed, rates, found.epochs, BLUE, "")
    speed.axhline(epochs + 1, color=GREY, linewidth=0.7, linestyle=":")
    decorate(speed, f"Epochs to {TARGET:.0%} (dotted: not reached)", name, "epochs", False)
    line(overfitting, rates, found.train_accuracy, BLUE, "training", 100)
    line(overfitting, rates, found.test_accuracy, VERMILION, "test", 100)
    decorate(overfitting, "Overfitting", name, "images right (%)")
    line(capacity, rates, found.memorised, BLUE, "", 100)
    decorate(capacity, "Capacity: random labels memorised", name, "training images (%)", False)
    line(sparsity, rates, found.sparsity, BLUE, "", 100)
    decorate(sparsity, "Sparsity of the hidden units", name, "activations that are zero (%)", False)
    line(co_adaptation, rates, found.co_adaptation, BLUE, "", 1)
    decorate(co_adaptation, "Co-adaptation of the hidden units", name, "mean |correlation|", False)
    return figure


@style.styled
def bagging(settings: Settings, found: Bagging) -> Figure:
    """Accuracy, calibration and log loss of the contenders."""
    competing = contenders(found, settings)
    figure = style.new_figure(style.WIDTH, 2.5)
    axes = figure.subplots(1, 3, sharey=True)
    places = np.arange(len(competing))[::-1]
    panels = (
        ([100 * of.quality.accuracy for of in competing], "Accuracy", "test images right (%)"),
        ([100 * of.quality.calibration_error for of in competing], "Calibration", "expected calibration error (%)"),
        ([of.quality.log_loss for of in competing], "Log loss", "nats per test image"),
    )
    for ax, (rows, title, label) in zip(axes, panels, strict=True):
        for place, values in zip(places, rows, strict=True):
            mean = verdicts.effect(values)
            ax.plot(values, np.full(len(values), place + 0.25), ".", color="#888888", markersize=3)
            ax.errorbar(mean.mean, place, xerr=mean.half_width, color=BLUE, marker="o", markersize=4, capsize=2,
                        elinewidth=0.9)  # fmt: skip
        decorate(ax, title, label, "", False)
    axes[0].set_yticks(places, [contender.name.replace(" at ", "\nat ") for contender in competing])
    return figure


@style.styled
def batch_sizes(settings: Settings, found: BatchSizes) -> Figure:
    """Accuracy against the size of the batch, in training and at test time."""
    sizes = settings.batch_sizes
    figure = spaced(2.8)
    trained, tested = figure.subplots(1, 2, sharey=True)
    line(trained, sizes, found.plain, GREY, "without normalisation", 100, True)
    line(trained, sizes, found.running, BLUE, "running statistics at test time", 100)
    line(trained, sizes, found.batch, VERMILION, "statistics of test batches as large", 100)
    decorate(trained, "Batches of every size in training", "batch size in training", "test images right (%)")
    line(tested, [sizes[0], sizes[-1]], found.large_then_running, BLUE, "running statistics", 100)
    line(tested, sizes, found.large_then_small, VERMILION, "statistics of the test batch", 100)
    decorate(tested, f"Trained with batches of {sizes[-1]}", "batch size at test time", "")
    for ax in (trained, tested):
        log2_axis(ax, sizes)
        ax.legend(frameon=False, loc="lower right")
    return figure


@style.styled
def gradients(settings: Settings, found: Gradients) -> Figure:
    """The norm of the first layer's gradient against depth, and its growth per layer before and after training."""
    depths, steps = settings.depths, settings.descent_steps
    figure = spaced(3.2)
    norm, growth = figure.subplots(1, 2)
    for norms, colour, label in (
        (found.normalised, BLUE, "batch normalisation"),
        (found.plain, VERMILION, "none, He initialisation"),
        (found.plain_lecun, GREY, "none, LeCun initialisation"),
    ):
        logs = np.log10(norms.first)
        means = 10 ** logs.mean(0)
        spread = np.array([means - 10 ** logs.min(0), 10 ** logs.max(0) - means])
        norm.errorbar(depths, means, spread, color=colour, marker=MARKERS[colour], markersize=3.5, linewidth=1.1,
                      capsize=2, label=label)  # fmt: skip
    norm.set_yscale("log")
    decorate(
        norm, "At initialisation (bars: all seeds)", "hidden layers", "gradient norm of the first layer's kernel", False
    )
    norm.legend(frameon=False, loc="lower left")  # what vanishes ends on the right
    for fresh, trained, colour, label in (
        (found.normalised, found.trained_normalised.norms, BLUE, "batch normalisation"),
        (found.plain, found.trained_plain.norms, VERMILION, "none, He initialisation"),
    ):
        line(growth, depths, fresh.growth, colour, f"{label}, fresh")
        line(growth, settings.trained_depths, trained.growth, colour, f"{label}, after {steps} steps", dashed=True)
    growth.axhline(THEORETICAL_GROWTH, color=GREY, linewidth=0.8, linestyle=":", label=r"theory, $\sqrt{\pi/(\pi-1)}$")
    decorate(growth, "Growth of the gradient's norm", "hidden layers", "factor per layer on the way down", False)
    figure.legend(*growth.get_legend_handles_labels(), loc="outside lower right", ncols=2, frameon=False, fontsize=7)
    for ax in (norm, growth):
        log2_axis(ax, depths)
    return figure


@style.styled
def variance_shift(runs: tuple[VarianceShift, ...]) -> Figure:
    """The ratio of variances layer by layer and the accuracies, a row a rate."""
    figure = spaced(2.4 * len(runs) + 0.9)
    axes = figure.subplots(len(runs), 2, squeeze=False)
    colours = (GREY, VERMILION, PURPLE, GREEN)
    for (left, right), run in zip(axes, runs, strict=True):
        blocks = np.arange(1, run.ratio.shape[-1] + 1)
        for i, (placement, colour) in enumerate(zip(PLACEMENTS, colours, strict=True)):
            line(left, blocks + 0.05 * (i - 1.5), run.ratio[:, i], colour, placement)
        left.set_xticks(blocks)
        decorate(left, f"Variance shift, rate {run.rate:g}", "normalisation (layer)",
                 "variance in training / at test time", False)  # fmt: skip
        left.set_ylim(0, None)
        x = np.arange(len(PLACEMENTS))
        for shift, accuracy, colour, label in (
            (-0.15, run.accuracy, BLUE, "running statistics"),
            (0.0, run.corrected, GREEN, "statistics without dropout"),
            (0.15, run.plain_accuracy, GREY, "no normalisation"),
        ):
            values = [verdicts.effect(100 * column) for column in accuracy.T]
            right.errorbar(x + shift, [v.mean for v in values], [v.half_width for v in values], linestyle="none",
                           color=colour, marker=MARKERS[colour], markersize=4, capsize=2, label=label)  # fmt: skip
        wrapped = [
            placement.replace(" ", "\n", 1).replace("every ", "every\n").replace("last ", "last\n")
            for placement in PLACEMENTS
        ]
        right.set_xticks(x, wrapped)
        decorate(right, f"What it costs, rate {run.rate:g}", "place of the dropout", "test images right (%)", False)
    for column in (0, 1):  # one legend a column, below, where no point is
        axes[-1, column].legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.42), ncols=2, fontsize=7)
    return figure
