"""The maps of documents 000 and 004: as printed, put in order, and what follows from them."""

from typing import NamedTuple

import numpy as np

from hw3.occlusion import positions
from hw3.studies import given
from hw3.studies.audit.findings import FAULTS
from hw3.studies.audit.images import maps, regions
from hw3.studies.audit.images.maps import DIGIT
from hw3.studies.audit.images.regions import Reading
from hw3.studies.audit.images.rules import Verdict
from hw3.studies.audit.images.transcription import Block, Document


class PublishedMaps(NamedTuple):
    """What one document prints of a covered 6, its rows and columns in the order of the patch's positions."""

    document: str
    stride: int  # pixels
    probability: np.ndarray  # float [n, n], map 1
    highest: np.ndarray  # float [n, n], map 2 as it stands
    labels: np.ndarray  # int [m, m], map 3, m >= n; -1: not a 6, of document 000, which prints no labels
    faulty: np.ndarray  # bool [2, n, n]: cells of map 1 and map 2 that are misprinted or wrong
    right: int  # positions of map 3 where the label is 6
    taken_for: tuple[tuple[int, int], ...]  # (digit, positions) where it isn't, the most frequent first
    region: Reading  # their important region
    moved: int  # row and column that is printed here, counted from 0, and belongs to the front; 0: none
    variation: tuple[float, float]  # total variation of map 1 as printed and in order
    row_sources: tuple[int, ...]  # the row of map 1 (as printed) that each row of map 2 repeats; -1: none

    @property
    def accuracy(self) -> float:
        """Under occlusion: the share of the positions with the right label."""
        return self.right / self.labels.size


def labels_of_000(probability: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """6 where the highest probability is that of a 6, else -1: document 000 does not print which it is."""
    return np.where((probability == highest) | (probability > 0.5), DIGIT, -1)


def strides(count: int) -> list[int]:
    """The strides that give `count` positions of the assignment's patch."""
    return [s for s in range(1, given.IMAGE) if len(positions(given.IMAGE, given.PATCH, s)) ** 2 == count]


def square(block: Block) -> np.ndarray:
    """A list of positions row by row as a map."""
    side = round(len(block.numbers) ** 0.5)
    return np.reshape(block.values, (side, side))


def where_lists_differ(blocks: Document) -> np.ndarray:
    """The places, counted from 1, where document 000's two lists differ."""
    return np.flatnonzero(square(blocks["probability"]) != square(blocks["highest"])) + 1


def of_000(blocks: Document, verdicts: dict[str, list[Verdict]]) -> PublishedMaps:
    """Two lists, a row of the map after the other."""
    probability, highest = square(blocks["probability"]), square(blocks["highest"])
    labels = labels_of_000(probability, highest)
    (stride,) = strides(probability.size)
    starts = positions(given.IMAGE, given.PATCH, stride)
    left, right, top, bottom = (int(value) for value in blocks["region"].values)
    sweep = regions.as_sweep(probability, labels, stride)
    reading = regions.read("000", (top, bottom, left, right), sweep, labels, starts)
    faulty = np.array([_faulty(verdicts[key], probability.shape) for key in ("probability", "highest")])
    variation = _variation(probability)
    return PublishedMaps(
        "000", stride, probability, highest, labels, faulty, int((labels == DIGIT).sum()), (), reading, 0,
        (variation, variation), tuple(range(len(probability))),
    )  # fmt: skip


def misplaced_head(blocks: Document) -> int:
    """The place, counted from 0, of the row headed 0 in document 004's table of labels."""
    return blocks["labels"].heads()[0].index(0.0)


def of_004(blocks: Document, verdicts: dict[str, list[Verdict]]) -> PublishedMaps:
    """Three tables; the row and the column headed 0 stand between 8 and 9 and are moved to the front."""
    tables = [blocks[key].grid() for key in ("probability", "highest", "labels")]
    moved = misplaced_head(blocks)
    faults = [_faulty(verdicts[key], tables[0].shape) for key in ("probability", "highest")]
    faulty = np.array([maps.with_first(cells, moved) for cells in faults])
    probability, highest, labels = (maps.with_first(table, moved) for table in tables)
    labels = labels.astype(int)
    sweep = regions.as_sweep(probability, labels[: len(probability), : len(probability)], given.STRIDE)
    starts = positions(given.IMAGE, given.PATCH, given.STRIDE)
    top, bottom, left, right = (int(value) for value in blocks["region"].values)
    reading = regions.read("004", (top, bottom, left, right), sweep, labels, starts)
    sources = maps.row_sources(tables[1], tables[0])
    return PublishedMaps(
        "004", given.STRIDE, probability, highest, labels, faulty, int((labels == DIGIT).sum()),
        tuple(maps.label_counts(labels)), reading, moved, (_variation(tables[0]), _variation(probability)),
        tuple(-1 if source is None else source for source in sources),
    )  # fmt: skip


def _faulty(verdicts: list[Verdict], shape: tuple[int, ...]) -> np.ndarray:
    """Of a table with or without heads, whose verdicts come first a row of heads, then each row behind its head."""
    flags = np.array([verdict.verdict in FAULTS for verdict in verdicts])
    if flags.size == np.prod(shape):
        return flags.reshape(shape)
    return flags[shape[1] :].reshape(shape[0], shape[1] + 1)[:, 1:]


def _variation(values: np.ndarray) -> float:
    return maps.total_variation(values, 0) + maps.total_variation(values, 1)
