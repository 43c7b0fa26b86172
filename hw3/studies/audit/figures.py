"""Figures of the audit: counts, the published maps beside ours, what stands where in document 004's tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hw3.occlusion import maps as occlusion_maps
from hw3.occlusion import positions
from hw3.report import style
from hw3.report.style import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION
from hw3.studies import given
from hw3.studies.audit.findings import VERDICTS, Finding, counts
from hw3.studies.audit.images.maps import DIGIT
from hw3.studies.audit.images.nearest import Nearest
from hw3.studies.audit.images.published import PublishedMaps
from hw3.studies.audit.images.regions import as_sweep
from hw3.studies.audit.measure import Results

COUNTS = "verdicts.png"
PROBLEM_1, PROBLEM_2, PROBLEMS_3_5 = "verdicts_1.png", "verdicts_2.png", "verdicts_3_5.png"
ORDER = "order_004.png"
REGIONS = "regions.png"
LOOKS = ((BLUE, ""), (SKY, ".."), ("#CCCCCC", ""), (ORANGE, "//"), (VERMILION, "xx"))  # in the order of VERDICTS


def maps_of(document: str) -> str:
    """The file with the maps of a document."""
    return f"maps_{document}.png"


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    drawn = {COUNTS: verdict_counts(results.findings, "every printed number")}
    for name, problems, title in (
        (PROBLEM_1, (1,), "numbers of problem 1"),
        (PROBLEM_2, (2,), "numbers of problem 2"),
        (PROBLEMS_3_5, (3, 5), "numbers of problems 3 and 5"),
    ):
        if rows := [row for row in results.findings if row.problem in problems]:
            drawn[name] = verdict_counts(rows, title)
    like = {found.document: found for found in results.nearest}
    for maps in results.maps:
        drawn[maps_of(maps.document)] = published_maps(maps, like.get(maps.document))
        if maps.moved:
            drawn[ORDER] = order(maps)
    if results.maps:
        drawn[REGIONS] = important_regions(results.maps)
    return drawn


@style.styled
def published_maps(maps: PublishedMaps, like: Nearest | None) -> Figure:
    """A document's three maps with the cells that cannot be as printed, and the map of ours that is most like it."""
    figure = style.new_figure(style.WIDTH, 6.4)
    axes = figure.subplots(2, 2)
    side, whole = len(maps.probability), len(maps.labels)
    starts = positions(given.IMAGE, given.PATCH, maps.stride)
    figure.suptitle(
        f"Document {maps.document}: a patch at {whole}x{whole} positions over a 6, still a 6 at {maps.right} of them"
    )
    named = ((f"its P(6), {side}x{side}", maps.probability), (f"its highest probability, {side}x{side}", maps.highest))
    for ax, (title, values), faulty in zip(axes[0], named, maps.faulty, strict=True):
        _probabilities(figure, ax, values, starts[:side])
        rows, columns = np.nonzero(faulty)
        ax.plot(columns, rows, "x", color=VERMILION, markersize=3.5, markeredgewidth=0.8)
        ax.set_title(f"{title}; crosses: {faulty.sum()} misprinted or wrong")
    _labels(axes[1, 0], maps, starts)
    if like is None:
        axes[1, 1].set_axis_off()
    else:
        _probabilities(figure, axes[1, 1], like.probability, starts)
        axes[1, 1].set_title(
            f"ours most like it: P(6) of test image {like.test_index}\nrank correlation {like.correlation:.2f} "
            f"(median of {like.images} images {like.median:.2f})"
        )
        inset = axes[1, 1].inset_axes((0.71, 0.71, 0.27, 0.27))
        style.show(inset, like.image)
    return figure


def _probabilities(figure: Figure, ax: Any, values: np.ndarray, starts: np.ndarray) -> None:
    artist = ax.imshow(values, cmap=style.SEQUENTIAL, vmin=0, vmax=1, interpolation="nearest")
    figure.colorbar(artist, ax=ax, label="probability", shrink=0.8)
    style.position_axes(ax, starts, starts)


def _labels(ax: Any, maps: PublishedMaps, starts: np.ndarray) -> None:
    known = (maps.labels >= 0).all()
    if known:
        style.show_label_map(ax, maps.labels, DIGIT, starts, starts, write_true=False)
        ax.set_title(f"its labels, {len(maps.labels)}x{len(maps.labels)}: a 6 where the cell is empty")
    else:
        ax.imshow(maps.labels == DIGIT, cmap=ListedColormap([SKY, style.TRUE_COLOUR]), interpolation="nearest")
        rows, columns = np.nonzero(maps.labels != DIGIT)
        for row, column in zip(rows, columns, strict=True):
            place = row * len(maps.labels) + column + 1  # counted as the document does
            ax.text(column, row, str(place), ha="center", va="center", size=6)
        style.position_axes(ax, starts, starts)
        ax.set_title("not a 6: where its two lists differ, by place in them")


@style.styled
def order(maps: PublishedMaps) -> Figure:
    """Document 004's P(6) as printed and in order; which of its rows the table of highest probabilities repeats."""
    figure = style.new_figure(style.WIDTH, 2.9)
    left, middle, right = figure.subplots(1, 3)
    back = [*range(1, maps.moved + 1), 0, *range(maps.moved + 1, len(maps.probability))]
    for ax, values, title, total in (
        (left, maps.probability[np.ix_(back, back)], "P(6) as printed", maps.variation[0]),
        (middle, maps.probability, "the row and column called 0 in front", maps.variation[1]),
    ):
        style.show(ax, values, f"{title}\ntotal variation {total:.1f}", cmap=style.SEQUENTIAL)
    rows = np.arange(1, len(maps.row_sources) + 1)
    sources = np.array(maps.row_sources) + 1
    known = sources > 0
    right.plot(rows, rows, color=GREY, linewidth=0.8, label="its own row")
    right.plot(rows[known], sources[known], "o", color=VERMILION, markersize=3.5, label="the row that it repeats")
    right.set_xlabel("row of the highest probabilities")
    right.set_ylabel("row of P(6)")
    right.set_aspect("equal")
    right.grid(linewidth=0.3, alpha=0.6)
    right.legend(frameon=False, fontsize=6.5)
    right.set_title("rows counted from 1, as printed")
    return figure


@style.styled
def important_regions(published: Sequence[PublishedMaps]) -> Figure:
    """The importance of each pixel by a document's own maps, the region that it prints and the one of its labels."""
    figure = style.new_figure(style.WIDTH, 3.6)
    panels = figure.subplots(1, len(published), squeeze=False)[0]
    for ax, maps in zip(panels, published, strict=True):
        side = len(maps.probability)
        sweep = as_sweep(maps.probability, maps.labels[:side, :side], maps.stride)
        importance = occlusion_maps.importance(sweep)[0]
        artist = ax.imshow(importance, cmap=style.DIVERGING, norm=style.symmetric(importance), interpolation="nearest")
        figure.colorbar(artist, ax=ax, label="mean drop of P(6)", shrink=0.75)
        for edges, colour, line, label in (
            (maps.region.said, "black", "--", "as printed"),
            (maps.region.plain, GREEN, "-", "of its labels"),
        ):
            top, bottom, left, right = edges
            box = Rectangle((left - 0.5, top - 0.5), right - left + 1, bottom - top + 1)
            box.set(fill=False, edgecolor=colour, linestyle=line, linewidth=1.5, label=label)
            ax.add_patch(box)
        style.pixel_axes(ax)
        ax.set_title(f"document {maps.document}")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


def verdict_counts(findings: Sequence[Finding], title: str) -> Figure:
    """The share of each document's numbers that got each verdict, with their counts, as stacked bars."""
    rows = counts(findings)[:-1]
    numbers = np.array([row.numbers for row in rows])
    totals = numbers.sum(1)
    figure = style.new_figure(8.5, 0.55 * len(rows) + 1.9)
    axes = figure.add_subplot()
    start = np.zeros(len(rows))
    for verdict, found, (colour, hatch) in zip(VERDICTS, numbers.T, LOOKS, strict=True):
        if not found.any():
            continue
        width = 100 * found / totals
        bars = axes.barh(
            range(len(rows)), width, left=start, color=colour, hatch=hatch, edgecolor="white", label=verdict
        )
        axes.bar_label(
            bars,
            [f"{value:,}" if share > 1.2 else "" for value, share in zip(found, width, strict=True)],
            label_type="center",
            size=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )
        start = start + width
    names = [f"document {row.document}\n{total:,} numbers" for row, total in zip(rows, totals, strict=True)]
    axes.set_yticks(range(len(rows)), names)
    axes.invert_yaxis()
    axes.set_xlabel("percent of its printed numbers")
    axes.set_xlim(0, 102)
    axes.set_title(f"The audit: {title}", weight="bold")
    figure.legend(loc="outside lower center", ncols=len(VERDICTS), fontsize=9)
    return figure
