"""All measurements at once: the same numbers whichever are made, on disk and back, and what cannot be measured."""

import re

import jax
import numpy as np
import pytest

from hw3 import cnn
from hw3.report import results as results_on_disk
from hw3.report.results import Record
from hw3.studies import convolution
from hw3.studies.convolution import FULL, QUICK
from hw3.studies.convolution.settings import check


def same(a, b):
    jax.tree.map(np.testing.assert_array_equal, a, b)


def test_a_measurement_alone_gives_the_numbers_of_the_whole(results, tiny, untrained, stripes):
    alone = convolution.measure(tiny._replace(only=("fields", "by_hand")), untrained, stripes)
    same(alone.fields, results.fields)
    same(alone.by_hand, results.by_hand)
    assert (alone.costs, alone.shifts, alone.canvases) == (None, None, None)


def test_results_are_the_same_on_disk(results, tmp_path):
    results_on_disk.write(tmp_path, convolution.NAME, Record("python", results))
    read = results_on_disk.read(tmp_path, convolution.NAME, convolution.Results).results
    same(read, results)
    assert read.settings == results.settings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": 1}, "seeds=1: a spread over seeds needs at least 2 of them"),
        ({"train_images": 19}, "train_images=19: must be in 20..500"),
        ({"distances": (0,)}, "distances=0: must be ascending whole numbers in 1..11"),
        ({"distances": (3, 2)}, "distances=3,2: must be ascending whole numbers in 1..11"),
        ({"depths": (4,)}, "depths=4: must be at least two ascending whole numbers in 2..64"),
        ({"canvas_sizes": (9,)}, "canvas_sizes=9: must be ascending whole numbers in 10..48"),
        ({"canvas_sizes": (12,)}, "canvas_sizes=12: must hold another size than that of the images, 12"),
        ({"few_counts": (500,)}, "few_counts=500: stripes has only 500 training images"),
        ({"gradient_images": 102}, "gradient_images=102: two groups need 204 test images, there are 203"),
        ({"only": ("costs",)}, "only=costs: must be some of cost, pooling, by_hand, fields"),
    ],
)
def test_what_cannot_be_measured_is_named(tiny, untrained, stripes, change, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        convolution.measure(tiny._replace(**change), untrained, stripes)


def test_a_network_without_convolutions_is_refused(tiny, untrained, stripes):
    dense = untrained._replace(run=untrained.run._replace(model="dense9"))
    assert cnn.CNN(cnn.parse("dense9"), 3).layers == dense.model.layers
    with pytest.raises(ValueError, match="the network 'dense9' has no convolution to look into"):
        convolution.measure(tiny, dense, stripes)


@pytest.mark.parametrize("settings", [FULL, QUICK])
def test_the_settings_of_the_program_fit_mnist(settings, untrained, mnist):
    check(settings, untrained, mnist)
