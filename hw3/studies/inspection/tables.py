"""Filters, telling cells and shifted digits as tables for the console and the page, and what goes into files."""

from hw3.report.page import Table
from hw3.report.words import with_article
from hw3.studies.inspection.measure import Results


def tables(results: Results) -> list[Table]:
    """The tables in the order of the assignment's parts."""
    return [filter_table(results), cell_table(results), shift_table(results)]


def filter_table(results: Results) -> Table:
    """Sizes of the filters of each layer, and the largest weight."""
    rows = []
    for bank in results.filters:
        count, inputs, height, width = bank.kernels.shape
        rows.append((bank.layer, count, f"{height}x{width}", inputs, f"{bank.largest:.2f}"))
    return Table("Filters", ("layer", "filters", "pixels", "input channels", "largest weight"), rows)


def cell_table(results: Results) -> Table:
    """The most telling cells."""
    first, second = results.settings.classes
    return Table(
        f"Single cells of {results.features.layer} that best tell {first} from {second}",
        ("channel", "cell (row, column)", "sees pixel rows", "columns", "AUC", "larger for"),
        [
            (
                cell.channel,
                f"({cell.row}, {cell.col})",
                f"{cell.pixels[0]}–{cell.pixels[1]}",
                f"{cell.pixels[2]}–{cell.pixels[3]}",
                f"{cell.auc:.4f}",
                cell.larger_for,
            )
            for cell in results.features.cells
        ],
    )


def shift_table(results: Results) -> Table:
    """What the network says of the shifted digit."""
    label = results.settings.shift_digit
    return Table(
        f"Test image {results.shifts.image}, {with_article(label)}, shifted with clamped borders",
        ("image", "prediction", "its probability", f"P({label})"),
        [
            (version.name, version.prediction, f"{version.probability:.8f}", f"{version.true_probability:.8f}")
            for version in results.shifts.versions
        ],
    )


def files(results: Results) -> dict[str, Table]:
    """Every channel of the layer and the curves of the shifts, every number in full."""
    shifts = results.shifts
    return {
        "channels.csv": Table(
            "channels", ("channel", "auc_of_its_sum", "auc_of_its_best_cell", "larger_for"), results.features.channels
        ),
        "shift_curves.csv": Table(
            "shift curves",
            ("shift_pixels", "accuracy_horizontal", "accuracy_vertical"),
            list(zip(shifts.shifts, shifts.horizontal, shifts.vertical, strict=True)),
        ),
    }
