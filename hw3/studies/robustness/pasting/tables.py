"""How often each kind of patch fools the network, as tables for the console and the page, and all that does so."""

import numpy as np

from hw3 import occlusion
from hw3.report.page import Table
from hw3.report.words import with_article
from hw3.studies.robustness.pasting.measure import Results


def tables(results: Results) -> list[Table]:
    """All patches in sum, the windows, the pasted patches by class and size, the best finds."""
    counts = [overview_table(results), window_table(results), rate_table(results)]
    return [*counts, find_table(results)] if results.best else counts


def overview_table(results: Results) -> Table:
    """Black and pasted patches in sum."""
    side, black = results.settings.black, results.black
    return Table(
        f"Patches that make the network see something else than {results.naming.name(results.settings.digit)}",
        ("patches", "tried", "flip the label", "where a black one does not"),
        [
            (f"black {side}x{side}", black.positions, _share(len(black.flips), black.positions), "–"),
            (
                "pasted",
                f"{results.tried:,}",
                _share(results.flips, results.tried),
                _share(results.beyond_black, results.tried),
            ),
        ],
    )


def _share(count: int, total: int) -> str:
    return f"{count:,} ({count / total:.2%})"


def window_table(results: Results) -> Table:
    """The window onto each other class."""
    side, naming = results.settings.window, results.naming
    return Table(
        f"{with_article(side).capitalize()}x{side} window onto another {naming.kind}: positions still classified as "
        f"{naming.name(results.settings.digit)}",
        ("shows", "accuracy"),
        [
            ("black", f"{results.black_window_accuracy:.3%}"),
            *((naming.name(window.donor.label), f"{window.accuracy:.3%}") for window in results.windows),
        ],
    )


def rate_table(results: Results) -> Table:
    """The pasted patches by class and size."""
    return Table(
        f"{results.tried:,} pasted patches: % of those tried that are no longer classified as "
        f"{results.naming.name(results.settings.digit)} (in brackets: where a black patch at the same place leaves the "
        "label alone)",
        ("cut from", *(f"{side}x{side}" for side in results.settings.patch_sizes)),
        [
            (
                results.naming.name(row.label),
                *(
                    f"{100 * flips / tried:.2f} ({100 * beyond / tried:.2f})"
                    for tried, flips, beyond in zip(row.tried, row.flips, row.beyond_black, strict=True)
                ),
            )
            for row in results.search
        ],
    )


def find_table(results: Results) -> Table:
    """The most confident pasted patch of each class, and the smallest that flips the label."""
    naming = results.naming
    finds = [("most confident", find) for find in results.best]
    if results.smallest:
        finds.append(("smallest", results.smallest))
    return Table(
        "Pasted patches that fool it (row and column of the first pixel)",
        ("patch", "pixels", "cut from a", "at", "pasted at", "predicted", naming.quantity),
        [
            (
                name,
                "{}x{}".format(*find.overlay.patch),
                naming.name(find.donor.label),
                find.overlay.cut,
                find.overlay.paste,
                naming.name(find.overlay.predicted),
                f"{find.overlay.probability:.4f}",
            )
            for name, find in finds
        ],
    )


def files(results: Results) -> dict[str, Table | np.ndarray]:
    """The counts of the search, and every image with a black patch that flips the label."""
    side = results.settings.black
    counts = Table(
        "pasted patches",
        ("donor", "patch", "candidates", "flips", "flips_beyond_black"),
        [
            (row.label, *counts)
            for row in results.search
            for counts in zip(results.settings.patch_sizes, row.tried, row.flips, row.beyond_black, strict=True)
        ],
    )
    images = {
        f"black_{side}x{side}/row{flip.row:02d}_col{flip.col:02d}_as_{flip.predicted}.png": occlusion.occluded(
            results.picture, flip.row, flip.col, (side, side)
        )
        for flip in results.black.flips
    }
    return {"success.csv": counts, **images}
