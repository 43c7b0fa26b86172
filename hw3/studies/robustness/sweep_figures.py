"""The three maps, the telling positions, what is important in an image, where each class is fragile."""

from collections.abc import Sequence

import numpy as np
from matplotlib import patches
from matplotlib.figure import Figure

from hw3.occlusion import Sweep, occluded
from hw3.occlusion.maps import Case, Region
from hw3.report import style


@style.styled
def three_maps(image: np.ndarray, result: Sweep, index: int = 0) -> Figure:
    """The image and the three maps of problem 2 (1) for image `index` of a sweep."""
    label = int(result.labels[index])
    figure = style.new_figure(style.WIDTH, 6.6)
    axes = figure.subplots(2, 2)
    size = f"{result.patch[0]}x{result.patch[1]}"
    figure.suptitle(
        f"A {size} patch at {len(result.rows)}x{len(result.cols)} positions over a {label}: still a {label} at "
        f"{result.accuracy[index]:.1%} of them",
        fontsize=10,
    )
    axes[0, 0].imshow(image.squeeze(-1) if image.shape[-1] == 1 else image, cmap=style.INK, vmin=0, vmax=1)
    axes[0, 0].set_title(f"the image: P({label}) = {result.clean[index, label]:.4f} without a patch")
    style.pixel_axes(axes[0, 0])
    axes[0, 0].add_patch(
        patches.Rectangle(
            (-0.5, -0.5), result.patch[1], result.patch[0], fill=False, edgecolor="#56B4E9", linewidth=1.5
        )
    )
    axes[0, 0].text(
        result.patch[1] / 2 - 0.5,
        result.patch[0] + 0.6,
        "patch\nat (0, 0)",
        color="#56B4E9",
        ha="center",
        va="center_baseline",
        fontsize=7,
    )
    for ax, values, name in (
        (axes[0, 1], result.true_probability[index], f"Map 1: probability of {label}"),
        (axes[1, 0], result.highest_probability[index], "Map 2: highest probability"),
    ):
        style.show_patch_map(figure, ax, values, result.rows, result.cols, "probability")
        ax.set_title(name)
    style.show_label_map(axes[1, 1], result.predicted[index], label, result.rows, result.cols)
    axes[1, 1].set_title("Map 3: predicted label")
    return figure


@style.styled
def cases(
    image: np.ndarray, found: Sequence[Case], patch: tuple[int, int], label: int, fill: float | np.ndarray
) -> Figure:
    """The telling positions as pictures with P(label), predicted label and its probability."""
    figure = style.new_figure(style.WIDTH, 2.3 * -(-len(found) // 4))
    for ax, case in zip(style.grid(figure, len(found), 4), found, strict=True):
        style.show(ax, occluded(image, case.row, case.col, patch, fill))
        ax.set_title(
            f"{case.title}\nat ({case.row}, {case.col}): P({label}) = {case.true_probability:.3f}\npredicted "
            f"{case.predicted} with {case.highest_probability:.3f}",
            fontsize=7,
        )
        ax.add_patch(
            patches.Rectangle((case.col - 0.5, case.row - 0.5), patch[1], patch[0], fill=False, edgecolor="#56B4E9")
        )
    return figure


@style.styled
def important(image: np.ndarray, importance: np.ndarray, region: Region | None, label: int) -> Figure:
    """The per-pixel importance map beside the image with the rectangle of all label-changing patches."""
    figure = style.new_figure(style.WIDTH, 3.3)
    left, right = figure.subplots(1, 2)
    style.show(left, image)
    if region is None:
        left.set_title("no patch changes the label")
    else:
        left.add_patch(
            patches.Rectangle(
                (region.first_col - 0.5, region.first_row - 0.5),
                region.last_col - region.first_col + 1,
                region.last_row - region.first_row + 1,
                fill=False,
                edgecolor="#E69F00",
                linewidth=2,
            )
        )
        left.set_title(
            f"all patches that change the label lie in\n"
            f"rows {region.first_row}-{region.last_row}, columns {region.first_col}-{region.last_col}"
        )
    norm = style.symmetric(importance)
    artist = right.imshow(importance, cmap=style.DIVERGING, norm=norm, interpolation="nearest")
    right.contour(image[..., 0], levels=[0.5], colors="black", linewidths=0.7)
    right.set_title(f"mean drop of P({label}) over\nthe patches that cover a pixel")
    style.pixel_axes(right)
    figure.colorbar(artist, ax=right, label=f"drop of P({label})", shrink=0.85)
    return figure


@style.styled
def fragility(mean_images: np.ndarray, importances: np.ndarray, accuracies: np.ndarray, count: int) -> Figure:
    """Per class, the mean importance of each pixel over `count` images, with the outline of the mean image.

    Args: mean_images, importances float [classes, height, width]; accuracies float [classes].
    """
    classes = len(mean_images)
    columns = min(5, classes)
    figure = style.new_figure(style.WIDTH, 1.62 * -(-classes // columns) + 0.3)
    axes = style.grid(figure, classes, columns)
    norm = style.symmetric(importances)
    for label, ax in enumerate(axes):
        artist = style.show(ax, importances[label], cmap=style.DIVERGING, norm=norm, vmin=None, vmax=None)
        ax.contour(mean_images[label], levels=[0.35], colors="black", linewidths=0.7)
        ax.set_title(f"{label}: {accuracies[label]:.1%} right")
    figure.suptitle(
        f"Where each class is fragile: mean over its first {count} correctly classified test images",
        fontsize=9,
    )
    figure.colorbar(artist, ax=list(axes), label="mean drop of the true probability", shrink=0.8, aspect=30, pad=0.01)
    return figure
