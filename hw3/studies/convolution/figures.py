"""Convolution against dense layers, shifts, and receptive fields."""

from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hw3.report import style
from hw3.report.style import BLUE, GREEN, GREY, PURPLE, VERMILION
from hw3.studies.convolution.by_hand import AppliedFilter
from hw3.studies.convolution.canvas import Canvas
from hw3.studies.convolution.cost import Costs, FewImages
from hw3.studies.convolution.fields import Fields, growth_exponent
from hw3.studies.convolution.measure import Results
from hw3.studies.convolution.pooling import GLOBAL, VERSIONS
from hw3.studies.convolution.settings import Settings
from hw3.studies.convolution.shifts import Shifts
from hw3.studies.convolution.tables import KIND_NAMES, by_kind
from hw3.studies.drawing import decorate, line, log2_axis, spaced

COST, FEW_IMAGES, SHIFTS, CANVAS = "cost.png", "few_images.png", "shifts.png", "canvas.png"
BY_HAND, RECEPTIVE_FIELDS, STACK = "by_hand.png", "receptive_fields.png", "stack.png"
KIND_COLOURS = (BLUE, GREEN, VERMILION)  # as `KIND_NAMES`


def figures(results: Results) -> dict[str, Figure]:
    """The figures of all that was measured, by file name."""
    settings = results.settings
    drawn = {}
    if results.costs:
        drawn[COST] = cost(settings, results.costs)
        drawn[FEW_IMAGES] = few_images(settings, results.costs.few_images)
    if results.shifts:
        drawn[SHIFTS] = shifts(settings, results.shifts)
    if results.canvases:
        drawn[CANVAS] = canvas(settings, results.image_shape[0], results.canvases)
    if results.by_hand:
        drawn[BY_HAND] = by_hand(results.by_hand.strongest)
    if results.fields:
        drawn[RECEPTIVE_FIELDS] = receptive_fields(results.fields)
        drawn[STACK] = stack(settings, results.fields)
    return drawn


@style.styled
def cost(settings: Settings, found: Costs) -> Figure:
    """Parameters, operations and time of the three kinds for every layer, on logarithmic axes."""
    figure = spaced(2.9)
    layers = found.layers
    costs = np.array([
        [(of.parameters, of.flops / 1e6, 1e3 * np.median(seconds)) for of, seconds in by_kind(layer)]
        for layer in layers
    ])  # [layers, kinds, panels]  # fmt: skip
    titles = (
        ("Parameters", "number"),
        ("Operations per image", "million"),
        (f"Forward pass of {settings.timed_images} images", "milliseconds (median)"),
    )
    axes = figure.subplots(1, 3)
    places = np.arange(len(layers))
    for panel, (ax, (title, label)) in enumerate(zip(axes, titles, strict=True)):
        for index, (name, colour) in enumerate(zip(KIND_NAMES, KIND_COLOURS, strict=True)):
            ax.bar(places + 0.26 * (index - 1), costs[:, index, panel], 0.24, color=colour, label=name)
        ax.set_yscale("log")
        ax.set_xticks(places, [layer.name for layer in layers])
        decorate(ax, title, "layer of document 004's network", label, False)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


@style.styled
def few_images(settings: Settings, found: FewImages) -> Figure:
    """Test accuracy against the number of training images."""
    figure = style.new_figure(0.6 * style.WIDTH, 2.6)
    ax = figure.subplots()
    accuracies = (found.convolution, found.local, found.dense)
    for accuracy, name, colour in zip(accuracies, KIND_NAMES, KIND_COLOURS, strict=True):
        if accuracy is not None:
            line(ax, found.counts, accuracy, colour, name, 100)
    ax.set_xscale("log")
    ax.set_xticks(found.counts, [f"{count:,}" for count in found.counts])
    ax.xaxis.set_minor_locator(ticker.NullLocator())
    decorate(ax, f"Two layers of each kind, {settings.few_steps} steps", "training images", "test images right (%)")
    return figure


@style.styled
def shifts(settings: Settings, found: Shifts) -> Figure:
    """What changes when digits move, by the way of halving."""
    figure = spaced(2.7)
    axes = figure.subplots(1, 3)
    distances = settings.distances
    panels = (
        (found.feature_change[:, :, -1], "Last maps", "|moved − still| / |still| (%)"),
        (found.probability_change, "Probabilities", "that move to another class (%)"),
        (found.flipped, "Predictions", "that change (% of images)"),
    )
    for ax, (values, title, label) in zip(axes, panels, strict=True):
        for version, (name, colour) in enumerate(zip(VERSIONS, (BLUE, GREEN, VERMILION, PURPLE), strict=True)):
            line(ax, distances, values[:, version], colour, name, 100)
        decorate(ax, title, "shift (pixels)", label, False)
        ax.set_xticks(distances)
    axes[0].plot(distances, 100 * found.pixel_change, color=GREY, linestyle=":", label="the pixels")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    return figure


@style.styled
def canvas(settings: Settings, side: int, found: tuple[Canvas, ...]) -> Figure:
    """Test accuracy on images of other sizes, a panel a way to come by them; `side` is that of training."""
    figure = spaced(2.7)
    axes = figure.subplots(1, len(found), sharey=True)
    sizes = settings.canvas_sizes
    for ax, run in zip(axes, found, strict=True):
        line(ax, sizes, run.direct, PURPLE, f"{VERSIONS[GLOBAL]}, image as it is", 100)
        line(ax, sizes, run.resized, BLUE, "classifier of fixed size, image scaled back", 100)
        ax.axvline(side, color=GREY, linewidth=0.7, linestyle=":")
        ax.set_xticks(sizes)
        ax.set_ylim(0, 100)
        decorate(ax, f"Other sizes, {run.way}", "side (pixels); dotted: trained", "", False)
    axes[0].set_ylabel("test images right (%)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


@style.styled
def stack(settings: Settings, found: Fields) -> Figure:
    """Theoretical and effective side of the field of a stack of 3x3 convolutions against its depth."""
    figure = style.new_figure(0.6 * style.WIDTH, 2.6)
    ax = figure.subplots()
    depths, sides = np.asarray(settings.depths), found.stack
    exponent = growth_exponent(depths, sides).mean()
    theoretical = 2 * depths + 1
    line(ax, depths, theoretical[None].repeat(2, 0), GREY, "theoretical, 2 depth + 1", dashed=True)
    line(ax, depths, sides, BLUE, f"effective, grows as depth to the {exponent:.2f}")
    ax.set_yscale("log", base=2)
    ax.set_yticks(theoretical, [f"{side:g}" for side in theoretical])
    ax.yaxis.set_minor_locator(ticker.NullLocator())
    log2_axis(ax, depths)
    decorate(ax, "A stack of 3x3 convolutions, random weights", "layers", "side of the field (pixels)")
    return figure


@style.styled
def receptive_fields(found: Fields) -> Figure:
    """The fields of each layer's middle unit over an image: square: theoretical, colour: gradient."""
    image, layers = found.image, found.layers
    rows = (
        ("random weights", [(layer.random, layer.random_map) for layer in layers]),
        ("trained weights", [(layer.trained, layer.trained_map) for layer in layers]),
    )
    figure = style.new_figure(style.WIDTH, 2 * (0.88 * style.WIDTH / len(layers) + 0.35))
    axes = figure.subplots(len(rows), len(layers), squeeze=False)
    for line_of, (label, of_layers) in zip(axes, rows, strict=True):
        for ax, layer, (sides, squared) in zip(line_of, layers, of_layers, strict=True):
            style.show(ax, 0.5 * image)
            name, row, col, side = layer.field
            size = np.sqrt(squared)
            extent = (col - 0.5, col + side - 0.5, row + side - 0.5, row - 0.5)
            artist = ax.imshow(size / size.max(), cmap="magma", vmin=0, vmax=1, extent=extent, alpha=0.85)
            ax.add_patch(Rectangle((col - 0.5, row - 0.5), side, side, fill=False, color="white", linewidth=0.8))
            ax.set_xlim(-0.5, image.shape[1] - 0.5)
            ax.set_ylim(image.shape[0] - 0.5, -0.5)
            ax.set_title(f"{name}: {side}\neffective: {np.mean(sides):.1f}", fontsize=7)
        line_of[0].set_ylabel(label)
    figure.colorbar(artist, ax=axes, label="gradient (1: the largest)", aspect=25, pad=0.01, shrink=0.8)
    return figure


@style.styled
def by_hand(found: AppliedFilter) -> Figure:
    """The input, a filter, its map by hand, the network's, and their difference; means over the input's channels."""
    x, ours, theirs = found.input, found.by_hand, found.of_network
    figure = style.new_figure(style.WIDTH, 2.0)
    axes = figure.subplots(1, 5)
    mean: Any = found.kernel.mean(-1)
    top = float(max(ours.max(), theirs.max()))
    difference = theirs - ours
    limit = float(np.abs(difference).max()) or 1.0
    style.show(axes[0], x.mean(-1), "input", vmin=0, vmax=max(float(x.max()), 1e-12))
    style.show(axes[1], mean, f"filter {found.number}", cmap=style.DIVERGING, norm=style.symmetric(mean), vmin=None,
               vmax=None)  # fmt: skip
    style.show(axes[2], ours, "its map, by hand", cmap=style.SEQUENTIAL, vmin=0, vmax=top)
    artist = style.show(axes[3], theirs, "the network's map", cmap=style.SEQUENTIAL, vmin=0, vmax=top)
    last = style.show(axes[4], difference, "difference (float32)", cmap=style.DIVERGING,
                      norm=style.symmetric(difference), vmin=None, vmax=None)  # fmt: skip
    figure.colorbar(artist, ax=axes[2:4], location="bottom", label="activation", aspect=30, shrink=0.8)
    figure.colorbar(last, ax=axes[4], location="bottom", label="activation", shrink=0.8, ticks=[-limit, 0, limit],
                    format="%.0e")  # fmt: skip
    return figure
