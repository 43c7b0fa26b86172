"""What the figures share: sizes, colours, images without ticks, mosaics of small images, maps of labels."""

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import matplotlib
import numpy as np
from matplotlib import colors, patches, ticker
from matplotlib.figure import Figure

from hw3.errors import InvalidInput

SEQUENTIAL = "viridis"  # perceptually uniform and safe for the colour-blind, as are the others
DIVERGING = "RdBu_r"
INK = "gray"  # images of digits as they are: 0 black, 1 white
SETTINGS: Any = {"font.size": 7.5, "axes.titlesize": 8.0, "figure.titlesize": 9.0, "axes.linewidth": 0.6}
DPI = 150  # pixels an inch, on the page and on disk
WIDTH = 7.2  # inches, the text width of a printed page

# Okabe and Ito's palette, for lines: told apart also by colour-blind readers.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
GREY = "#666666"

# Paul Tol's "muted" scheme, distinct for the colour-blind, for the ten digits; the eleventh class starts again.
LABEL_COLOURS = (
    "#332288",
    "#88CCEE",
    "#44AA99",
    "#117733",
    "#999933",
    "#DDCC77",
    "#CC6677",
    "#882255",
    "#AA4499",
    "#BBBBBB",
)
TRUE_COLOUR = "#F4F4F4"  # positions where the label is right stay in the background
WRITTEN_CELLS = 64  # a side, at most, in a map with a text in each cell
OVER_PICTURE = 0.55  # opacity of a map that lies over a picture


Draw = TypeVar("Draw", bound=Callable[..., Figure])


def styled(draw: Draw) -> Draw:
    """Draws with the project's fonts and lines, without changing matplotlib's settings for anybody else."""

    @functools.wraps(draw)
    def wrapper(*args: Any, **options: Any) -> Figure:
        with matplotlib.rc_context(SETTINGS):
            figure = draw(*args, **options)
            layout: Any = figure.get_layout_engine()
            for _ in range(2):  # texts beside axes settle in the second pass
                layout.execute(figure)  # makes the ticks too: made later they would have lost these settings
            figure.set_layout_engine(None)  # and not again when it is saved
            return figure

    return cast(Draw, wrapper)


def new_figure(width: float, height: float) -> Figure:
    """A figure of so many inches that lays itself out."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def hide_ticks(ax: Any) -> None:
    """Leaves an image without axes."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_linewidth(0.4)
        spine.set_in_layout(False)  # it lies on the edge of the axes, which are measured anyway


def pixel_axes(ax: Any) -> None:
    """Names the axes of an image that is drawn pixel by pixel."""
    ax.set_xlabel("column (pixel)")
    ax.set_ylabel("row (pixel)")


def drawable(image: np.ndarray) -> np.ndarray:
    """An image [height, width, 1 or 3] or a map [height, width] as matplotlib takes it.

    Raises ValueError for an image of other channels.
    """
    if image.ndim == 2 or image.shape[-1] == 3:
        return image
    if image.ndim != 3 or image.shape[-1] != 1:
        raise InvalidInput(
            f"an image must have the axes [height, width, 1 or 3 channels] to be drawn, not the shape {image.shape}"
        )
    return image[..., 0]


def show(ax: Any, image: np.ndarray, title: str = "", **options: Any) -> Any:
    """Draws an image [height, width, 1 or 3] in [0, 1], or a map [height, width] with a colour map of its own."""
    image = drawable(image)
    if image.ndim == 2:
        options = {"cmap": INK, "vmin": 0.0, "vmax": 1.0} | options
    artist = ax.imshow(image, interpolation="nearest", **options)
    hide_ticks(ax)
    if title:
        ax.set_title(title, fontsize=8)
    return artist


def mosaic(tiles: np.ndarray, columns: int) -> np.ndarray:
    """Puts maps [n, height, width] side by side in `columns` columns with a narrow empty (NaN) line between."""
    zoom = max(1, 16 // min(tiles.shape[1:]))  # so that the line is a small part of even the smallest map
    tiles = tiles.repeat(zoom, 1).repeat(zoom, 2)
    count, height, width = tiles.shape
    rows = -(-count // columns)
    canvas = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        canvas[row * (height + 1) :, column * (width + 1) :][:height, :width] = tile
    return canvas


def symmetric(values: np.ndarray) -> colors.Normalize:
    """A colour scale with zero in its middle that reaches the largest magnitude."""
    limit = float(np.nanmax(np.abs(values))) or 1.0
    return colors.Normalize(-limit, limit)


def show_patch_map(figure: Figure, ax: Any, values: np.ndarray, rows: np.ndarray, cols: np.ndarray, label: str) -> None:
    """Draws a map over patch positions [rows, cols] scaled to its own range, with a colour bar."""
    artist = ax.imshow(values, cmap=SEQUENTIAL, interpolation="nearest")
    patch_bar(figure, ax, artist, label)
    position_axes(ax, rows, cols)


def patch_bar(figure: Figure, ax: Any, artist: Any, label: str) -> None:
    """The colour bar of a map over patch positions."""
    figure.colorbar(artist, ax=ax, label=label, shrink=0.8, format=ticker.FormatStrFormatter("%.3g"))


def cell_edges(starts: np.ndarray, patch: int) -> np.ndarray:
    """Where the cells of a map begin and end if each lies around the middle of its patch: float [positions + 1].

    Args: starts: int [positions], first pixel of the patch along one axis; patch: its pixels there.

    >>> cell_edges(np.array([0, 2, 5]), 3)
    array([0. , 2. , 4.5, 7.5])
    """
    middles = starts + (patch - 1) / 2
    if len(starts) == 1:
        return middles[0] + np.array([-0.5, 0.5]) * patch
    between = (middles[1:] + middles[:-1]) / 2
    return np.concatenate([[2 * middles[0] - between[0]], between, [2 * middles[-1] - between[-1]]])


def show_over(
    ax: Any, image: np.ndarray, values: np.ndarray, edges: tuple[np.ndarray, np.ndarray] | None = None, **options: Any
) -> Any:
    """Draws a map, half transparent, over a colour picture that is shown in grey, so that hues are the map's alone.

    Args:
      image: float [height, width, 3] in [0, 1].
      values: float [rows, cols].
      edges: of its rows and columns in pixels, float [rows + 1] and [cols + 1]; None for a value a pixel.
      options: as for `pcolormesh`.

    Returns the artist, for a colour bar.
    """
    grey = image @ np.array([0.299, 0.587, 0.114], image.dtype)
    ax.imshow(grey, cmap=INK, vmin=0.0, vmax=1.0, interpolation="nearest")
    rows, cols = edges or tuple(np.arange(size + 1) - 0.5 for size in image.shape[:2])
    options = {"cmap": SEQUENTIAL} | options
    return ax.pcolormesh(cols, rows, values, alpha=OVER_PICTURE, linewidth=0, rasterized=True, **options)


def position_axes(ax: Any, rows: np.ndarray, cols: np.ndarray) -> None:
    """Ticks that say at which pixel the patch begins."""
    for set_ticks, starts in ((ax.set_xticks, cols), (ax.set_yticks, rows)):
        at = np.arange(0, len(starts), max(1, 5 * round(len(starts) / 25) or len(starts) // 5))
        set_ticks(at, [str(starts[i]) for i in at])
    ax.set_xlabel("left column of the patch (pixel)")
    ax.set_ylabel("top row of the patch (pixel)")


def label_colours(labels: Iterable[int], true: int) -> dict[int, str]:
    """A colour for each label: a digit's own, others in turn, and the background's for the true one."""
    wrong = sorted(set(labels) - {true})
    digits = all(label < len(LABEL_COLOURS) for label in wrong)
    places = wrong if digits else range(len(wrong))
    return {label: LABEL_COLOURS[p % len(LABEL_COLOURS)] for label, p in zip(wrong, places, strict=True)} | {
        true: TRUE_COLOUR
    }


def show_label_map(
    ax: Any,
    labels: np.ndarray,
    true: int,
    rows: np.ndarray,
    cols: np.ndarray,
    write_true: bool = True,
    texts: Mapping[int, str] | None = None,
) -> None:
    """Draws predicted labels [rows, cols] in discrete colours with the labels in the cells, the true one in grey.

    In a small map the true one is better not written (`write_true`), and in one of very many cells none is.

    Args: texts: what to write for each label that any map of the figure shows; the labels of this one as they are if
    None.
    """
    texts = texts or {int(label): str(label) for label in np.unique(labels)}
    colour = label_colours(texts, true)
    ax.imshow(np.array([[colors.to_rgb(colour[int(v)]) for v in line] for line in labels]), interpolation="nearest")
    position_axes(ax, rows, cols)
    if max(labels.shape) > WRITTEN_CELLS:
        return
    wide = max(1.0, 0.75 * max(map(len, texts.values())))
    size = float(np.clip(110 / max(labels.shape) / wide, 3.0, 9.0))
    for (row, column), label in np.ndenumerate(labels):
        if label == true and not write_true:
            continue
        ax.text(
            column,
            row,
            texts[int(label)],
            ha="center",
            va="center",
            fontsize=size,
            color="#999999" if label == true else text_colour(colour[int(label)]),
            in_layout=False,  # or laying out hundreds of them takes seconds
        )


def label_legend(where: Any, names: Mapping[int, str], texts: Mapping[int, str], true: int, **options: Any) -> None:
    """Says beside axes (or in a figure) which class is which colour and, of a wrong one, which text if it is another.

    Args: names, texts: of every label that is to be explained, in full and as the map has it.
    """
    colour = label_colours(texts, true)
    handles = [
        patches.Patch(
            facecolor=colour[label],
            edgecolor=GREY,
            linewidth=0.4,
            label=name if label == true or texts[label] == name else f"{texts[label]}: {name}",
        )
        for label, name in names.items()
    ]
    where.legend(handles=handles, frameon=False, fontsize=7, **options)


def sequence(count: int) -> list[Any]:
    """Colours from dark to light for lines in an order, light enough to tell apart and dark enough to see."""
    return [matplotlib.colormaps[SEQUENTIAL](value) for value in np.linspace(0.0, 0.85, count)]


def colour_map_with_grey() -> Any:
    """`SEQUENTIAL` with the background's grey where there is no value."""
    return matplotlib.colormaps[SEQUENTIAL].with_extremes(bad=TRUE_COLOUR)


def text_colour(background: str) -> str:
    """Black or white, whichever reads better on `background`."""
    red, green, blue = colors.to_rgb(background)
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 else "white"


def grid(figure: Figure, count: int, columns: int) -> list[Any]:
    """`count` axes in rows of `columns`; the places left over stay empty."""
    axes = figure.subplots(-(-count // columns), columns, squeeze=False).ravel()
    for ax in axes[count:]:
        ax.set_axis_off()
    return list(axes[:count])
