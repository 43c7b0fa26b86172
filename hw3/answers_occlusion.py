"""The questions of problem 2 and our answers to them, in sentences made from measured numbers.

Takes the `results.json` of `sweep_occlusion.py` and `find_overlays.py` as dicts; what the documents published is quoted
beside.
"""

from hw3.report import Answer, Figure, Published, Results, Table, percent, place


def sweep_maps(sweep: Results) -> Answer:
    """Problem 2 (1)."""
    digit = sweep["digit"]
    height, width = sweep["patch"]
    taken = ", ".join(f"{label} ({count}x)" for label, count in sweep["taken_for"].items())
    return Answer(
        "2 (1)",
        f"What does the network say when a {height}x{width} black patch covers each part of a {digit}?",
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
            Published("001", "97.723% of the positions right; in its examples P(6) is 1.0 or 0.0, taken for 5 and 1."),
            Published("000", "stride 2, 121 positions; at six of them the label is 5."),
            Published("003", "taken for 4 or 0 at the right place."),
            Published(
                "004",
                "taken for 0, 5, 8 and 9; its tables of probabilities print 20 rows and columns where 21 fit, its "
                "table of labels has all 21, with row and column 0 between 8 and 9.",
            ),
        ],
    )  # fmt: skip


def important(sweep: Results) -> Answer:
    """Problem 2 (2)."""
    digit, region, halves = sweep["digit"], sweep["region"], sweep["halves"]
    row, col = sweep["most_important_pixel"]
    where = place(row, row, col, col)
    stronger = "lower" if halves["lower"] > halves["upper"] else "upper"
    text = (
        f"The pixel whose covering costs most lies at row {row}, column {col}, in {where}: patches over it lower "
        f"P({digit}) by {sweep['largest_importance']:.3f} on average. The {stronger} half matters more (mean drop "
        f"{halves['upper']:.3f} in the upper, {halves['lower']:.3f} in the lower half). "
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
                [("accuracy", *(percent(a, 1) for a in fragile["accuracies"]))],
            )
        )
    return Answer(
        "2 (2)",
        f"Which parts of the {digit} are important for recognition?",
        text,
        figures,
        tables,
        [
            Published("000", "columns 6 to 16, rows 15 to 23: the lower left; covered, it looks like a 5."),
            Published("001", "the lower left, where the handle meets the round part."),
            Published("002", "the main curves and the round portion."),
            Published("003", "the head, in the upper right corner."),
            Published("004", "rows 4 to 22, columns 5 to 20: the circle."),
        ],
    )


def overlays(results: Results) -> Answer:
    """Problem 2 (3)."""
    digit, search, window, black = results["digit"], results["search"], results["window"], results["black"]
    worst = min(window["donors"], key=lambda row: row["accuracy"])
    flat = [rate for line in search["rates"] for rate in line]
    text = (
        f"{'Yes' if any(flat) else 'No'}. {black['flips']} of {black['positions']} black "
        f"{black['patch']}x{black['patch']} patches flip the label already. Through a "
        f"{window['side']}x{window['side']} window that shows another digit at the same place, the accuracy over "
        f"positions falls most for a {worst['donor']}, to {percent(worst['accuracy'], 3)} (a black window: "
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
            f"Pasted patches: % of candidates no longer classified as {digit} (in brackets: of these, only where a "
            "black patch at the same place leaves the label alone)",
            ("cut from", *(f"{side}x{side}" for side in search["patch_sizes"])),
            [
                (label, *(f"{100 * r:.2f} ({100 * b:.2f})" for r, b in zip(rates, beyond, strict=True)))
                for label, rates, beyond in zip(search["classes"], search["rates"], search["beyond_black"], strict=True)
            ],
        ),
    ]
    text += f"Of {search['candidates']:,} patches cut from other digits and pasted anywhere, "
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
        means = [sum(line) / len(line) for line in search["rates"]]
        top = search["classes"][means.index(max(means))]
        text += (
            f"{sum(flat) / len(flat):.2%} change the label on average over digits and sizes, most often those cut from "
            f"a {top}. The smallest that does measures {smallest['patch'][0]}x{smallest['patch'][1]} pixels, cut from "
            f"a {smallest['donor_label']} (taken for {smallest['predicted']} with {smallest['probability']:.3f}); the "
            "most confident mistake among those where covering alone is not to blame, if there is one, comes from a "
            f"{best['donor_label']}: {best['predicted']} with {best['probability']:.4f}."
        )
        figures.append(
            Figure(
                "overlays/overlays.png",
                "Original, black patch at the same place, overlay, and where it is cut.",
            )
        )
        figures.append(Figure("overlays/smallest.png", "The smallest pasted patch that flips the label."))
    else:
        text += "none changes the label."
    return Answer(
        "2 (3)",
        f"Can patches of other digits make the network see something else than a {digit}?",
        text,
        figures,
        tables,
        [
            Published("000", "the important place covered with an 8: still a 6."),
            Published("001", "a 10x10 window onto a 5: accuracy falls to 87.658%."),
            Published("002", "possible, as in “The Elephant in the Room”."),
            Published("003", "should be possible; many tries by hand failed."),
            Published("004", "with a black 8x8 patch at rows 11-19, columns 5-13: a 5."),
        ],
    )


def answers(sweep: Results, search: Results) -> list[Answer]:
    """The answers of problem 2 in the order of the assignment."""
    swept = f"python scripts/sweep_occlusion.py --digit={sweep['digit']}"
    return [
        sweep_maps(sweep)._replace(command=swept),
        important(sweep)._replace(command=f"{swept} --fragility_images={sweep.get('fragility', {}).get('images', 0)}"),
        overlays(search)._replace(command=f"python scripts/find_overlays.py --digit={search['digit']}"),
    ]
