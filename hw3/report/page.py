"""Results in, one self-contained HTML page out: no network, readable on a phone, printable."""

import base64
import importlib.resources
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

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
    """What one of the five documents (000 to 004) says on the same question, and what became of it."""

    document: str
    said: str  # quoted or summed up
    remark: str = ""  # ours
    mark: str = ""  # right, right under a convention, misprinted or wrong; empty where nothing decides it
    ours: str = ""  # the value that we find


class Answer(NamedTuple):
    """One question and all that belongs to it."""

    number: str  # as in the assignment, "1 (2)"
    question: str  # in our own words
    verdict: str  # one sentence of at most 30 words, made from measured numbers
    answer: str = ""  # what else follows from them, in sentences
    figures: Sequence[Figure] = ()  # the first one is shown at once
    tables: Sequence[Table] = ()
    published: Sequence[Published] = ()
    made_by: Sequence[str] = ()  # names of the studies behind it, whose commands make its numbers and figures again
    derivation: Markup | str = ""  # line by line, as `hw3.report.math.derivation` makes it


class Section(NamedTuple):
    """A heading with its answers."""

    title: str
    answers: Sequence[Answer]


def render(title: str, summary: str, sections: Sequence[Section], folder: pathlib.Path | Mapping[str, bytes]) -> str:
    """The whole page as HTML text.

    Args: folder: where the figures' files lie (or their bytes by name).
    Raises FileNotFoundError naming a figure that is missing.
    """
    template = importlib.resources.files("hw3.report").joinpath(TEMPLATE).read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)

    def inline(file: str) -> str:
        content: Any = folder[file] if isinstance(folder, Mapping) else (folder / file).read_bytes()
        return "data:image/png;base64," + base64.b64encode(content).decode("ascii")

    return environment.from_string(template).render(title=title, summary=summary, sections=sections, inline=inline)
