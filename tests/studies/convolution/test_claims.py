"""Verdicts on document 004's problem 2 follow the numbers, whatever these are."""

import numpy as np
import pytest
from convolution_results import as_document_says, changed
from seeded import SEEDS, seeded

from hw3.studies.claim_words import judged
from hw3.studies.convolution.claims import claims
from hw3.studies.verdicts import verdict


def by_part(results):
    return {claim.part: claim for claim in claims(results)}


def few(results, **accuracies):
    return changed(results, "costs", few_images=results.costs.few_images._replace(**accuracies))


def timed(results, **seconds):
    (layer,) = results.costs.layers
    return changed(results, "costs", layers=(layer._replace(seconds=layer.seconds._replace(**seconds)),))


def by_hand(results, **values):
    return changed(results, "by_hand", layers=(results.by_hand.layers[0]._replace(**values),))


def worse_pooled(results):
    return results._replace(canvases=tuple(c._replace(direct=seeded(0.2, 0.9)) for c in results.canvases))


def test_everything_as_the_document_says_it_holds():
    found = by_part(as_document_says())
    assert list(found) == sorted(found), "in the order of the document"
    assert {verdict(claim) for claim in found.values()} == {"held"}


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("2 (1) 2", lambda r: few(r, convolution=seeded(0.7, 0.7), dense=seeded(0.9, 0.9))),
        ("2 (2) 1", lambda r: changed(r, "shifts", feature_change=np.full((SEEDS, 4, 1, 2), 0.5))),
        ("2 (2) 2", lambda r: changed(r, "shifts", pixel_change=np.array([0.01, 0.01]))),
        ("2 (2) 3", lambda r: changed(r, "shifts", flipped=np.full((SEEDS, 4, 2), 0.5))),
        ("2 (2) 4", lambda r: changed(r, "shifts", accuracy=seeded(0.7, 0.7, 0.9, 0.9))),
        ("2 (2) 5", worse_pooled),
        ("2 (3)", lambda r: by_hand(r, float64=1e-6)),
        ("2 (4) 3", lambda r: changed(r, "fields", stack=seeded(3.0, 9.0))),
    ],
)
def test_the_opposite_of_a_claim_did_not_hold(part, change):
    claim = by_part(change(as_document_says()))[part]
    assert verdict(claim) == "did not hold"
    assert judged(claim).startswith("did not hold: ")


@pytest.mark.parametrize(
    ("part", "seconds"), [("2 (1) 4", {"local": (1.2, 1.21, 1.2)}), ("2 (1) 5", {"dense": (0.5, 0.6, 0.5)})]
)
def test_times_that_contradict_leave_the_counts(part, seconds):
    claim = by_part(timed(as_document_says(), **seconds))[part]
    assert judged(claim) == "held under conditions: operations, conv1 (not: measured time, conv1)"


def test_what_was_not_run_makes_no_claim():
    results = as_document_says()._replace(costs=None, shifts=None, canvases=None, fields=None)
    assert [claim.part for claim in claims(results)] == ["2 (3)"]
