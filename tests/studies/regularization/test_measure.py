"""All experiments at once: the same numbers whichever are made, on disk and back, and what cannot be run."""

import contextlib
import re

import jax
import numpy as np
import pytest

from hw3.ensembles.lanes import Recipe
from hw3.report import results as results_on_disk
from hw3.report.results import Record
from hw3.studies import regularization
from hw3.studies.regularization import FULL, QUICK


def same(a, b):
    jax.tree.map(np.testing.assert_array_equal, a, b)


def test_an_experiment_alone_gives_the_numbers_of_the_whole(results, tiny, stripes):
    told = []

    @contextlib.contextmanager
    def progress(description, total, unit):
        done = []
        yield done.append
        told.append((description, total, unit, sum(done)))

    alone = regularization.measure(tiny._replace(only=("dropout",)), stripes, progress=progress)
    same(alone.dropout, results.dropout)
    same(alone.bagging, results.bagging)
    assert alone[5:] == (None,) * 4
    # Two rates on true and on random labels, and a bag of two, for two seeds.
    images = 2 * (2 * 2 + 2) * 60 * 24
    assert told == [("dropout and bagging", images, "images", images)]


def test_results_are_the_same_on_disk(results, tmp_path):
    results_on_disk.write(tmp_path, regularization.NAME, Record("python", results))
    read = results_on_disk.read(tmp_path, regularization.NAME, regularization.Results).results
    same(read, results)
    assert read.settings == results.settings


def test_numbers_are_in_double_precision(results):
    leaves = [leaf for leaf in jax.tree.leaves(results) if isinstance(leaf, np.ndarray)]
    assert not [leaf.dtype for leaf in leaves if leaf.dtype == np.float32]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": 1}, "seeds=1: a spread over seeds needs at least 2 of them"),
        ({"epochs": 25}, "epochs=25: must be a multiple of 2, the networks of a bag that share them"),
        ({"epochs": 0}, "epochs=0: must be a multiple of 2"),
        ({"train_images": 501}, "train_images=501: must be in 29..500, a batch and the training images of stripes"),
        ({"shift_recipe": Recipe(61, 0.1)}, "train_images=60: must be in 61..500"),
        ({"rates": (0.0, 1.5)}, "rates=0,1.5: must be at least two ascending numbers in 0.0..0.95"),
        ({"rates": (0.0,)}, "rates=0: must be at least two ascending numbers"),
        ({"rates": (0.1, 0.5)}, "rates=0.1,...: must begin with 0, which the others are compared with"),
        ({"batch_sizes": (2, 61)}, "batch_sizes=2,61: must be at least two ascending whole numbers in 2..60"),
        ({"depths": (4, 4)}, "depths=4,4: must be at least two ascending whole numbers in 3..256"),
        ({"only": ("nothing",)}, "only=nothing: must be some of dropout, batch_sizes, gradients, variance_shift"),
        ({"only": ()}, "only=: must be some of"),
    ],
)
def test_what_cannot_be_run_is_named(tiny, stripes, change, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        regularization.measure(tiny._replace(**change), stripes)


@pytest.mark.parametrize("settings", [FULL, QUICK])
def test_the_settings_of_the_program_run_on_mnist(settings, mnist):
    regularization.settings.check(settings, mnist)
