"""What notebooks show: the numbers of the arrays, a cell to point at for each, nothing from elsewhere, bounded size."""

import itertools
import re

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from notebooks import made, networks, parsed, styles, text_of

from hw3.report import notebook

# What JupyterLab's filter lets pass where a notebook is not trusted; it keeps the text of all else.
TAGS = {"div", "span", "b", "code", "table", "thead", "tbody", "tr", "th", "td"}
PROPERTIES = {
    *("position", "left", "top", "display", "table-layout", "width", "height", "border", "overflow-x"),
    *("line-height", "font-size", "font-weight", "text-align", "white-space", "vertical-align"),
    *("background-color", "background-image", "color", "margin", "margin-top", "margin-right"),
}
NUMBER = r"(-?[\d.]+(?:e[+-]\d+)?|-?inf)"


def maps_in(result):
    """The cells of each map, row by row."""
    return [list(box.iter("span")) for box in parsed(result).iter("div") if box.get("role") == "img"]


def told(cell):
    """Position, probability of the label, highest probability and label that pointing at a cell tells."""
    place, numbers = cell.get("title").split(": ")
    found = re.fullmatch(rf"\w+ of (\d+) {NUMBER}, highest {NUMBER}, predicted (\d+)", numbers)
    return tuple(map(int, re.findall(r"\d+", place))), int(found[1]), float(found[2]), float(found[3]), int(found[4])


@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=2),
    st.integers(1, 3),
    st.sampled_from([None, 1, 2]),
    st.integers(1, 3),
    st.integers(0, 99),
)
@settings(max_examples=12)
def test_every_position_tells_its_numbers_in_all_three_maps(sizes, count, kept, stride, seed):
    result = made(sizes, count, kept=kept, stride=stride, seed=seed)
    maps = maps_in(result)
    assert len(maps) == 3 * count
    for number, cells in enumerate(maps):
        image = number // 3
        assert len(cells) == np.prod(sizes)
        for index, cell in zip(np.ndindex(*sizes), cells, strict=True):
            place, label, true, highest, predicted = told(cell)
            assert place == tuple(starts[i] for starts, i in zip(result.axes, index, strict=True))
            assert label == result.labels[image]
            assert true == pytest.approx(result.true_probability[image][index], rel=1e-5)
            assert highest == pytest.approx(result.highest_probability[image][index], rel=1e-5)
            assert predicted == result.predicted[image][index]


def test_colours_rise_with_the_numbers_and_labels_are_written_in_colours_of_their_own():
    result = made((9, 7), classes=10, seed=3)
    true, highest, labels = maps_in(result)
    for cells, values in ((true, result.true_probability[0]), (highest, result.highest_probability[0])):
        colours = [styles(cell)["background-color"] for cell in cells]
        assert colours[values.argmin()] == "#440154"  # viridis from end to end
        assert colours[values.argmax()] == "#fde725"
        rgb = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours])
        luminance = rgb @ [0.2126, 0.7152, 0.0722]
        assert np.all(np.diff(luminance[values.ravel().argsort()]) >= -0.5)
    assert [int(cell.text) for cell in labels] == result.predicted.ravel().tolist()
    found = {(cell.text, styles(cell)["background-color"]) for cell in labels}
    assert len(found) == len(np.unique(result.predicted)) == len({colour for _, colour in found})


def test_the_legend_counts_each_label_and_the_bar_says_its_range():
    result = made((8, 8), classes=3)
    text = text_of(result)
    for label, count in zip(*np.unique(result.predicted, return_counts=True), strict=True):
        assert f" {label}: {count}" in text
    for values in (result.true_probability, result.highest_probability):
        assert f"{values.max():.3g}" in text
        assert f"{values.min():.3g}" in text


def test_the_sentence_says_what_all_positions_come_to():
    result = made((5, 6), stride=2, seed=4)
    true, label = result.true_probability[0], result.labels[0]
    row, column = np.unravel_index(true.argmin(), true.shape)
    text = text_of(result)
    assert f"label {label}: probability {result.clean[0, label]:.6g} without a patch" in text
    assert f"lowest {true.min():.6g} at row {2 * row}, column {2 * column}" in text
    assert f"predicted {label} at {(result.predicted == label).sum()} of 30 positions" in text


def test_the_first_images_and_how_many_more_there_are():
    assert len(maps_in(made((3, 3), 9))) == 3 * notebook.IMAGES
    assert f"{9 - notebook.IMAGES} more images not shown" in text_of(made((3, 3), 9))
    assert "1 more image not shown" in text_of(made((3, 3), notebook.IMAGES + 1))
    assert "more" not in text_of(made((3, 3), notebook.IMAGES))


@pytest.mark.parametrize("sizes", [(24, 25), (300, 200), (20_000,), (5000, 3)])
def test_however_large_below_a_megabyte_and_thinned_in_so_many_words(sizes):
    result = made(sizes, 4, classes=12, kept=2, stride=3)
    html = result._repr_html_()
    assert len(html.encode()) < 1_000_000
    steps = notebook.thinning(sizes)
    cells = maps_in(result)[0]
    assert len(cells) == np.prod([-(-size // step) for size, step in zip(sizes, steps, strict=True)])
    shown = [starts[::step] for starts, step in zip(result.axes, steps, strict=True)]
    assert [told(cell)[0] for cell in cells] == list(itertools.product(*shown))
    name = "sample" if len(sizes) == 1 else "row"
    assert (f"one {name} in {steps[0]}" in html) == (steps[0] > 1)
    assert ("The maps show" in html) == (max(steps) > 1)


def test_volumes_get_a_table_of_the_positions_that_harm_most():
    result = made((4, 3, 5), 2)
    tables = list(parsed(result).iter("table"))
    assert len(tables) == 2
    assert not maps_in(result)
    for image, table in enumerate(tables):
        true = result.true_probability[image]
        lines = [[float(cell.text) for cell in line] for line in table.find("tbody")]
        assert len(lines) == notebook.ROWS
        np.testing.assert_allclose([line[3] for line in lines], np.sort(true, axis=None)[: len(lines)], rtol=1e-5)
        for *place, lowest, highest, predicted in lines:
            at = tuple(map(int, place))
            assert true[at] == pytest.approx(lowest, rel=1e-5)
            assert result.highest_probability[image][at] == pytest.approx(highest, rel=1e-5)
            assert result.predicted[image][at] == predicted


def test_scores_are_not_called_probabilities():
    assert "probability" not in made((3, 3), logits=True)._repr_html_().lower()
    assert "score" not in made((3, 3))._repr_html_()


def test_scores_without_end_are_told_and_drawn():
    result = made((3, 3), logits=True)
    result.probabilities[0, 1, 1] = [-np.inf, -np.inf, np.inf, -np.inf]
    cells = maps_in(result)[0]
    assert told(cells[4])[3] == np.inf
    assert all(re.fullmatch("#[0-9a-f]{6}", styles(cell)["background-color"]) for cell in cells)


def test_maps_need_nothing_that_a_filter_of_untrusted_notebooks_takes_out():
    for sizes in ((6, 7), (9,), (3, 3, 3), (100, 100)):
        for element in parsed(made(sizes, 5, classes=11)).iter():
            assert element.tag in TAGS
            assert set(styles(element)) <= PROPERTIES


def test_nothing_comes_from_elsewhere():
    for result in (made((6, 7), 5), *networks()):
        html = result._repr_html_()
        assert not re.search(
            r"https?:|//|url\(|@import|<(script|link|img|iframe|object|embed)|\b(src|href|on\w+)=", html
        )


def test_plain_text_where_the_fields_are_no_arrays():
    assert jax.tree.map(np.shape, made((3, 3)))._repr_html_() is None
    for result in networks():
        assert jax.tree.map(np.shape, result)._repr_html_() is None
        assert jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), result)._repr_html_() is None


def test_in_a_browser_every_cell_is_hit_and_text_has_the_notebooks_colour(browser, tmp_path):
    result = made((21, 21), 2)
    page = tmp_path / "page.html"
    html = result._repr_html_() + made((100,))._repr_html_() + "".join(each._repr_html_() for each in networks())
    page.write_text(f"<!doctype html><meta charset=utf-8><body style='background:#111;color:#ccc'>{html}")
    browser.width(400)
    browser.open(page)
    missed, colours = browser.run(
        """
        let missed = 0;
        const colours = new Set();
        for (const cell of document.querySelectorAll("[role=img] span")) {
          if (cell.getBoundingClientRect().top > 800 || cell.getBoundingClientRect().top < 0) cell.scrollIntoView();
          const { left, top, width, height } = cell.getBoundingClientRect();
          missed += document.elementFromPoint(left + width / 2, top + height / 2) !== cell || width < 3 || height < 3;
        }
        for (const text of document.querySelectorAll("div, td, th, math")) colours.add(getComputedStyle(text).color);
        return [missed, [...colours]];
        """
    )
    assert missed == 0
    assert colours == ["rgb(204, 204, 204)"]
    assert browser.overflow() <= 0
    assert browser.requests() == [page.as_uri()]
    assert browser.errors() == []
