"""What the documents say on problem 1, each judged by a rule where a rule can judge it.

Statements on their own networks and images that ours can't decide get no mark; ours stands beside them.
"""

import itertools
import math

from hw3 import cnn
from hw3.report.page import CONVENTION, MISPRINTED, RIGHT, WRONG, Published
from hw3.report.words import enumerated, percent
from hw3.studies import given, training
from hw3.studies.inspection.measure import Results

MNIST = "mnist"
MNIST_SHAPE, MNIST_CLASSES, MNIST_TEST_IMAGES = (28, 28, 1), 10, 10_000
TWO_SIDED = 1.96  # standard errors of a 95% interval

NARROW_PARAMETERS = 2_390  # as document 004 prints them
KERNELS_000 = ((3, 3, 1, 32),) * 3  # height, width, input channels, filters, as document 000 labels its three layers
FILTERS_001 = (32, 32, 64)  # as document 001 shows them
KERNELS_004 = (12, 12 * 12, 8 * 12)  # filters times input channels, as document 004 counts them


def within_chance(first: float, second: float, images: int) -> bool:
    """Whether two accuracies on `images` images each differ by no more than sampling lets expect in 95% of cases.

    >>> within_chance(0.9942, 0.9937, 10_000), within_chance(0.9942, 0.99, 10_000)
    (True, False)
    """
    mean = (first + second) / 2
    return abs(first - second) <= TWO_SIDED * math.sqrt(2 * mean * (1 - mean) / images)


def network(trained: training.Results) -> list[Published]:
    """On the network itself."""
    narrow = cnn.CNN(cnn.parse("narrow"), MNIST_CLASSES)
    parameters = sum(count for _, _, count in cnn.layer_rows(narrow, MNIST_SHAPE))
    return [
        _accuracy(trained, "wide", "the network called wide here: 99.42% of the test images."),
        Published(
            "004",
            f"the network called narrow here: {NARROW_PARAMETERS:,} parameters.",
            mark=RIGHT if parameters == NARROW_PARAMETERS else WRONG,
            ours=f"{parameters:,}",
        ),
        _accuracy(trained, "narrow", "narrow: 95.62% train, 95.92% test."),
        Published("002", "asks for at least three convolution layers and 95% accuracy on the training set."),
    ]


def _accuracy(trained: training.Results, name: str, said: str) -> Published:
    document, published, _ = given.NETWORKS[name]
    if published is None or (trained.run.model, trained.run.dataset) != (name, MNIST):
        return Published(document, said)
    ours = trained.history[-1].test.accuracy
    same = within_chance(published, ours, MNIST_TEST_IMAGES)
    return Published(
        document,
        said,
        f"the two differ by {'no more' if same else 'more'} than chance on {MNIST_TEST_IMAGES:,} images",
        RIGHT if same else "",  # another accuracy may be due to our recipe
        percent(ours),
    )


def filters() -> list[Published]:
    """On the filters: the documents' counts and shapes against their own networks."""
    pairs = enumerate(itertools.pairwise(KERNELS_000), start=2)
    misfits = {layer: kernel[2] == below[2] for layer, (below, kernel) in pairs if kernel[2] != below[3]}
    repeated = all(misfits.values())  # the number of the layer before stands there, as in a copied label
    wide = _convolutions("wide")
    narrow = _convolutions("narrow")
    kernels = tuple(out * below for out, below in zip(narrow, (MNIST_SHAPE[2], *narrow), strict=False))
    return [
        Published(
            "000",
            "the first six of each layer, all three layers labelled (3, 3, 1, 32).",
            f"a filter of layer {enumerated(list(misfits))} reads all 32 channels of the layer below, not 1"
            + (": the label of the first layer is repeated" if repeated else "")
            if misfits
            else "",
            (MISPRINTED if repeated else WRONG) if misfits else RIGHT,
        ),
        Published(
            "001",
            f"{enumerated(FILTERS_001)} filters as pictures.",
            mark=RIGHT if wide == FILTERS_001 else WRONG,
            ours=enumerated(wide),
        ),
        Published(
            "004",
            "12, 12x12 and 8x12 filters.",
            mark=RIGHT if kernels == KERNELS_004 else WRONG,
            ours=enumerated(kernels),
        ),
        Published("004", "layer 1 detects edges, layer 3 parts of the digit.", "pictures of filters don't decide it"),
    ]


def _convolutions(name: str) -> tuple[int, ...]:
    """How many filters the first three convolutions of a network have."""
    return tuple(layer.features for layer in cnn.parse(name) if layer.kind == "conv")[:3]


def features(results: Results) -> list[Published]:
    """On what tells a 0 from an 8."""
    as_asked = results.settings.classes == (0, 8) and results.dataset == MNIST
    ink_0, ink_8 = results.features.middle_ink if as_asked else (0.0, 0.0)
    ours = f"mean grey of the middle 2x2 pixels: {ink_0:.2f} in a 0, {ink_8:.2f} in an 8" if as_asked else ""

    def mark(ink_in_8: bool, otherwise: str) -> str:
        """Of a statement that an 8 has (or hasn't) ink in its middle, and a 0 hasn't (or has)."""
        return "" if not as_asked else RIGHT if (ink_8 > ink_0) == ink_in_8 else otherwise

    dark = mark(ink_in_8=False, otherwise=CONVENTION)
    return [
        Published(
            "000",
            "“I think the important part is the center”: no white there in a 0, some in an 8.",
            mark=mark(ink_in_8=True, otherwise=WRONG),
            ours=ours,
        ),
        Published(
            "001",
            "its maps at (6, 0) and (5, 0) mean 0, those at (1, 1) and (5, 2) mean 8; the maps alone do not say why.",
        ),
        Published(
            "001",
            "the region in the middle, wide in a 0 and converging in an 8.",
            mark=mark(ink_in_8=True, otherwise=WRONG),
            ours=ours,
        ),
        Published("002", "for 0 more curves, less visible for 8."),
        Published("003", "“we can still see clearly they are basically 0 and 8.”"),
        Published(
            "004",
            "“digit 8 has a black pixel in the middle, while digit 0 has white pixels”, from maps of the first layer.",
            "if ink is drawn black; the images have it white, and there it is the other way round"
            if dark == CONVENTION
            else "",
            dark,
            ours,
        ),
        Published("004", "longer horizontal edges in an 8, at the top and the bottom."),
    ]


def shifts(results: Results) -> list[Published]:
    """On what a shift of a 1 by three pixels does."""
    settings, found = results.settings, results.shifts
    as_asked = (settings.shift_digit, settings.shift_pixels, results.dataset) == (1, 3, MNIST)
    original, left, right = found.versions
    same = original.prediction == left.prediction == right.prediction
    # Another network may change its mind where ours doesn't, and the other way round.
    unchanged = RIGHT if as_asked and same else ""
    labels = enumerated([version.prediction for version in found.versions]) if as_asked else ""
    probabilities = " ".join(f"{version.true_probability:.8f}" for version in found.versions) if as_asked else ""
    after = [found.horizontal[found.shifts.index(pixels)] for pixels in (-3, 3) if as_asked and pixels in found.shifts]
    depends = bool(after) and all(0 < share < 1 for share in after)
    return [
        Published("000", "the prediction does not change.", mark=unchanged, ours=labels),
        Published(
            "001",
            "1 each time, with 0.99985516 unmoved, 0.99613357 left, 0.72105975 right.",
            "its probabilities are those of its own network",
            unchanged,
            probabilities,
        ),
        Published(
            "002",
            "may or may not change, depending on network and image.",
            mark=RIGHT if depends else "",
            ours=f"of all 1, {enumerated(list(map(percent, after)))} are right after it" if after else "",
        ),
        Published("003", "does not change.", mark=unchanged, ours=labels),
        Published("004", "a 7 took the place of the 1; still classified rightly."),
    ]
