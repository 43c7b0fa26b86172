"""What a sweep over many images says, in sentences that follow from its numbers."""

from hw3.report.page import Answer, Figure, See
from hw3.report.words import enumerated, percent
from hw3.studies.fragility.figures import ACCURACY, CONFUSION, FRAGILE, PROBABILITY, ROBUST
from hw3.studies.fragility.measure import Results
from hw3.studies.fragility.tables import tables

FOLDER = MADE_BY = "dataset_summary"


def answers(results: Results) -> list[Answer]:
    """The section's answers in order."""
    return [
        answer._replace(made_by=[MADE_BY])
        for answer in (fragile_places(results), confusions(results), extremes(results))
    ]


def fragile_places(results: Results) -> Answer:
    """Accuracy by class and position."""
    overall, swept, naming = results.overall, results.swept, results.naming
    weakest, strongest = (pick(results.classes, key=lambda each: each.accuracy) for pick in (min, max))
    deepest = min(results.classes, key=lambda each: each.worst_accuracy)
    row, col = deepest.worst_position
    differ = (
        f"; the {naming.brief(weakest.label)} suffers most ({percent(weakest.accuracy, 1)}), the "
        f"{naming.brief(strongest.label)} least ({percent(strongest.accuracy, 1)})"
        if weakest.accuracy < strongest.accuracy
        else ""
    )
    patch = "x".join(map(str, swept.patch_size))
    return Answer(
        "all 1",
        "Is one image typical? How often is the network right when a part of the image is covered?",
        f"Of {overall.images:,} {swept.split} images {percent(overall.clean_accuracy, 1)} are right without a patch "
        f"and {percent(overall.accuracy, 1)} on average with a part covered{differ}.",
        f"{overall.images:,} {swept.split} images of {swept.dataset}, each under a patch of {patch} pixels at "
        f"{len(swept.rows)}x{len(swept.cols)} positions: {overall.occluded_images:,} occluded images. No "
        "image is left out for being classified wrongly; the share right without a patch is that of these images, the "
        f"one of the whole test set stands in question 1. "
        f"{percent(overall.never_fooled, 1)} of the images are right wherever the patch lies. The place that matters "
        f"most: of the images of {naming.called(deepest.label)} with the patch at row {row}, column {col}, "
        f"{percent(deepest.worst_accuracy, 1)} are right.",
        [
            Figure(f"{FOLDER}/{ACCURACY}", "Where a patch makes the network err, class by class."),
            Figure(f"{FOLDER}/{PROBABILITY}", f"The same for the {naming.quantity} of the true label."),
        ],
        tables(results),
        see=[See("1", "how many of all test images the network gets right without a patch")],
    )


def confusions(results: Results) -> Answer:
    """What covered images are taken for."""
    naming = results.naming
    said = [
        f"{naming.called(each.label)} for {naming.called(each.taken_for)} ({percent(each.taken_for_share, 1)})"
        for each in sorted(results.classes, key=lambda each: -each.taken_for_share)[:3]
        if each.taken_for is not None
    ]
    sixes = [] if naming.classes else [e for e in results.classes if e.label == 6 and e.taken_for is not None]
    return Answer(
        "all 2",
        f"What is a covered {'image' if naming.classes else 'digit'} taken for?",
        f"Most often {enumerated(said)} of the class's occluded images."
        if said
        else "For nothing else: no label changes.",
        f"The homework's 6, when it is mistaken, is most often taken for {naming.called(sixes[0].taken_for)}."
        if sixes and sixes[0].taken_for is not None
        else "",
        [Figure(f"{FOLDER}/{CONFUSION}", "True and predicted labels of all occluded images.")],
    )


def extremes(results: Results) -> Answer:
    """The most fragile and the most robust images."""
    fragile, robust, naming = results.fragile, results.robust, results.naming
    first = (
        f"The most fragile, number {fragile.numbers[0]}, {naming.called(fragile.ranked[0].label)}, is right at "
        f"{percent(fragile.ranked[0].accuracy, 1)} of the positions"
        if fragile.ranked
        else "No image is right without a patch"
    )
    best = robust.ranked[0]
    return Answer(
        "all 3",
        "Which images are the most fragile, which the most robust?",
        f"{first}; the most robust, number {robust.numbers[0]}, {naming.called(best.label)}, at "
        f"{percent(best.accuracy, 1)}.",
        f"The most robust one keeps a mean {naming.quantity} of {best.probability:.4f}. Fragile images are ranked "
        "among those that are right without a patch.",
        [
            Figure(f"{FOLDER}/{FRAGILE}", f"Below each image {naming.of_true()} by position of the patch."),
            Figure(f"{FOLDER}/{ROBUST}", "The same for the most robust ones."),
        ],
    )
