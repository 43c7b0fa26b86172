"""Convolution against dense layers, shifts, and receptive fields."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import ticker
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hw3.cnn import receptive_field
from hw3.report import style
from hw3.report.page import Results
from hw3.studies.convolution import pooling
from hw3.studies.convolution.connectivity import KINDS
from hw3.studies.regularization.figures import BLUE, GREEN, GREY, PURPLE, VERMILION, decorate, line, log2_axis, spaced

COLOURS = {"convolution": BLUE, "local": GREEN, "dense": VERMILION}
LABELS = {"convolution": "convolution", "local": "local, no sharing", "dense": "dense"}


@style.styled
def cost(layers: Results, timing: Results) -> Figure:
    """Parameters, operations and time of the three kinds for every layer, on logarithmic axes."""
    figure = spaced(2.9)
    axes = figure.subplots(1, 3)
    places = np.arange(len(layers))
    for index, kind in enumerate(KINDS):
        shift = 0.26 * (index - 1)
        time = [1e3 * np.median(timing["seconds"][name][kind]) for name in layers]
        values = (
            [layer[kind]["parameters"] for layer in layers.values()],
            [layer[kind]["flops"] / 1e6 for layer in layers.values()],
            time,
        )
        for ax, heights in zip(axes, values, strict=True):
            ax.bar(places + shift, heights, 0.24, color=COLOURS[kind], label=LABELS[kind])
    titles = (
        ("Parameters", "number"),
        ("Operations per image", "million"),
        (f"Forward pass of {timing['batch']} images", "milliseconds (median)"),
    )
    for ax, (title, label) in zip(axes, titles, strict=True):
        ax.set_yscale("log")
        ax.set_xticks(places, list(layers))
        decorate(ax, title, "layer of document 004's network", label, False)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


@style.styled
def few_images(found: Results) -> Figure:
    """Test accuracy against the number of training images."""
    figure = style.new_figure(0.6 * style.WIDTH, 2.6)
    ax = figure.subplots()
    accuracy = np.asarray(found["accuracy"])
    for index, kind in enumerate(found["kinds"]):
        line(ax, found["counts"], accuracy[:, index], COLOURS[kind], LABELS[kind], 100)
    ax.set_xscale("log")
    ax.set_xticks(found["counts"], [f"{count:,}" for count in found["counts"]])
    ax.xaxis.set_minor_locator(ticker.NullLocator())
    decorate(ax, f"Two layers of each kind, {found['steps']} steps", "training images", "test images right (%)")
    return figure


@style.styled
def shifts(found: Results) -> Figure:
    """What changes when digits move, by the way of halving."""
    figure = spaced(2.7)
    axes = figure.subplots(1, 3)
    distances = found["distances"]
    colours = (BLUE, GREEN, VERMILION, PURPLE)
    panels = (
        (np.asarray(found["feature_change"])[:, :, -1], "Last maps", "|moved − still| / |still| (%)"),
        (np.asarray(found["probability_change"]), "Probabilities", "that move to another class (%)"),
        (np.asarray(found["flipped"]), "Predictions", "that change (% of images)"),
    )
    for ax, (values, title, label) in zip(axes, panels, strict=True):
        for version, colour in enumerate(colours):
            line(ax, distances, values[:, version], colour, found["versions"][version], 100)
        decorate(ax, title, "shift (pixels)", label, False)
        ax.set_xticks(distances)
    axes[0].plot(distances, 100 * np.asarray(found["pixel_change"]), color=GREY, linestyle=":", label="the pixels")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    return figure


@style.styled
def canvas(found: Results) -> Figure:
    """Test accuracy on images of other sizes, a panel a way to come by them."""
    figure = spaced(2.7)
    axes = figure.subplots(1, len(found["ways"]), sharey=True)
    pooled = pooling.VERSIONS[pooling.GLOBAL]
    for ax, (way, run) in zip(axes, found["ways"].items(), strict=True):
        line(ax, found["sizes"], run["direct"], PURPLE, f"{pooled}, image as it is", 100)
        line(ax, found["sizes"], run["resized"], BLUE, "classifier of fixed size, image scaled back", 100)
        ax.axvline(found["trained"], color=GREY, linewidth=0.7, linestyle=":")
        ax.set_xticks(found["sizes"])
        ax.set_ylim(0, 100)
        decorate(ax, f"Other sizes, {way}", "side (pixels); dotted: trained", "", False)
    axes[0].set_ylabel("test images right (%)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


@style.styled
def stack(found: Results) -> Figure:
    """Theoretical and effective side of the field of a stack of 3x3 convolutions against its depth."""
    figure = style.new_figure(0.6 * style.WIDTH, 2.6)
    ax = figure.subplots()
    depths = np.asarray(found["depths"])
    sides = np.asarray(found["sides"])
    exponent = receptive_field.growth_exponent(depths, sides).mean()
    line(ax, depths, 2 * depths[None].repeat(2, 0) + 1, GREY, "theoretical, 2 depth + 1", dashed=True)
    line(ax, depths, sides, BLUE, f"effective, grows as depth to the {exponent:.2f}")
    ax.set_yscale("log", base=2)
    widths = [2 * depth + 1 for depth in found["depths"]]
    ax.set_yticks(widths, [f"{width:g}" for width in widths])
    ax.yaxis.set_minor_locator(ticker.NullLocator())
    log2_axis(ax, depths)
    decorate(ax, "A stack of 3x3 convolutions, random weights", "layers", "side of the field (pixels)")
    return figure


@style.styled
def receptive_fields(image: np.ndarray, layers: Sequence[Results], maps: Sequence[Mapping[str, np.ndarray]]) -> Figure:
    """The fields of each layer's middle unit over an image: the square is the theoretical one, the colour the gradient.

    Args: image [height, width, channels]; maps: mean squared gradients [side, side] by "random" and "trained".
    """
    names = (("random", "random weights"), ("trained", "trained weights"))
    figure = style.new_figure(style.WIDTH, 2 * (0.88 * style.WIDTH / len(layers) + 0.35))
    axes = figure.subplots(len(names), len(layers), squeeze=False)
    for line_of, (name, label) in zip(axes, names, strict=True):
        for ax, layer, of_layer in zip(line_of, layers, maps, strict=True):
            style.show(ax, 0.5 * image)
            row, col, side = layer["row"], layer["col"], layer["side"]
            size = np.sqrt(of_layer[name])
            extent = (col - 0.5, col + side - 0.5, row + side - 0.5, row - 0.5)
            artist = ax.imshow(size / size.max(), cmap="magma", vmin=0, vmax=1, extent=extent, alpha=0.85)
            ax.add_patch(Rectangle((col - 0.5, row - 0.5), side, side, fill=False, color="white", linewidth=0.8))
            ax.set_xlim(-0.5, image.shape[1] - 0.5)
            ax.set_ylim(image.shape[0] - 0.5, -0.5)
            ax.set_title(f"{layer['layer']}: {side}\neffective: {np.mean(layer[name]):.1f}", fontsize=7)
        line_of[0].set_ylabel(label)
    figure.colorbar(artist, ax=axes, label="gradient (1: the largest)", aspect=25, pad=0.01, shrink=0.8)
    return figure


@style.styled
def by_hand(x: np.ndarray, kernel: np.ndarray, ours: np.ndarray, theirs: np.ndarray, channel: int) -> Figure:
    """A layer's input [height, width, channels], a filter [window, window, channels], its map by hand, the network's
    map, and their difference; means over the input's channels."""
    figure = style.new_figure(style.WIDTH, 2.0)
    axes = figure.subplots(1, 5)
    mean: Any = kernel.mean(-1)
    top = float(max(ours.max(), theirs.max()))
    difference = theirs - ours
    limit = float(np.abs(difference).max()) or 1.0
    style.show(axes[0], x.mean(-1), "input", vmin=0, vmax=max(float(x.max()), 1e-12))
    style.show(
        axes[1], mean, f"filter {channel}", cmap=style.DIVERGING, norm=style.symmetric(mean), vmin=None, vmax=None
    )
    style.show(axes[2], ours, "its map, by hand", cmap=style.SEQUENTIAL, vmin=0, vmax=top)
    artist = style.show(axes[3], theirs, "the network's map", cmap=style.SEQUENTIAL, vmin=0, vmax=top)
    last = style.show(axes[4], difference, "difference (float32)", cmap=style.DIVERGING,
                      norm=style.symmetric(difference), vmin=None, vmax=None)  # fmt: skip
    figure.colorbar(artist, ax=axes[2:4], location="bottom", label="activation", aspect=30, shrink=0.8)
    figure.colorbar(last, ax=axes[4], location="bottom", label="activation", shrink=0.8, ticks=[-limit, 0, limit],
                    format="%.0e")  # fmt: skip
    return figure
