"""TFDS sets written by hand and read back without TensorFlow or a network; every error, one line."""

import os

import numpy as np
import pytest
from absl import logging
from prepared_sets import IMAGE, LABEL, TEXT, fails_with, multiset, random_set, run_python, write_set
from tensorflow_datasets.core import constants

from hw3 import datasets
from hw3.datasets import prepared

pytestmark = pytest.mark.usefixtures("no_network")


def test_tfds_mnist_holds_the_bundled_images(mnist, tmp_path):
    """The same digits in TFDS's order: all 70,000 if HW3_TFDS_DIR holds a prepared `mnist`, else a few."""
    folder = os.environ.get("HW3_TFDS_DIR")
    n_train, n_test = (60000, 10000) if folder else (300, 60)
    if not folder:
        folder = tmp_path
        orders = [np.random.default_rng(0).permutation(n) for n in (n_train, n_test)]
        train = mnist.train_images[orders[0]], mnist.train_labels[orders[0]]
        test = mnist.test_images[orders[1]], mnist.test_labels[orders[1]]
        write_set(tmp_path, {"train": train, "test": test}, name="mnist", version="3.0.1", shards=3)
    found = datasets.load("mnist", folder)
    assert found.train_images.dtype == found.test_images.dtype == np.uint8
    assert found.train_labels.dtype == found.test_labels.dtype == np.int32
    assert (found.name, found.classes) == ("mnist:3.0.1", 10)
    bundled = multiset(mnist.train_images[:n_train], mnist.train_labels[:n_train])
    assert multiset(found.train_images, found.train_labels) == bundled
    assert multiset(found.test_images, found.test_labels) == multiset(
        mnist.test_images[:n_test], mnist.test_labels[:n_test]
    )
    assert not np.array_equal(found.train_labels, mnist.train_labels[:n_train])  # shuffled, or nothing is shown


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("n", [1, 3, 4, 5, 8])
def test_any_size_and_channels_in_the_order_on_disk(tmp_path, monkeypatch, channels, n):
    """Counts beside the number read at a time; more classes than the labels show."""
    monkeypatch.setattr(prepared, "_BATCH", 4)
    images, labels = random_set(n, 3, 7, channels)
    labels = labels % 4
    test_images, test_labels = random_set(5, 3, 7, channels, seed=1)
    write_set(tmp_path, {"train": (images, labels), "test": (test_images, test_labels)}, name="wide")
    found = datasets.load("wide", str(tmp_path))
    np.testing.assert_array_equal(found.train_images, images)
    np.testing.assert_array_equal(found.train_labels, labels)
    np.testing.assert_array_equal(found.test_images, test_images)
    np.testing.assert_array_equal(found.test_labels, test_labels)
    assert (found.name, found.classes) == ("wide:1.0.0", 10)


def test_other_features_are_left_out(tmp_path):
    """CIFAR-10 has an `id` in words beside image and label."""
    train, test = random_set(2, 4, 4, 3), random_set(1, 4, 4, 3)
    features = [TEXT, IMAGE % ("uint8", 3), LABEL % '"numClasses": "10"']
    write_set(tmp_path, {"train": train, "test": test}, name="named", features=features)
    np.testing.assert_array_equal(datasets.load("named", tmp_path).train_images, train[0])


def test_home_in_data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_set(tmp_path / "sets", {"train": random_set(2, 4, 4, 1), "test": random_set(1, 4, 4, 1)}, name="mine")
    assert datasets.load("mine", "~/sets").name == "mine:1.0.0"


def test_names_as_tfds_takes_them(tmp_path, monkeypatch):
    for seed, (config, version) in enumerate([("", "1.0.0"), ("", "1.2.0"), ("small", "2.0.0"), ("small", "2.0.1")]):
        splits = {"train": random_set(2, 4, 4, 3, seed=seed), "test": random_set(1, 4, 4, 3)}
        write_set(tmp_path, splits, name="my_shapes", config=config, version=version)
    monkeypatch.setattr(constants, "DATA_DIR", str(tmp_path))
    for name, full_name in {
        "my_shapes": "my_shapes:1.2.0",
        "MyShapes": "my_shapes:1.2.0",
        "my_shapes:1.0.0": "my_shapes:1.0.0",
        "my_shapes:1.*.*": "my_shapes:1.2.0",
        "my_shapes/small": "my_shapes/small:2.0.1",
        "my_shapes/small:2.0.0": "my_shapes/small:2.0.0",
    }.items():
        loaded = datasets.load(name, tmp_path)
        assert loaded.name == datasets.load(name).name == full_name
        again = datasets.load(full_name, tmp_path)
        assert np.array_equal(again.train_images, loaded.train_images), "the name leads back to the same set"


def test_validation_split_stands_in_for_a_missing_test_split(tmp_path):
    train, validation, test = (random_set(3, 4, 4, 1, seed=seed) for seed in range(3))
    write_set(tmp_path, {"train": train, "validation": validation}, name="two")
    np.testing.assert_array_equal(datasets.load("two", tmp_path).test_images, validation[0])
    write_set(tmp_path, {"train": train, "validation": validation, "test": test}, name="three")
    np.testing.assert_array_equal(datasets.load("three", tmp_path).test_images, test[0])


def test_reading_is_quiet_and_leaves_logging_as_it_was(tmp_path):
    """In a process of its own, as TFDS says each thing once; warnings are errors there too."""
    write_set(tmp_path, {"train": random_set(2, 4, 4, 1), "test": random_set(1, 4, 4, 1)}, name="small")
    code = f"from hw3 import datasets; print(datasets.load('small', {str(tmp_path)!r}).train_images.shape)"
    assert run_python(code) == "(2, 4, 4, 1)\n"
    before = logging.get_verbosity()
    try:
        logging.set_verbosity(logging.INFO)
        datasets.load("small", tmp_path)
        fails_with(ValueError, "unknown", name="smalt", data_dir=tmp_path)
        assert logging.get_verbosity() == logging.INFO
    finally:
        logging.set_verbosity(before)
