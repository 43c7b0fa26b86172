"""Beyond one image: what a sweep over many images says, from the results of `scripts/summarize_sweep.py`."""

from hw3.report.page import Answer, Figure, Results, Table
from hw3.report.words import enumerated, percent, with_article


def answers(summary: Results) -> list[Answer]:
    """The section's answers in order."""
    return [fragile_places(summary), confusions(summary), extremes(summary)]


def _sentence(summary: Results) -> str:
    settings, overall = summary["settings"], summary["overall"]
    patch, maps = ("x".join(map(str, pair)) for pair in (settings["patch_size"], summary["maps"]))
    return (
        f"{overall['images']:,} {settings['split']} images of {settings['dataset']}, each under a patch of {patch} "
        f"pixels at {maps} positions: {overall['occluded_images']:,} occluded images"
    )


def fragile_places(summary: Results) -> Answer:
    """Accuracy by class and position."""
    overall, rows = summary["overall"], summary["classes"]
    weakest, strongest = (pick(rows, key=lambda row: row["accuracy"]) for pick in (min, max))
    deepest = min(rows, key=lambda row: row["worst_accuracy"])
    row, col = deepest["worst_position"]
    return Answer(
        "all 1",
        "Is one image typical? How often is the network right when a part of the image is covered?",
        f"{_sentence(summary)}. Without a patch {percent(overall['clean_accuracy'])} of the images are classified "
        f"rightly, with it {percent(overall['accuracy'])} of the occluded images; "
        f"{percent(overall['never_fooled'], 1)} of the images are right wherever the patch lies. "
        f"The {weakest['label']} suffers most ({percent(weakest['accuracy'], 1)} right), "
        f"the {strongest['label']} least ({percent(strongest['accuracy'], 1)}). The place that matters most: of the "
        f"images of {with_article(deepest['label'])} with the patch at row {row}, column {col}, "
        f"{percent(deepest['worst_accuracy'], 1)} are right.",
        [
            Figure("dataset_summary/accuracy.png", "Where a patch makes the network err, class by class."),
            Figure("dataset_summary/probability.png", "The same for the probability of the true label."),
        ],
        [
            Table(
                "Accuracy without and with a patch (± standard error over the images)",
                ("class", "images", "no patch", "patch", "never fooled"),
                [
                    (
                        each["label"],
                        f"{each['images']:,}",
                        percent(each["clean_accuracy"]),
                        percent(each["accuracy"])
                        + ("" if each["standard_error"] is None else f" ± {percent(each['standard_error'])}"),
                        percent(each["never_fooled"], 1),
                    )
                    for each in rows
                ],
            )
        ],
        command=summary["command"],
    )


def confusions(summary: Results) -> Answer:
    """What covered images are taken for."""
    rows = [row for row in summary["classes"] if row["taken_for"] is not None]
    said = [
        f"{with_article(row['label'])} for {with_article(row['taken_for'])} ({percent(row['taken_for_share'], 1)})"
        for row in sorted(rows, key=lambda row: -row["taken_for_share"])[:3]
    ]
    sixes = [row for row in rows if row["label"] == 6]
    text = f"Most often {enumerated(said)} of the class's occluded images." if said else "For nothing else."
    if sixes:
        text += (
            f" The homework's 6, when it is mistaken, is most often taken for {with_article(sixes[0]['taken_for'])}."
        )
    return Answer(
        "all 2",
        "What is a covered digit taken for?",
        text,
        [Figure("dataset_summary/confusion.png", "True and predicted labels of all occluded images.")],
        command=summary["command"],
    )


def extremes(summary: Results) -> Answer:
    """The most fragile and the most robust images."""
    fragile, robust = summary["fragile"], summary["robust"]
    text = (
        f"The most fragile image that is right without a patch is number {fragile[0]['image']}, "
        f"{with_article(fragile[0]['label'])}: right at {percent(fragile[0]['accuracy'], 1)} of the positions. "
        if fragile
        else "No image is right without a patch. "
    )
    text += (
        f"The most robust is number {robust[0]['image']}, {with_article(robust[0]['label'])}: right at "
        f"{percent(robust[0]['accuracy'], 1)}, with a mean probability of {robust[0]['probability']:.4f}."
    )
    return Answer(
        "all 3",
        "Which images are the most fragile, which the most robust?",
        text,
        [
            Figure("dataset_summary/fragile.png", "Below each image P(true label) by position of the patch."),
            Figure("dataset_summary/robust.png", "The same for the most robust ones."),
        ],
        command=summary["command"],
    )
