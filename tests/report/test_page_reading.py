"""In a browser: links into folds, figures that give way to explorables, phones, print, and readers with other means."""

import io

import pytest
from markupsafe import Markup
from PIL import Image

from hw3.report import page as pages
from hw3.report.page import Answer, Document, Figure, Page, Published, Section, See, Table

CHART = b'<svg xmlns="http://www.w3.org/2000/svg" width="576pt" height="144pt"><text y="20">50% of it</text></svg>'
WIDE = Table("numbers in many columns", [f"column {n}" for n in range(30)], [[0.123456] * 30, ["long " * 9] * 30])
ANSWER = Answer(
    "1 (1)",
    "Is it so? Say why.",
    "It is so.",
    "It has 2 reasons.",
    [Figure("a.png", "first"), Figure("b.png", "second")],
    [WIDE],
    [Published("004", "0.5", "of 3 positions", pages.WRONG, "0.3333"), Published("001", "1", "", pages.CONVENTION)],
    ["study"],
)


@pytest.fixture
def reader(browser, tmp_path):
    """The page as a file, opened by a function of what comes behind its name; nothing may go wrong."""
    second = ANSWER._replace(number="1 (2)", see=[See("1 (1)", "the one before")])
    whole = Page(
        "Title",
        "Summary.",
        [Section("Part", [ANSWER, second])],
        ["1 (1)"],
        {"study": "python scripts/x.py"},
        explorables={"1 (2)": Markup('<div class="explorable">play</div>')},
        documents=[Document("004", "a report", {pages.WRONG: 1})],
    )
    pixels = io.BytesIO()
    Image.new("RGB", (1200, 300), "gray").save(pixels, format="PNG")
    files = {"a.png": pixels.getvalue(), "b.png": pixels.getvalue(), "b.svg": CHART}
    (tmp_path / "page.html").write_text(pages.render(whole, files), encoding="utf-8")

    def opened(fragment=""):
        browser.media()
        browser.open(tmp_path / "empty.html")
        browser.driver.get(f"{(tmp_path / 'page.html').as_uri()}{fragment}")
        return browser

    (tmp_path / "empty.html").write_text('<!DOCTYPE html><link rel="icon" href="data:,">')
    browser.width(1000)
    browser.errors()
    yield opened
    browser.media()
    assert browser.errors() == []
    assert [url for url in browser.requests() if not url.startswith(("file:", "data:"))] == []


def seen(browser, css):
    return [element.is_displayed() for element in browser.driver.find_elements("css selector", css)]


@pytest.mark.parametrize("place", ["document-004", "q-1-1-says-0"])
def test_a_link_opens_the_fold_that_it_leads_into(reader, place):
    inside = f"#{place} li" if place.startswith("document") else f"#{place}"
    assert not any(seen(reader(), inside))
    assert all(seen(reader(f"#{place}"), inside))


def test_from_the_top_to_the_verdict_on_a_wrong_number_in_two_clicks(reader):
    browser = reader()
    browser.driver.find_element("css selector", "header a").click()
    browser.wait("document.querySelector('#document-004').open")
    browser.driver.find_element("css selector", "#document-004 li a").click()
    browser.wait("document.querySelector('#q-1-1 details:last-of-type').open")
    assert "0.3333" in browser.driver.find_element("css selector", "tr:target").text


def test_a_figure_that_an_explorable_stands_for_is_among_the_folded_ones(reader):
    browser = reader()
    assert browser.run("return document.querySelector('.stands-in').closest('details') !== null")
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    alone = seen(reader(), ".stands-in")
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert alone == [True]


def test_a_chart_is_drawn(reader):
    browser = reader()
    browser.run("for (const fold of document.querySelectorAll('details')) fold.open = true;")
    browser.wait("[...document.images].every((image) => image.complete || !(image.loading = 'eager'))")
    assert browser.run("return [...document.images].every((image) => image.naturalWidth > 60)")


def test_nothing_moves_when_a_figure_is_drawn(reader):
    sizes = "return [...document.images].map((image) => image.getBoundingClientRect().height).filter((it) => it)"
    browser = reader()
    browser.run("document.querySelectorAll('img').forEach((image) => image.removeAttribute('src'));")
    before = browser.run(sizes)
    assert before == reader().run(sizes)
    assert before[0] > 100


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_nothing_is_wider_than_the_window(reader, width):
    browser = reader()
    browser.width(width)
    browser.run("for (const fold of document.querySelectorAll('details')) fold.open = true;")
    assert browser.overflow() <= 0
    assert browser.run("return [...document.querySelectorAll('.scroll')].some((it) => it.scrollWidth > it.clientWidth)")


def test_print_has_the_figure_and_not_the_explorable(reader):
    browser = reader()
    browser.run("dispatchEvent(new Event('beforeprint'));")
    browser.media("print")
    assert seen(browser, ".stands-in") == [True]
    assert seen(browser, ".explorable") == [False]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(reader, theme):
    browser = reader()
    browser.media(theme=theme)
    browser.run("for (const fold of document.querySelectorAll('details')) fold.open = true;")
    assert browser.violations(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]) == []
