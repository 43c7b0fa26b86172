"""The study of echo states: what it keeps for sliders is what it measures, its rules, tables, figures."""

import numpy as np
import pytest
from kept import assert_kept

from hw3.studies.long_sequences import echo_states
from hw3.studies.long_sequences.echo_states import Settings, claims, measure
from hw3.studies.long_sequences.echo_states.measure import FORGOTTEN

SETTINGS = Settings(hidden=8, reservoirs=3, steps=100, samples=300, radii=(0.5, 0.9, 3.0), capacity_radii=(0.5, 0.9))


@pytest.fixture(scope="module")
def results():
    return measure(SETTINGS)


def test_small_radii_forget_and_large_ones_do_not(results):
    assert [left.input_scale for left in results.left] == [0, 0.3, 1]
    for left in results.left:
        assert left.band.median[0] < FORGOTTEN
        assert (np.diff(left.band.median) >= 0).all()
        assert set(left.last_radii) <= set(SETTINGS.radii)
    assert results.left[0].band.median[2] > FORGOTTEN


def test_memory_keeps_to_the_bound_and_the_grid_agrees(results):
    for capacity in results.capacities:
        assert 0 < min(capacity.totals) <= max(capacity.totals) < SETTINGS.hidden
        place = results.memory.radii.index(capacity.radius)
        assert results.memory.totals[place] == np.median(capacity.totals)
        np.testing.assert_array_equal(results.memory.by_delay[place], capacity.by_delay.median)
    assert claims.best_memory(results) in results.capacities
    assert claims.longest_memory(results) == max(max(capacity.totals) for capacity in results.capacities)


def test_forgetting_is_summed_up_without_those_that_never_do(results):
    left = results.left[0]._replace(last_radii=(0.9, float("nan"), 0.5))
    assert claims.forgetting(left) == (0.5, pytest.approx(0.7), 0.9, 1)
    nothing = left._replace(last_radii=(float("nan"),) * 3)
    assert claims.forgetting(nothing) == (None, None, None, 3)
    table, _ = echo_states.tables(results._replace(left=(left, nothing)))
    assert table.rows == [["0", "0.5", "0.7", "0.9"], ["0", "never", "never", "never"]]


def test_figures_and_the_way_to_disk_and_back(results, tmp_path):
    assert set(echo_states.figures(results)) == {"forgetting.png", "capacity.png"}
    never = results.left[0]._replace(last_radii=(float("nan"),) * 3)
    assert_kept(echo_states, results._replace(left=(never, *results.left[1:])), tmp_path)


@pytest.mark.parametrize("wrong", [{"radii": (0.9, 0.5)}, {"radii": ()}, {"capacity_radii": (0.0,)}])
def test_bad_settings(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be positive"):
        measure(SETTINGS._replace(**wrong))
