"""The questions of problem 2 and our answers to them, in sentences made from measured numbers."""

from hw3.report.page import Answer, Figure
from hw3.report.words import enumerated, percent, where
from hw3.studies.robustness import claims, covering, pasting
from hw3.studies.robustness.covering.tables import case_table, class_table, overview_table, part_table
from hw3.studies.robustness.pasting.tables import find_table, rate_table, window_table
from hw3.studies.robustness.pasting.tables import overview_table as pasting_overview_table


def answers(covered: covering.Results, pasted: pasting.Results) -> list[Answer]:
    """The answers of problem 2 in the order of the assignment."""
    return [maps(covered), important(covered), overlays(pasted)]


def maps(results: covering.Results) -> Answer:
    """Problem 2 (1)."""
    sweep, naming = results.sweep, results.naming
    digit = results.settings.digit
    patch = f"{_colour(results.settings.fill)} {sweep.patch[0]}x{sweep.patch[1]} patch"
    positions = len(sweep.rows) * len(sweep.cols)
    most = sorted(results.taken_for, key=lambda wrong: -wrong.positions)
    kept, said = naming.brief(digit), naming.of(digit)
    otherwise = (
        f", elsewhere it becomes {enumerated([f'{naming.called(w.label)} ({w.positions}x)' for w in most])}"
        if most
        else ""
    )
    worst = min(results.cases, key=lambda case: case.true_probability)
    return Answer(
        "2 (1)",
        f"What does the network say when a {patch} covers each part of {naming.called(digit)}?",
        f"At {percent(results.accuracy, 3)} of {positions} positions of the patch it still says {kept}{otherwise}.",
        f"{said} is {results.clean_probability:.6f} without a patch and {worst.true_probability:.6f} at the worst "
        f"position, row {worst.row}, column {worst.col}.",
        [
            Figure(
                f"{covering.NAME}/{covering.MAPS}",
                "The image and the three maps; a cell stands at the patch's first pixel.",
            ),
            Figure(f"{covering.NAME}/{covering.CASES}", "Telling positions of the patch."),
        ],
        [overview_table(results), case_table(results)],
        claims.maps(results),
        [covering.NAME],
    )


def _colour(fill: str) -> str:
    """What a patch looks like."""
    if fill in ("mean", "blur"):
        return {"mean": "mean grey", "blur": "blurring"}[fill]
    return "black" if float(fill) == 0 else "white" if float(fill) == 1 else f"grey ({fill})"


def important(results: covering.Results) -> Answer:
    """Problem 2 (2)."""
    region, fragility, naming = results.region, results.fragility, results.naming
    digit = results.settings.digit
    name = naming.brief(digit)
    row, col = fragility.most_important_pixel
    size = max(results.picture.shape[:2])
    one, place = f"Test image {results.image}, {naming.called(digit)},", f"row {row}, column {col}"
    here = where(row, row, col, col, size)
    lower = f"patches over that pixel lower {naming.of(digit)} by {fragility.largest:.3f} on average"
    verdict = f"{one} is most fragile at {place}, in {here}: {lower}."
    text = [
        f"Of this one image: {lower}; "
        + (
            f"all patches that change its label lie within rows {region.first_row}-{region.last_row} and columns "
            f"{region.first_col}-{region.last_col}."
            if region
            else "no patch changes its label."
        )
    ]
    figures = [
        Figure(
            f"{covering.NAME}/{covering.IMPORTANCE}",
            f"Test image {results.image} alone: the rectangle of the label-changing patches, and the mean drop per "
            "pixel.",
        )
    ]
    tables = [part_table(results)]
    if results.classes:
        count, own = results.settings.fragility_images, results.of_class(digit).fragility
        at = own.most_important_pixel
        worst = min(results.classes, key=lambda row: row.accuracy)
        best = max(results.classes, key=lambda row: row.accuracy)
        # One image's place may be its own: beside it stands that of many.
        many = "there too" if at == (row, col) else f"at row {at[0]}, column {at[1]}"
        verdict = f"{one} is most fragile at {place}, in {here}; over {count} images of {name} {many}."
        text += [
            f"Of the mean over the first {count} correctly classified images of {name}: the drop is largest at row "
            f"{at[0]}, column {at[1]}, in {where(at[0], at[0], at[1], at[1], size)}, with {own.largest:.3f}; covering "
            f"the {_dearest(own)} quarter costs most.",
            f"Of all {naming.kinds} the {naming.brief(worst.label)} is the most fragile ({percent(worst.accuracy)} of "
            f"all occluded images right) and the {naming.brief(best.label)} the most robust "
            f"({percent(best.accuracy)}).",
        ]
        figures.append(
            Figure(
                f"{covering.NAME}/{covering.FRAGILITY}",
                f"Where each {naming.kind} is fragile, mean over {count} images; outlines are of the mean images.",
            )
        )
        tables.append(class_table(results))
    return Answer(
        "2 (2)",
        f"Where is {naming.called(digit)} fragile: which parts of it are important for recognition?",
        verdict,
        " ".join(text),
        figures,
        tables,
        claims.important(results),
        [covering.NAME],
    )


def _dearest(fragility: covering.Fragility) -> str:
    """The quarter whose covering costs most."""
    drops = fragility.drops
    costs = {
        "upper left": drops.upper_left,
        "upper right": drops.upper_right,
        "lower left": drops.lower_left,
        "lower right": drops.lower_right,
    }
    return max(costs, key=costs.__getitem__)


def overlays(results: pasting.Results) -> Answer:
    """Problem 2 (3)."""
    naming, total, beyond = results.naming, results.tried, results.beyond_black
    smallest = results.smallest
    verdict = (
        f"{'Yes' if beyond else 'No'}: {results.flips:,} of {total:,} pasted pieces "
        f"({percent(results.flips / total)}) flip the label, {f'{beyond:,}' if beyond else 'none'}"
        f"{f' ({percent(beyond / total)})' if beyond else ''} where a black patch there does not"
    )
    if smallest and smallest.overlay.beyond_black:
        verdict += "; {}x{} pixels of ".format(*smallest.overlay.patch) + (
            f"{naming.called(smallest.donor.label)} make it {naming.called(smallest.overlay.predicted)}"
        )
    figures = {
        pasting.OVERLAYS: "Original, black patch at the same place, overlay, and where it is cut.",
        pasting.SMALLEST: "The smallest pasted patch that flips the label.",
        pasting.SUCCESS: "How often a pasted patch flips the label.",
        pasting.WINDOWS: "Predicted label for each place of the window; the inset shows through.",
        pasting.BLACK: "Black patches that flip the label, from the most to the least confident.",
    }
    if not smallest:
        del figures[pasting.OVERLAYS], figures[pasting.SMALLEST]
    if not results.black.flips:
        del figures[pasting.BLACK]
    tables = [pasting_overview_table(results), window_table(results), rate_table(results)]
    return Answer(
        "2 (3)",
        f"Can patches of other {naming.kinds} make the network see something else than "
        f"{naming.called(results.settings.digit)}?",
        f"{verdict}.",
        " ".join([_by_covering(results), _by_pasting(results)]),
        [Figure(f"{pasting.NAME}/{file}", caption) for file, caption in figures.items()],
        [*tables, find_table(results)] if results.best else tables,
        claims.overlays(results),
        [pasting.NAME],
    )


def _by_covering(results: pasting.Results) -> str:
    """What black patches and windows do."""
    settings, black, alone, naming = results.settings, results.black, results.black_window_accuracy, results.naming
    worst = min(results.windows, key=lambda window: window.accuracy)
    return (
        f"{len(black.flips)} of {black.positions} black {settings.black}x{settings.black} patches flip the label by "
        f"covering alone. Through a {settings.window}x{settings.window} window onto another {naming.kind} the accuracy "
        f"over positions is lowest for {naming.called(worst.donor.label)}, {percent(worst.accuracy, 3)}, "
        f"{'lower' if worst.accuracy < alone else 'no lower'} than with a black window ({percent(alone, 3)})."
    )


def _by_pasting(results: pasting.Results) -> str:
    """What the search found."""
    settings, total, flips, naming = results.settings, results.tried, results.flips, results.naming
    text = (
        f"The pieces are cut from {settings.donors} image{'s' * (settings.donors > 1)} of each other {naming.kind} and "
        f"pasted everywhere on a grid; {flips:,} ({percent(flips / total)}) change the label, covering alone included."
    )
    if not results.smallest:
        return text
    if results.beyond_black:
        most = max(results.search, key=lambda row: sum(row.beyond_black))
        text += f" Beyond covering, those of the {naming.brief(most.label)} succeed most often."
    smallest, best = results.smallest, results.best[0]
    side = smallest.overlay.patch[0]
    says, said = (naming.brief(find.overlay.predicted) for find in (smallest, best))
    smaller = [size for size in settings.patch_sizes if size < side]
    return (
        f"{text} The smallest size tried that flips it measures {side}x{side} pixels"
        f"{f' (not {smaller[-1]}x{smaller[-1]})' if smaller else ''}: cut from {naming.called(smallest.donor.label)}, "
        f"it makes the network say {says} with {smallest.overlay.probability:.3f}. The most "
        f"confident mistake{', where covering alone is not to blame,' if best.overlay.beyond_black else ''} comes from "
        f"{naming.called(best.donor.label)}: {said} with {best.overlay.probability:.4f}."
    )
