"""What the patch does as tables for the console and the page, and the maps for files."""

import numpy as np

from hw3.report.page import Table
from hw3.report.words import with_article
from hw3.studies.robustness.covering.measure import Results


def tables(results: Results) -> list[Table]:
    """The one image, its telling positions, the parts of the image and, where they were swept, the classes."""
    of_one = [overview_table(results), case_table(results), part_table(results)]
    return [*of_one, class_table(results)] if results.classes else of_one


def overview_table(results: Results) -> Table:
    """What the network says of the one image."""
    label, sweep, region, naming = results.settings.digit, results.sweep, results.region, results.naming
    said = naming.of(label)
    rows: list[tuple[str, object]] = [
        (f"{said} without a patch", f"{results.clean_probability:.6f}"),
        ("positions", len(sweep.rows) * len(sweep.cols)),
        (f"still classified as {naming.name(label)}", f"{results.accuracy:.3%}"),
        (
            "taken for",
            ", ".join(f"{naming.name(w.label)} ({w.positions}x)" for w in results.taken_for) or "nothing else",
        ),
        (f"lowest {said}", f"{results.lowest_true_probability:.6f}"),
        (
            "important region (pixels)",
            f"rows {region.first_row}-{region.last_row}, columns {region.first_col}-{region.last_col}"
            if region
            else "none: no patch changes the label",
        ),
    ]
    if results.uncovered_pixels:
        rows.append(("pixels that no patch covers", results.uncovered_pixels))
    return Table(
        f"Test image {results.image}, {naming.called(label)}, under {with_article(sweep.patch[0])}x{sweep.patch[1]} "
        f"patch at {len(sweep.rows)}x{len(sweep.cols)} positions",
        ("", "value"),
        rows,
    )


def case_table(results: Results) -> Table:
    """The telling positions."""
    naming = results.naming
    return Table(
        "Telling positions (row and column of the patch's first pixel)",
        ("patch", "row", "column", naming.of(results.settings.digit), "predicted", f"its {naming.quantity}"),
        [
            (
                case.title,
                case.row,
                case.col,
                f"{case.true_probability:.6f}",
                naming.name(case.predicted),
                f"{case.highest_probability:.6f}",
            )
            for case in results.cases
        ],
    )


def part_table(results: Results) -> Table:
    """What covering a pixel costs on average, by part of the image."""
    label = results.settings.digit
    columns = [results.fragility.drops]
    header = ["part", f"test image {results.image}"]
    if results.classes:
        columns.append(results.of_class(label).fragility.drops)
        header.append(f"mean of {results.settings.fragility_images} images of {results.naming.name(label)}")
    names = [name.replace("_", " ") for name in columns[0]._fields]
    return Table(
        f"Mean drop of {results.naming.of(label)} per pixel covered",
        header,
        [(name, *(f"{value:.3f}" for value in values)) for name, *values in zip(names, *columns, strict=True)],
    )


def class_table(results: Results) -> Table:
    """Where each class is fragile."""
    return Table(
        f"Accuracy over all positions, first {results.settings.fragility_images} correctly classified test images of "
        "each class",
        ("class", "accuracy", "most important pixel (row, column)"),
        [
            (results.naming.name(row.label), f"{row.accuracy:.2%}", row.fragility.most_important_pixel)
            for row in results.classes
        ],
    )


def files(results: Results) -> dict[str, Table]:
    """The maps, one number a position or pixel, and the positions that change the label."""
    sweep = results.sweep
    predicted, highest, true = sweep.predicted[0], sweep.highest_probability[0], sweep.true_probability[0]
    pixels = tuple(map(np.arange, results.picture.shape[:2]))
    return {
        "map1_true_probability.csv": _map(true, sweep.rows, sweep.cols),
        "map2_highest_probability.csv": _map(highest, sweep.rows, sweep.cols),
        "map3_label.csv": _map(predicted, sweep.rows, sweep.cols),
        "importance.csv": _map(results.fragility.importance, *pixels),
        "changed.csv": Table(
            "positions that change the label",
            ("row", "col", "predicted", "probability", "true_probability"),
            [
                (int(sweep.rows[i]), int(sweep.cols[j]), int(predicted[i, j]), float(highest[i, j]), float(true[i, j]))
                for i, j in np.argwhere(predicted != results.settings.digit)
            ],
        ),
        **{f"importance_of_{row.label}.csv": _map(row.fragility.importance, *pixels) for row in results.classes},
    }


def _map(values: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> Table:
    """A map [rows, cols] with the pixel rows and columns at its edges."""
    header = ("row", *(f"col_{col}" for col in cols))
    return Table("map", header, [(row, *line) for row, line in zip(rows.tolist(), values.tolist(), strict=True)])
