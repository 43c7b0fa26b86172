"""The questions of problem 1 and our answers to them, in sentences made from measured numbers."""

from hw3.report.page import Answer, Figure, Table
from hw3.report.words import enumerated, percent, where, with_article
from hw3.studies import training
from hw3.studies.inspection import claims
from hw3.studies.inspection.figures import (
    DISCRIMINATION,
    FEATURE_MAPS,
    LAYER_PATH,
    SHIFT_CURVES,
    SHIFTED,
    filters_file,
)
from hw3.studies.inspection.measure import NAME, Results
from hw3.studies.inspection.tables import cell_table, filter_table, shift_table

OPTIMIZERS = {"sgd": "SGD", "muon": "Muon"}
ASKED_ACCURACY, ASKED_CONVOLUTIONS = 0.95, 3  # by document 002, the first on the training images

# What an AUC is worth: Hosmer, Lemeshow and Sturdivant, Applied Logistic Regression, 3rd edition, section 5.2.4.
OUTSTANDING, ACCEPTABLE = 0.9, 0.7


def answers(trained: training.Results, inspected: Results) -> list[Answer]:
    """The answers of problem 1 in the order of the assignment."""
    return [network(trained), filters(inspected), features(inspected), shifts(inspected)]


def network(trained: training.Results) -> Answer:
    """The network of problem 1."""
    run, last = trained.run, trained.history[-1]
    recipe = run.recipe
    convolutions = sum(layer.name.startswith("conv") for layer in trained.layers)
    meets = last.train.accuracy >= ASKED_ACCURACY and convolutions >= ASKED_CONVOLUTIONS
    shift = f", each image moved by up to {recipe.max_shift} pixels" if recipe.max_shift else ""
    return Answer(
        "1",
        "How good is the network that all of this looks into?",
        f"It classifies {percent(last.test.accuracy)} of the test images and {percent(last.train.accuracy)} of the "
        f"training images correctly, and so {'meets' if meets else 'does not meet'} what the assignment asks for.",
        f"The network {run.model} has {trained.parameters:,} parameters and was trained on {run.images:,} images of "
        f"{run.dataset} for {last.epoch} epochs of {OPTIMIZERS[recipe.optimizer]} with "
        f"momentum {recipe.momentum} in batches of {recipe.batch_size} (peak step size "
        f"{recipe.learning_rate}{shift}). Asked for are at least three convolutions (here {convolutions}) and "
        f"{ASKED_ACCURACY:.0%} on the training images.",
        [
            Figure(
                f"{trained.folder}/{training.CURVES}",
                "Error and loss after each epoch, without augmentation, every image counted once.",
            )
        ],
        [
            Table(
                "Layers",
                ("layer", "output", "parameters"),
                [(layer.name, " x ".join(map(str, layer.shape)), f"{layer.parameters:,}") for layer in trained.layers],
            )
        ],
        claims.network(trained),
        [training.NAME],
    )


def filters(results: Results) -> Answer:
    """Problem 1 (1)."""
    first, *later = results.filters
    verdict = (
        f"The {len(first.kernels)} filters of {first.layer} act on the image itself and can be read as small pictures"
    )
    if later:
        channels = sorted({bank.kernels.shape[1] for bank in later})
        verdict += f"; a later filter weighs {enumerated(channels)} channels of the layer below"
    return Answer(
        "1 (1)",
        "What do the filters of the first convolution layers look like?",
        f"{verdict}.",
        "",
        [
            Figure(f"{NAME}/{filters_file(bank.layer)}", f"{bank.layer}: every filter, one symmetric colour scale.")
            for bank in results.filters
        ],
        [filter_table(results)],
        claims.filters(),
        [NAME],
    )


def features(results: Results) -> Answer:
    """Problem 1 (2)."""
    found = results.features
    first, second = results.settings.classes
    best, channel = found.cells[0], found.channels[0]
    top, bottom, left, right = best.pixels
    size = max(found.pictures.shape[1:3])
    yes = "Yes" if best.auc >= OUTSTANDING else "In part" if best.auc >= ACCEPTABLE else "Hardly"
    inked, bare = (second, first) if found.middle_ink[1] > found.middle_ink[0] else (first, second)
    return Answer(
        "1 (2)",
        f"Could you tell the discriminant features between {with_article(first)} and {with_article(second)} from the "
        f"feature maps?",
        f"{yes}: one single cell of {found.layer} ranks a random {first} and {second} rightly with probability "
        f"{best.auc:.4f} (AUC), the median cell with {found.median_cell_auc:.3f}.",
        f"Over all {found.discrimination.counts[0]} test images of {first} and {found.discrimination.counts[1]} of "
        f"{second} the most telling one is cell ({best.row}, {best.col}) of channel {best.channel}, larger for "
        f"{best.larger_for}. It sees pixel rows {top}-{bottom} and columns {left}-{right}, around "
        f"{where(top, bottom, left, right, size)}. As a whole, channel {channel.channel} tells most (AUC "
        f"{channel.auc:.4f} of its sum). In the image itself {with_article(inked)} has more ink in the middle than "
        f"{with_article(bare)}: a mean of {max(found.middle_ink):.2f} against {min(found.middle_ink):.2f}.",
        [
            Figure(
                f"{NAME}/{DISCRIMINATION}",
                "The most telling channels; the square marks the most telling cell.",
            ),
            Figure(f"{NAME}/{FEATURE_MAPS}", f"{found.layer} for both digits on one colour scale."),
            Figure(f"{NAME}/{LAYER_PATH}", "The whole way of both digits through the network."),
        ],
        [cell_table(results)],
        claims.features(results),
        [NAME],
    )


def shifts(results: Results) -> Answer:
    """Problem 1 (3)."""
    found, digit, pixels = results.shifts, results.settings.shift_digit, results.settings.shift_pixels
    original, *moved = found.versions
    sides = ("left", "right")
    changed = [
        f"moved {side} to {with_article(version.prediction)}"
        for side, version in zip(sides, moved, strict=True)
        if version.prediction != original.prediction
    ]
    verdict = (
        f"Yes, {enumerated(changed)}"
        if changed
        else f"No, this {digit} stays {with_article(original.prediction)} both ways"
    )
    by_shift = dict(zip(found.shifts, found.horizontal, strict=True))
    if pixels in by_shift:
        verdict += (
            f"; of all {found.images:,} test images of {digit}, {percent(by_shift[-pixels])} stay correct moved left "
            f"and {percent(by_shift[pixels])} moved right"
        )
    far = max(found.shifts)
    return Answer(
        "1 (3)",
        f"Does the prediction change when {with_article(digit)} moves {pixels} pixels to the left or right?",
        f"{verdict}.",
        f"P({digit}) is {original.true_probability:.6f} for the image as it is, {moved[0].true_probability:.6f} after "
        f"the shift to the left and {moved[1].true_probability:.6f} after that to the right. Unmoved, "
        f"{percent(by_shift[0])} of the images are classified rightly; {far} pixels to the left it is "
        f"{percent(by_shift[-far])}, to the right {percent(by_shift[far])}.",
        [
            Figure(f"{NAME}/{SHIFT_CURVES}", f"Accuracy over every test image of {digit} against the shift."),
            Figure(f"{NAME}/{SHIFTED}", "Missing columns take the nearest valid ones (clamped borders)."),
        ],
        [shift_table(results)],
        claims.shifts(results),
        [NAME],
    )
