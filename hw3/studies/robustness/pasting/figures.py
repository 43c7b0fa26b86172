"""Patches that fool a classifier: black ones, windows onto another digit, pieces of other digits."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import patches
from matplotlib.figure import Figure

from hw3.occlusion import Sweep
from hw3.report import style

EDGE = "#56B4E9"


class Picture(NamedTuple):
    """An image, the rectangle to mark in it (row, column, height, width) and what to write above it."""

    image: np.ndarray
    mark: tuple[int, int, int, int] | None
    caption: str


@style.styled
def pictures(rows: Sequence[Sequence[Picture]], heading: str) -> Figure:
    """Pictures in rows, each with its caption."""
    columns = max(map(len, rows))
    figure = style.new_figure(min(style.WIDTH, 1.75 * columns + 0.6), 1.95 * len(rows) + 0.3)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, row in zip(axes, rows, strict=True):
        for ax in line[len(row) :]:
            ax.set_axis_off()
        for ax, picture in zip(line, row, strict=False):
            style.show(ax, picture.image)
            ax.set_title(picture.caption, fontsize=7)
            if picture.mark:
                top, left, height, width = picture.mark
                ax.add_patch(
                    patches.Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor=EDGE, linewidth=1.2)
                )
    figure.suptitle(heading)
    return figure


@style.styled
def window_maps(
    image: np.ndarray, donors: Sequence[np.ndarray], sweeps: Sequence[Sweep], names: Sequence[str]
) -> Figure:
    """For each donor seen through a window that slides over the image: the donor and the map of predicted labels."""
    columns = 3
    lines = -(-len(donors) // columns)
    figure = style.new_figure(style.WIDTH, 1.95 * lines + 0.3)
    axes = style.grid(figure, len(donors), columns)
    for ax, donor, result, name in zip(axes, donors, sweeps, names, strict=True):
        style.show_label_map(ax, result.predicted[0], int(result.labels[0]), result.rows, result.cols, write_true=False)
        ax.set_title(f"{name}: {result.accuracy[0]:.1%} right")
        ax.label_outer()
        style.show(ax.inset_axes((1.03, 0.68, 0.32, 0.32)), donor)
    return figure


@style.styled
def success(rates: np.ndarray, patch_sizes: Sequence[int], donors: Sequence[int], label: int) -> Figure:
    """Fraction of the candidates that flip the label, by donor class and patch size: float [donors, sizes]."""
    figure = style.new_figure(style.WIDTH, 0.3 * len(donors) + 1.1)
    ax = figure.subplots()
    artist = ax.imshow(100 * rates, cmap=style.SEQUENTIAL, aspect="auto", vmin=0)
    for (row, column), rate in np.ndenumerate(rates):
        dark = rate < 0.6 * rates.max()
        ax.text(
            column,
            row,
            f"{100 * rate:.2f}",
            ha="center",
            va="center",
            color="white" if dark else "black",
            fontsize=8,
        )
    ax.set_xticks(range(len(patch_sizes)), [f"{side}x{side}" for side in patch_sizes])
    ax.set_yticks(range(len(donors)), [str(donor) for donor in donors])
    ax.set_xlabel("patch (pixels)")
    ax.set_ylabel("digit the patch is cut from")
    ax.set_title(
        f"Pasted patches after which the image is no longer classified as {label} (% of all tried)",
        fontsize=9,
    )
    figure.colorbar(artist, ax=ax, label="% of candidates")
    return figure
