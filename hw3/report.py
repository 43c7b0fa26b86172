"""What an answer on the report page is made of."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Figure(NamedTuple):
    """A picture file and its caption."""

    file: str
    caption: str


class Table(NamedTuple):
    """A table with its caption."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Published(NamedTuple):
    """What one of the documents says."""

    document: str
    said: str


class Answer(NamedTuple):
    """One question of the assignment with its answer and what goes beside it."""

    number: str
    question: str
    answer: str
    figures: Sequence[Figure]
    tables: Sequence[Table]
    published: Sequence[Published]
