"""The page: self-contained, escaped, complete, in one order for every reader."""

import base64
import html
import io
import re
import urllib.parse

import numpy as np
import pytest
from markupsafe import Markup
from PIL import Image

from hw3.report import page as pages
from hw3.report.page import Answer, Document, Figure, Page, Published, Section, See, Table


def png(pixels):
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, format="PNG")
    return written.getvalue()


# A colour map of more colours than a palette has, and a plain one.
SHADES = np.stack(np.broadcast_arrays(np.arange(256)[:, None], np.arange(64)[None] * 4, 128), -1).astype(np.uint8)
PNG = {"a.png": png(SHADES), "b.png": png(np.zeros((4, 4, 3), np.uint8))}
ANSWER = Answer(
    "1 (1)",
    "Is 1 < 2? Say why.",
    "It is & it stays so.",
    "It has 2 reasons.",
    [Figure("a.png", "first"), Figure("b.png", "second")],
    [Table("numbers", ("x", "y"), [(1, "<b>")])],
    [
        Published("004", "0.5", "of 3 positions", pages.WRONG, "0.3333"),
        Published("001", "1", "", pages.CONVENTION),
        Published("002", "yes"),
    ],
    ["study"],
    Markup("<math><mi>W</mi></math>"),
)
WHOLE = Page("Title", "Summary.", [Section("Part", [ANSWER])], ["1 (1)", "9"], {"study": "python scripts/x.py"}, "End.")


@pytest.fixture
def page():
    return pages.render(WHOLE, PNG)


def test_nothing_is_loaded_from_elsewhere(page):
    assert page.count('src="data:image/png;base64,') == 2
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "@import" not in page
    assert not re.search(r"https?://", page)


def test_pictures_keep_their_colours_to_a_few_levels(page):
    shown = re.findall(r'src="data:image/png;base64,([^"]+)', page)[0]
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown))).convert("RGB")).astype(int)
    assert np.abs(picture - SHADES).max() <= 16


def test_text_is_escaped_and_everything_is_there(page):
    for text in (
        "Is 1 &lt; 2? Say why.",
        "It is &amp; it stays so.",
        "It has 2 reasons.",
        "&lt;b&gt;",
        "second",
        "<code>python scripts/x.py</code>",
        "<math><mi>W</mi></math>",
        "End.",
    ):
        assert text in page


def test_the_verdict_and_one_figure_are_seen_at_once_and_the_rest_is_folded(page):
    section = page[page.index('<section id="q-1-1">') :]
    shown = re.sub(r"<details>.*?</details>", "", section, flags=re.DOTALL)
    assert "It is &amp; it stays so." in shown
    assert 'alt="first"' in shown
    for folded in ("It has 2 reasons.", 'alt="second"', "numbers", "of 3 positions"):
        assert folded in section
        assert folded not in shown


def test_documents_stand_in_a_table_with_a_mark_and_our_value(page):
    assert "What the documents say: 1 right under a convention, 1 wrong" in page
    assert re.search(r'004</td><td>0.5</td><td><span class="mark wrong">✗ wrong</span> <span class="ours">0.3333', page)
    assert '<span class="mark convention">≈ right under a convention</span>' in page


def test_findings_at_the_top_link_to_their_answers(page):
    findings = page[page.index('id="findings"') : page.index('<section id="q-1-1">')]
    assert "It is &amp; it stays so." in findings
    assert 'href="#q-1-1"' in findings
    assert findings.count("<li>") == 1  # there is no answer 9


def with_documents(see=()):
    documents = [Document("004", "a report", {pages.RIGHT: 1200, "": 3, pages.WRONG: 1}), Document("002", "a task", {})]
    answer = ANSWER._replace(see=see)
    return pages.render(WHOLE._replace(sections=[Section("Part", [answer])], documents=documents), PNG)


def test_each_document_has_a_place_with_its_counts_and_links_to_what_is_wrong_in_it():
    page = with_documents()
    overview = page[page.index('<section id="documents">') : page.index('<section id="q-1-1">')]
    for mark, meaning in pages.MEANINGS.items():
        assert meaning in overview
        assert mark in overview
    whole, right = overview.split('<details id="document-004">')[1].split('<details id="document-002">')
    assert "004, a report: 1,204 numbers: 1,200 right, 3 undecided, 1 wrong</summary>" in whole
    [row] = re.findall(r'<li><a href="#([^"]+)">1 \(1\)</a> <span class="mark wrong">✗ wrong</span> 0.5', whole)
    assert f'<tr id="{row}"><td>004</td><td>0.5</td>' in page
    assert '0.5; <span class="ours">0.3333</span> (of 3 positions)</li>' in whole
    assert "Nothing in it is misprinted or wrong." in right
    assert 'id="documents"' not in pages.render(WHOLE, PNG)


def test_answers_lead_to_others_that_are_there():
    page = with_documents([See("1 (1)", "this one"), See("documents", "all of them"), See("9", "not there")])
    assert '<p class="see"><a href="#q-1-1">question 1 (1)</a>: this one</p>' in page
    assert '<p class="see"><a href="#documents">Document by document</a>: all of them</p>' in page
    assert "not there" not in page


def test_columns_of_text_wrap_and_numbers_do_not():
    table = Table("t", ("what", "why"), [("a", "because of something that is long"), ("b", 1.0)])
    page = pages.render(WHOLE._replace(sections=[Section("Part", [ANSWER._replace(tables=[table])])]), PNG)
    assert '<table class="w2">' in page
    css = page[: page.index("</style>")]
    assert "td { white-space: nowrap; }" in css
    assert re.search(r"\.w2 tr > :nth-child\(2\)[^}]*white-space: normal", css)


def test_links_lead_somewhere(page):
    targets = re.findall(r'href="#([^"]+)"', page)
    assert len(targets) >= 3
    assert all(f'id="{target}"' in page for target in targets)


def test_a_chart_stands_for_its_pixels():
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><text fill="#123">50% &amp; 1</text></svg>'
    page = pages.render(WHOLE, {**PNG, "b.svg": svg.encode()})
    assert page.count('src="data:image/png;base64,') == 1
    assert not re.search(r"https?://", page)
    # As large as the pixels that it stands for.
    [address] = re.findall(r'<img src="data:image/svg\+xml,([^"]*)" alt="second" width="4" height="4"', page)
    assert urllib.parse.unquote(html.unescape(address)) == svg.replace('"', "'")


def test_an_explorable_takes_the_figure_s_place_and_the_figure_is_for_those_without_script():
    explorable = Markup('<div id="patch"></div>')
    page = pages.render(WHOLE._replace(explorables={"1 (1)": explorable}, assets=Markup("<script>go()</script>")), PNG)
    assert explorable in page
    found = re.findall(r'<figure class="stands-in">\s*<div[^>]*><img[^>]*alt="first"', page)
    assert len(found) == page.count('alt="first"') == 1
    assert page.rstrip().endswith("<script>go()</script>\n</body>\n</html>")


def test_a_missing_figure_is_named(tmp_path):
    answer = Answer("1", "q", "a", "", [Figure("gone.png", "c")])
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        pages.render(Page("t", "s", [Section("p", [answer])]), tmp_path)
