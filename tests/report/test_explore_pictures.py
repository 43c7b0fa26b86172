"""In a browser: the patch, the piece and the channels by mouse, pen and keys."""

import pytest
from explorables import (
    POSITIONS,
    bars,
    keys,
    near,
    part,
    parts,
    place_of_patch,
    pointer,
    press,
    says,
    set_slider,
    slider,
    swept,
    written,
)


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
    before = place_of_patch(page)
    picture = part(page, "patch", ".ex-main canvas")
    keys(picture, "ARROW_RIGHT", "ARROW_DOWN", "ARROW_DOWN")
    says(page, "patch")
    assert place_of_patch(page) == (before[0] + 2, before[1] + 1)
    keys(slider(page, "patch", "its top row"), "HOME")
    keys(slider(page, "patch", "side of the patch"), "END")
    says(page, "patch")
    assert place_of_patch(page) == (0, 0)
    keys(slider(page, "patch", "its grey"), "END")
    assert "row 0, column 0" in picture.accessible_name
    swept(page, 1)


def test_drawing_a_digit(page):
    press(page, "patch", "draws a digit")
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
    keys(picture, *["ARROW_RIGHT", " "] * 6)
    says(page, "patch")
    assert page.driver.execute_script(ink, picture) > line
    press(page, "patch", "moves the patch")
    for name in ("patch", "piece"):  # the drawing is now one of the digits, everywhere
        assert parts(page, name, ".ex-thumb")[0].get_attribute("aria-label") == "your drawing"
    assert "your drawing" in part(page, "features", "select").text


def test_another_digit_and_its_name(page):
    part(page, "patch", ".ex-thumb[data-index='3']").click()
    says(page, "patch")
    assert "a 3" in parts(page, "patch", "h4")[0].text


def test_cutting_and_dropping_a_piece(page):
    first = bars(page, "piece")
    press(page, "piece", "8×8 of a 0")
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
    assert "of conv3: AUC" in says(page, "features")
    press(page, "features", "conv1")
    first = says(page, "features")
    assert "Channel 0 of conv1: AUC 0.000" in first  # the made-up AUC goes from 0 to 1
    mosaic = part(page, "features", ".ex-map canvas")
    keys(mosaic, "ARROW_RIGHT")
    assert "Channel 31 of conv1: AUC 1.000" in says(page, "features")
    pointer(page, mosaic, (0.01, 0.01))
    assert says(page, "features") == first
    answer = parts(page, "features", ".ex-map canvas")[1]
    pointer(page, answer, (0.5, 0.5), hover=True)  # the pixels that it sees are outlined: 5 of 28
    outline = part(page, "features", ".ex-small .ex-mark")
    picture = part(page, "features", ".ex-small canvas")
    assert outline.size["width"] == pytest.approx(5 / 28 * picture.size["width"], abs=3)
