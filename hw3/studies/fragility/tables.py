"""Classes under a patch, for the console and the page, and what only files hold in full."""

import numpy as np

from hw3.report.page import Table
from hw3.report.words import percent
from hw3.studies.fragility.measure import Class, Results
from hw3.studies.naming import Naming


def tables(results: Results) -> list[Table]:
    """One line a class, and one for all."""
    swept, overall = results.swept, results.overall
    return [
        Table(
            f"{overall.images:,} {swept.split} images of {swept.dataset} under a patch of "
            f"{'x'.join(map(str, swept.patch_size))} pixels at {len(swept.rows)}x{len(swept.cols)} positions "
            "(± half the 95% interval over images)",
            ("class", "images", "no patch", "patch", "never fooled", "worst position (row, col)", "mostly taken for"),
            [
                *(_line(each, results.naming) for each in results.classes),
                (
                    "all",
                    f"{overall.images:,}",
                    percent(overall.clean_accuracy),
                    percent(overall.accuracy),
                    percent(overall.never_fooled, 1),
                    "",
                    "",
                ),
            ],
        )
    ]


def _line(each: Class, naming: Naming) -> tuple[object, ...]:
    return (
        naming.name(each.label),
        f"{each.images:,}",
        percent(each.clean_accuracy),
        percent(each.accuracy) + ("" if each.interval is None else f" ± {percent(each.interval)}"),
        percent(each.never_fooled, 1),
        f"{percent(each.worst_accuracy, 1)} at {each.worst_position}",
        "nothing else"
        if each.taken_for is None
        else f"{naming.name(each.taken_for)} ({percent(each.taken_for_share)})",
    )


def files(results: Results) -> dict[str, Table]:
    """Maps, confusions and classes, every number in full."""
    swept = results.swept
    found = {
        f"{name}.csv": Table(
            name,
            ("label", "row", *(f"col_{col}" for col in swept.cols)),
            [
                (each.label, int(row), *line)
                for each in results.classes
                for row, line in zip(swept.rows, values[each.label].tolist(), strict=True)
            ],
        )
        for name, values in (("accuracy", results.accuracy_map), ("probability", results.probability_map))
    }
    labels = np.arange(len(results.confusion)).tolist()
    found["confusion.csv"] = Table(
        "confusion",
        ("true label", *(f"predicted_{label}" for label in labels)),
        [(label, *counts) for label, counts in zip(labels, results.confusion.tolist(), strict=True)],
    )
    found["classes.csv"] = Table("classes", Class._fields, results.classes)
    return found
