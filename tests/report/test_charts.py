"""Charts as SVG: the same lines and texts as matplotlib's, smaller, and the same each time."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from hw3.report import charts

NAME = f"{{{charts.SVG}}}"


def drawn(points=7, text="50% of dL/db's <share>"):
    figure = Figure(figsize=(4, 3))
    axes = figure.subplots()
    axes.plot(np.linspace(0, 1, points), np.linspace(0, 1, points) ** 2, "o--", label=text)
    axes.bar([0.2, 0.8], [0.5, 0.25], hatch="//")
    axes.legend()
    axes.set_title(text)
    return figure


def numbers(path):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", path)]


def test_lines_keep_their_points_and_texts_are_text():
    figure = drawn()
    root = ElementTree.fromstring(charts.chart(figure))
    assert sorted(t.text for t in root.iter(f"{NAME}text") if "share" in (t.text or "")) == [
        "50% of dL/db's <share>",
        "50% of dL/db's <share>",
    ]
    axes = figure.axes[0]
    known = axes.transData.transform(axes.lines[0].get_xydata()) * 72 / figure.dpi
    known[:, 1] = figure.get_figheight() * 72 - known[:, 1]  # counted from the top
    paths = [numbers(path.get("d")) for path in root.iter(f"{NAME}path")]
    [line] = [np.reshape(path, (-1, 2)) for path in paths if len(path) == 14]
    np.testing.assert_allclose(line, known, atol=0.06)


def test_everything_that_is_referred_to_is_there():
    text = charts.chart(drawn())
    root = ElementTree.fromstring(text)
    named = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(named) == len(set(named))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', text)) == set(named)
    styles = set(re.findall(r"\.(c\d+)\{", root.find(f"{NAME}style").text))
    assert styles == {element.get("class") for element in root.iter() if element.get("class")}


def test_the_same_figure_gives_the_same_text():
    assert charts.chart(drawn()) == charts.chart(drawn())
    assert charts.chart(drawn()) != charts.chart(drawn(points=8))


def test_pictures_are_left_to_pixels():
    for draw in ("imshow", "pcolormesh"):
        figure = Figure()
        getattr(figure.subplots(), draw)(np.eye(3))
        assert charts.chart(figure) is None


@pytest.mark.parametrize("text", ['<a b="c">#%</a>', "<a>//&amp;</a>"])
def test_an_address_can_stand_in_an_attribute(text):
    assert not {'"', "#"} & set(charts.address(text))
    assert "//" not in charts.address(text)
