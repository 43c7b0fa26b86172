"""Colours of labels, and maps of them."""

import itertools

import numpy as np
import pytest

from hw3.report import style


def test_digits_keep_their_colours_and_others_get_different_ones():
    digits = style.label_colours([0, 3, 6, 9], true=6)
    assert [digits[0], digits[3], digits[9]] == [style.LABEL_COLOURS[label] for label in (0, 3, 9)]
    assert digits[6] == style.TRUE_COLOUR
    many = style.label_colours([7, 17, 207, 907], true=17)
    assert all(many[a] != many[b] for a, b in itertools.combinations(many, 2))


@pytest.mark.parametrize(("side", "written"), [(4, 16), (style.WRITTEN_CELLS + 1, 0)])
def test_labels_stand_in_the_cells_of_maps_that_are_not_too_fine(side, written):
    labels = np.full((side, side), 2)
    labels[0, 1] = 5
    ax = style.new_figure(3, 3).subplots()
    style.show_label_map(ax, labels, 2, np.arange(side), np.arange(side), texts={2: "two", 5: "five"})
    assert len(ax.texts) == written
    assert [text.get_position() for text in ax.texts if text.get_text() == "five"] == [(1, 0)] * bool(written)
