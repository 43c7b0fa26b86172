"""Colour images in classes with names, and scores that are no probabilities, are told and drawn as what they are."""

import colours
import numpy as np
import pytest
from colours import NAMES

from hw3.datasets import Dataset, as_float
from hw3.report import results as on_disk
from hw3.report.results import Record
from hw3.studies import robustness
from hw3.studies.robustness import covering, pasting

IMAGES, LABELS = colours.images()


def dataset(images=IMAGES, names=NAMES):
    return Dataset(images[:0], LABELS[:0], images, LABELS, "mine", 3, names)


COVERING = covering.Settings(digit=1, nth=1, fragility_images=3, patch_size=(5, 5), stride=(1, 2))
PASTING = pasting.Settings(
    digit=0, black=5, window=7, stride=2, patch_sizes=(4, 6), cut_stride=3, paste_stride=3, score="logit"
)


@pytest.fixture(scope="module")
def covered():
    return covering.measure(COVERING, colours.predict, dataset())


@pytest.fixture(scope="module")
def pasted():
    return pasting.measure(PASTING, colours.logits, dataset())


def words(tables):
    return " ".join(
        str(cell) for table in tables for row in (table.header, *table.rows) for cell in (table.caption, *row)
    )


def test_classes_go_by_their_names_everywhere(covered, pasted):
    for said in (words(covering.tables(covered)), words(pasting.tables(pasted))):
        assert all(name in said for name in NAMES)
        assert not any(f"P({label})" in said for label in range(3))
        assert "digit" not in said
    assert covering.tables(covered)[0].rows[0][0] == "P(green) without a patch"
    assert [row[0] for row in covering.tables(covered)[3].rows] == list(NAMES)
    assert pasting.tables(pasted)[0].caption.endswith("else than red")
    assert any(case.title.startswith("most confident ") for case in covered.cases) == bool(covered.taken_for)
    for answer in robustness.answers(covered, pasted):
        assert "digit" not in f"{answer.question}{answer.verdict}{answer.answer}"
        assert not any(f" {label} " in f"{answer.question} {answer.verdict}" for label in range(3))


def test_the_square_is_what_matters(covered):
    row, col = covered.fragility.most_important_pixel
    assert colours.SPAN.start <= row < colours.SPAN.stop
    assert colours.SPAN.start <= col < colours.SPAN.stop


def test_floats_give_the_numbers_of_bytes(covered):
    found = covering.measure(COVERING, colours.predict, dataset(as_float(IMAGES)))
    np.testing.assert_allclose(found.sweep.probabilities, covered.sweep.probabilities, atol=1e-6)
    assert found.image == covered.image == 4


def test_logits_are_told_as_they_are(pasted):
    found = covering.measure(COVERING._replace(score="logit", fragility_images=0), colours.logits, dataset())
    expected = np.asarray(colours.logits(found.picture[None]))[0, 1]
    assert found.clean_probability == pytest.approx(expected, rel=1e-5)
    assert covering.tables(found)[0].rows[0][0] == "logit(green) without a patch"
    with pytest.raises(ValueError, match="predict must give probabilities"):
        covering.measure(COVERING._replace(score="probability"), colours.logits, dataset())
    assert pasted.best
    for find in pasted.best:
        scores = np.asarray(colours.logits(find.donor.picture[None]))[0]
        assert find.cut_from == (scores.argmax(), pytest.approx(scores.max(), rel=1e-5))
    assert pasting.tables(pasted)[-1].header[-1] == "logit"


def test_the_stride_is_that_of_the_black_patch_and_the_window(pasted):
    assert pasted.black.positions == 4 * 4
    assert pasted.window_rows.tolist() == [0, 2, 4]


def test_only_classes_with_images_are_looked_at():
    some = LABELS != 1
    few = dataset()._replace(test_images=IMAGES[some], test_labels=LABELS[some])
    found = covering.measure(COVERING._replace(digit=2), colours.predict, few)
    assert [row.label for row in found.classes] == [0, 2]
    assert covering.tables(found)[2].rows[0][2] == f"{found.classes[1].fragility.drops.upper:.3f}"
    assert {donor.label for donor in pasting.measure(PASTING, colours.logits, few).donors} == {2}
    one = few._replace(test_images=IMAGES[LABELS == 0], test_labels=LABELS[LABELS == 0])
    with pytest.raises(ValueError, match="donors: all images are of one class"):
        pasting.measure(PASTING, colours.logits, one)
    with pytest.raises(ValueError, match="no image of class green; it has red, blue"):
        covering.measure(COVERING, colours.predict, few)


def test_maps_lie_over_the_picture(covered):
    """Where a map's cell is drawn is where the middle of its patch was, and a value a pixel lies on its pixel."""
    figure = covering.figures(covered)[covering.MAPS]
    map_1 = figure.axes[1]
    picture, mesh = map_1.images[0], map_1.collections[0]
    assert picture.get_array().shape == (12, 12)
    corners = mesh.get_coordinates()
    middles = (corners[:-1, :-1] + corners[1:, 1:]) / 2
    np.testing.assert_allclose(middles[1, 1], (2 + 2, 1 + 2))
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).ravel(), covered.sweep.true_probability[0].ravel())
    pixels = covering.figures(covered)[covering.IMPORTANCE].axes[1].collections[0]
    np.testing.assert_allclose(pixels.get_coordinates()[0, 0], (-0.5, -0.5))
    np.testing.assert_array_equal(np.asarray(pixels.get_array()).ravel(), covered.fragility.importance.ravel())


def test_the_way_to_disk_and_back(covered, pasted, tmp_path):
    for study, results in ((covering, covered), (pasting, pasted)):
        on_disk.write(tmp_path, study.NAME, Record("", results))
        back = on_disk.read(tmp_path, study.NAME, study.Results).results
        assert back.naming == results.naming
        assert study.tables(back) == study.tables(results)
        assert set(study.figures(back)) == set(study.figures(results))
