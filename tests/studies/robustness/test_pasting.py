"""What fools a classifier, against a loop over all candidates."""

import itertools

import numpy as np
import pytest
import quarters
from quarters import SIDE, predict

from hw3 import occlusion
from hw3.occlusion import overlays
from hw3.report import results as on_disk
from hw3.report.results import Record
from hw3.studies.robustness import pasting
from hw3.studies.robustness.pasting import Settings

SETTINGS = Settings(digit=1, black=4, window=6, donors=2, patch_sizes=(5, 3, 5), cut_stride=3, paste_stride=3)
DATASET = quarters.dataset()
STARTS = {3: (0, 3, 6, 7), 5: (0, 3, 5)}  # the last that fits is always among them


@pytest.fixture(scope="module")
def results():
    return pasting.measure(SETTINGS, predict, DATASET)


@pytest.fixture(scope="module")
def tried(results):
    """(donor, size, cut, paste, predicted, predicted with black) of every candidate."""
    rows, images, blacks = [], [], []
    for (number, donor), side in itertools.product(enumerate(results.donors), (3, 5)):
        for cut, paste in itertools.product(itertools.product(STARTS[side], repeat=2), repeat=2):
            rows.append((number, side, cut, paste))
            images.append(overlays.paste(results.picture, donor.picture, cut, paste, (side, side)))
            blacks.append(occlusion.occluded(results.picture, *paste, (side, side)))
    predicted, black = (np.asarray(predict(np.stack(each))).argmax(-1) for each in (images, blacks))
    return [(*row, int(p), int(b)) for row, p, b in zip(rows, predicted, black, strict=True)]


def test_the_search_counts_every_candidate_once(results, tried):
    assert results.settings.patch_sizes == (3, 5)
    assert results.tried == len(tried) == 6 * (4**4 + 3**4)
    for row in results.search:
        for position, side in enumerate((3, 5)):
            of_cell = [c for c in tried if results.donors[c[0]].label == row.label and c[1] == side]
            assert row.tried[position] == len(of_cell)
            assert row.flips[position] == sum(c[4] != 1 for c in of_cell)
            assert row.beyond_black[position] == sum(c[4] != 1 and c[5] == 1 for c in of_cell)
    assert results.flips == sum(c[4] != 1 for c in tried) > results.beyond_black > 0


def test_finds_are_candidates_and_say_what_the_network_says_of_them(results, tried):
    assert {find.donor.label for find in results.best} <= {0, 2, 3}
    order = [(find.overlay.beyond_black, find.overlay.probability) for find in results.best]
    assert order == sorted(order, reverse=True)
    for find in (*results.best, results.smallest):
        overlay = find.overlay
        candidate = (overlay.donor, overlay.patch[0], overlay.cut, overlay.paste)
        [(predicted, black)] = [c[4:] for c in tried if c[:4] == candidate]
        assert find.pasted.predicted == overlay.predicted == predicted != 1
        assert find.pasted.probability == pytest.approx(overlay.probability, abs=1e-5)
        assert (find.original.predicted, find.black.predicted) == (1, black)
        assert find.cut_from.predicted == find.donor.label == results.donors[overlay.donor].label
        assert overlay.beyond_black == (black == 1)
    assert results.smallest.overlay.patch[0] == min(c[1] for c in tried if c[4] != 1)


def test_black_patches_and_windows_against_a_loop(results):
    places = list(itertools.product(range(SIDE - 4 + 1), repeat=2))
    predicted = np.asarray(
        predict(np.stack([occlusion.occluded(results.picture, *at, (4, 4)) for at in places]))
    ).argmax(-1)
    assert results.black.positions == len(places)
    assert [(flip.row, flip.col, flip.predicted) for flip in results.black.flips] == [
        (*at, label) for at, label in zip(places, predicted, strict=True) if label != 1
    ]
    assert [window.donor.image for window in results.windows] == [0, 2, 3], "the first of each other class"
    window = results.windows[1]
    seen = [
        occlusion.occluded(results.picture, row, col, (6, 6), window.donor.picture)
        for row, col in itertools.product(range(5), repeat=2)
    ]
    np.testing.assert_array_equal(window.predicted.ravel(), np.asarray(predict(np.stack(seen))).argmax(-1))
    assert window.accuracy == (window.predicted == 1).mean()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch_sizes": (4, 40)}, r"patch_sizes=4,40: must be whole numbers in 1\.\.10"),
        ({"patch_sizes": ()}, r"patch_sizes=: must be whole numbers in 1\.\.10"),
        ({"black": 11}, "black=11: larger than the images; at most 10"),
        ({"window": 0}, "window must be a whole number of at least 1, not 0"),
        ({"donors": 7}, "donors=7: 7 correctly classified images of class 0 were asked for, there are only 6"),
        ({"digit": 5}, "no image of class 5; it has 0, 1, 2, 3"),
        ({"cut_stride": 0}, "cut_stride must be a whole number of at least 1, not 0"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        pasting.measure(SETTINGS._replace(**settings), predict, DATASET)


def test_tables_files_figures_and_the_way_to_disk_and_back(results, tmp_path):
    overview, windows, rates, finds = pasting.tables(results)
    assert overview.rows[0][1:3] == (49, f"{len(results.black.flips)} ({len(results.black.flips) / 49:.2%})")
    assert overview.rows[1][1] == f"{results.tried:,}"
    assert windows.rows[0] == ("black", f"{results.black_window_accuracy:.3%}")
    assert rates.header == ("cut from", "3x3", "5x5")
    assert [row[0] for row in finds.rows] == ["most confident"] * len(results.best) + ["smallest"]

    files = pasting.files(results)
    assert files["success.csv"].rows[1] == (
        0, 5, *(counts[1] for counts in results.search[0][1:]),
    )  # fmt: skip
    pictures = {name: image for name, image in files.items() if name.endswith(".png")}
    flip = results.black.flips[0]
    picture = pictures[f"black_4x4/row{flip.row:02d}_col{flip.col:02d}_as_{flip.predicted}.png"]
    assert np.asarray(predict(picture[None])).argmax() == flip.predicted
    assert len(pictures) == len(results.black.flips)
    assert set(pasting.figures(results)) == {
        "windows.png", "success.png", "black.png", "overlays.png", "smallest.png",
    }  # fmt: skip

    on_disk.write(tmp_path, pasting.NAME, Record("", results))
    back = on_disk.read(tmp_path, pasting.NAME, pasting.Results).results
    assert (back.settings, back.black, back.search) == (results.settings, results.black, results.search)
    assert [find.overlay for find in back.best] == [find.overlay for find in results.best]
    np.testing.assert_array_equal(back.donors[3].picture, results.donors[3].picture)


def test_a_classifier_that_nothing_fools_has_no_pictures_of_it():
    sure = quarters.dataset()._replace(test_images=np.where(DATASET.test_images > 100, 255, 0).astype(np.uint8))
    found = pasting.measure(SETTINGS._replace(black=1, patch_sizes=(1,)), predict, sure)
    assert (found.flips, found.best, found.smallest, found.black.flips) == (0, (), None, ())
    assert set(pasting.figures(found)) == {"windows.png", "success.png"}
    assert len(pasting.tables(found)) == 3
    assert list(pasting.files(found)) == ["success.csv"]
