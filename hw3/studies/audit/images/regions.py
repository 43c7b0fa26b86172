"""Important regions read off published maps in every way of counting that could be meant."""

import itertools
from typing import NamedTuple

import numpy as np

from hw3.occlusion import Sweep, maps, positions
from hw3.studies import given
from hw3.studies.audit.findings import CONVENTION, REPRODUCED, WRONG
from hw3.studies.audit.images.rules import CLASSES, Verdict
from hw3.studies.audit.images.transcription import Number

DIGIT = given.OCCLUDED_DIGIT
BELOW = (0.5, 0.9, 0.95, 0.99)  # probabilities of a 6 under which a position may count as important
DROPS = (0.25, 0.5, 0.75)  # shares of the largest importance from which a pixel may count as important


class Convention(NamedTuple):
    """A way of counting; the defaults are the plainest."""

    counts: str = "the label changes"  # what makes a position or pixel important
    extent: str = "pixels"  # those that its patch covers, or the patch's first pixel ("positions") or its middle
    end: str = "closed"  # the last number belongs to it, or is the first that doesn't ("half-open")
    first: int = 0  # what the first row and column are called
    order: str = "as named"  # or rows and columns exchanged

    def departures(self) -> int:
        """How far it is from the plainest."""
        return sum(value != getattr(PLAIN, name) for name, value in self._asdict().items())

    def words(self) -> str:
        """The convention in words."""
        ends = "the end not counted" if self.end == "half-open" else "both ends counted"
        exchanged = "; rows and columns exchanged" if self.order == "exchanged" else ""
        return f"{self.extent} where {self.counts}, from {self.first}, {ends}{exchanged}"


PLAIN = Convention()
Edges = tuple[int, int, int, int]  # first and last row, first and last column, as a convention writes them


class Reading(NamedTuple):
    """A published region beside what its own maps say."""

    document: str
    said: Edges
    tried: int  # ways of counting
    met: int  # how many of the four numbers the best of them gives
    convention: Convention  # the one that gives most of them, the plainest first
    ours: Edges  # what it gives
    plain: Edges  # rows and columns of all patches that change the label, from 0, both ends counted


def as_sweep(probability: np.ndarray, labels: np.ndarray, stride: int) -> Sweep:
    """Published maps of P(6) and labels [rows, columns] as our functions take them.

    A label other than 6 gets the probability 1: which is the highest is all that is read off it. The first position
    stands for the image without a patch.
    """
    starts = positions(given.IMAGE, given.PATCH, stride)[: len(probability)]
    probabilities = np.zeros((1, *probability.shape, CLASSES), np.float32)
    rows, columns = np.nonzero(labels != DIGIT)
    probabilities[0, rows, columns, labels[rows, columns]] = 1
    probabilities[0, ..., DIGIT] = probability
    side = (given.IMAGE, given.IMAGE)
    patch = (given.PATCH, given.PATCH)
    return Sweep(probabilities, starts, starts, patch, side, probabilities[:, 0, 0], np.array([DIGIT]))


def read(document: str, said: Edges, sweep: Sweep, labels: np.ndarray, starts: np.ndarray) -> Reading:
    """Finds the convention under which the maps give most of the printed numbers.

    Args: labels, starts: the map of labels [n, n], which may have more positions than the sweep, and their pixels.
    """
    masks = _masks(sweep, labels, starts)
    options = [
        Convention(*choice)
        for choice in itertools.product(
            masks, ("pixels", "positions", "middles"), ("closed", "half-open"), (0, 1), ("as named", "exchanged")
        )
    ]
    options = [option for option in options if option.extent == "pixels" or "importance" not in option.counts]
    found = [(_edges(option, masks[option.counts], sweep.patch[0]), option) for option in options]

    def rank(entry: tuple[Edges, Convention]) -> tuple[int, int]:
        edges, option = entry
        return -_met(said, edges), option.departures()

    ours, best = min(found, key=rank)
    plain = _edges(PLAIN, masks[PLAIN.counts], sweep.patch[0])
    return Reading(document, said, len(options), _met(said, ours), best, ours, plain)


def _met(said: Edges, edges: Edges) -> int:
    return sum(a == b for a, b in zip(said, edges, strict=True))


def _masks(sweep: Sweep, labels: np.ndarray, starts: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What may make a position important: rows and columns (first pixels) of those that are."""

    def at(mask: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = np.nonzero(mask)
        return first[rows], first[columns]

    found = {PLAIN.counts: at(labels != DIGIT, starts)}
    for label in np.unique(labels[labels != DIGIT]):
        found[f"the label is {label}"] = at(labels == label, starts)
    probability = sweep.true_probability[0]
    for below in BELOW:
        found[f"P(6) < {below:g}"] = at(probability < below, sweep.rows)
    importance = maps.importance(sweep)[0]
    for part in DROPS:
        found[f"the importance is {part:g} of its largest"] = at(
            importance >= part * importance.max(), np.arange(given.IMAGE)
        )
    return found


def _edges(option: Convention, where: tuple[np.ndarray, np.ndarray], patch: int) -> Edges:
    edges: list[int] = []
    for starts in where if option.order == "as named" else where[::-1]:
        first, last = int(starts.min()), int(starts.max())
        if option.extent == "pixels" and "importance" not in option.counts:
            last += patch - 1
        elif option.extent == "middles":
            first, last = first + patch // 2, last + patch // 2
        edges += [first + option.first, last + option.first + (option.end == "half-open")]
    return edges[0], edges[1], edges[2], edges[3]


def verdicts(numbers: tuple[Number, ...], reading: Reading, order: tuple[int, int, int, int]) -> list[Verdict]:
    """Each of the four printed numbers; `order` says which edge it is."""
    found = []
    for number, edge in zip(numbers, order, strict=True):
        right = float(reading.ours[edge])
        if number.value == right:
            verdict = REPRODUCED if reading.convention == PLAIN else CONVENTION
            found.append(Verdict(right, verdict, reading.convention.words()))
        else:
            found.append(Verdict(right, WRONG, f"its own maps give {right:g} ({reading.convention.words()})"))
    return found
