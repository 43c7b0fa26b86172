"""Sets that TFDS prepared and that cannot be taken: whatever is wrong, one clear line and no network."""

import os

import pytest
from PIL import Image
from prepared_sets import IMAGE, LABEL, SCALAR, fails_with, random_set, write_set
from tensorflow_datasets.core import constants

from hw3 import datasets

pytestmark = pytest.mark.usefixtures("no_network")


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
