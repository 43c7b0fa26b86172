"""The summary of a sweep against sums over all of its numbers at once; its sentences follow them."""

import numpy as np
import pytest

from hw3.datasets import Dataset
from hw3.occlusion import storage
from hw3.occlusion.storage import Store
from hw3.report import results as on_disk
from hw3.report.results import Record
from hw3.studies import fragility
from hw3.studies.fragility import Settings

IMAGES, CLASSES, ROWS, COLS = 23, 7, 4, 3
RNG = np.random.default_rng(3)
LABELS = RNG.choice([0, 2, 6], IMAGES)
SETTINGS = {
    "dataset": "dots",
    "split": "test",
    "digit": "all",
    "images": IMAGES,
    "image_shape": [9, 9, 1],
    "patch_size": [2, 3],
    "stride": [2, 3],
    "reach_edge": False,
    "fill": "0",
    "model": "conv3-2",
    "checkpoint": "0" * 64,
}


def probabilities(sharpness):
    """Random ones in which the true class is the more probable, the larger `sharpness`."""
    logits = RNG.normal(size=(IMAGES, ROWS, COLS, CLASSES))
    logits[np.arange(IMAGES), :, :, LABELS] += sharpness
    values = np.exp(logits)
    return (values / values.sum(-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    def measure(sharpness, gallery=3):
        path = tmp_path_factory.mktemp("store") / "sweep.zarr"
        store = Store(
            path, SETTINGS, np.arange(5, 5 + IMAGES), LABELS, 2 * np.arange(ROWS), 3 * np.arange(COLS), CLASSES, 4
        )
        storage.create(store)
        values = probabilities(sharpness)
        clean = probabilities(sharpness)[:, 0, 0]
        for chunk in range(store.chunks):
            span = store.span(chunk)
            storage.write(store, chunk, clean[span], values[span])
        pixels = RNG.integers(0, 256, (IMAGES + 9, 9, 9, 1)).astype(np.uint8)
        images = Dataset(pixels, np.zeros(len(pixels), np.int32), pixels, np.zeros(len(pixels), np.int32), "dots", 7)
        return fragility.measure(store, images, Settings(gallery)), values, clean, pixels

    return measure


def test_numbers_are_those_of_the_whole_array(measured):
    results, values, clean, pixels = measured(1.5)
    right = values.argmax(-1) == LABELS[:, None, None]
    assert results.overall == (
        IMAGES,
        IMAGES * ROWS * COLS,
        (clean.argmax(-1) == LABELS).mean(),
        right.mean(),
        right.all((1, 2)).mean(),
    )
    assert [each.label for each in results.classes] == [0, 2, 6]
    for each in results.classes:
        own = each.label == LABELS
        assert each.images == own.sum()
        assert each.accuracy == pytest.approx(right[own].mean())
        assert each.worst_accuracy == right[own].mean(0).min()
        row, col = each.worst_position
        assert right[own].mean(0)[row // 2, col // 3] == each.worst_accuracy
        wrong = values[own].argmax(-1)[~right[own]]
        assert each.taken_for_share == pytest.approx(
            np.bincount(wrong, minlength=CLASSES).max() / (own.sum() * ROWS * COLS)
        )
    first = results.fragile.numbers[0] - 5
    np.testing.assert_array_equal(results.fragile.images[0], (pixels[first + 5] / np.float32(255)).astype(np.float32))
    np.testing.assert_array_equal(results.fragile.maps[0], values[first, :, :, LABELS[first]])
    assert right[first].mean() == results.fragile.ranked[0].accuracy


def test_the_interval_is_student_s_over_the_images(measured):
    results, values, *_ = measured(1.5)
    each = results.classes[0]
    accuracies = (values.argmax(-1) == LABELS[:, None, None]).mean((1, 2))[each.label == LABELS]
    n = len(accuracies)
    assert n == 11
    half = 2.228139  # t of 10 degrees of freedom at 97.5%, from tables
    assert each.interval == pytest.approx(half * accuracies.std(ddof=1) / n**0.5, rel=1e-6)


def test_the_sentences_follow_the_numbers(measured):
    results, *_ = measured(1.5)
    places, confusions, extremes = fragility.answers(results)
    weakest = min(results.classes, key=lambda each: each.accuracy)
    assert f"the {weakest.label} suffers most" in places.verdict
    swapped = results._replace(
        classes=tuple(each._replace(accuracy=1 - each.accuracy, interval=None) for each in results.classes)
    )
    assert f"the {weakest.label} least" in fragility.answers(swapped)[0].verdict
    same = results._replace(classes=tuple(each._replace(accuracy=0.5) for each in results.classes))
    assert "suffers" not in fragility.answers(same)[0].verdict
    never = results._replace(
        classes=tuple(each._replace(taken_for=None, taken_for_share=0.0) for each in results.classes)
    )
    assert fragility.answers(never)[1].verdict == "For nothing else: no label changes."
    assert all(len(answer.verdict.split()) <= 30 for answer in (places, confusions, extremes))
    nothing = results._replace(fragile=results.fragile._replace(ranked=(), numbers=()))
    assert fragility.answers(nothing)[2].verdict.startswith("No image is right without a patch")


def test_tables_files_and_figures_can_be_made_and_the_results_kept(measured, tmp_path):
    results, *_ = measured(3.0)
    (table,) = fragility.tables(results)
    assert len(table.rows) == 4
    found = fragility.files(results)["accuracy.csv"]
    assert len(found.rows) == 3 * ROWS
    assert set(fragility.figures(results)) == {
        "accuracy.png",
        "probability.png",
        "confusion.png",
        "fragile.png",
        "robust.png",
    }
    on_disk.write(tmp_path, fragility.NAME, Record("", results))
    again = on_disk.read(tmp_path, fragility.NAME, fragility.Results).results
    assert fragility.answers(again) == fragility.answers(results)
    np.testing.assert_array_equal(again.accuracy_map, results.accuracy_map)


def test_a_missing_chunk_is_refused(measured, tmp_path):
    store = Store(tmp_path / "s.zarr", SETTINGS, np.arange(IMAGES), LABELS, np.arange(2), np.arange(2), CLASSES, 4)
    storage.create(store)
    with pytest.raises(ValueError, match=r"6 of the 6 chunks of .* are missing"):
        fragility.measure(store, None)
