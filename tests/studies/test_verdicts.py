"""One rule for every claim: the confidence interval against its definition, the verdicts, what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hw3.studies import verdicts
from hw3.studies.verdicts import Claim, Effect, effect

UP, DOWN, NOTHING = Effect(2.0, 1.0), Effect(-2.0, 1.0), Effect(0.5, 1.0)


def claim(*effects):
    return Claim("1 (1)", "it grows", "growth", "%", {f"case {i}": found for i, found in enumerate(effects)})


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=9), st.floats(-50, 50))
def test_an_effect_is_the_interval_of_students_t(values, shift):
    values = np.array(values) + np.linspace(0, 1, len(values))  # never all the same
    found = effect(values, np.full(len(values), shift))
    low, high = stats.t.interval(0.95, len(values) - 1, (values - shift).mean(), stats.sem(values - shift))
    np.testing.assert_allclose([found.mean - found.half_width, found.mean + found.half_width], [low, high], atol=1e-9)
    assert found.holds == (low > 0)
    assert found.opposite == (high < 0)


def test_what_is_compared_is_compared_in_pairs():
    base = np.array([0.0, 50.0, 100.0])
    assert effect(base + np.array([1.0, 1.1, 0.9]), base).holds, "the spread of the seeds themselves must not count"
    assert not effect([1.0, 50.0, 100.0]).holds


@pytest.mark.parametrize(
    ("effects", "verdict"),
    [
        ([UP, UP], "held"),
        ([UP, NOTHING], "held under conditions"),
        ([UP, DOWN], "held under conditions"),
        ([NOTHING, DOWN], "did not hold"),
        ([verdicts.exact(0.0)], "did not hold"),
        ([verdicts.exact(1.0)], "held"),
    ],
)
def test_verdicts(effects, verdict):
    assert verdicts.verdict(claim(*effects)) == verdict


@pytest.mark.parametrize("values", [[1.0], [[1.0, 2.0]], 3.0])
def test_one_seed_has_no_spread(values):
    with pytest.raises(ValueError, match="at least two seeds"):
        effect(values)


def test_values_must_be_finite():
    with pytest.raises(ValueError, match="finite"):
        effect([1.0, np.nan])
