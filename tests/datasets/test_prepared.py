"""TFDS sets written by hand and read back without TensorFlow or a network; every error, one line."""

import os

import numpy as np
import pytest
from absl import logging
from PIL import Image
from prepared_sets import IMAGE, LABEL, SCALAR, TEXT, fails_with, multiset, random_set, run_python, write_set
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


# --------------------------------------------------------------------------------------------- one clear line


def test_unknown_names(tmp_path):
    (tmp_path / "fashionable").mkdir()
    fails_with(ValueError, f"unknown data set 'mnits': TFDS has none, nor has {tmp_path}; did you mean mnist or",
           name="mnits", data_dir=tmp_path)  # fmt: skip
    fails_with(ValueError, f"nor has {tmp_path}; did you mean fashionable", name="fashionably", data_dir=tmp_path)
    line = fails_with(ValueError, "unknown data set 'qqqqqqqq'", name="qqqqqqqq", data_dir=tmp_path)
    assert line.endswith(str(tmp_path))


@pytest.mark.parametrize("name", ["", "a b", "huggingface:mnist", "mnist/colour=True", None])
def test_names_that_are_none(name, tmp_path):
    fails_with(ValueError, f"{name!r} is no data set name", name=name, data_dir=tmp_path)


@pytest.mark.parametrize("below", ["", "data sets"])
def test_known_but_not_prepared(below, tmp_path, monkeypatch):
    folder = tmp_path / below
    folder.mkdir(exist_ok=True)
    quoted = f"'{folder}'" if below else folder
    build = f"pip install 'hw3[tensorflow]' && tfds build %s --data_dir={quoted} --file_format=array_record"
    line = f"data set 'cifar10' is not prepared: no complete copy in {folder}; prepare it once: "
    line += build % "cifar10"
    assert fails_with(FileNotFoundError, line, name="cifar10", data_dir=folder) == line
    fails_with(FileNotFoundError, build % "emnist/letters", name="emnist/letters:3.1.0", data_dir=folder)
    fails_with(
        FileNotFoundError,
        "did you mean plain mnist, which is bundled?",
        name="mnist",
        data_dir=folder,
    )
    monkeypatch.setattr(constants, "DATA_DIR", str(folder / "no tensorflow_datasets"))
    fails_with(FileNotFoundError, f"no complete copy in {folder}/no tensorflow_datasets;", name="cifar10")


def test_another_version_or_half_a_set(tmp_path):
    where = write_set(tmp_path, {"train": random_set(2, 4, 4, 1), "test": random_set(1, 4, 4, 1)}, name="mine")
    holds = f"data set '%s' is not prepared: no complete copy in {tmp_path}/mine, which holds 1.0.0;"
    fails_with(FileNotFoundError, holds % "mine:2.0.0", name="mine:2.0.0", data_dir=tmp_path)
    fails_with(FileNotFoundError, holds % "mine/blue", name="mine/blue", data_dir=tmp_path)
    (where / "features.json").unlink()
    fails_with(FileNotFoundError, holds % "mine", name="mine", data_dir=tmp_path)


def test_unreadable_data_dir(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for name in ("mnist", "nonsense"):
        missing, file = tmp_path / "missing", tmp_path / "file"
        fails_with(OSError, f"cannot read data_dir {missing}: No such file or directory", name=name, data_dir=missing)
        fails_with(OSError, f"cannot read data_dir {file}: Not a directory", name=name, data_dir=file)
    fails_with(OSError, "cannot read data_dir gs:/tfds-data/datasets: No such", data_dir="gs://tfds-data/datasets")

    def forbid(path):  # chmod would not stop a test that runs as root
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", forbid)
    fails_with(OSError, f"cannot read data_dir {tmp_path}: Permission denied", data_dir=tmp_path)


def test_format_that_needs_tensorflow(tmp_path):
    splits = {"train": random_set(2, 4, 4, 1), "test": random_set(1, 4, 4, 1)}
    where = write_set(tmp_path, splits, name="mine", file_format="tfrecord")
    line = f"{where} is in tfrecord format, which cannot be read without TensorFlow; convert it once: "
    line += "pip install 'hw3[tensorflow]' && tfds convert_format "
    line += f"--dataset_version_dir={where} --out_file_format=array_record"
    assert fails_with(OSError, line, name="mine", data_dir=tmp_path) == line


def _poke(path, at, value):
    content = bytearray(path.read_bytes())
    content[at : at + len(value)] = value
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    {
        "missing": lambda path: path.unlink(),
        "empty": lambda path: path.write_bytes(b""),
        "truncated": lambda path: path.write_bytes(path.read_bytes()[:-70000]),
        "short of a few bytes": lambda path: path.write_bytes(path.read_bytes()[:-10]),
        "overwritten": lambda path: _poke(path, 70000, b"\x55" * 3000),
        "short of a shard's examples": lambda path: _relabel(path.parent, '"40"', '"50"'),
    }.items(),
    ids=lambda item: item[0],
)
def test_damaged_array_record(damage, tmp_path):
    splits = {"train": random_set(40, 40, 40, 3), "test": random_set(1, 40, 40, 3)}
    where = write_set(tmp_path, splits, name="mine")
    datasets.load("mine", tmp_path)
    damage[1](where / "mine-train.array_record-00000-of-00001")
    line = f"cannot read the train split in {where}: "
    fails_with(OSError, line, "; its files are damaged or incomplete, prepare", name="mine", data_dir=tmp_path)


def _relabel(where, old, new):
    info = where / "dataset_info.json"
    assert old in info.read_text()
    info.write_text(info.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("dataset_info.json", "{ nonsense"),
        ("dataset_info.json", "{}"),
        ("dataset_info.json", None),
        ("features.json", "{ nonsense"),
        ("features.json", "{}"),
        ("features.json", '{"pythonClassName": "tensorflow_datasets.Nothing"}'),  # TFDS says so in two lines
    ],
)
def test_damaged_metadata(file, content, tmp_path):
    where = write_set(tmp_path, {"train": random_set(2, 4, 4, 1), "test": random_set(1, 4, 4, 1)}, name="mine")
    if content is None:
        (where / file).unlink()
    else:
        (where / file).write_text(content)
    fails_with(OSError, f"cannot read the data set 'mine' in {tmp_path}: ", name="mine", data_dir=tmp_path)


def test_metadata_that_do_not_name_the_files(tmp_path):
    where = write_set(tmp_path, {"train": random_set(2, 4, 4, 1), "test": random_set(1, 4, 4, 1)}, name="mine")
    _relabel(where, "{SHARD_X_OF_Y}", "{SHARD}")
    line = f"cannot read the data set in {where}: Could not format template"
    fails_with(OSError, line, name="mine", data_dir=tmp_path)


def test_image_that_cannot_be_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(Image.Image, "save", lambda self, file, kind: file.write(b"not a picture"))
    where = write_set(tmp_path, {"train": random_set(2, 4, 4, 1), "test": random_set(1, 4, 4, 1)}, name="mine")
    fails_with(
        OSError,
        f"cannot read the train split in {where}: cannot identify image",
        name="mine",
        data_dir=tmp_path,
    )


@pytest.mark.parametrize(
    ("splits", "line"),
    [
        ({"test": 2}, "no train examples; its splits: test (2)"),
        ({"train": 2}, "no test examples; its splits: train (2)"),
        ({"train": 2, "extra": 3}, "no test examples; its splits: train (2), extra (3)"),
        ({"train": 2, "test": 0}, "no test examples; its splits: train (2), test (0)"),
        ({"train": 0, "validation": 2}, "no train examples; its splits: train (0), validation (2)"),
        ({"train": 2, "validation": 0}, "no validation examples; its splits: train (2), validation (0)"),
    ],
)
def test_missing_or_empty_splits(splits, line, tmp_path):
    full = random_set(3, 4, 4, 1)
    write_set(tmp_path, {split: (full[0], full[1][:n]) for split, n in splits.items()}, name="mine")
    fails_with(ValueError, f"data set 'mine/1.0.0' has {line}", name="mine", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("features", "line"),
    [
        ([IMAGE % ("uint8", 1)], "has image (Image)"),
        ([LABEL % '"numClasses": "10"'], "has label (ClassLabel)"),
        ([IMAGE % ("uint8", 1), SCALAR % "label"], "has image (Image), label (Scalar)"),
        ([SCALAR % "speed", SCALAR % "image"], "has image (Scalar), speed (Scalar)"),
        (
            [IMAGE % ("uint16", 1), LABEL % '"numClasses": "10"'],
            "has uint16 images; only 8-bit ones can be read",
        ),
        ([IMAGE % ("uint8", 1), LABEL % ""], "doesn't say how many classes it has"),
    ],
)
def test_sets_of_another_kind(features, line, tmp_path):
    splits = {"train": random_set(2, 4, 4, 1), "test": random_set(1, 4, 4, 1)}
    write_set(tmp_path, splits, name="mine", features=features)
    fails_with(ValueError, "data set 'mine/1.0.0' ", line, name="mine", data_dir=tmp_path)


def test_images_of_different_sizes(tmp_path):
    wide, high = random_set(2, 3, 5, 1), random_set(2, 5, 3, 1)
    mixed = [*wide[0], *high[0]], [*wide[1], *high[1]]
    line = "data set 'mine/%s' has images of different sizes: 3x5x1 "
    write_set(tmp_path, {"train": wide, "test": mixed}, name="mine", version="1.0.0")
    fails_with(ValueError, line % "1.0.0", "and 5x3x1 in test", name="mine", data_dir=tmp_path)
    write_set(tmp_path, {"train": wide, "test": high}, name="mine", version="2.0.0")
    fails_with(ValueError, line % "2.0.0", "in train, 5x3x1 in test", name="mine", data_dir=tmp_path)


@pytest.mark.parametrize("label", [-1, 10])
def test_labels_out_of_range(label, tmp_path):
    images, labels = random_set(2, 3, 5, 1)
    write_set(tmp_path, {"train": (images, labels), "test": (images, [0, label])}, name="mine")
    line = "data set 'mine/1.0.0' has labels outside 0..9 in test; is it unlabelled?"
    assert fails_with(ValueError, line, name="mine", data_dir=tmp_path) == line
