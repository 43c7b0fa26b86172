"""What the audit found, for the page; and each document's numbers of a part, for the answers to that part."""

from collections.abc import Sequence

import numpy as np

from hw3.report.page import Answer, Figure, Published
from hw3.report.words import enumerated
from hw3.studies.audit import tables
from hw3.studies.audit.figures import COUNTS
from hw3.studies.audit.findings import FAULTS, MARKS, VERDICTS, Finding, counts
from hw3.studies.audit.measure import Results

NAME = "audit"  # of the folder with the figures
LISTED = 8  # numbers that a document's entry says one by one; of more, how many there are


def answers(results: Results) -> list[Answer]:
    """The answers of the section."""
    return [every_number(results)]


def every_number(results: Results) -> Answer:
    """How many numbers are right."""
    totals = dict(zip(VERDICTS, counts(results.findings)[-1].numbers, strict=True))
    wrong = sum(totals[verdict] for verdict in FAULTS)
    said = [f"{count:,} {verdict}" for verdict, count in totals.items() if count]
    return Answer(
        "audit",
        "Is every number right that the five documents print?",
        f"Of {len(results.findings):,} printed numbers {wrong:,} are misprinted or wrong.",
        f"{enumerated(said)}. Each verdict is found by trying: the assignment as it stands, then conventions, then "
        "known mistakes and misprints, until the digits come out.",
        figures=[Figure(f"{NAME}/{COUNTS}", "Verdicts by document.")],
        tables=[
            tables.counted(results),
            tables.faults(results),
            tables.formulas(results),
            tables.every_number(results),
        ],
        made_by=[NAME],
    )


def published(results: Results, part: str, problem: int = 3) -> list[Published]:
    """What each document prints for a part of problem 3 ("1" to "5"), or for problem 5, and what became of it.

    Numbers of a document with the same verdict and reason are one entry. Document 000's summary repeats its parts and
    is left out.
    """
    groups: dict[tuple[str, int, str], list[Finding]] = {}
    for row in results.findings:
        if row.problem == problem and (problem == 5 or row.part.endswith(f"({part})")):
            groups.setdefault((row.document, VERDICTS.index(row.verdict), row.reason), []).append(row)
    entries = []
    for (document, verdict, reason), rows in sorted(groups.items(), key=lambda item: item[0][:2]):
        ours = "" if VERDICTS[verdict] not in FAULTS else _values(rows)
        entries.append(Published(document, _said(rows), reason, MARKS[VERDICTS[verdict]], ours))
    return entries


def _said(rows: Sequence[Finding]) -> str:
    """Numbers that stand together, after one another; only their count where there are many right ones."""
    places: dict[str, list[str]] = {}
    for row in rows:
        places.setdefault(row.what.split(", entry ")[0], []).append(row.printed)
    if len(places) > LISTED and rows[0].verdict not in FAULTS:
        return f"{len(rows)} numbers"
    return "; ".join(f"{what}: {' '.join(numbers)}" for what, numbers in places.items())


def _values(rows: Sequence[Finding]) -> str:
    return ", ".join("no such entry" if np.isnan(row.ours) else f"{row.ours:.10g}" for row in rows)
