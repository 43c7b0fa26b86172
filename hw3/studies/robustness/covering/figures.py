"""The three maps, the telling positions, what is important in an image, where each class is fragile."""

import textwrap

import numpy as np
from matplotlib import patches, patheffects
from matplotlib.figure import Figure

from hw3.occlusion import Sweep, occluded
from hw3.report import style
from hw3.report.words import with_article
from hw3.studies.naming import ABOVE_PICTURE, DIGITS, Naming, short_names
from hw3.studies.robustness.covering.measure import Results

MAPS, CASES, IMPORTANCE, FRAGILITY = "maps.png", "cases.png", "importance.png", "fragility.png"
LEGEND = 12  # labels explained beside a map, the most frequent ones


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    drawn = {
        MAPS: three_maps(results.picture, results.sweep, naming=results.naming),
        CASES: cases(results),
        IMPORTANCE: important(results),
    }
    return drawn | ({FRAGILITY: fragility(results)} if results.classes else {})


@style.styled
def three_maps(image: np.ndarray, result: Sweep, index: int = 0, naming: Naming = DIGITS) -> Figure:
    """The image and the three maps of problem 2 (1) for image `index` of a sweep.

    Args: image: float [height, width, 1 or 3], the one that was swept; the first two maps lie over one in colour.
    Raises ValueError for an image of other channels, which cannot be drawn.
    """
    label = int(result.labels[index])
    figure = style.new_figure(style.WIDTH, 6.6)
    axes = figure.subplots(2, 2)
    patch = f"{with_article(result.patch[0])}x{result.patch[1]} patch".capitalize()
    figure.suptitle(
        f"{patch} at {len(result.rows)}x{len(result.cols)} positions over {naming.called(label)}: still "
        f"{naming.called(label)} at {result.accuracy[index]:.1%} of them",
        fontsize=10,
    )
    axes[0, 0].imshow(style.drawable(image), cmap=style.INK, vmin=0, vmax=1)
    axes[0, 0].set_title(f"the image: {naming.of(label)} = {result.clean[index, label]:.4f} without a patch")
    style.pixel_axes(axes[0, 0])
    axes[0, 0].add_patch(
        patches.Rectangle(
            (-0.5, -0.5), result.patch[1], result.patch[0], fill=False, edgecolor=style.SKY, linewidth=1.5
        )
    )
    axes[0, 0].annotate(
        "patch\nat (0, 0)",
        (result.patch[1] / 2 - 0.5, result.patch[0] - 0.5),
        (0, -3),
        textcoords="offset points",
        color=style.SKY,
        ha="center",
        va="top",
        fontsize=7,
        path_effects=[patheffects.withStroke(linewidth=1, foreground="black")],
    )
    for ax, values, name in (
        (axes[0, 1], result.true_probability[index], f"Map 1: {naming.quantity} of {naming.brief(label)}"),
        (axes[1, 0], result.highest_probability[index], f"Map 2: highest {naming.quantity}"),
    ):
        if image.shape[-1] == 3:
            edges = [style.cell_edges(*each) for each in zip((result.rows, result.cols), result.patch, strict=True)]
            artist = style.show_over(ax, image, values, (edges[0], edges[1]))
            style.patch_bar(figure, ax, artist, naming.quantity)
            style.pixel_axes(ax)
        else:
            style.show_patch_map(figure, ax, values, result.rows, result.cols, naming.quantity)
        ax.set_title(name)
    predicted = result.predicted[index]
    present, counts = np.unique(predicted, return_counts=True)
    texts = short_names(sorted({label, *present.tolist()}), naming)
    style.show_label_map(axes[1, 1], predicted, label, result.rows, result.cols, not naming.classes, texts)
    if naming.classes or max(predicted.shape) > style.WRITTEN_CELLS:
        most = present[np.argsort(-counts, kind="stable")][:LEGEND].tolist()
        names = {found: naming.brief(found) for found in most}
        style.label_legend(axes[1, 1], names, texts, label, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
    axes[1, 1].set_title("Map 3: predicted label")
    return figure


@style.styled
def cases(results: Results) -> Figure:
    """The telling positions as pictures with P(label), predicted label and its probability."""
    found, (height, width), naming = results.cases, results.sweep.patch, results.naming
    figure = style.new_figure(style.WIDTH, 2.3 * -(-len(found) // 4))
    said = naming.of(results.settings.digit)
    for ax, case in zip(style.grid(figure, len(found), 4), found, strict=True):
        style.show(ax, occluded(results.picture, case.row, case.col, (height, width), results.filled))
        ax.set_title(
            f"{textwrap.fill(case.title, ABOVE_PICTURE)}\n"
            f"at ({case.row}, {case.col}): {said} = {case.true_probability:.3f}\n"
            + naming.predicted(case.predicted, case.highest_probability),
            fontsize=7,
        )
        corner = (case.col - 0.5, case.row - 0.5)
        ax.add_patch(patches.Rectangle(corner, width, height, fill=False, edgecolor=style.SKY))
    return figure


@style.styled
def important(results: Results) -> Figure:
    """The per-pixel importance map beside the image with the rectangle of all label-changing patches."""
    region, importance = results.region, results.fragility.importance
    said = results.naming.of(results.settings.digit)
    figure = style.new_figure(style.WIDTH, 3.3)
    left, right = figure.subplots(1, 2)
    style.show(left, results.picture)
    if region is None:
        left.set_title("no patch changes the label")
    else:
        left.add_patch(
            patches.Rectangle(
                (region.first_col - 0.5, region.first_row - 0.5),
                region.last_col - region.first_col + 1,
                region.last_row - region.first_row + 1,
                fill=False,
                edgecolor=style.ORANGE,
                linewidth=2,
            )
        )
        left.set_title(
            f"all patches that change the label lie in\n"
            f"rows {region.first_row}-{region.last_row}, columns {region.first_col}-{region.last_col}"
        )
    norm = style.symmetric(importance)
    if results.picture.shape[-1] == 3:
        artist = style.show_over(right, results.picture, importance, cmap=style.DIVERGING, norm=norm)
    else:
        artist = right.imshow(importance, cmap=style.DIVERGING, norm=norm, interpolation="nearest")
        right.contour(results.picture[..., 0], levels=[0.5], colors="black", linewidths=0.7)
    right.set_title(f"mean drop of {said} over\nthe patches that cover a pixel")
    style.pixel_axes(right)
    figure.colorbar(artist, ax=right, label=f"drop of {said}", shrink=0.85)
    return figure


@style.styled
def fragility(results: Results) -> Figure:
    """Per class, the mean importance of each pixel, with the outline of the mean image (or over it, in colour)."""
    classes = results.classes
    columns = min(5, len(classes))
    figure = style.new_figure(style.WIDTH, 1.62 * -(-len(classes) // columns) + 0.3)
    axes = style.grid(figure, len(classes), columns)
    norm = style.symmetric(np.stack([row.fragility.importance for row in classes]))
    for row, ax in zip(classes, axes, strict=True):
        if results.picture.shape[-1] == 3:
            mean = np.repeat(row.mean_image[..., None], 3, -1)
            artist = style.show_over(ax, mean, row.fragility.importance, cmap=style.DIVERGING, norm=norm)
            style.hide_ticks(ax)
        else:
            artist = style.show(ax, row.fragility.importance, cmap=style.DIVERGING, norm=norm, vmin=None, vmax=None)
            ax.contour(row.mean_image, levels=[0.35], colors="black", linewidths=0.7)
        ax.set_title(f"{results.naming.brief(row.label)}: {row.accuracy:.1%} right")
    figure.suptitle(
        f"Where each class is fragile: mean over its first {results.settings.fragility_images} correctly classified "
        "test images",
        fontsize=9,
    )
    one_line = " " if len(classes) > columns else "\n"
    label = f"mean drop of the{one_line}true {results.naming.quantity}"
    figure.colorbar(artist, ax=list(axes), label=label, shrink=0.8, aspect=30, pad=0.01)
    return figure
