"""What is found inside a tiny network, against definitions written out."""

import jax
import numpy as np
import pytest
from tiny_run import DESCRIPTION, RECIPE

from hw3 import cnn
from hw3.cnn.checkpoints import Checkpoint, Run
from hw3.report import results as on_disk
from hw3.report.results import Record
from hw3.studies import inspection
from hw3.studies.inspection import Settings

activations = jax.jit(cnn.activations, static_argnums=0)
SETTINGS = Settings(classes=(0, 1), shift_pixels=2, max_shift=3, nth=1)


@pytest.fixture(scope="module")
def checkpoint(tiny_run):
    run = Run(DESCRIPTION, "stripes", (12, 12, 1), 500, 3, RECIPE, 7)
    return Checkpoint(run, tiny_run[-1][0], tuple(metrics for _, metrics in tiny_run))


@pytest.fixture(scope="module")
def results(checkpoint, stripes):
    return inspection.measure(SETTINGS, checkpoint, stripes)


def pairs(first, second):
    """The share of pairs in which the second is larger, ties counted half."""
    first, second = np.asarray(first)[:, None], np.asarray(second)[None]
    return ((second > first) + 0.5 * (second == first)).mean()


def test_cells_and_channels_rank_pairs_of_images(results, checkpoint, stripes):
    images, labels = stripes.test_images.astype(np.float32) / 255, stripes.test_labels
    everywhere = activations(checkpoint.model, checkpoint.state.params, images)
    of_class = [{name: np.asarray(maps)[labels == label] for name, maps in everywhere.items()} for label in (0, 1)]
    found = results.features
    assert found.layer == "conv2"
    for cell in (found.cells[0], found.cells[-1]):
        auc = pairs(*(maps["conv2"][:, cell.row, cell.col, cell.channel] for maps in of_class))
        assert cell.auc == pytest.approx(max(auc, 1 - auc), abs=1e-6)
        assert cell.larger_for == int(auc >= 0.5)
    assert [cell.auc for cell in found.cells] == sorted((cell.auc for cell in found.cells), reverse=True)
    best = found.channels[0]
    auc = pairs(*(np.asarray(maps["conv2"][..., best.channel]).sum((1, 2)) for maps in of_class))
    assert best.auc == pytest.approx(max(auc, 1 - auc), abs=2e-3)
    assert best.larger_for == int(auc >= 0.5)
    assert len(found.channels) == 8
    assert [aucs.layer for aucs in found.channel_aucs] == ["conv1", "conv2"]
    auc = pairs(*(np.asarray(maps["conv1"][..., 3]).sum((1, 2)) for maps in of_class))
    assert found.channel_aucs[0].aucs[3] == pytest.approx(auc, abs=2e-3)


def test_pictures_are_the_second_right_ones_and_their_path_is_the_networks(results, checkpoint, stripes):
    found, predict = results.features, jax.jit(checkpoint.predictor())
    for position, (label, row) in enumerate(zip((0, 1), found.images, strict=True)):
        of_class = np.flatnonzero(stripes.test_labels == label)
        right = of_class[
            np.asarray(predict(stripes.test_images[of_class].astype(np.float32) / 255)).argmax(-1) == label
        ]
        assert row == right[1]
        np.testing.assert_allclose(found.pictures[position], stripes.test_images[row] / np.float32(255), rtol=1e-6)
    assert [step.layer for step in found.path] == ["conv1", "maxpool1", "conv2", "logits"]
    alone = activations(checkpoint.model, checkpoint.state.params, found.pictures)
    for step in found.path:
        np.testing.assert_allclose(step.maps, alone[step.layer], atol=1e-5)


def test_ink_in_the_middle(results, stripes):
    for label, ink in zip((0, 1), results.features.middle_ink, strict=True):
        assert ink == pytest.approx(stripes.test_images[stripes.test_labels == label][:, 5:7, 5:7].mean() / 255)


def test_shifts_are_counted_over_the_class(results, checkpoint, stripes):
    found = results.shifts
    assert found.shifts == (-3, -2, -1, 0, 1, 2, 3)
    images = stripes.test_images[stripes.test_labels == 1].astype(np.float32) / 255
    assert found.images == len(images)
    left = np.concatenate([images[:, :, 2:], images[:, :, -1:], images[:, :, -1:]], axis=2)
    up = np.concatenate([images[:, 1:], images[:, -1:]], axis=1)
    predict = jax.jit(checkpoint.predictor())
    assert found.horizontal[1] == np.mean(np.asarray(predict(left)).argmax(-1) == 1)
    assert found.vertical[2] == np.mean(np.asarray(predict(up)).argmax(-1) == 1)
    assert [version.name for version in found.versions] == ["original", "2 pixels left", "2 pixels right"]
    [[*probabilities]] = np.asarray(predict(found.pictures[1:2]))
    assert found.versions[1].true_probability == pytest.approx(probabilities[1], abs=1e-6)
    np.testing.assert_array_equal(found.pictures[1][:, :-2], found.pictures[0][:, 2:])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": (1, 1)}, r"classes=1,1: must be two different classes in 0\.\.2"),
        ({"classes": (0, 3)}, r"classes=0,3: must be two different classes in 0\.\.2"),
        ({"layer": "conv9"}, "no convolution layer 'conv9'; this network has conv1, conv2"),
        ({"max_shift": 12}, "max_shift must be less than the width of the images, 12"),
        ({"shift_pixels": 0}, "shift_pixels must be a whole number of at least 1, not 0"),
        ({"shift_digit": 7}, "no image of class 7; it has 0, 1, 2"),
        ({"nth": 9999}, "index 9999 is past the last"),
        ({"channels": "some"}, "channels must be all or mean, not 'some'"),
    ],
)
def test_settings_that_make_no_sense(settings, message, checkpoint, stripes):
    with pytest.raises(ValueError, match=message):
        inspection.measure(SETTINGS._replace(**settings), checkpoint, stripes)


def test_a_network_without_convolutions_is_named(checkpoint, stripes):
    dense = checkpoint._replace(run=checkpoint.run._replace(model="dense4"))
    with pytest.raises(ValueError, match="the network 'dense4' has no convolution"):
        inspection.measure(SETTINGS, dense, stripes)


def test_tables_files_figures_and_the_way_to_disk_and_back(results, tmp_path):
    filters, cells, shifted = inspection.tables(results)
    assert filters.rows[0][:4] == ("conv1", 8, "3x3", 1)
    assert cells.rows[0][0] == results.features.cells[0].channel
    assert shifted.rows[1][1] == results.shifts.versions[1].prediction
    files = inspection.files(results)
    assert [row[0] for row in files["shift_curves.csv"].rows] == [-3, -2, -1, 0, 1, 2, 3]
    assert files["channels.csv"].rows[0][:2] == results.features.channels[0][:2]
    names = {"filters_conv1.png", "filters_conv2.png", "feature_maps.png", "layer_path.png", "discrimination.png"}
    assert set(inspection.figures(results)) == names | {"shifted.png", "shift_curves.png"}
    on_disk.write(tmp_path, inspection.NAME, Record("", results))
    back = on_disk.read(tmp_path, inspection.NAME, inspection.Results).results
    assert back.features.cells == results.features.cells
    assert back.shifts._replace(pictures=None) == results.shifts._replace(pictures=None)
    np.testing.assert_array_equal(back.features.path[2].maps, results.features.path[2].maps)
