"""The long lists and tables of documents 000 and 004, number by number."""

from collections.abc import Iterator

import numpy as np

from hw3.studies.audit.findings import MISPRINTED, POSSIBLE, REPRODUCED, WRONG
from hw3.studies.audit.images import maps, published
from hw3.studies.audit.images.rules import NAN, Verdict, is_float32
from hw3.studies.audit.images.transcription import Block, Document, Number

NO_FLOAT32 = Verdict(NAN, MISPRINTED, "no number of float32, in which the networks compute, has these decimals")


def list_of_probabilities(block: Block, blocks: Document) -> Iterator[Verdict]:
    """Document 000's P(6)."""
    probability, highest = (published.square(blocks[key]) for key in ("probability", "highest"))
    labels = published.labels_of_000(probability, highest)
    for number, other, label in zip(block.numbers, highest.ravel(), labels.ravel(), strict=True):
        verdict = maps.probability_verdict(number, other, label)
        yield NO_FLOAT32 if verdict.verdict == POSSIBLE and not is_float32(number.text) else verdict


def list_of_highest(block: Block, blocks: Document) -> Iterator[Verdict]:
    """Document 000's highest probabilities."""
    probability, highest = (published.square(blocks[key]) for key in ("probability", "highest"))
    labels = published.labels_of_000(probability, highest)
    side = len(probability)
    numbers = [number._replace(row=i // side, column=i % side) for i, number in enumerate(block.numbers)]
    found = maps.highest_verdicts(numbers, probability, labels, range(1, side + 1))
    for number, verdict, other in zip(block.numbers, found, probability.ravel(), strict=True):
        if verdict.verdict == REPRODUCED and other <= 0.5:
            verdict = Verdict(NAN, POSSIBLE)  # the two agree, but another digit might be higher
        yield NO_FLOAT32 if verdict.verdict == POSSIBLE and not is_float32(number.text) else verdict


def table(block: Block, blocks: Document) -> Iterator[Verdict]:
    """A table of document 004 with its heads."""
    probability, highest = (blocks[key].grid() for key in ("probability", "highest"))
    labels = blocks["labels"].grid()
    side = len(probability)
    start = maps.align(probability, labels).first
    beside = labels[start : start + side, start : start + side]
    known = np.where(maps.in_place(highest, probability)[:, None], highest, NAN)  # a row elsewhere tells nothing here
    body: Iterator[Verdict]
    if block.key == "probability":
        body = (
            maps.probability_verdict(number, known[number.row, number.column], beside[number.row, number.column])
            for number in maps.body(block)
        )
    elif block.key == "highest":
        body = iter(maps.highest_verdicts(maps.body(block), probability, beside, block.heads()[0]))
    else:
        around = [np.full(labels.shape, NAN), np.full(labels.shape, NAN)]
        for values, inside in zip(around, (probability, known), strict=True):
            values[start : start + side, start : start + side] = inside
        body = (
            maps.label_verdict(number, *(values[number.row, number.column] for values in around))
            for number in maps.body(block)
        )
    for number in block.numbers:
        yield _head(number, block, blocks, start) if number.is_head else next(body)


def _head(number: Number, block: Block, blocks: Document, start: int) -> Verdict:
    """A row's or column's number: those of the labels' table name the patch's first pixel, in order but for one."""
    axis, place = (0, number.row) if number.column == -1 else (1, _column(number, block))
    names = blocks["labels"].heads()[axis]
    if block.key != "labels":
        right = names[start + place]
        if number.value == right:
            return Verdict(right, REPRODUCED)
        which = "one less" if right == number.value - 1 else f"{right:g}"
        return Verdict(right, MISPRINTED, f"by the table of labels this is {which}")
    if sorted(names) != list(map(float, range(len(names)))):
        return Verdict(NAN, WRONG, f"the {len(names)} positions are 0 to {len(names) - 1}, each once")
    if names.index(number.value) != 0 and number.value == 0:
        printed = blocks["probability"].grid()
        before, after = (
            maps.total_variation(values, axis) for values in (printed, maps.with_first(printed, place - start))
        )
        if after < before:
            words = f"it belongs in front: there P(6) varies by {after:.1f} in all, here by {before:.1f}"
            return Verdict(0.0, MISPRINTED, words)
    return Verdict(number.value, REPRODUCED)


def _column(number: Number, block: Block) -> int:
    return [head for head in block.numbers if head.row == -1].index(number)
