"""Reads the numbers of problems 1 and 2 as the documents print them: the text tables in `printed/`.

What counts as a number: results, counts, settings and heads of rows and columns that are numbers; three and six where
they are written out. What only names an image, a layer, a figure or a part ("the digit 8", "conv2d_1") doesn't.
"""

import functools
import importlib.resources
import re
from typing import NamedTuple

import numpy as np

from hw3.errors import InvalidInput

WORDS = {"three": 3, "six": 6}
# Digits behind a letter, a point or an underscore belong to a name; the x of "8x8" doesn't.
_NUMBER = re.compile(rf"(?<![A-WYZa-wyz\d_.])\d+(?:,\d{{3}})*(?:\.\d+)?|\b(?:{'|'.join(WORDS)})\b")
_HEADER = re.compile(r"\[(?P<part>[^|]+) \| (?P<key>\w+) \| (?P<what>.+)\]")


class Number(NamedTuple):
    """One printed number."""

    text: str
    row: int  # of the block's lines, the line of column heads left out; -1 for a column's head
    column: int  # of a table's cells, the column of heads left out; -1 for a row's head; of a text the place in it
    where: str  # in words

    @property
    def value(self) -> float:
        """What is printed."""
        return float(WORDS.get(self.text, self.text.replace(",", "")))

    @property
    def is_head(self) -> bool:
        """Whether it heads a row or a column."""
        return -1 in (self.row, self.column)


class Block(NamedTuple):
    """What stands together in one place of a document."""

    document: str
    part: str  # as the document numbers it
    key: str  # its name here
    what: str
    numbers: tuple[Number, ...]

    @property
    def problem(self) -> int:
        """The assignment's number of the problem: document 004 calls 1 and 2 its 3 and 4."""
        given = int(self.part[0])
        return {3: 1, 4: 2}[given] if self.document == "004" else given

    @property
    def values(self) -> list[float]:
        """All numbers in order."""
        return [number.value for number in self.numbers]

    def grid(self) -> np.ndarray:
        """A table's cells, one number each: float [rows, columns]."""
        cells = {(number.row, number.column): number.value for number in self.numbers if not number.is_head}
        rows, columns = (max(index) + 1 for index in zip(*cells, strict=True))
        return np.array([[cells[row, column] for column in range(columns)] for row in range(rows)])

    def heads(self) -> tuple[list[float], list[float]]:
        """The numbers at the head of rows and of columns."""
        return (
            [number.value for number in self.numbers if number.column == -1],
            [number.value for number in self.numbers if number.row == -1],
        )


Document = dict[str, Block]  # the blocks of a document by key


@functools.cache
def document(name: str) -> Document:
    """The blocks of "000" to "004"."""
    file = importlib.resources.files("hw3.studies.audit").joinpath("printed", f"{name}.txt")
    return parse(name, file.read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Document:
    """Reads a transcription: its form is described at the head of each file."""
    found: Document = {}
    for chunk in re.split(r"\n(?=\[[^|\]]+\|)", f"\n{text}")[1:]:
        first, *lines = chunk.strip().splitlines()
        header = _HEADER.fullmatch(first)
        if header is None or header["key"] in found:
            raise InvalidInput(f"document {name}: {first!r} doesn't open a block, or opens it again")
        part, key, what = header.groups()
        found[key] = Block(name, part, key, what, _numbers(lines))
    return found


def _numbers(lines: list[str]) -> tuple[Number, ...]:
    """All numbers of a block's lines; lines with two blanks in a row make a table, the first of them its heads."""
    found: list[Number] = []
    column_heads: list[str] = []
    row = 0
    for line in lines:
        head, *cells = re.split(r" {2,}", line)
        if not cells:
            texts = _NUMBER.findall(line)
            found += [Number(text, row, place, _place(place, len(texts))) for place, text in enumerate(texts)]
            row += bool(texts)
        elif not column_heads:
            column_heads = cells
            found += [Number(cell, -1, i, f"head of column {cell}") for i, cell in enumerate(cells) if _is_number(cell)]
        else:
            found += [Number(head, row, -1, f"head of row {head}")] if _is_number(head) else []
            column = 0
            for name, cell in zip(column_heads, cells, strict=True):
                texts = _NUMBER.findall(cell)
                for place, text in enumerate(texts):
                    at = (_called("row", head), _called("column", name), _place(place, len(texts)))
                    words = ", ".join(filter(None, at))
                    found.append(Number(text, row, column, words))
                    column += 1
            row += 1
    return tuple(found)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _called(line: str, head: str) -> str:
    return f"{line} {head}" if _is_number(head) else head


def _place(place: int, of: int) -> str:
    return f"number {place + 1}" if of > 1 else ""
