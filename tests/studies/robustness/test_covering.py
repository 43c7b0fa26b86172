"""Where a digit is fragile, on images of which one knows it, and against a loop over all places of the patch."""

import numpy as np
import pytest
import quarters
from quarters import SIDE, predict

from hw3 import occlusion
from hw3.datasets import as_float
from hw3.report import results as on_disk
from hw3.report import style
from hw3.report.results import Record
from hw3.studies.robustness import covering
from hw3.studies.robustness.covering import Settings

SETTINGS = Settings(digit=2, nth=1, fragility_images=3, patch_size=(4, 5), stride=(2, 1))
DATASET = quarters.dataset()


@pytest.fixture(scope="module")
def results():
    return covering.measure(SETTINGS, predict, DATASET)


def covered(image, fill=0.0, patch=(4, 5), stride=(2, 1)):
    """What is said of an image with the patch at every place: {(row, column): probabilities}."""
    places = [
        (row, col)
        for row in range(0, SIDE - patch[0] + 1, stride[0])
        for col in range(0, SIDE - patch[1] + 1, stride[1])
    ]
    images = np.stack([occlusion.occluded(image, *place, patch, fill) for place in places])
    return dict(zip(places, np.asarray(predict(images)), strict=True))


def test_one_image_against_a_loop_over_all_places(results):
    assert results.image == 6, "the second of class 2"
    said = covered(results.picture)
    assert len(said) == 4 * 6
    wrong = {place: p for place, p in said.items() if p.argmax() != 2}
    assert wrong
    assert results.accuracy == pytest.approx(1 - len(wrong) / len(said))
    labels = [int(p.argmax()) for p in wrong.values()]
    assert {row.label: row.positions for row in results.taken_for} == {label: labels.count(label) for label in labels}
    assert results.lowest_true_probability == pytest.approx(min(p[2] for p in said.values()), abs=1e-6)
    rows, cols = zip(*wrong, strict=True)
    assert results.region == (min(rows), max(rows) + 3, min(cols), max(cols) + 4)
    clean = np.asarray(predict(results.picture[None]))[0, 2]
    assert results.clean_probability == pytest.approx(clean, abs=1e-6)
    drops = [clean - p[2] for (row, col), p in said.items() if row <= 7 < row + 4 and col <= 1 < col + 5]
    assert results.fragility.importance[7, 1] == pytest.approx(np.mean(drops), abs=1e-6)


def test_the_quarter_of_the_class_is_the_fragile_one(results):
    for row in results.classes:
        at = row.fragility.most_important_pixel
        assert 2 * (at[0] >= SIDE // 2) + (at[1] >= SIDE // 2) == row.label
        assert row.fragility.importance[at] == row.fragility.largest == row.fragility.importance.max()
        upper, lower, *parts = row.fragility.drops
        assert max(parts) == parts[row.label]
        assert (upper > lower) == (row.label < 2)
        assert upper == pytest.approx(row.fragility.importance[: SIDE // 2].mean())
    images = np.asarray(as_float(DATASET.test_images[[1, 5, 9]]))
    accuracies = [np.mean([p.argmax() == 1 for p in covered(image).values()]) for image in images]
    assert results.classes[1].accuracy == pytest.approx(np.mean(accuracies))
    np.testing.assert_allclose(results.classes[1].mean_image, images.mean(0)[..., 0], atol=1e-6)


@pytest.mark.parametrize(("fill", "value"), [("0.5", 0.5), ("mean", None), ("blur", None)])
def test_fills(fill, value):
    found = covering.measure(SETTINGS._replace(fill=fill, fragility_images=0), predict, DATASET)
    shown = found.filled if value is None else np.float32(value)
    if fill == "mean":
        np.testing.assert_allclose(shown, np.full_like(found.picture, found.picture.mean()), atol=1e-6)
    said = covered(found.picture, shown)
    assert found.lowest_true_probability == pytest.approx(min(p[2] for p in said.values()), abs=1e-5)
    assert found.classes == ()
    assert "fragility.png" not in covering.figures(found)


def test_pixels_that_no_patch_covers():
    found = covering.measure(Settings(1, patch_size=(2, 3), stride=(4, 5)), predict, DATASET)
    assert found.uncovered_pixels == SIDE * SIDE - (3 * 2) * (2 * 3)
    assert covering.tables(found)[0].rows[-1] == ("pixels that no patch covers", found.uncovered_pixels)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"digit": 4}, "no image of class 4; it has 0, 1, 2, 3"),
        ({"nth": 99}, r"index 99 is past the last of the \d+ correctly"),
        ({"fill": "white"}, r"fill=white: must be a number in \[0, 1\], mean or blur"),
        ({"fill": "1.5"}, r"fill=1.5: must be a number in \[0, 1\], mean or blur"),
        ({"fragility_images": 99}, "fragility_images=99: 99 correctly classified images of class 0 were asked for"),
        ({"fragility_images": -1}, "fragility_images must be a whole number of at least 1, not -1"),
        ({"patch_size": (11, 2)}, "patch_size 11x2 is larger than the images, 10x10"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        covering.measure(SETTINGS._replace(**settings), predict, DATASET)


def test_tables_files_figures_and_the_way_to_disk_and_back(results, tmp_path):
    overview, cases, parts, classes = covering.tables(results)
    assert overview.caption == "Test image 6, a 2, under a 4x5 patch at 4x6 positions"
    assert dict(overview.rows)["still classified as 2"] == f"{results.accuracy:.3%}"
    assert len(cases.rows) == len(results.cases)
    assert parts.rows[4][0] == "lower left"
    assert parts.rows[4][2] == f"{results.classes[2].fragility.drops.lower_left:.3f}"
    assert [row[0] for row in classes.rows] == ["0", "1", "2", "3"]

    files = covering.files(results)
    said = covered(results.picture)
    label = files["map3_label.csv"]
    assert label.header == ("row", *(f"col_{col}" for col in range(6)))
    assert label.rows == [(row, *(int(said[row, col].argmax()) for col in range(6))) for row in (0, 2, 4, 6)]
    assert files["map1_true_probability.csv"].rows[1][3] == pytest.approx(said[2, 2][2], abs=1e-6)
    assert [row[:3] for row in files["changed.csv"].rows] == [
        (*place, int(p.argmax())) for place, p in said.items() if p.argmax() != 2
    ]
    assert np.array(files["importance_of_3.csv"].rows).shape == (SIDE, SIDE + 1)
    assert set(covering.figures(results)) == {"maps.png", "cases.png", "importance.png", "fragility.png"}

    on_disk.write(tmp_path, covering.NAME, Record("", results))
    back = on_disk.read(tmp_path, covering.NAME, covering.Results).results
    assert (back.settings, back.taken_for, back.cases) == (results.settings, results.taken_for, results.cases)
    np.testing.assert_array_equal(back.sweep.probabilities, results.sweep.probabilities)
    assert covering.tables(back) == covering.tables(results)


@pytest.mark.parametrize("draw", [covering.three_maps, lambda image, sweep: style.drawable(image)])
def test_images_of_two_channels_cannot_be_drawn(draw, results):
    image = np.zeros((SIDE, SIDE, 2))
    with pytest.raises(
        ValueError, match=r"\[height, width, 1 or 3 channels\] to be drawn, not the shape \(10, 10, 2\)"
    ):
        draw(image, results.sweep)
