"""Colours and numbers of maps."""

import numpy as np
import pytest

from hw3.report import heatmap, style


def test_a_map_of_one_number_has_one_colour():
    assert len(set(heatmap.graded(np.full((3, 2), 0.25)).ravel())) == 1
    assert heatmap.scale(np.full(3, -np.inf)) == (0, 0)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.0, 1.0, ["1", "0", "0.5"]), (0.99995, 0.99997, ["0.99997", "0.99995", "0.99996"])],
)
def test_the_bars_numbers_have_the_digits_that_tell_them_apart(low, high, said):
    values = np.full((20, 20), low)
    values[0, 0] = high
    starts, names = [np.arange(20)] * 2, ("row", "column")
    html = heatmap.figure("Map", heatmap.graded(values), values.astype(str), starts, names, heatmap.scale(values))
    assert all(f">{number}</div>" in html for number in said)


def test_labels_that_do_not_fit_are_not_written():
    starts, names = [np.arange(21)] * 2, ("row", "column")
    for label, fits in ((7, True), (77, True), (777, False)):
        labels = np.full((21, 21), label)
        colours = heatmap.discrete(labels, {label: style.BLUE})
        html = heatmap.figure("Map", colours, np.full((21, 21), ""), starts, names, texts=labels)
        assert (f">{label}</span>" in html) == fits
        assert f"{label}: 441" in heatmap.legend(labels, {label: style.BLUE})
