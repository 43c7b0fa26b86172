"""The page: self-contained, escaped, complete, the same again; sentences made from numbers."""

import re

import pytest

from hw3 import report
from hw3.report import words
from hw3.report.page import Answer, Figure, Published, Section, Table

PNG = {"a.png": b"\x89PNG-a", "b.png": b"\x89PNG-b"}


@pytest.fixture
def page():
    answer = Answer(
        "1 (1)",
        "Is 1 < 2? Say why.",
        "It is & it stays so.",
        [Figure("a.png", "first"), Figure("b.png", "second")],
        [Table("numbers", ("x", "y"), [(1, "<b>")])],
        [Published("004", "0.5")],
        "python scripts/x.py",
    )
    return report.render("Title", "Summary.", [Section("Part", [answer])], PNG)


def test_nothing_is_loaded_from_elsewhere(page):
    assert page.count('src="data:image/png;base64,') == 2
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "<script" not in page
    assert "@import" not in page


def test_text_is_escaped_and_everything_is_there(page):
    for text in ("Is 1 &lt; 2? Say why.", "It is &amp; it stays so.", "&lt;b&gt;", "004", "second", "scripts/x.py"):
        assert text in page


def test_links_of_the_contents_lead_somewhere(page):
    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets
    assert all(f'id="{target}"' in page for target in targets)


def test_readable_on_a_phone_and_printable(page):
    assert '<meta name="viewport" content="width=device-width' in page
    assert "@media print" in page


def test_a_missing_figure_is_named(tmp_path):
    answer = Answer("1", "q", "a", [Figure("gone.png", "c")])
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        report.render("t", "s", [Section("p", [answer])], tmp_path)


@pytest.mark.parametrize(
    ("fraction", "digits", "text"),
    [(0.9953, 2, "99.53%"), (1.0, 1, "100.0%"), (0.99999, 2, "99.99%"), (0.97723, 3, "97.723%"), (0.0, 2, "0.00%")],
)
def test_percentages(fraction, digits, text):
    assert words.percent(fraction, digits) == text


def test_lists_and_places_in_words():
    assert words.enumerated([3]) == "3"
    assert words.enumerated([1, 2, 3]) == "1, 2 and 3"
    assert words.where(20, 25, 2, 6) == "the lower left of the image"
    assert words.where(12, 15, 12, 15) == "the middle of the image"
    assert words.where(0, 3, 12, 15) == "the upper middle of the image"
