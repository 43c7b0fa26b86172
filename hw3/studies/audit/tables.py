"""The verdicts as tables: counted, and number by number."""

from collections import Counter

import numpy as np

from hw3.report.page import Table
from hw3.studies.audit.findings import FAULTS, REPRODUCED, VERDICTS, counts
from hw3.studies.audit.measure import PROBLEMS, Results

EVERY_NUMBER = "audit.csv"


def tables(results: Results) -> list[Table]:
    """What is not simply right and why, the formulas that are wrong, and the counts."""
    found = [
        reasons(results),
        faults(results, (1, 3, 5)),
        formulas(results),
        published_maps(results),
        like_ours(results),
        counted(results),
    ]
    return [table for table in found if table.rows]


def counted(results: Results) -> Table:
    """How many numbers of each document got each verdict."""
    return Table(
        "Printed numbers by document and verdict",
        ("document", *VERDICTS),
        [(row.document, *row.numbers) for row in counts(results.findings)],
    )


def reasons(results: Results, problems: tuple[int, ...] = PROBLEMS) -> Table:
    """The numbers that are not reproduced as they stand: how many share a verdict and a reason."""
    groups = Counter(
        (finding.document, VERDICTS.index(finding.verdict), finding.reason)
        for finding in results.findings
        if finding.verdict != REPRODUCED and finding.reason and finding.problem in problems
    )
    return Table(
        "What is not reproduced as it stands, and why",
        ("document", "verdict", "why", "numbers"),
        [
            (document, VERDICTS[verdict], reason, count)
            for (document, verdict, reason), count in sorted(groups.items(), key=lambda item: item[0][:2])
        ],
    )


def faults(results: Results, problems: tuple[int, ...]) -> Table:
    """What is misprinted or wrong in some of the problems, one by one; why, say the `reasons`."""
    return Table(
        "What is misprinted or wrong",
        ("document", "part", "quantity", "printed", "ours", "verdict"),
        [
            (
                row.document,
                row.part,
                row.what,
                row.printed,
                "" if np.isnan(row.ours) else f"{row.ours:.10g}",
                row.verdict,
            )
            for row in results.findings
            if row.verdict in FAULTS and row.problem in problems
        ],
    )


def published_maps(results: Results) -> Table:
    """What follows from the maps that are printed as numbers."""
    return Table(
        "What follows from the published maps",
        ("document", "positions", "stride", "still a 6", "taken for (positions)", "region it prints", "of its labels"),
        [
            (
                maps.document,
                f"{len(maps.labels)}x{len(maps.labels)}",
                maps.stride,
                f"{maps.right}, {maps.accuracy:.2%}",
                taken_for(maps.taken_for),
                region(maps.region.said),
                region(maps.region.plain),
            )
            for maps in results.maps
        ],
    )


def taken_for(labels: tuple[tuple[int, int], ...]) -> str:
    """Labels other than 6 with their numbers of positions."""
    return ", ".join(f"{label} ({count})" for label, count in labels) or "not printed"


def region(edges: tuple[int, int, int, int]) -> str:
    """First and last row, first and last column."""
    return "rows {} to {}, columns {} to {}".format(*edges)


def like_ours(results: Results) -> Table:
    """The test images whose maps are most like the published ones."""
    return Table(
        "The test images of a 6 whose P(6) under the same patch is most like the published map",
        ("document", "test image", "rank correlation", "median of all", "images", "same: 6 or not", "taken for"),
        [
            (
                like.document,
                like.test_index,
                f"{like.correlation:.3f}",
                f"{like.median:.3f}",
                like.images,
                f"{like.same_label:.1%}",
                taken_for(like.taken_for),
            )
            for like in results.nearest
        ],
    )


def every_number(results: Results) -> Table:
    """All of them."""
    return Table(
        "Every printed number",
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
            for row in results.findings
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
