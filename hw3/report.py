"""Results in, one self-contained HTML page out: no network, readable on a phone, printable."""

import base64
import importlib.resources
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jinja2

TEMPLATE = "report.html.jinja"
Results = Mapping[str, Any]  # a program's results.json


class Figure(NamedTuple):
    """A PNG file, relative to the folder of the results, and what it shows."""

    file: str
    caption: str


class Table(NamedTuple):
    """A small table; `rows` hold text or numbers already rounded for the reader."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]


class Published(NamedTuple):
    """What one of the five documents (000 to 004) says on the same question."""

    document: str
    said: str


class Answer(NamedTuple):
    """One question and all that belongs to it."""

    number: str  # as in the assignment, "1 (2)"
    question: str  # in our own words
    answer: str  # sentences made from measured numbers
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    published: Sequence[Published] = ()
    command: str = ""  # makes the numbers and figures again


class Section(NamedTuple):
    """A heading with its answers."""

    title: str
    answers: Sequence[Answer]


def render(title: str, summary: str, sections: Sequence[Section], folder: pathlib.Path | Mapping[str, bytes]) -> str:
    """The whole page as HTML text.

    Args: folder: where the figures' files lie (or their bytes by name).
    Raises FileNotFoundError naming a figure that is missing.
    """
    template = importlib.resources.files("hw3").joinpath("assets", TEMPLATE).read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)

    def inline(file: str) -> str:
        content: Any = folder[file] if isinstance(folder, Mapping) else (folder / file).read_bytes()
        return "data:image/png;base64," + base64.b64encode(content).decode("ascii")

    return environment.from_string(template).render(title=title, summary=summary, sections=sections, inline=inline)


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction as a percentage; never rounded up to a false 100%.

    >>> percent(0.99531), percent(0.99999), percent(1.0)
    ('99.53%', '99.99%', '100.00%')
    """
    scale = 10 ** (digits + 2)
    value = int(fraction * scale + 0.5) / scale
    if value >= 1 > fraction:
        value = (scale - 1) / scale
    return f"{value:.{digits}%}"


def possible_share(printed: str, total: int) -> bool:
    """Whether any whole number out of `total` is the percentage `printed`, to its digits.

    >>> possible_share("97.732", 441), possible_share("97.723", 441)
    (True, False)
    """
    digits = len(printed.partition(".")[2])
    return any(f"{100 * count / total:.{digits}f}" == printed for count in range(total + 1))


def listed(items: Sequence[object]) -> str:
    """Items in a sentence.

    >>> listed([1]), listed([1, 2, 3])
    ('1', '1, 2 and 3')
    """
    words = list(map(str, items))
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def a(label: int) -> str:
    """A digit with its article.

    >>> a(7), a(8), a(18)
    ('a 7', 'an 8', 'an 18')
    """
    return f"an {label}" if str(label)[0] == "8" or label in (11, 18) else f"a {label}"


def place(top: int, bottom: int, left: int, right: int, size: int = 28) -> str:
    """Where the middle of a rectangle of pixels lies in an image of `size` pixels a side, in words.

    >>> place(10, 17, 10, 17)
    'the middle of the image'
    >>> place(0, 8, 10, 17)
    'the upper middle of the image'
    """
    middle_row, middle_col = (top + bottom) / 2, (left + right) / 2
    vertical = "upper" if middle_row < 0.4 * (size - 1) else "lower" if middle_row > 0.6 * (size - 1) else ""
    horizontal = "left" if middle_col < 0.4 * (size - 1) else "right" if middle_col > 0.6 * (size - 1) else ""
    if horizontal:
        return f"the {vertical + ' ' if vertical else ''}{horizontal} of the image"
    return f"the {vertical + ' ' if vertical else ''}middle of the image"
