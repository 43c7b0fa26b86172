"""Many images under a patch: maps of each class, what covered images are taken for, the extremes."""

from typing import Any

import numpy as np
from matplotlib import colors
from matplotlib.figure import Figure

from hw3.report import style
from hw3.studies.fragility.measure import Gallery, Results

ACCURACY, PROBABILITY, CONFUSION = "accuracy.png", "probability.png", "confusion.png"
FRAGILE, ROBUST = "fragile.png", "robust.png"
IN_A_ROW, NAMED_IN_A_ROW = 8, 4  # images of a gallery; those of classes with names need room for them


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    return {
        ACCURACY: maps(results, results.accuracy_map, "Fraction classified rightly"),
        PROBABILITY: maps(results, results.probability_map, f"Mean {results.naming.quantity} of the true label"),
        CONFUSION: confusion(results),
        FRAGILE: gallery(
            results, results.fragile, "The most fragile images that are classified rightly without a patch"
        ),
        ROBUST: gallery(results, results.robust, "The most robust images"),
    }


@style.styled
def maps(results: Results, values: np.ndarray, name: str) -> Figure:
    """A map over the positions of the patch for each class that has images, [classes, rows, cols], on one scale."""
    found = [each.label for each in results.classes]
    columns = min(5, len(found))
    side = min(3.2, 7.25 / columns)
    width = min(style.WIDTH, side * columns + 1.2)  # the colour bar and the names of the axes stand beside
    figure = style.new_figure(width, side * -(-len(found) // columns) + 0.65)
    axes = style.grid(figure, len(found), columns)
    scale = colors.Normalize(float(values[found].min()), float(values[found].max()))
    for each, ax in zip(results.classes, axes, strict=True):
        artist = ax.imshow(values[each.label], cmap=style.SEQUENTIAL, norm=scale, interpolation="nearest")
        style.position_axes(ax, results.swept.rows, results.swept.cols)
        ax.set_title(f"{results.naming.brief(each.label)} ({each.images:,} images)")
        ax.set_xlabel("")
        ax.set_ylabel("")
    figure.supxlabel("left column of the patch (pixel)", fontsize=8)
    figure.supylabel("top row of the patch (pixel)", fontsize=8)
    figure.suptitle(f"{name}, by class and position of the patch")
    figure.colorbar(artist, ax=axes, label=name, shrink=0.8, aspect=30, pad=0.01)
    return figure


@style.styled
def confusion(results: Results) -> Figure:
    """What covered images are taken for, in per cent of each class's occluded images."""
    counts = results.confusion
    share = 100 * counts / np.maximum(counts.sum(1, keepdims=True), 1)
    wrong = np.where(np.eye(len(share), dtype=bool), np.nan, share)
    figure = style.new_figure(5.2, 4.4)
    ax = figure.subplots()
    positive = wrong[wrong > 0]
    low, high = (float(positive.min()), float(positive.max())) if len(positive) else (0.1, 1.0)
    scale = colors.LogNorm(low, high * 1.0001)
    colour_map = style.colour_map_with_grey()
    artist = ax.imshow(np.where(wrong > 0, wrong, np.nan), cmap=colour_map, norm=scale, interpolation="nearest")
    for (true, predicted), value in np.ndenumerate(share):
        shown = colour_map(scale(value)) if true != predicted and value > 0 else style.TRUE_COLOUR
        ax.text(
            predicted,
            true,
            f"{value:.1f}" if value >= 0.05 else f"{value:.2f}" if value >= 0.005 else "·",
            ha="center",
            va="center",
            fontsize=6.5,
            color=style.text_colour(colors.to_hex(shown)),
        )
    names = [results.naming.brief(label) for label in range(len(share))]
    ax.set_xticks(range(len(share)), names, rotation=0 if max(map(len, names)) < 4 else 90)
    ax.set_yticks(range(len(share)), names)
    ax.set_xlabel("predicted under a patch")
    ax.set_ylabel("true label")
    ax.set_title("What covered images are taken for (% of the class's occluded images)")
    figure.colorbar(artist, ax=ax, label="taken for a wrong label (%), logarithmic scale", format="%g", shrink=0.9)
    return figure


@style.styled
def gallery(results: Results, shown: Gallery, title: str) -> Figure:
    """Images, and below each its map of the true label's probability, over the image if that is in colour."""
    ranked, naming, swept = shown.ranked, results.naming, results.swept
    unit = naming.quantity == "probability"
    scale = colors.Normalize(0, 1) if unit or not ranked else colors.Normalize(shown.maps.min(), shown.maps.max())
    across = NAMED_IN_A_ROW if naming.classes else IN_A_ROW
    lines = max(1, -(-len(ranked) // across))
    figure = style.new_figure(style.WIDTH, lines * (2 * style.WIDTH / across + 0.55) + 0.2)
    axes: Any = figure.subplots(2 * lines, across, squeeze=False)
    pairs = [pair for line in range(lines) for pair in axes[2 * line : 2 * line + 2].T]
    for above, below in pairs[len(ranked) :]:
        above.set_axis_off()
        below.set_axis_off()
    for image, values, each, (above, below) in zip(shown.images, shown.maps, ranked, pairs, strict=False):
        taken_for = "" if each.taken_for is None else f"\ntaken for {naming.brief(each.taken_for)}"
        style.show(above, image, f"{naming.called(each.label)}{taken_for}")
        if image.shape[-1] == 3:
            edges = [style.cell_edges(*axis) for axis in zip((swept.rows, swept.cols), swept.patch_size, strict=True)]
            artist = style.show_over(below, image, values, (edges[0], edges[1]), norm=scale)
            style.hide_ticks(below)
            below.set_title(f"{each.accuracy:.1%} right", fontsize=8)
        else:
            artist = style.show(
                below, values, f"{each.accuracy:.1%} right", cmap=style.SEQUENTIAL, norm=scale, vmin=None, vmax=None
            )
    figure.suptitle(title)
    if ranked:
        figure.colorbar(artist, ax=axes[1::2], label=naming.of_true(), shrink=0.9, aspect=12 * lines, pad=0.01)
    return figure
