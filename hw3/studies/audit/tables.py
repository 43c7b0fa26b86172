"""The verdicts as tables: counted, and number by number."""

from collections import Counter

import numpy as np

from hw3.report.page import Table
from hw3.studies.audit.findings import FAULTS, REPRODUCED, VERDICTS, Finding, counts
from hw3.studies.audit.measure import Results

EVERY_NUMBER = "audit.csv"


def tables(results: Results) -> list[Table]:
    """What is not simply right and why, the formulas that are wrong, and the counts."""
    found = [reasons(results), faults(results), formulas(results), counted(results)]
    return [table for table in found if table.rows]


def counted(results: Results) -> Table:
    """How many numbers of each document got each verdict."""
    return Table(
        "Printed numbers by document and verdict",
        ("document", *VERDICTS),
        [(row.document, *row.numbers) for row in counts(results.findings)],
    )


def reasons(results: Results) -> Table:
    """The numbers that are not reproduced as they stand: how many share a verdict and a reason."""
    groups = Counter(
        (finding.document, VERDICTS.index(finding.verdict), finding.reason)
        for finding in results.findings
        if finding.verdict != REPRODUCED
    )
    return Table(
        "What is not reproduced as it stands",
        ("document", "verdict", "why", "numbers"),
        [
            (document, VERDICTS[verdict], reason, count)
            for (document, verdict, reason), count in sorted(groups.items(), key=lambda item: item[0][:2])
        ],
    )


def faults(results: Results) -> Table:
    """What is misprinted or wrong in the problems with few numbers, one by one."""
    return _listed(
        "What is misprinted or wrong",
        [row for row in results.findings if row.verdict in FAULTS and row.problem in (3, 5)],
    )


def every_number(results: Results) -> Table:
    """All of them."""
    return _listed("Every printed number", list(results.findings))


def _listed(caption: str, findings: list[Finding]) -> Table:
    return Table(
        caption,
        ("document", "part", "quantity", "printed", "ours", "verdict", "reason"),
        [
            (
                row.document,
                row.part,
                row.what,
                row.printed,
                "" if np.isnan(row.ours) else repr(row.ours),
                row.verdict,
                row.reason,
            )
            for row in findings
        ],
    )


def formulas(results: Results) -> Table:
    """Formulas evaluated as they are printed."""
    return Table(
        "Formulas that do not give the number beside them, evaluated as printed",
        ("document", "part", "formula", "gives", "right value", "slip"),
        [
            (row.document, row.part, row.formula, f"{row.gives:.8g}", f"{row.right:.8g}", row.slip)
            for row in results.formulas
        ],
    )


def files(results: Results) -> dict[str, Table]:
    """The long table."""
    return {EVERY_NUMBER: every_number(results)}
