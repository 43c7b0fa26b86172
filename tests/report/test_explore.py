"""The explorables: data as they were given; in a browser, JAX's numbers, and everything at work by mouse and keys."""

import base64
import itertools
import pathlib
import re

import browser as browsers
import explore_page
import jax
import numpy as np
import pytest
from markupsafe import Markup

from hw3 import occlusion
from hw3.recurrent import gradients, lstm, rnn
from hw3.recurrent.lstm import Affine, Gates, LSTMParams
from hw3.recurrent.rnn import Loss, RNNParams
from hw3.report import explore

FOLDER = pathlib.Path(explore.__file__).parent / "explore"
POSITIONS = 21 * 21

# ------------------------------------------------------------------------------------------- without a browser


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_arrays_travel_as_they_are(dtype):
    array = (100 * np.random.default_rng(0).normal(size=(3, 2))).astype(dtype)
    given = explore.packed({"a": [array.astype(array.dtype.newbyteorder(">"))]})["a"][0]
    assert given["shape"] == [3, 2]
    read = np.frombuffer(base64.b64decode(given["base64"]), np.dtype(dtype).newbyteorder("<"))
    np.testing.assert_array_equal(read.reshape(3, 2), array)


@pytest.mark.parametrize("array", [np.array([1.0, np.nan]), np.array([1], np.int64), np.array(["a"])])
def test_arrays_that_a_page_cannot_take(array):
    with pytest.raises(ValueError, match="an array"):
        explore.packed([array])


def test_wrong_names_and_data():
    with pytest.raises(ValueError, match="no explorable 'pitch'; there are patch, piece"):
        explore.explorable("pitch", explore.PatchData(0))
    with pytest.raises(TypeError, match="'piece' takes PieceData, not PatchData"):
        explore.explorable("piece", explore.PatchData(0))


def test_text_is_escaped_and_markup_is_not():
    data = explore.PatchData("</script><b>")
    assert "</script><b>" not in explore.explorable("patch", data)
    assert "&lt;b&gt;" in explore.explorable("patch", data, "<b>")
    assert '<div class="static"><b></div>' in explore.explorable("patch", data, Markup("<b>"))


def test_every_module_is_listed_after_those_it_imports():
    assert {file.stem for file in FOLDER.glob("*.js")} == {*explore.MODULES, "loader"}
    for position, name in enumerate(explore.MODULES):
        imported = re.findall(r'from "([^"]*)"', (FOLDER / f"{name}.js").read_text())
        assert set(imported) <= {f"./{earlier}.js" for earlier in explore.MODULES[:position]}, name


def test_the_programs_stay_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 130_000


# ----------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
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


IMPORTS = """
    const load = (name) => import(document.querySelector(`script[data-module=${name}]`).dataset.url);
    const [data, net, rnn, lstm] = await Promise.all(["data", "network", "rnn", "lstm"].map(load));
    const shared = (name) => data.unpack(JSON.parse(document.querySelector(`script[data-shared=${name}]`).textContent));
"""


def parts(page, name, selector):
    return page.driver.find_elements("css selector", f"[data-explorable={name}] {selector}")


def part(page, name, selector):
    return parts(page, name, selector)[0]


def pressed(page, name, text):
    """Presses the button of an explorable with this text."""
    for button in parts(page, name, "button"):
        if text in button.text:
            page.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", button)
            button.click()
            return
    raise AssertionError(f"no button {text!r} in {name}")


def slider(page, name, label):
    return page.driver.find_element(
        "xpath", f"//*[@data-explorable='{name}']//label[span[text()='{label}']]/input[@type='range']"
    )


def set_slider(page, element, value):
    page.driver.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))", element, value
    )


def says(page, name, index=0):
    page.run("await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);")
    return parts(page, name, ".ex-says")[index].text


def pointer(page, element, *steps, hover=False):
    """Presses at the first (right, down) fraction of an element, drags over the others; or only passes."""
    from selenium.webdriver import ActionChains

    page.driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", element)
    width, height = element.size["width"], element.size["height"]
    actions = ActionChains(page.driver, duration=20)
    for index, (right, down) in enumerate(steps):
        actions.move_to_element_with_offset(element, (right - 0.5) * width, (down - 0.5) * height)
        if index == 0 and not hover:
            actions.click_and_hold()
    (actions if hover else actions.release()).perform()


def swept(page, positions):
    """Scrolls to the maps and waits until they are complete."""
    page.driver.execute_script("arguments[0].scrollIntoView()", part(page, "patch", ".ex-map"))
    page.wait(f"document.querySelector('[data-explorable=patch] .ex-note').dataset.done === '{positions}'")


def place_of_patch(page):
    return tuple(
        int(slider(page, "patch", label).get_attribute("value")) for label in ("its top row", "its left column")
    )


def bars(page, name="patch"):
    """The probabilities as the page writes them."""
    says(page, name)
    return [element.text for element in parts(page, name, ".ex-value")]


def written(probabilities):
    return ["<0.1%" if p < 0.001 else ">99.9%" if p > 0.999 else f"{100 * p:.1f}%" for p in probabilities]


def near(shown, known):
    """Whether percentages are the written form of JAX's probabilities, but for the last digit's rounding."""
    return all(
        a == b or abs(float(a.strip("<>%")) - float(b.strip("<>%"))) < 0.11 for a, b in zip(shown, known, strict=True)
    )


def test_the_network_of_the_page_is_the_network(page, example):
    found = page.run(
        IMPORTS
        + """
        const network = net.prepare(shared("network"));
        const pixels = (image) => Float64Array.from(image.flat(), (value) => value / 255);
        const known = net.forward(network, pixels(given[1]));
        return {
            clean: given[0].map((image) => [...net.forward(network, pixels(image)).probabilities]),
            covered: given[2].map(([row, col]) =>
                [...net.withPatch(network, known, { row, col, height: 8, width: 8 }, 0).probabilities]),
        };""",
        example["others"].tolist(),
        example["six"].tolist(),
        [divmod(position, 21) for position in range(0, POSITIONS, 22)],
    )
    assert example["known"].max(axis=1).mean() > 0.5  # or equality would show little
    np.testing.assert_allclose(found["clean"], example["known"], atol=1e-5)
    np.testing.assert_allclose(found["covered"], example["covered"][::22], atol=1e-5)


LOSSES = [Loss(*variant) for variant in itertools.product((0, 1), (0, 1), (False, True))]
SIZES = [(3, 1, 2, 8), (1, 4, 3, 1)]  # hidden, inputs, outputs, steps
unroll_rnn = jax.jit(rnn.unroll)  # the loss is an argument: one program for all its variants
unroll_lstm = jax.jit(lstm.unroll, static_argnames="tanh_candidate")


def cases_of(params_of, sizes=SIZES):
    """Random parameters, sequences, losses of every variant and two starting states of every size."""
    for index, (loss, (n, d, m, steps)) in enumerate(itertools.product(LOSSES, sizes)):
        draw = np.random.default_rng(index).normal
        yield params_of(draw, n, d, m), draw(size=(steps, d)), loss, draw(size=(2, n))


def rnn_params(draw, n, d, m):
    return RNNParams(draw(size=n), draw(size=m), draw(size=(n, n)), draw(size=(n, d)), draw(size=(m, n)))


def lstm_params(draw, n, d, m):
    gates = Gates(*(Affine(draw(size=n), draw(size=(n, d)), draw(size=(n, n))) for _ in Gates._fields))
    return LSTMParams(gates, draw(size=m), draw(size=(m, n)))


def plain(tree):
    """NamedTuples as dicts and arrays as lists, for JavaScript."""
    if hasattr(tree, "_asdict"):
        return {name: plain(value) for name, value in tree._asdict().items()}
    return tree if isinstance(tree, bool | int) else np.asarray(tree).tolist()


def compare(found, known, where=""):
    """Every number of `known`, a NamedTuple, against that of the same name."""
    for name, value in known._asdict().items():
        if hasattr(value, "_asdict"):
            compare(found[name], value, f"{where}{name}.")
        elif name in found:
            np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12, err_msg=where + name)
        else:
            assert name in ("do_dh", "ds_dg", "ds_dk", "ds_ds", "dy_do"), name  # V, k, g, f again


def test_the_rnn_of_the_page_is_the_rnn(page):
    with jax.enable_x64(True):
        cases = list(cases_of(rnn_params))
        found = page.run(
            IMPORTS
            + """return given[0].map(([params, xs, loss, [h0]]) => ({
                unrolled: rnn.unroll(params, xs, loss, h0),
                differences: rnn.centralDifferences((p) => rnn.sequenceLoss(p, xs, loss, h0), params, 1e-4),
            }));""",
            [plain_case(case) for case in cases],
        )
        for (params, xs, loss, starts), result in zip(cases, found, strict=True):
            compare(result["unrolled"], unroll_rnn(params, xs, starts[0], loss))
        params, xs, loss, starts = cases[0]
        differences = jax.jit(
            lambda p: gradients.central_differences(lambda p: rnn.sequence_loss(p, xs, starts[0], loss), p, 1e-4)
        )
        known = differences(params)
        for name, value in known._asdict().items():
            np.testing.assert_allclose(found[0]["differences"][name], value, atol=1e-10)


def plain_case(case):
    return [plain(entry) for entry in case]


@pytest.mark.parametrize("tanh_candidate", [False, True])
def test_the_lstm_of_the_page_is_the_lstm(page, tanh_candidate):
    with jax.enable_x64(True):
        cases = list(cases_of(lstm_params, SIZES[:1] if tanh_candidate else SIZES))
        found = page.run(
            IMPORTS
            + """return given[0].map(([params, xs, loss, [h0, s0]]) =>
                lstm.unroll(params, xs, loss, { h0, s0, tanh_candidate: given[1] }));""",
            [plain_case(case) for case in cases],
            tanh_candidate,
        )
        for (params, xs, loss, (h0, s0)), result in zip(cases, found, strict=True):
            compare(result, unroll_lstm(params, xs, h0, s0, loss, tanh_candidate=tanh_candidate))


def test_dragging_a_patch_and_its_maps(page, example):
    picture = part(page, "patch", ".ex-main canvas")
    pointer(page, picture, (0.5, 0.5), (0.3, 0.6))
    row, col = place_of_patch(page)
    assert (row, col) == (round(0.6 * 28 - 4), round(0.3 * 28 - 4))
    assert near(bars(page), written(example["covered"][21 * row + col]))
    swept(page, POSITIONS)
    right = int((example["covered"].argmax(1) == 6).sum())
    assert f"At {right} of {POSITIONS} places" in part(page, "patch", ".ex-note").text

    labels = parts(page, "patch", ".ex-map canvas")[2]  # point into each map: the patch goes there
    pointer(page, labels, (0.5 / 21, 20.5 / 21), hover=True)
    assert place_of_patch(page) == (20, 0)
    pointer(page, parts(page, "patch", ".ex-map canvas")[0], (10.5 / 21, 8.5 / 21), hover=True)
    assert place_of_patch(page) == (8, 10)
    assert near(bars(page), written(example["covered"][21 * 8 + 10]))


def test_the_patch_by_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    before = place_of_patch(page)
    picture = part(page, "patch", ".ex-main canvas")
    picture.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    says(page, "patch")
    assert place_of_patch(page) == (before[0] + 2, before[1] + 1)
    slider(page, "patch", "its top row").send_keys(Keys.HOME)
    slider(page, "patch", "side of the patch").send_keys(Keys.END)
    says(page, "patch")
    assert place_of_patch(page) == (0, 0)
    slider(page, "patch", "its grey").send_keys(Keys.END)
    assert "row 0, column 0" in picture.accessible_name
    swept(page, 1)


def test_drawing_a_digit(page):
    from selenium.webdriver.common.keys import Keys

    pressed(page, "patch", "draws a digit")
    picture = part(page, "patch", ".ex-main canvas")
    ink = """
        const copy = new OffscreenCanvas(28, 28).getContext("2d", { willReadFrequently: true });
        copy.drawImage(arguments[0], 0, 0);
        return copy.getImageData(0, 0, 28, 28).data.filter((value, i) => i % 4 === 0 && value > 128).length;"""
    says(page, "patch")
    assert page.driver.execute_script(ink, picture) == 0
    pointer(page, picture, (0.4, 0.2), (0.4, 0.5), (0.4, 0.8))
    assert "in your drawing" in says(page, "patch")
    assert "follow when the pointer moves the patch" in part(page, "patch", ".ex-stage > .ex-note").text
    line = page.driver.execute_script(ink, picture)
    assert 25 <= line <= 90
    picture.send_keys(*[Keys.ARROW_RIGHT, " "] * 6)
    says(page, "patch")
    assert page.driver.execute_script(ink, picture) > line
    pressed(page, "patch", "moves the patch")
    for name in ("patch", "piece"):  # the drawing is now one of the digits, everywhere
        assert parts(page, name, ".ex-thumb")[0].get_attribute("aria-label") == "your drawing"
    assert "your drawing" in part(page, "features", "select").text


def test_another_digit_and_its_name(page):
    part(page, "patch", ".ex-thumb[data-index='3']").click()
    says(page, "patch")
    assert "a 3" in parts(page, "patch", "h4")[0].text


def test_cutting_and_dropping_a_piece(page):
    first = bars(page, "piece")
    pressed(page, "piece", "8×8 of a 0")
    assert bars(page, "piece") != first
    assert "black rectangle" in part(page, "piece", ".ex-note").text
    donor, target = parts(page, "piece", ".ex-main canvas")
    pointer(page, donor, (2.5 / 28, 3.5 / 28), (12.5 / 28, 8.5 / 28))  # outside the old cut: another rectangle
    says(page, "piece")
    assert "6 by 11 pixels at row 3, column 2" in donor.accessible_name
    pointer(page, target, (14.2 / 28, 14.2 / 28))
    says(page, "piece")
    assert "6 by 11 pixels at row 11, column 9" in target.accessible_name
    part(page, "piece", "summary").click()
    set_slider(page, slider(page, "piece", "height of the piece"), 28)
    says(page, "piece")
    assert "28 by 11 pixels at row 0" in target.accessible_name


def test_channels(page):
    from selenium.webdriver.common.keys import Keys

    assert "of conv3: AUC" in says(page, "features")
    pressed(page, "features", "conv1")
    first = says(page, "features")
    assert "Channel 0 of conv1: AUC 0.000" in first  # the made-up AUC goes from 0 to 1
    mosaic = part(page, "features", ".ex-map canvas")
    mosaic.send_keys(Keys.ARROW_RIGHT)
    assert "Channel 31 of conv1: AUC 1.000" in says(page, "features")
    pointer(page, mosaic, (0.01, 0.01))
    assert says(page, "features") == first
    answer = parts(page, "features", ".ex-map canvas")[1]
    pointer(page, answer, (0.5, 0.5), hover=True)  # the pixels that it sees are outlined: 5 of 28
    outline = part(page, "features", ".ex-small .ex-mark")
    picture = part(page, "features", ".ex-small canvas")
    assert outline.size["width"] == pytest.approx(5 / 28 * picture.size["width"], abs=3)


def test_the_rnn_step_by_step(page):
    with jax.enable_x64(True):
        known = unroll_rnn(rnn.HOMEWORK_PARAMS, rnn.HOMEWORK_SEQUENCE, np.zeros(2), rnn.HOMEWORK_LOSS)
    assert f"loss {float(known.loss):.8f}" in says(page, "unroll")
    seen = set()
    for _ in range(7):
        seen.add(says(page, "unroll").split(";")[0])
        assert len(parts(page, "unroll", ".ex-line")) >= 2
        pressed(page, "unroll", "Forward")
    assert len(seen) == 7
    assert says(page, "unroll").startswith("The gradient")
    by_hand = [cell.text.replace("−", "-") for cell in parts(page, "unroll", "tbody td:nth-of-type(1)")]
    flat = np.concatenate([np.ravel(known.gradient._asdict()[name]) for name in ("b", "c", "W", "U", "V")])
    np.testing.assert_allclose([float(text) for text in by_hand], flat, rtol=1e-7)
    pressed(page, "unroll", "Back")
    assert says(page, "unroll").startswith("Backward, step 1 of 3")


def test_changing_the_rnn(page):
    from selenium.webdriver.common.keys import Keys

    part(page, "unroll", ".ex-change summary").click()
    set_slider(page, slider(page, "unroll", "steps"), 8)
    pressed(page, "unroll", "every step")
    field = part(page, "unroll", "[aria-label='W row 2 column 2']")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.BACKSPACE)
    assert field.get_attribute("aria-invalid") == "true"
    field.send_keys("0.5")
    assert field.get_attribute("aria-invalid") == "false"
    with jax.enable_x64(True):
        params = rnn.HOMEWORK_PARAMS._replace(W=np.array([[1, -1], [0, 0.5]]))
        xs = np.tile(rnn.HOMEWORK_SEQUENCE, (3, 1))[:8]
        before = unroll_rnn(params, xs, np.zeros(2), Loss(every_step=True))
        moved = rnn.descend_biases(params, before.gradient.b, 1.0)
        after = unroll_rnn(moved, xs, np.zeros(2), Loss(every_step=True)).loss
    assert f"{float(before.loss):.9g}" in says(page, "unroll")
    set_slider(page, slider(page, "unroll", "learning rate"), 1)
    assert f"the loss is {float(after):.9g}" in part(page, "unroll", ".ex-columns .ex-note").text
    pressed(page, "unroll", "As in the assignment")
    assert "3.00720799" in says(page, "unroll")


def test_the_forget_bias(page):
    def kept():
        return float(re.search(r"keeps ([\d.]+)% of the state", says(page, "gates"))[1])

    low = kept()
    set_slider(page, slider(page, "gates", "bias of the forget gate f"), 5)
    assert low < 60 < 95 < kept()
    pressed(page, "gates", "As chosen, 3 steps")
    with jax.enable_x64(True):
        nothing = np.zeros(2)
        known = unroll_lstm(
            lstm.CHOSEN, rnn.HOMEWORK_SEQUENCE, nothing, nothing, rnn.HOMEWORK_LOSS, tanh_candidate=False
        )
    assert f"loss {float(known.loss):.6f}" in part(page, "gates", ".ex-note").text
    assert len(parts(page, "gates", "svg[role=img]")) == 4


def test_long_sequences(page):
    from selenium.webdriver.common.keys import Keys

    assert "at spectral radius 0.9: after 100 steps 10⁻⁵ of it is left" in says(page, "long")
    slider(page, "long", "spectral radius").send_keys(Keys.END)
    assert "at spectral radius 1.1: after 100 steps it has grown 10⁴ times" in says(page, "long")
    slider(page, "long", "forget bias").send_keys(Keys.HOME)
    assert "forget bias −1" in says(page, "long", 1)
    assert "spectral radius 0.95" in says(page, "long", 2)


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


def test_a_page_without_the_network_takes_the_others(browser, example, tmp_path):
    data = explore.UnrollData(rnn.HOMEWORK_PARAMS, rnn.HOMEWORK_SEQUENCE, rnn.HOMEWORK_LOSS, 0.002, 1e-4)
    html = explore_page.page(None, None, {"unroll": data})
    assert 'type="application/json" data-shared' not in html
    (tmp_path / "small.html").write_text(html, encoding="utf-8")
    browser.open(tmp_path / "small.html")
    browser.wait("document.querySelectorAll('[data-ready]').length === 1")
    assert browser.errors() == []
