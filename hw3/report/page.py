"""Answers in, one self-contained HTML page out: no network, readable on a phone, in the dark and on paper."""

import base64
import importlib.resources
import io
import pathlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup
from PIL import Image

from hw3.report import charts, math

# What may become of a statement, and the sign of it.
RIGHT, CONVENTION, MISPRINTED, WRONG = "right", "right under a convention", "misprinted", "wrong"
SIGNS = {RIGHT: "✓", CONVENTION: "≈", MISPRINTED: "⚠", WRONG: "✗"}
FAULTS = (MISPRINTED, WRONG)
MEANINGS = {
    RIGHT: "it comes out as printed, from what was asked (the audit: reproduced).",
    CONVENTION: "it comes out if something is done in another way, which is named: a sum over steps, digits cut off.",
    MISPRINTED: "something else stands there than was computed: a digit, a sign, a number that belongs elsewhere.",
    WRONG: "it was computed wrongly, or is at odds with what it is drawn from.",
    "": "undecided, without a mark: nothing can tell, as of what a lost network said (the audit: possible).",
}
LONGEST_NUMBER = 24  # characters: "0.476 (0.250 to 0.702)"
DOCUMENTS = "documents"  # id of the overview of them


class Figure(NamedTuple):
    """A PNG file, relative to the folder of the results, and what it shows; an SVG beside it stands for it."""

    file: str
    caption: str


class Picture(NamedTuple):
    """A figure as an HTML image; with its size the page keeps its place free until it is drawn."""

    address: str
    width: int  # pixels
    height: int


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
    mark: str = ""  # RIGHT, CONVENTION, MISPRINTED or WRONG; empty where nothing decides it
    ours: str = ""  # the value that we find


class See(NamedTuple):
    """A link to another place of the page, left out where the page has no such place."""

    to: str  # number of an answer, or the id of a section
    why: str  # what the reader finds there


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
    derivation: Markup | str = ""  # mathematics line by line, folded below the figure
    see: Sequence[See] = ()


class Section(NamedTuple):
    """A heading with its answers."""

    title: str
    answers: Sequence[Answer]


class Document(NamedTuple):
    """One of the documents, for the page's overview of them."""

    name: str  # as in `Published.document`
    what: str  # it is
    numbers: Mapping[str, int]  # that it prints, by mark; "" for those that nothing decides


class Page(NamedTuple):
    """All that stands on a page."""

    title: str
    summary: str  # what was done, in a few sentences
    sections: Sequence[Section]
    telling: Sequence[str] = ()  # numbers of the answers whose verdicts stand at the top
    commands: Mapping[str, str] = {}  # how each study was made, by name
    footer: str = ""
    explorables: Mapping[str, Markup] = {}  # by the number of the answer whose first figure they replace
    assets: Markup = Markup()  # what the explorables need, once
    documents: Sequence[Document] = ()


def render(page: Page, folder: pathlib.Path | Mapping[str, bytes]) -> str:
    """The whole page as HTML text.

    Args: folder: where the figures' files lie (or their bytes by name).
    Raises FileNotFoundError naming a figure that is missing.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, loader=jinja2.FunctionLoader(_part)
    )

    def found(file: str) -> Any:
        return folder[file] if isinstance(folder, Mapping) else (folder / file).read_bytes()

    def picture(file: str) -> Picture:
        svg, png = charts.file_beside(file), found(file)
        size = Image.open(io.BytesIO(png)).size
        if svg in folder if isinstance(folder, Mapping) else (folder / svg).exists():
            return Picture(charts.address(found(svg).decode("utf-8")), *size)
        return Picture("data:image/png;base64," + base64.b64encode(_with_palette(png)).decode("ascii"), *size)

    by_number = {answer.number: answer for section in page.sections for answer in section.answers}
    places = {number: slug(number) for number in by_number} | ({DOCUMENTS: DOCUMENTS} if page.documents else {})
    return environment.get_template("page.html.jinja").render(
        page._asdict(),
        findings=[by_number[number] for number in page.telling if number in by_number],
        css=Markup(_part("page.css") + math.STYLE),
        script=Markup(_part("page.js")),
        picture_of=picture,
        slug=slug,
        places=places,
        row_id=row_id,
        columns_of_words=columns_of_words,
        faults=lambda document: _faults(page, document),
        marks=_marks,
        signs=SIGNS,
        meanings=MEANINGS,
    )


def slug(number: str) -> str:
    """What a link to an answer names: "q-2-1" for number 2 (1).

    >>> slug("004: 1 (2)")
    'q-004-1-2'
    """
    return "q-" + re.sub(r"\W+", "-", number).strip("-")


def row_id(answer: Answer, place: int) -> str:
    """What a link to an answer's entry on a document names, by its place among them.

    >>> row_id(Answer("2 (1)", "", ""), 3)
    'q-2-1-says-3'
    """
    return f"{slug(answer.number)}-says-{place}"


def columns_of_words(table: Table) -> list[int]:
    """The columns, from 1, that hold text, which is set from the left and may wrap, rather than numbers.

    >>> columns_of_words(Table("", ("layer", "why"), [("conv1", "the number of the layer before stands here"), (1, 2)]))
    [2]
    """
    return [
        place
        for place, column in enumerate(zip(*table.rows, strict=True), start=1)
        if any(len(str(cell)) > LONGEST_NUMBER for cell in column)
    ]


def _with_palette(png: bytes) -> bytes:
    """A PNG in at most 256 colours, a third of the size: those of our figures stay within a few of 255 levels."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    small = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    written = io.BytesIO()
    small.save(written, format="PNG", optimize=True)
    return written.getvalue()


def _part(name: str) -> str:
    return importlib.resources.files("hw3.report").joinpath(name).read_text(encoding="utf-8")


def _faults(page: Page, document: str) -> list[tuple[Answer, str, Published]]:
    """What is misprinted or wrong in a document: the answers that say so, with the ids of their entries."""
    return [
        (answer, row_id(answer, place), entry)
        for section in page.sections
        for answer in section.answers
        for place, entry in enumerate(answer.published)
        if entry.document == document and entry.mark in FAULTS
    ]


def _marks(answer: Answer) -> list[tuple[str, int]]:
    """How often each verdict stands in the answer's documents."""
    found = Counter(entry.mark for entry in answer.published if entry.mark)
    return [(mark, found[mark]) for mark in SIGNS if found[mark]]
