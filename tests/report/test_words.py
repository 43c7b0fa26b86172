"""Numbers and places in words."""

import pytest

from hw3.report import words


@pytest.mark.parametrize(
    ("fraction", "digits", "text"),
    [(0.9953, 2, "99.53%"), (1.0, 1, "100.0%"), (0.99999, 2, "99.99%"), (0.97723, 3, "97.723%"), (0.0, 2, "0.00%")],
)
def test_percentages(fraction, digits, text):
    assert words.percent(fraction, digits) == text


def test_lists_and_places():
    assert words.enumerated([3]) == "3"
    assert words.enumerated([1, 2, 3]) == "1, 2 and 3"
    assert words.where(20, 25, 2, 6) == "the lower left of the image"
    assert words.where(12, 15, 12, 15) == "the middle of the image"
    assert words.where(0, 3, 12, 15) == "the upper middle of the image"
