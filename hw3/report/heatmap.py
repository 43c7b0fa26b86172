"""A map as boxes of HTML: each cell with its colour and what pointing at it tells, ticks, a colour bar, a legend.

Every style is the element's own, in properties that JupyterLab's filter for notebooks that are not trusted lets pass
(it takes out SVG and style sheets and leaves their text behind). Text has the colour of what is around it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib import colors

from hw3.report import style

EXTENT = 220  # pixels of the longer side of a map, where its cells allow it
CELL = (3, 24)  # pixels, the smallest that one can point at and the largest
DIGIT = 5  # pixels of a cell for each digit of a label that is written in it
LEFT, BELOW, BAR = 30, 30, 80  # pixels beside and below the cells, and of a colour bar with its numbers
TICK = 30  # pixels between ticks
LEGEND = 12  # labels
EDGE = "1px solid #888888"  # seen on light and on dark


class Scale(NamedTuple):
    """The numbers between which a map's colours lie."""

    low: float
    high: float


def scale(values: np.ndarray) -> Scale:
    """The lowest and the highest number that is finite; (0, 0) if none is."""
    finite = values[np.isfinite(values)]
    return Scale(float(finite.min()), float(finite.max())) if finite.size else Scale(0.0, 0.0)


def graded(values: np.ndarray) -> np.ndarray:
    """The colour of each number on its `scale`, str of the same shape."""
    low, high = scale(values)
    levels = colors.Normalize(low, high)(np.clip(values.astype(float), low, high))
    return _hex(matplotlib.colormaps[style.SEQUENTIAL](np.asarray(levels)))


def discrete(labels: np.ndarray, colour: Mapping[int, str]) -> np.ndarray:
    """The colour of each label, str of the same shape."""
    return np.array([colour[int(label)] for label in labels.flat]).reshape(labels.shape)


def figure(
    title: str,
    colours: np.ndarray,
    titles: np.ndarray,
    starts: Sequence[np.ndarray],
    names: Sequence[str],
    beside: Scale | None = None,
    texts: np.ndarray | None = None,
) -> Markup:
    """A map with its title, axes and colour bar.

    Args: colours, titles, texts: str [rows, columns], or [columns]; of the cells, what pointing at them tells, what is
    written in them. starts: int [rows], [columns], what the ticks say, with the axes' names in the same order. beside:
    what the colour bar says, if there is one.
    """
    rows, columns = np.atleast_2d(colours).shape
    smallest, largest = CELL
    cell = int(np.clip(EXTENT // max(rows, columns), smallest, largest))
    top, tall = (16, cell) if len(starts) > 1 else (2, largest)
    width, height = columns * cell, rows * tall
    digits = 1 if texts is None else max(len(str(text)) for text in texts.flat)
    inside = texts if texts is not None and cell >= DIGIT * digits else np.full(colours.shape, "")
    lines = zip(*(np.atleast_2d(each) for each in (colours, titles, inside)), strict=True)
    cells = Markup("").join(_line(tall, *line) for line in lines)
    parts = [
        Markup(
            '<div role="img" aria-label="{}" style="position:absolute;left:{}px;top:{}px;display:table;'
            "table-layout:fixed;width:{}px;border:{};line-height:{}px;font-size:{:.0f}px;text-align:center;"
            'white-space:nowrap">{}</div>'
        ).format(title, LEFT, top, width, EDGE, tall, cell * (0.7 if digits == 1 else 1.4 / digits), cells),
        _text(names[-1], LEFT, top + height + 16, EXTENT),
    ]
    for index in _ticks(len(starts[-1]), cell):
        at = LEFT + index * cell + cell // 2
        parts.append(_text(str(starts[-1][index]), at - 20, top + height + 3, 40, "center"))
    if len(starts) > 1:
        parts.append(_text(f"↓ {names[0]}", 0, 0, EXTENT))
        for index in _ticks(rows, tall):
            parts.append(_text(str(starts[0][index]), 0, top + index * tall + tall // 2 - 5, LEFT - 4, "right"))
    if beside:
        parts.append(_bar(beside, LEFT + width + 12, top, height))
    return Markup(
        '<div style="font-weight:bold">{}</div><div style="position:relative;width:{}px;height:{}px;font-size:10px;'
        'line-height:12px">{}</div>'
    ).format(
        title,
        LEFT + max(width + (BAR if beside else 16), EXTENT // 2 + BAR),
        top + height + BELOW,
        Markup("").join(parts),
    )


def legend(predicted: np.ndarray, colour: Mapping[int, str]) -> Markup:
    """The labels in a map, the commonest first, with their colours and at how many positions they are."""
    found, counts = np.unique(predicted, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    parts = [
        Markup(
            '<span style="display:inline-block;margin-right:10px"><span style="display:inline-block;width:9px;'
            'height:9px;border:{};background-color:{}"></span> {}: {:,}</span>'
        ).format(EDGE, colour[label], label, count)
        for label, count in ((int(found[i]), int(counts[i])) for i in order[:LEGEND])
    ]
    if len(order) > LEGEND:
        parts.append(Markup("and {} more").format(len(order) - LEGEND))
    return Markup('<div style="width:{}px;font-size:10px;line-height:14px">{}</div>').format(
        LEFT + EXTENT, Markup(" ").join(["label: positions\N{EN SPACE}", *parts])
    )


def _line(tall: int, colours: np.ndarray, titles: np.ndarray, texts: np.ndarray) -> Markup:
    cells = (
        Markup('<span style="display:table-cell;background-color:{}{}" title="{}">{}</span>').format(
            colour, f";color:{_ink(colour)}" if str(text) else "", title, text
        )
        for colour, title, text in zip(colours, titles, texts, strict=True)
    )
    return Markup('<div style="display:table-row;height:{}px">{}</div>').format(tall, Markup("").join(cells))


def _ink(colour: str) -> str:
    return style.GREY if colour == style.TRUE_COLOUR else style.text_colour(colour)


def _ticks(cells: int, size: int) -> range:
    every = next(count for count in (1, 2, 5, 10) if count * size >= TICK)
    return range(0, cells, every)


def _bar(beside: Scale, left: int, top: int, height: int) -> Markup:
    stops = _hex(matplotlib.colormaps[style.SEQUENTIAL](np.linspace(0, 1, 9)))
    low, middle, high = _distinct(beside.low, (beside.low + beside.high) / 2, beside.high)
    parts = [
        Markup(
            '<div style="position:absolute;left:{}px;top:{}px;width:10px;height:{}px;border:{};'
            'background-image:linear-gradient(to top, {})"></div>'
        ).format(left, top, height, EDGE, ", ".join(stops)),
        _text(high, left + 16, top, BAR - 28),
        _text(low, left + 16, top + height - 10, BAR - 28),
    ]
    if height > 4 * TICK:
        parts.append(_text(middle, left + 16, top + height // 2 - 5, BAR - 28))
    return Markup("").join(parts)


def _distinct(*values: float) -> list[str]:
    """Numbers with as few digits, but at least 3, as tell them apart; 7 are all that a float32 has."""
    written = [[f"{value:.{digits}g}" for value in values] for digits in range(3, 8)]
    return next((texts for texts in written if len(set(texts)) == len(texts)), written[-1])


def _text(text: str, left: int, top: int, width: int, align: str = "left") -> Markup:
    return Markup(
        '<div style="position:absolute;left:{}px;top:{}px;width:{}px;text-align:{};white-space:nowrap">{}</div>'
    ).format(left, top, width, align, text)


def _hex(rgba: np.ndarray) -> np.ndarray:
    """Colours [..., 4] in [0, 1] as HTML writes them, str [...]."""
    written = [
        f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue, _ in np.rint(255 * rgba.reshape(-1, 4)).astype(int)
    ]
    return np.array(written).reshape(rgba.shape[:-1])
