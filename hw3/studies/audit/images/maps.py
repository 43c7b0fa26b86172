"""Published maps held against each other: P(6), the highest probability, the label.

Three numbers say one thing at each position of the patch, so they check one another. The highest of ten probabilities
is at least 0.1 and at least P(6); where the label is 6 the two are equal, elsewhere they differ and their sum is at
most 1; above one half P(6) is the highest.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hw3.studies import given
from hw3.studies.audit.findings import MISPRINTED, POSSIBLE, REPRODUCED, WRONG
from hw3.studies.audit.images.rules import CLASSES, NAN, Verdict
from hw3.studies.audit.images.transcription import Block, Number
from hw3.studies.audit.slips import repairs

DIGIT = given.OCCLUDED_DIGIT
LEAST = 1 / CLASSES


class Alignment(NamedTuple):
    """Which rows and columns of a larger table of labels a table of P(6) goes with."""

    first: int  # row and column of the labels at which it begins
    conflicts: int  # places where P(6) > 1/2 and the label is another digit, or P(6) < 1/10 and it is 6


def conflicts(probability: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Where P(6) and label exclude each other: bool [rows, columns]."""
    return ((probability > 0.5) & (labels != DIGIT)) | ((probability < LEAST) & (labels == DIGIT))


def align(probability: np.ndarray, labels: np.ndarray) -> Alignment:
    """The place among the labels with the fewest conflicts."""
    side = len(probability)
    found = [
        Alignment(first, int(conflicts(probability, labels[first : first + side, first : first + side]).sum()))
        for first in range(len(labels) - side + 1)
    ]
    return min(found, key=lambda alignment: alignment.conflicts)


def row_sources(table: np.ndarray, rows: np.ndarray) -> list[int | None]:
    """For each row of a table the row of another that it repeats: that with most equal entries, at least half."""
    equal = (table[:, None] == rows[None]).sum(-1)  # [rows of the table, rows of the other]
    return [int(counts.argmax()) if 2 * counts.max() >= table.shape[1] else None for counts in equal]


def total_variation(values: np.ndarray, axis: int) -> float:
    """How much a map changes from position to position along an axis, summed."""
    return float(np.abs(np.diff(values, axis=axis)).sum())


def with_first(values: np.ndarray, index: int) -> np.ndarray:
    """A map with row and column `index` moved to the front."""
    order = [index, *(i for i in range(len(values)) if i != index)]
    return values[np.ix_(order, order[: values.shape[1]])]


def probability_verdict(number: Number, highest: float, label: float) -> Verdict:
    """P(6) at one position, given what the two other tables say there."""
    if not 0 <= number.value <= 1:
        return Verdict(NAN, WRONG, "no probability")
    if label == DIGIT and number.value < LEAST:
        return Verdict(NAN, WRONG, "the label is 6, so P(6) is the highest of ten and at least 0.1")
    if _excluded(number.value, highest, label):
        said = f"P(6) and the highest probability, {highest:g} for another label, add up to more than 1"
        for slip, repaired in repairs(number.text):
            if 0 <= float(repaired) <= 1 and not _excluded(float(repaired), highest, label):
                return Verdict(float(repaired), MISPRINTED, f"{said}; {slip}: {repaired} would be in keeping")
        return Verdict(NAN, WRONG, said)
    return Verdict(NAN, POSSIBLE)


def _excluded(probability: float, highest: float, label: float) -> bool:
    return label != DIGIT and probability != highest and probability + highest > 1


def label_verdict(number: Number, probability: float, highest: float) -> Verdict:
    """A label, given P(6) and the highest probability there (NaN where they are not printed)."""
    if number.value not in range(CLASSES):
        return Verdict(NAN, WRONG, "no digit from 0 to 9")
    if probability > 0.5 and number.value == DIGIT:
        return Verdict(float(DIGIT), REPRODUCED)  # whatever the other nine are
    if probability > 0.5 and probability == highest:
        return Verdict(float(DIGIT), WRONG, f"P(6) is {probability:g}, above one half")
    if probability < LEAST and number.value == DIGIT:
        return Verdict(NAN, WRONG, f"P(6) is {probability:g}, below a tenth")
    return Verdict(NAN, POSSIBLE)


def highest_verdicts(
    numbers: Sequence[Number], probability: np.ndarray, labels: np.ndarray, heads: Sequence[float]
) -> list[Verdict]:
    """A table of highest probabilities, row by row, given those of P(6) and of labels [rows, columns].

    Where one is not what its row needs, the values of P(6) are looked through: first those of the row that the whole
    row repeats, if there is one.
    """
    table = np.reshape([number.value for number in numbers], probability.shape)
    sources = row_sources(table, probability)
    drifted = [row + 1 == len(sources) and row > 0 and sources[row - 1] == row for row in range(len(sources))]
    found = []
    for number in numbers:
        row, column = number.row, number.column
        value, label = float(probability[row, column]), labels[row, column]
        verdict = _of_its_row(number, value, label, sources[row] in (row, None))
        if verdict is None:
            right = value if label == DIGIT else NAN
            said = "the row behind the last of the table of P(6) stands here" if drifted[row] else ""
            said = said or _whose(number, table, probability, sources[row], heads)
            verdict = Verdict(right, MISPRINTED, said) if said else _wrong(number, right)
        found.append(verdict)
    return found


def in_place(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Which rows of a table do not repeat another row than their own: bool [rows]."""
    return np.array([source in (row, None) for row, source in enumerate(row_sources(table, rows))])


def _of_its_row(number: Number, probability: float, label: float, in_place: bool) -> Verdict | None:
    """REPRODUCED or POSSIBLE where a highest probability goes with P(6) and label beside it."""
    if label == DIGIT:
        return Verdict(probability, REPRODUCED) if number.value == probability else None
    probability = 0.0 if probability > 0.5 else probability  # beside another label it is the one that is wrong
    rest = 1 - probability  # what the nine other digits share
    if in_place and max(LEAST, probability, rest / 9) < number.value <= rest + 1e-6:  # six decimals are printed
        return Verdict(NAN, POSSIBLE)
    return None


def _whose(
    number: Number, table: np.ndarray, probability: np.ndarray, source: int | None, heads: Sequence[float]
) -> str:
    """Whose value stands in the place of a highest probability, in words; "" if it stands nowhere else."""
    row, column = number.row, number.column
    near = [row, row if source is None else source, row + 1, row - 1, *range(len(probability))]
    for other in near:
        if 0 <= other < len(probability) and probability[other, column] == number.value:
            which = {row: "itself", row + 1: "of the next row"}.get(other, f"of row {heads[other]:g}")
            return f"P(6) {which} stands here"
    beside = np.flatnonzero(probability[row] == number.value)
    if len(beside):
        return f"P(6) of column {heads[beside[0]]:g} stands here"
    others = [other for other in range(len(table)) if other != row and table[other, column] == number.value]
    return f"the highest probability of row {heads[others[0]]:g} stands here" if others else ""


def _wrong(number: Number, right: float) -> Verdict:
    """A highest probability that stands nowhere else; `right` is NaN where it is not known."""
    if not np.isnan(right):
        for said, repaired in repairs(number.text):
            if float(repaired) == right:
                return Verdict(right, MISPRINTED, f"{said}: it should read {repaired}")
        return Verdict(right, WRONG, "the label is 6, so it should be P(6)")
    if number.value < LEAST:
        return Verdict(NAN, WRONG, "the highest of ten probabilities is at least 0.1")
    return Verdict(NAN, WRONG, "not between P(6) and 1 - P(6), where the label is not 6")


def label_counts(labels: np.ndarray) -> list[tuple[int, int]]:
    """(digit, positions) of the labels other than 6, the most frequent first."""
    return Counter(int(label) for label in labels.ravel() if label != DIGIT).most_common()


def body(block: Block) -> list[Number]:
    """A table's numbers without the heads."""
    return [number for number in block.numbers if not number.is_head]
