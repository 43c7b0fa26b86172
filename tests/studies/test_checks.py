"""What several studies ask of their settings."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hw3.studies import checks


@example([3, 3], 1)
@given(st.lists(st.integers(-5, 15), max_size=5), st.integers(1, 3))
def test_lists_must_ascend_within_bounds(values, at_least):
    good = values == sorted(set(values)) and all(0 <= value <= 10 for value in values) and len(values) >= at_least
    if good:
        checks.ascending("depths", values, 0, 10, at_least)
    else:
        with pytest.raises(
            ValueError, match=f"^depths={re.escape(','.join(map(str, values)))}: must be .*ascending whole"
        ):
            checks.ascending("depths", values, 0, 10, at_least)


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match=r"^rates=nan,1: must be at least two ascending numbers in 0.0..1.0$"):
        checks.ascending("rates", (float("nan"), 1.0), 0.0, 1.0, at_least=2)
