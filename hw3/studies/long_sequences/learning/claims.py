"""What follows from the learners' accuracies, each by a rule."""

import math
from typing import NamedTuple

from scipy import special

from hw3.studies.long_sequences.learning.learners import Learner
from hw3.studies.long_sequences.learning.measure import Outcome, Results

BY_CHANCE = 0.001  # how probable it may be that guessing does as well


def chance(results: Results) -> float:
    """The accuracy of guessing, which all classes being equally likely is one in so many."""
    return 1 / results.settings.classes


def best_guess(results: Results) -> float:
    """The accuracy that guessing exceeds with a probability of at most `BY_CHANCE` on the test of one seed."""
    tested = results.settings.test_sequences
    return math.ceil(special.bdtrik(1 - BY_CHANCE, tested, chance(results))) / tested


def learns(results: Results, outcome: Outcome) -> bool:
    """Whether every seed is right more often than guessing can explain."""
    return min(outcome.accuracies) > best_guess(results)


class Span(NamedTuple):
    """Up to which length a learner learns."""

    learner: Learner
    length: int | None  # the longest such that it learns there and at all shorter ones; None if not even the shortest
    accuracy: float  # its mean over the seeds there; at the shortest length if None


def span(results: Results, learner: Learner) -> Span:
    """How far one learner gets."""
    reached = None
    outcomes = results.of(learner)
    for outcome in outcomes:
        if not learns(results, outcome):
            break
        reached = outcome
    there = reached or outcomes[0]
    return Span(learner, reached and reached.length, sum(there.accuracies) / len(there.accuracies))


def furthest(results: Results, kind: str) -> Span | None:
    """The learner of a kind that gets furthest, the more accurate one of two; None where there is none of the kind."""
    spans = [span(results, learner) for learner in results.settings.learners if learner.kind == kind]
    return max(spans, key=lambda found: (found.length or 0, found.accuracy), default=None)
