"""Patches that fool a classifier: black ones, windows onto another digit, pieces of other digits."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import patches
from matplotlib.figure import Figure

from hw3 import occlusion
from hw3.report import style
from hw3.studies.naming import short_names
from hw3.studies.robustness.pasting.measure import Find, Results, pictures

BLACK, WINDOWS, SUCCESS = "black.png", "windows.png", "success.png"
OVERLAYS, SMALLEST = "overlays.png", "smallest.png"
BLACK_SHOWN, BLACK_ACROSS = 8, 4
FINDS_SHOWN = 5


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name; those of patches that fool it only where there are such."""
    drawn = {WINDOWS: window_maps(results), SUCCESS: success(results)}
    if results.black.flips:
        drawn[BLACK] = black_patches(results)
    if results.smallest:
        drawn[OVERLAYS] = gallery(results, results.best[:FINDS_SHOWN])
        drawn[SMALLEST] = gallery(results, [results.smallest])
    return drawn


class Picture(NamedTuple):
    """An image, the rectangle to mark in it (row, column, height, width) and what to write above it."""

    image: np.ndarray
    mark: tuple[int, int, int, int] | None
    caption: str


@style.styled
def draw_pictures(rows: Sequence[Sequence[Picture]], heading: str) -> Figure:
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
                    patches.Rectangle(
                        (left - 0.5, top - 0.5), width, height, fill=False, edgecolor=style.SKY, linewidth=1.2
                    )
                )
    figure.suptitle(heading)
    return figure


def black_patches(results: Results) -> Figure:
    """Black patches that flip the label, from the most to the least confident."""
    side, black, naming = results.settings.black, results.black, results.naming
    best = sorted(black.flips, key=lambda flip: -flip.probability)
    shown = [
        Picture(
            occlusion.occluded(results.picture, flip.row, flip.col, (side, side)),
            (flip.row, flip.col, side, side),
            f"at ({flip.row}, {flip.col})\n{naming.predicted(flip.predicted, flip.probability)}",
        )
        for flip in best[:: max(1, len(best) // BLACK_SHOWN)][:BLACK_SHOWN]
    ]
    return draw_pictures(
        [shown[i : i + BLACK_ACROSS] for i in range(0, len(shown), BLACK_ACROSS)],
        f"{len(black.flips)} of {black.positions} black {side}x{side} patches flip the label",
    )


def gallery(results: Results, finds: Sequence[Find]) -> Figure:
    """Original, black patch, overlay and donor of each find, with label and probability."""
    naming = results.naming
    rows = []
    for find in finds:
        overlay = find.overlay
        pasted, cut = (*overlay.paste, *overlay.patch), (*overlay.cut, *overlay.patch)
        names = ("original", "black patch", f"patch of {naming.called(find.donor.label)}", "cut from")
        images = pictures(results.picture, find.donor.picture, overlay)
        said = (find.original, find.black, find.pasted, find.cut_from)
        rows.append(
            [
                Picture(image, mark, f"{name}\n{naming.brief(says.predicted)} with {says.probability:.3f}")
                for image, mark, name, says in zip(images, (None, pasted, pasted, cut), names, said, strict=True)
            ]
        )
    label = naming.brief(results.settings.digit)
    return draw_pictures(rows, f"Pasted patches that make the network see something else than {label}")


@style.styled
def window_maps(results: Results) -> Figure:
    """For each donor seen through a window that slides over the image: the donor and the map of predicted labels."""
    windows, label, naming = results.windows, results.settings.digit, results.naming
    present = sorted({label, *np.unique([window.predicted for window in windows]).tolist()})
    texts = short_names(present, naming)
    columns = 3
    lines = -(-len(windows) // columns)
    legend = bool(naming.classes) or max(windows[0].predicted.shape) > style.WRITTEN_CELLS
    figure = style.new_figure(style.WIDTH, 1.95 * lines + 0.3 + (0.17 * -(-len(present) // 4) if legend else 0))
    for ax, window in zip(style.grid(figure, len(windows), columns), windows, strict=True):
        style.show_label_map(ax, window.predicted, label, results.window_rows, results.window_cols, False, texts)
        space = "\n" if naming.classes else " "
        ax.set_title(f"{naming.called(window.donor.label)} shows through:{space}{window.accuracy:.1%} right")
        ax.label_outer()
        style.show(ax.inset_axes((1.03, 0.68, 0.32, 0.32)), window.donor.picture)
    if legend:
        names = {found: naming.brief(found) for found in present}
        style.label_legend(figure, names, texts, label, loc="outside lower center", ncols=4)
    return figure


@style.styled
def success(results: Results) -> Figure:
    """Share of the pasted patches that flip the label, by class of the donor and size of the patch."""
    rates = np.array([row.flips for row in results.search]) / np.array([row.tried for row in results.search])
    sizes, naming = results.settings.patch_sizes, results.naming
    label = naming.brief(results.settings.digit)
    figure = style.new_figure(style.WIDTH, 0.3 * len(rates) + 1.1)
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
    ax.set_xticks(range(len(sizes)), [f"{side}x{side}" for side in sizes])
    ax.set_yticks(range(len(rates)), [naming.brief(row.label) for row in results.search])
    ax.set_xlabel("patch (pixels)")
    ax.set_ylabel(f"{naming.kind} the patch is cut from")
    ax.set_title(
        f"Pasted patches after which the image is no longer classified as {label} (% of all tried)",
        fontsize=9,
    )
    figure.colorbar(artist, ax=ax, label="% of candidates")
    return figure
