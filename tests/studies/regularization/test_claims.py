"""Verdicts on document 004's problem 1 follow the numbers, whatever these are."""

import pytest
from regularizer_results import as_document_says, changed
from seeded import seeded

from hw3.studies.claim_words import NOTHING_SEEN, judged
from hw3.studies.regularization.claims import claims
from hw3.studies.verdicts import verdict


def by_part(results):
    return {claim.part: claim for claim in claims(results)}


def test_everything_as_the_document_says_it_holds():
    """But for what cannot hold: bags share no weights, and running statistics know nothing of the test batch."""
    found = by_part(as_document_says())
    assert list(found) == sorted(found), "in the order of the document"
    expected = dict.fromkeys(found, "held")
    expected |= {"1 (2) 4": "did not hold", "1 (4)": "held under conditions"}
    expected |= dict.fromkeys(("1 (5) 1", "1 (5) 4"), "held under conditions")
    assert {part: verdict(claim) for part, claim in found.items()} == expected


def faster_plain(results):
    norms = results.gradients.plain._replace(growth=seeded(1.3, 1.3))
    trained = results.gradients.trained_plain._replace(norms=norms)
    return changed(results, "gradients", plain=norms, trained_plain=trained)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("1 (1) 1", lambda r: changed(r, "dropout", epochs=seeded(9, 3))),
        ("1 (1) 2", lambda r: changed(r, "dropout", memorised=seeded(0.2, 0.9))),
        ("1 (1) 3", lambda r: changed(r, "dropout", sparsity=seeded(0.7, 0.4))),
        ("1 (2) 1", lambda r: changed(r, "dropout", co_adaptation=seeded(0.1, 0.3))),
        ("1 (2) 2", lambda r: changed(r, "dropout", train_accuracy=seeded(0.8, 0.99))),
        ("1 (3) 2", lambda r: changed(r, "batch_sizes", plain=seeded(0.2, 0.89))),
        ("1 (3) 1", faster_plain),
        ("1 (3) 3", lambda r: changed(r, "step_times", plain=(1.3, 1.4, 1.35))),
        (
            "1 (5) 3",
            lambda r: r._replace(variance_shift=(r.variance_shift[0]._replace(accuracy=seeded(0.9, 0.9, 0.8, 0.7)),)),
        ),
    ],
)
def test_the_opposite_of_a_claim_did_not_hold(part, change):
    claim = by_part(change(as_document_says()))[part]
    assert verdict(claim) == "did not hold"
    assert "did not hold: the opposite was seen with" in judged(claim)


def test_an_effect_within_the_spread_is_not_called_the_opposite():
    results = changed(as_document_says(), "dropout", sparsity=seeded(0.5, 0.5, spread=0.2))
    assert judged(by_part(results)["1 (1) 3"]) == f"did not hold: {NOTHING_SEEN}"


def test_what_was_not_run_makes_no_claim():
    results = as_document_says()._replace(dropout=None, bagging=None, batch_sizes=None, variance_shift=None)
    assert [claim.part for claim in claims(results)] == ["1 (3) 1", "1 (3) 3"]
