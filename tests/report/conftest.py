"""One browser for all tests of pages, and a page of explorables to open in it."""

import itertools

import browser as browsers
import explore_page
import numpy as np
import pytest

from hw3 import occlusion


@pytest.fixture(scope="session")
def example(once, mnist):
    """A page on disk, its digits, 100 other test images and JAX's probabilities: of those and of 441 covered digits."""

    def make(folder):
        model, params = explore_page.ridge_network(mnist)
        digits = explore_page.digits_of(mnist, 20)
        data = explore_page.data_of(digits, model)
        html = explore_page.page(explore_page.network_data(model, params), digits, data)
        (folder / "page.html").write_text(html, encoding="utf-8")
        others = mnist.test_images[500:600, ..., 0]
        six = digits.images[data["patch"].digit]
        places = list(itertools.product(range(21), range(21)))
        covered = np.stack([occlusion.occluded(six[..., None], *place, (8, 8))[..., 0] for place in places])
        known = explore_page.probabilities(model, params, np.concatenate([others, covered]))
        return {
            "page": folder / "page.html",
            "six": six,
            "others": others,
            "known": known[:100],
            "covered": known[100:],
        }

    return once("explore", make)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    started = browsers.started(tmp_path_factory.mktemp("browser"))
    yield started
    started.driver.quit()


@pytest.fixture
def page(browser, example):
    """The page, freshly opened and complete; afterwards nothing may have gone wrong or left it."""
    browser.width(1000)
    browser.media()
    browser.open(example["page"])
    browser.wait("document.querySelectorAll('[data-ready]').length === 6")
    yield browser
    assert browser.errors() == []
    assert [url for url in browser.requests() if not url.startswith(("file:", "blob:", "data:"))] == []
