"""In a browser: pages of explorables on every screen, for everybody, in print, and where something is missing."""

import explore_page
import pytest
from explorables import POSITIONS, part, parts, says, swept

from hw3.report import explore
from hw3.studies import given


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_nothing_is_wider_than_the_window(page, width):
    page.width(width)
    for summary in page.driver.find_elements("css selector", "summary"):
        page.driver.execute_script("arguments[0].parentElement.open = true", summary)
    says(page, "patch")
    assert page.overflow() <= 0


@pytest.mark.parametrize(
    ("theme", "rules"), [("light", ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]), ("dark", ["cat.color"])]
)
def test_accessible(page, theme, rules):
    page.media(theme=theme)
    for summary in page.driver.find_elements("css selector", "summary"):
        page.driver.execute_script("arguments[0].parentElement.open = true", summary)
    assert page.violations(rules) == []


def test_the_static_picture_without_javascript_and_in_print(browser, example):
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.open(example["page"])
    shown = [element.text for element in browser.driver.find_elements("css selector", ".static")]
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert shown == [explore_page.STATIC] * 6
    browser.open(example["page"])
    browser.wait("document.querySelectorAll('[data-ready]').length === 6")
    visible = [element.is_displayed() for element in browser.driver.find_elements("css selector", ".static, .ex-stage")]
    browser.media("print")
    printed = [element.is_displayed() for element in browser.driver.find_elements("css selector", ".static, .ex-stage")]
    browser.media()
    assert printed == [not shown for shown in visible]


def test_an_explorable_that_fails_leaves_the_picture(browser, example, tmp_path):
    text = example["page"].read_text(encoding="utf-8")
    assert text.count('"finds":') == 1
    (tmp_path / "broken.html").write_text(text.replace('"finds":', '"lost":'), encoding="utf-8")
    browser.open(tmp_path / "broken.html")
    browser.wait("document.querySelectorAll('[data-ready]').length === 5")
    assert part(browser, "piece", ".static").is_displayed()
    assert not parts(browser, "piece", ".ex-stage")
    assert not parts(browser, "piece", ".ex-task")
    assert [message for message in browser.errors() if "the explorable piece failed" not in message] == []


def test_without_workers_the_page_sweeps_by_itself(browser, example, tmp_path):
    text = example["page"].read_text(encoding="utf-8")
    assert "worker-src blob:" in text
    (tmp_path / "alone.html").write_text(text.replace("worker-src blob:", "worker-src 'none'"), encoding="utf-8")
    browser.open(tmp_path / "alone.html")
    browser.wait("document.querySelectorAll('[data-ready]').length === 6")
    swept(browser, POSITIONS)
    assert all("Content Security Policy" in message for message in browser.errors())


def test_a_page_without_the_network_takes_the_others(browser, example, tmp_path):
    data = explore.UnrollData(given.RNN_PARAMS, given.SEQUENCE, given.LOSS, 0.002, 1e-4)
    html = explore_page.page(None, None, {"unroll": data})
    assert 'type="application/json" data-shared' not in html
    (tmp_path / "small.html").write_text(html, encoding="utf-8")
    browser.open(tmp_path / "small.html")
    browser.wait("document.querySelectorAll('[data-ready]').length === 1")
    assert browser.errors() == []
