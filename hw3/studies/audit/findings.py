"""What an audit says of a printed number: its verdict, and how many there are of each."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

REPRODUCED = "reproduced"
CONVENTION = "reproduced under a convention"
POSSIBLE = "possible"
MISPRINTED = "misprinted"
WRONG = "wrong"
VERDICTS = (REPRODUCED, CONVENTION, POSSIBLE, MISPRINTED, WRONG)
FAULTS = (MISPRINTED, WRONG)

# What each means for a statement of which the number is a part (`hw3.report.page.Published.mark`).
MARKS = {
    REPRODUCED: "right",
    CONVENTION: "right under a convention",
    POSSIBLE: "",
    MISPRINTED: "misprinted",
    WRONG: "wrong",
}


class Finding(NamedTuple):
    """The audit of one printed number.

    POSSIBLE is a number that nothing can compute again, as what a network said that nobody has any more, and that is
    in keeping with every rule it must obey.
    """

    problem: int  # of the assignment, document 002; document 004 numbers its own otherwise
    document: str
    part: str  # problem and part as the document numbers them
    what: str
    printed: str
    ours: float  # the right value in the document's own setting; NaN where there is none or nothing tells it
    verdict: str  # one of VERDICTS
    reason: str  # what had to be assumed to meet the digits, or what is wrong


class Count(NamedTuple):
    """How many numbers of a document got each verdict."""

    document: str
    numbers: tuple[int, ...]  # one for each of VERDICTS


def counts(findings: Sequence[Finding]) -> list[Count]:
    """A row for each document that has numbers, in order, and the totals ("all") last."""
    tally = Counter((finding.document, finding.verdict) for finding in findings)
    documents = sorted({finding.document for finding in findings})
    rows = [Count(document, tuple(tally[document, verdict] for verdict in VERDICTS)) for document in documents]
    totals = Counter(finding.verdict for finding in findings)
    return [*rows, Count("all", tuple(totals[verdict] for verdict in VERDICTS))]
