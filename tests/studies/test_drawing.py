"""Lines of means with the intervals of `verdicts.effect`."""

import numpy as np
from matplotlib.figure import Figure

from hw3.report.style import BLUE
from hw3.studies import drawing, verdicts


def test_a_line_is_the_means_with_their_intervals():
    values = np.random.default_rng(0).uniform(size=(4, 3))
    ax = Figure().subplots()
    drawing.line(ax, [1, 2, 4], values, BLUE, "name", scale=100)
    (container,) = ax.containers
    points, _, (bars,) = container
    np.testing.assert_allclose(points.get_ydata(), 100 * values.mean(0))
    for segment, column in zip(bars.get_segments(), values.T, strict=True):
        found = verdicts.effect(100 * column)
        np.testing.assert_allclose(segment[:, 1], [found.mean - found.half_width, found.mean + found.half_width])


def test_every_value_is_marked_on_a_binary_axis():
    ax = Figure().subplots()
    drawing.log2_axis(ax, [2, 16, 128])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2", "16", "128"]
