"""The questions of problem 2 and our answers to them, in sentences made from measured numbers.

Takes the `results.json` of `sweep_occlusion.py` and `find_overlays.py` as dicts; what the documents published is quoted
beside.
"""

from hw3.report.page import Answer, Figure, Published, Results, Table
from hw3.report.words import percent, possible_share, where, with_article


def doubt(printed: str, positions: int) -> str:
    """A remark in brackets if no number of so many positions gives the percentage `printed`."""
    return "" if possible_share(printed, positions) else f" (no number of {positions} positions gives that)"


def sweep_maps(sweep: Results) -> Answer:
    """Problem 2 (1)."""
    digit = sweep["digit"]
    height, width = sweep["patch"]
    taken = ", ".join(f"{label} ({count}x)" for label, count in sweep["taken_for"].items())
    return Answer(
        "2 (1)",
        f"What does the network say when a {height}x{width} black patch covers each part of {with_article(digit)}?",
        f"At {sweep['maps'][0]}x{sweep['maps'][1]} positions it still says {digit} {percent(sweep['accuracy'], 3)} of "
        "the time"
        + (f" and otherwise {taken}" if taken else "")
        + f"; P({digit}) falls from {sweep['clean_probability']:.6f} to {sweep['lowest_true_probability']:.6f} at "
        "the worst position.",
        [
            Figure("sweep/maps.png", "The image and the three maps; a cell stands at the patch's first pixel."),
            Figure("sweep/cases.png", "Telling positions of the patch."),
        ],
        [
            Table(
                "Telling positions (row and column of the patch's first pixel)",
                ("patch", "row", "column", f"P({digit})", "predicted", "its probability"),
                [
                    (c["title"], c["row"], c["col"], f"{c['true_probability']:.6f}", c["predicted"],
                     f"{c['highest_probability']:.6f}")
                    for c in sweep["cases"]
                ],
            )
        ],
        [
            Published(
                "001",
                f"97.723% of the positions right{doubt('97.723', 441)}; in its examples P(6) is 1.0 or 0.0, taken for "
                "5 and 1.",
            ),
            Published("000", "stride 2, 121 positions; a 5 at six of them (it lists the 60th twice, for the 70th)."),
            Published("003", "taken for 4 or 0 at the right place."),
            Published(
                "004",
                "taken for 0, 5, 8 and 9; its tables of probabilities print 20 rows and columns where 21 fit, its "
                "table of labels has all 21, with row and column 0 between 8 and 9. Its highest probabilities go down "
                "to 0.0037, but the highest of ten is at least 0.1.",
            ),
        ],
    )  # fmt: skip


def important(sweep: Results) -> Answer:
    """Problem 2 (2)."""
    digit, region, halves = sweep["digit"], sweep["region"], sweep["halves"]
    row, col = sweep["most_important_pixel"]
    place = where(row, row, col, col, max(sweep["image_shape"]))
    text = (
        f"The pixel whose covering costs most lies at row {row}, column {col}, in {place}: patches over it lower "
        f"P({digit}) by {sweep['largest_importance']:.3f} on average. The mean drop per pixel is {halves['upper']:.3f} "
        f"in the upper and {halves['lower']:.3f} in the lower half. "
    )
    if region:
        text += (
            f"All patches that change the label lie within rows {region['first_row']}-{region['last_row']} and columns "
            f"{region['first_col']}-{region['last_col']}."
        )
    else:
        text += "No patch changes the label."
    figures = [Figure("sweep/importance.png", "Rectangle of the label-changing patches, and the mean drop per pixel.")]
    tables = []
    if "fragility" in sweep:
        fragile = sweep["fragility"]
        worst = min(range(len(fragile["accuracies"])), key=fragile["accuracies"].__getitem__)
        best = max(range(len(fragile["accuracies"])), key=fragile["accuracies"].__getitem__)
        text += (
            f" Over the first {fragile['images']} correctly classified images of each digit, the {worst} is the most "
            f"fragile ({percent(fragile['accuracies'][worst])} of all occluded images right) and the {best} the most "
            f"robust ({percent(fragile['accuracies'][best])})."
        )
        figures.append(Figure("sweep/fragility.png", "Where each digit is fragile; outlines are of the mean images."))
        tables.append(
            Table(
                f"Accuracy over all positions, {fragile['images']} images a digit",
                ("digit", *map(str, range(len(fragile["accuracies"])))),
                [("accuracy", *(percent(each, 1) for each in fragile["accuracies"]))],
            )
        )
    return Answer(
        "2 (2)",
        f"Which parts of the {digit} are important for recognition?",
        text,
        figures,
        tables,
        [
            Published("000", "x:(6:16) y:(15:23), the lower left; covered, it looks like a 5."),
            Published("001", "the lower left, where the handle meets the round part."),
            Published("002", "the main curves and the round portion."),
            Published("003", "the head, in the upper right corner."),
            Published(
                "004",
                "row(4, 22), column(5, 20), the circle: rows 4-21, columns 5-19 in our way of counting; its own table "
                "of labels gives columns 3-19.",
            ),
        ],
    )


def overlays(results: Results) -> Answer:
    """Problem 2 (3)."""
    digit, search, window, black = results["digit"], results["search"], results["window"], results["black"]
    worst = min(window["donors"], key=lambda row: row["accuracy"])
    total, flips, beyond = (sum(map(sum, search[name])) for name in ("tried", "flips", "beyond_black"))
    text = (
        f"{'Yes' if beyond else 'No'}. {black['flips']} of {black['positions']} black "
        f"{black['patch']}x{black['patch']} patches flip the label by covering alone. Through a "
        f"{window['side']}x{window['side']} window that shows another digit at the same place, the accuracy over "
        f"positions falls most for {with_article(worst['donor'])}, to {percent(worst['accuracy'], 3)} (a black window: "
        f"{percent(window['black_accuracy'], 3)}). "
    )
    tables = [
        Table(
            f"A {window['side']}x{window['side']} window onto another digit: positions still classified as {digit}",
            ("shows", "black", *(str(row["donor"]) for row in window["donors"])),
            [
                (
                    "right",
                    percent(window["black_accuracy"], 1),
                    *(percent(r["accuracy"], 1) for r in window["donors"]),
                )
            ],
        ),
        Table(
            f"Pasted patches: % of candidates no longer classified as {digit} (in brackets: only where a black patch "
            "at the same place leaves the label alone)",
            ("cut from", *(f"{side}x{side}" for side in search["patch_sizes"])),
            [
                (label, *(f"{100 * f / n:.2f} ({100 * b / n:.2f})" for n, f, b in zip(*counts, strict=True)))
                for label, *counts in zip(
                    search["classes"], search["tried"], search["flips"], search["beyond_black"], strict=True
                )
            ],
        ),
    ]
    donors = search["donors_per_class"]
    text += (
        f"Of {total:,} patches cut from {donors} image{'s' * (donors > 1)} of each other digit and pasted everywhere "
        f"on a grid, {flips:,} ({percent(flips / total)}) change the label, {beyond:,} ({percent(beyond / total)}) of "
        "them where a black patch at the same place does not"
    )
    figures = []
    if black["flips"]:
        figures.append(
            Figure(
                "overlays/black.png",
                "Black patches that flip the label, from the most to the least confident.",
            )
        )
    figures.append(
        Figure("overlays/windows.png", "Predicted label for each place of the window; the inset shows through.")
    )
    figures.append(Figure("overlays/success.png", "How often a pasted patch flips the label."))
    if smallest := search["smallest"]:
        best = search["best"][0]
        by_class = {label: sum(count) for label, count in zip(search["classes"], search["beyond_black"], strict=True)}
        side, *smaller = sorted((s for s in search["patch_sizes"] if s <= smallest["patch"][0]), reverse=True)
        text += (f", most often those of the {max(by_class, key=by_class.__getitem__)}" if beyond else "") + (
            f". The smallest size tried that does measures {side}x{side} "
            f"pixels{f' (not {smaller[0]}x{smaller[0]})' if smaller else ''}: cut from "
            f"{with_article(smallest['donor_label'])}, "
            f"it makes the network say {smallest['predicted']} with {smallest['probability']:.3f}. The most confident "
            f"mistake{', where covering alone is not to blame,' if best['beyond_black'] else ''} comes from "
            f"{with_article(best['donor_label'])}: {best['predicted']} with {best['probability']:.4f}."
        )
        figures.append(
            Figure(
                "overlays/overlays.png",
                "Original, black patch at the same place, overlay, and where it is cut.",
            )
        )
        figures.append(Figure("overlays/smallest.png", "The smallest pasted patch that flips the label."))
    else:
        text += "."
    return Answer(
        "2 (3)",
        f"Can patches of other digits make the network see something else than {with_article(digit)}?",
        text,
        figures,
        tables,
        [
            Published("000", "the important place covered with an 8: still a 6."),
            Published("001", f"a 10x10 window onto a 5: accuracy falls to 87.658%{doubt('87.658', 19 * 19)}."),
            Published("002", "possible, as in “The Elephant in the Room”."),
            Published("003", "should be possible; many tries by hand failed."),
            Published(
                "004",
                "with a black 8x8 patch at row(11, 19), column(5, 13), rows 11-18 and columns 5-12: a 5.",
            ),
        ],
    )


def answers(sweep: Results, search: Results) -> list[Answer]:
    """The answers of problem 2 in the order of the assignment."""
    return [
        sweep_maps(sweep)._replace(command=sweep["command"]),
        important(sweep)._replace(command=sweep["command"]),
        overlays(search)._replace(command=search["command"]),
    ]
