"""The sections of the page, in order: which studies they are made of and what answers them."""

from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

from hw3.report.page import Answer, Document
from hw3.studies import (
    audit,
    convolution,
    fragility,
    inspection,
    long_sequences,
    regularization,
    robustness,
    training,
    unrolling,
)
from hw3.studies.audit import findings
from hw3.studies.long_sequences import echo_states, gradient_flow, learning
from hw3.studies.robustness import covering, pasting
from hw3.studies.unrolling import lstm, rnn


class Section(NamedTuple):
    """A heading of the page."""

    title: str
    studies: tuple[ModuleType, ...]  # in the order in which `answers` takes their results
    answers: Callable[..., list[Answer]]
    quick: bool = True  # whether a first look (--quick) has it


SECTIONS = (
    Section("Problem 1: inside a convolutional network", (training, inspection), inspection.answers),
    Section("Problem 2: how robust is it?", (covering, pasting), robustness.answers),
    Section("Beyond one image: a sweep over many", (fragility,), fragility.answers),
    Section("Problems 3 and 5: backpropagation through time by hand", (rnn, lstm, audit), unrolling.answers),
    Section("Every printed number, checked", (audit,), audit.answers),
    Section("Problem 4: long sequences", (gradient_flow, echo_states, learning), long_sequences.answers),
    Section(
        "Document 004's problem 1, tested: dropout, bagging, batch normalisation",
        (regularization,),
        regularization.answers,
        quick=False,
    ),
    Section(
        "Document 004's problem 2, tested: convolution, pooling, receptive fields",
        (convolution,),
        convolution.answers,
        quick=False,
    ),
)

# The answers whose verdicts stand at the top of the page.
TELLING = ("1", "1 (2)", "2 (2)", "2 (3)", "all 1", "3 (3)", "5", "audit", "4 (1)", "4 (2)", "4 (3)", "004: 1 (1)")

DOCUMENTS = {
    "000": "a report",
    "001": "a report",
    "002": "the assignment with its official solutions",
    "003": "a report",
    "004": "a report on a sister version, whose problems 3, 4, 5 and 7 are our 1, 2, 3 and 5",
}
FOOTER = "Rows and columns of pixels are counted from 0. ± is half a 95% interval of a mean."


def documents(audited: audit.Results) -> list[Document]:
    """The documents that were audited, with how many of their numbers got each mark."""
    marks = [findings.MARKS[verdict] for verdict in findings.VERDICTS]
    return [
        Document(row.document, DOCUMENTS[row.document], dict(zip(marks, row.numbers, strict=True)))
        for row in findings.counts(audited.findings)[:-1]
    ]
