"""Numbers in sentences and small tables: settings, labels, accuracies, places."""

from collections.abc import Iterator, Sequence

import numpy as np

from hw3.occlusion import positions
from hw3.studies import given
from hw3.studies.audit.findings import CONVENTION, MISPRINTED, REPRODUCED, WRONG
from hw3.studies.audit.images import maps, regions, rules
from hw3.studies.audit.images.maps import DIGIT
from hw3.studies.audit.images.regions import Reading
from hw3.studies.audit.images.rules import NAN, Verdict, exactly, possible
from hw3.studies.audit.images.transcription import Block, Document, Number


def as_given(block: Block, expected: Sequence[float]) -> Iterator[Verdict]:
    """What the assignment or the data set says."""
    return (exactly(number, value) for number, value in zip(block.numbers, expected, strict=True))


def count(patch: int, stride: int) -> int:
    """Positions of a square patch."""
    return len(positions(given.IMAGE, patch, stride)) ** 2


def labels(block: Block) -> Iterator[Verdict]:
    """What somebody's network said."""
    return map(rules.label, block.numbers)


def row_of_labels(block: Block, images: int) -> Iterator[Verdict]:
    """Labels without blanks between, said to be right: [666666], one for each of `images`."""
    for number in block.numbers:
        yield possible(number, number.text == str(DIGIT) * images, f"{images} images of a {DIGIT}, all right, are said")


def training(block: Block) -> Iterator[Verdict]:
    """Learning rate, momentum, and the accuracy on the test set."""
    rate, momentum, accuracy = block.numbers
    yield possible(rate, rate.value > 0, "a learning rate is positive")
    yield possible(momentum, 0 <= momentum.value < 1, "with this momentum a step never ends")
    yield rules.share(accuracy, given.TEST_IMAGES)


def shift(block: Block) -> Iterator[Verdict]:
    """Pixels to both sides, then label and its probability, three times."""
    left, right, *rows = block.numbers
    yield from (exactly(number, given.SHIFT) for number in (left, right))
    for label, probability in zip(rows[::2], rows[1::2], strict=True):
        yield rules.label(label)
        yield rules.highest_probability(probability)


def places(block: Block, differs: np.ndarray) -> Iterator[Verdict]:
    """How many places, which (counted from 1), and the label there; `differs` is where the lists differ, counted so."""
    total, *listed, label = block.numbers
    yield exactly(total, len(differs))
    for index, number in enumerate(listed):
        right = float(differs[index]) if index < len(differs) else NAN
        if number.value == right:
            yield Verdict(right, REPRODUCED)
        elif _one_digit(number.value, right):
            yield Verdict(right, MISPRINTED, f"a wrong digit: it should read {right:g}")
        else:
            yield Verdict(right, WRONG, f"the lists differ at {right:g}")
    yield possible(label, label.value in range(rules.CLASSES) and label.value != DIGIT, "another digit than 6 is due")


def _one_digit(printed: float, right: float) -> bool:
    a, b = f"{printed:g}", f"{right:g}"
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def cases(block: Block) -> Iterator[Verdict]:
    """How many cases, then P(6), label and its probability of each."""
    total, *rows = block.numbers
    yield exactly(total, len(rows) // 3)
    for probability, label, highest in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
        yield maps.probability_verdict(probability, highest.value, label.value)
        yield maps.label_verdict(label, probability.value, highest.value)
        yield _highest_of_a_case(highest, probability.value, label.value)


def _highest_of_a_case(highest: Number, probability: float, label: float) -> Verdict:
    if label == DIGIT:
        return exactly(highest, probability)
    fits = max(maps.LEAST, probability) <= highest.value <= 1 - probability
    return possible(highest, fits, "it must lie between P(6) and 1 - P(6), and be at least 0.1")


def window(block: Block) -> Iterator[Verdict]:
    """Height and width of a window, and the accuracy with it."""
    height, width, accuracy = block.numbers
    for number in (height, width):
        yield possible(number, 1 <= number.value <= given.IMAGE, "larger than the image")
    yield rules.share(accuracy, count(int(height.value), given.STRIDE))


def fooled(block: Block) -> Iterator[Verdict]:
    """How many samples, then for each the label with a black patch and the one with the window, which is wrong."""
    total, *rows = block.numbers
    yield exactly(total, len(rows) // 2)
    for black, other in zip(rows[::2], rows[1::2], strict=True):
        yield rules.label(black)
        fits = other.value in range(rules.CLASSES) and other.value != DIGIT
        yield possible(other, fits, "these samples are said to be misclassified")


def region(block: Block, reading: Reading, order: tuple[int, int, int, int]) -> Iterator[Verdict]:
    """Four numbers; `order` says which of first row, last row, first column, last column each is."""
    return iter(regions.verdicts(block.numbers, reading, order))


def adversarial(block: Block, blocks: Document) -> Iterator[Verdict]:
    """Rows and columns of a patch, half-open, its size, the label of the image there, the size again."""
    top, bottom, left, right, height, width, label, *sizes = block.numbers
    for first, last in ((top, bottom), (left, right)):
        fits = last.value - first.value == given.PATCH and 0 <= first.value <= given.IMAGE - given.PATCH
        for number in (first, last):
            if fits:
                yield Verdict(number.value, CONVENTION, "pixels from 0, the end not counted")
            else:
                yield Verdict(NAN, WRONG, f"not {given.PATCH} pixels inside the image")
    yield from (exactly(number, given.PATCH) for number in (height, width))
    yield exactly(label, _label_at(blocks))
    yield from (exactly(number, given.PATCH) for number in sizes)


def adversarial_label(block: Block, blocks: Document) -> Iterator[Verdict]:
    """The same label again."""
    return (exactly(number, _label_at(blocks)) for number in block.numbers)


def _label_at(blocks: Document) -> float:
    """Document 004's label under its own patch, looked up by the heads of its table; NaN if it has no such heads."""
    top, _, left, *_ = blocks["adversarial"].values
    rows, columns = blocks["labels"].heads()
    if top not in rows or left not in columns:
        return NAN
    return float(blocks["labels"].grid()[rows.index(top), columns.index(left)])
