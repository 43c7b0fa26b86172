"""The bundle against known facts of MNIST; TFDS sets written by hand and read back; every error, one line."""

import io
import os
import pickle
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from absl import logging
from array_record.python.array_record_module import ArrayRecordWriter
from PIL import Image
from tensorflow_datasets.core import constants
from tensorflow_datasets.proto import tf_example_pb2, tf_feature_pb2

from hw3 import data


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """No test may try to reach the network, not even in vain: TFDS would swallow the refusal and retry."""
    attempts = []

    def refuse(*args, **kwargs):
        attempts.append(args)
        raise OSError("network is blocked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert attempts == []


@pytest.fixture(scope="module")
def mnist():
    return data.load()


# ---------------------------------------------------------------------------------------------- the bundle


def test_bundle_is_mnist(mnist):
    assert mnist.train_images.shape == (60000, 28, 28, 1)
    assert mnist.test_images.shape == (10000, 28, 28, 1)
    assert mnist.train_images.dtype == mnist.test_images.dtype == np.uint8
    assert mnist.train_labels.dtype == mnist.test_labels.dtype == np.int32
    assert (mnist.name, mnist.classes) == ("mnist", 10)
    # Published facts: digits per class, the first labels, the mean 0.1307 that everyone normalises with.
    per_digit = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    np.testing.assert_array_equal(np.bincount(mnist.train_labels), per_digit)
    np.testing.assert_array_equal(mnist.train_labels[:5], [5, 0, 4, 1, 9])
    np.testing.assert_array_equal(mnist.test_labels[:5], [7, 2, 1, 0, 4])
    np.testing.assert_allclose(mnist.train_images.mean() / 255, 0.1307, atol=5e-5)


def test_bundle_needs_no_tfds():
    """Half a second of imports that only other sets need; nor does an importer of `hw3.data` pay for JAX."""
    code = """
        import sys
        from hw3 import data
        data.load()
        print({"jax", "tensorflow_datasets"} & {*sys.modules})
    """
    assert _python(code) == "set()\n"


@pytest.fixture
def bundle(monkeypatch, tmp_path):
    """A place for a bundle to damage; removed at once, a whole one takes 55 MB."""
    path = tmp_path / "mnist.npz"
    monkeypatch.setattr(data, "_BUNDLE", path)
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_one_wrong_value_in_the_bundle(bundle, mnist, key):
    arrays = {
        "x_train": mnist.train_images[..., 0],
        "y_train": mnist.train_labels.astype(np.uint8),
        "x_test": mnist.test_images[..., 0],
        "y_test": mnist.test_labels.astype(np.uint8),
    }
    np.savez(bundle, **arrays)
    np.testing.assert_array_equal(data.load().test_images, mnist.test_images)
    wrong = arrays[key].copy()
    wrong.flat[-1] ^= 1
    np.savez(bundle, **arrays | {key: wrong})
    _fails(OSError, f"the bundled {bundle} is damaged: wrong checksum of {key}; reinstall hw3 ")


def test_bundle_with_digits_on_their_side(bundle, mnist):
    """The same bytes in another shape: the sizes are part of the checksum."""
    turned = mnist.train_images.reshape(60000, 14, 56)
    np.savez(bundle, x_train=turned, y_train=mnist.train_labels, x_test=turned[:9], y_test=turned[:9])
    _fails(OSError, "wrong checksum of x_train")


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "truncated", "flipped", "other arrays", "pickle"])
def test_unreadable_bundle(bundle, damage):
    whole = (Path(data.__file__).parent / "assets" / "mnist.npz").read_bytes()
    if damage == "empty":
        bundle.write_bytes(b"")
    elif damage == "text":
        bundle.write_text("version https://git-lfs.github.com/spec/v1\n")
    elif damage == "truncated":
        bundle.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        bundle.write_bytes(whole[:5_000_000] + bytes([whole[5_000_000] ^ 1]) + whole[5_000_001:])
    elif damage == "other arrays":
        np.savez(bundle, images=np.zeros(3))
    elif damage == "pickle":
        bundle.write_bytes(pickle.dumps(_Harm(bundle.parent / "harm")))
    _fails(OSError, f"cannot read the bundled {bundle}: ", "; reinstall hw3 (in a git checkout: ")
    assert not (bundle.parent / "harm").exists()


class _Harm(NamedTuple):
    path: Path

    def __reduce__(self):
        return os.mkdir, (self.path,)


# --------------------------------------------------------------------------------------------- as_float


def test_as_float_scales_to_the_unit_interval():
    every = np.arange(256, dtype=np.uint8).reshape(4, 4, 4, 4)
    floats = data.as_float(every)
    assert isinstance(floats, np.ndarray)
    assert floats.dtype == np.float32
    assert (floats.flat[0], floats.flat[51], floats.flat[255]) == (0, np.float32(0.2), 1)
    np.testing.assert_array_max_ulp(floats, (np.arange(256) / 255).astype(np.float32).reshape(4, 4, 4, 4), 1)
    for same in (data.as_float(jnp.asarray(every)), jax.jit(data.as_float)(every)):
        assert isinstance(same, jax.Array)
        assert same.dtype == jnp.float32
        np.testing.assert_array_max_ulp(np.asarray(same), floats, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, bool])
def test_as_float_refuses_what_is_not_stored_images(dtype):
    with pytest.raises(ValueError, match=f"uint8 images, not {np.dtype(dtype)}"):
        data.as_float(np.ones((1, 2, 2, 1), dtype))


# ------------------------------------------------------------------- TFDS sets, written without TensorFlow

_IMAGE = """"image": {"pythonClassName": "tensorflow_datasets.core.features.image_feature.Image",
    "image": {"dtype": "%s", "shape": {"dimensions": ["-1", "-1", "%d"]}}}"""
_LABEL = """"label": {"pythonClassName": "tensorflow_datasets.core.features.class_label_feature.ClassLabel",
    "classLabel": {%s}}"""
_TEXT = """"id": {"pythonClassName": "tensorflow_datasets.core.features.text_feature.Text", "text": {}}"""
_SCALAR = """"%s": {"pythonClassName": "tensorflow_datasets.core.features.scalar.Scalar",
    "tensor": {"shape": {}, "dtype": "int64", "encoding": "none"}}"""


def _write(folder, splits, *, name, version="1.0.0", config="", features=None, shards=1, file_format="array_record"):
    """Writes what `tfds build` would have: {split: (images, labels)} -> folder/name[/config]/version."""
    where = folder / name / config / version
    where.mkdir(parents=True)
    infos = []
    for split, (images, labels) in splits.items():
        parts = np.array_split(np.arange(len(labels)), shards) if len(labels) else []
        for number, rows in enumerate(parts):
            path = where / f"{name}-{split}.{file_format}-{number:05d}-of-{shards:05d}"
            writer = ArrayRecordWriter(str(path), "group_size:1")
            for row in rows:
                writer.write(_example(images[row], labels[row]))
            writer.close()
        lengths = ", ".join(f'"{len(rows)}"' for rows in parts)
        template = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
        infos.append(f'{{"name": "{split}", "filepathTemplate": "{template}", "shardLengths": [{lengths}]}}')
    configured = f'"configName": "{config}", ' if config else ""
    (where / "dataset_info.json").write_text(
        f'{{"name": "{name}", {configured}"version": "{version}", "fileFormat": "{file_format}",'
        f' "splits": [{", ".join(infos)}]}}'
    )
    channels = next(iter(splits.values()))[0][0].shape[-1]
    features = features or [_IMAGE % ("uint8", channels), _LABEL % '"numClasses": "10"']
    (where / "features.json").write_text(
        '{"pythonClassName": "tensorflow_datasets.core.features.features_dict.FeaturesDict",'
        f' "featuresDict": {{"features": {{{", ".join(features)}}}}}}}'
    )
    return where


def _example(image, label):
    png = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(png, "png")
    feature, features = tf_feature_pb2.Feature, tf_feature_pb2.Features
    values = {
        "image": feature(bytes_list=tf_feature_pb2.BytesList(value=[png.getvalue()])),
        "label": feature(int64_list=tf_feature_pb2.Int64List(value=[label])),
        "id": feature(bytes_list=tf_feature_pb2.BytesList(value=[b"train_00001"])),
    }
    return tf_example_pb2.Example(features=features(feature=values)).SerializeToString()


def _random(n, *shape, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (n, *shape), np.uint8), generator.integers(0, 10, n)


def _multiset(images, labels):
    return sorted(image.tobytes() + bytes([label]) for image, label in zip(images, labels, strict=True))


def test_tfds_mnist_holds_the_bundled_images(mnist, tmp_path):
    """The same digits in TFDS's order: all 70,000 if HW3_TFDS_DIR holds a prepared `mnist`, else a few."""
    folder = os.environ.get("HW3_TFDS_DIR")
    n_train, n_test = (60000, 10000) if folder else (300, 60)
    if not folder:
        folder = tmp_path
        orders = [np.random.default_rng(0).permutation(n) for n in (n_train, n_test)]
        train = mnist.train_images[orders[0]], mnist.train_labels[orders[0]]
        test = mnist.test_images[orders[1]], mnist.test_labels[orders[1]]
        _write(tmp_path, {"train": train, "test": test}, name="mnist", version="3.0.1", shards=3)
    found = data.load("mnist", folder)
    assert found.train_images.dtype == found.test_images.dtype == np.uint8
    assert found.train_labels.dtype == found.test_labels.dtype == np.int32
    assert (found.name, found.classes) == ("mnist:3.0.1", 10)
    bundled = _multiset(mnist.train_images[:n_train], mnist.train_labels[:n_train])
    assert _multiset(found.train_images, found.train_labels) == bundled
    assert _multiset(found.test_images, found.test_labels) == _multiset(
        mnist.test_images[:n_test], mnist.test_labels[:n_test]
    )
    assert not np.array_equal(found.train_labels, mnist.train_labels[:n_train])  # shuffled, or nothing is shown


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("n", [1, 3, 4, 5, 8])
def test_any_size_and_channels_in_the_order_on_disk(tmp_path, monkeypatch, channels, n):
    """Counts beside the number read at a time; more classes than the labels show."""
    monkeypatch.setattr(data, "_BATCH", 4)
    images, labels = _random(n, 3, 7, channels)
    labels = labels % 4
    test_images, test_labels = _random(5, 3, 7, channels, seed=1)
    _write(tmp_path, {"train": (images, labels), "test": (test_images, test_labels)}, name="wide")
    found = data.load("wide", str(tmp_path))
    np.testing.assert_array_equal(found.train_images, images)
    np.testing.assert_array_equal(found.train_labels, labels)
    np.testing.assert_array_equal(found.test_images, test_images)
    np.testing.assert_array_equal(found.test_labels, test_labels)
    assert (found.name, found.classes) == ("wide:1.0.0", 10)


def test_other_features_are_left_out(tmp_path):
    """CIFAR-10 has an `id` in words beside image and label."""
    train, test = _random(2, 4, 4, 3), _random(1, 4, 4, 3)
    features = [_TEXT, _IMAGE % ("uint8", 3), _LABEL % '"numClasses": "10"']
    _write(tmp_path, {"train": train, "test": test}, name="named", features=features)
    np.testing.assert_array_equal(data.load("named", tmp_path).train_images, train[0])


def test_home_in_data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    _write(tmp_path / "sets", {"train": _random(2, 4, 4, 1), "test": _random(1, 4, 4, 1)}, name="mine")
    assert data.load("mine", "~/sets").name == "mine:1.0.0"


def test_names_as_tfds_takes_them(tmp_path, monkeypatch):
    for seed, (config, version) in enumerate([("", "1.0.0"), ("", "1.2.0"), ("small", "2.0.0"), ("small", "2.0.1")]):
        splits = {"train": _random(2, 4, 4, 3, seed=seed), "test": _random(1, 4, 4, 3)}
        _write(tmp_path, splits, name="my_shapes", config=config, version=version)
    monkeypatch.setattr(constants, "DATA_DIR", str(tmp_path))
    for name, full_name in {
        "my_shapes": "my_shapes:1.2.0",
        "MyShapes": "my_shapes:1.2.0",
        "my_shapes:1.0.0": "my_shapes:1.0.0",
        "my_shapes:1.*.*": "my_shapes:1.2.0",
        "my_shapes/small": "my_shapes/small:2.0.1",
        "my_shapes/small:2.0.0": "my_shapes/small:2.0.0",
    }.items():
        loaded = data.load(name, tmp_path)
        assert loaded.name == data.load(name).name == full_name
        again = data.load(full_name, tmp_path)
        assert np.array_equal(again.train_images, loaded.train_images), "the name leads back to the same set"


def test_validation_split_stands_in_for_a_missing_test_split(tmp_path):
    train, validation, test = (_random(3, 4, 4, 1, seed=seed) for seed in range(3))
    _write(tmp_path, {"train": train, "validation": validation}, name="two")
    np.testing.assert_array_equal(data.load("two", tmp_path).test_images, validation[0])
    _write(tmp_path, {"train": train, "validation": validation, "test": test}, name="three")
    np.testing.assert_array_equal(data.load("three", tmp_path).test_images, test[0])


def test_reading_is_quiet_and_leaves_logging_as_it_was(tmp_path):
    """In a process of its own, as TFDS says each thing once; warnings are errors there too."""
    _write(tmp_path, {"train": _random(2, 4, 4, 1), "test": _random(1, 4, 4, 1)}, name="small")
    code = f"from hw3 import data; print(data.load('small', {str(tmp_path)!r}).train_images.shape)"
    assert _python(code) == "(2, 4, 4, 1)\n"
    before = logging.get_verbosity()
    try:
        logging.set_verbosity(logging.INFO)
        data.load("small", tmp_path)
        _fails(ValueError, "unknown", name="smalt", data_dir=tmp_path)
        assert logging.get_verbosity() == logging.INFO
    finally:
        logging.set_verbosity(before)


# --------------------------------------------------------------------------------------------- one clear line


def test_unknown_names(tmp_path):
    (tmp_path / "fashionable").mkdir()
    _fails(ValueError, f"unknown data set 'mnits': TFDS has none, nor has {tmp_path}; did you mean mnist or",
           name="mnits", data_dir=tmp_path)  # fmt: skip
    _fails(ValueError, f"nor has {tmp_path}; did you mean fashionable?", name="fashionably", data_dir=tmp_path)
    line = _fails(ValueError, "unknown data set 'qqqqqqqq'", name="qqqqqqqq", data_dir=tmp_path)
    assert line.endswith(str(tmp_path))


@pytest.mark.parametrize("name", ["", "a b", "../mnist", "huggingface:mnist", "mnist/colour=True", None])
def test_names_that_are_none(name, tmp_path):
    _fails(ValueError, f"{name!r} is no data set name", name=name, data_dir=tmp_path)


@pytest.mark.parametrize("below", ["", "data sets"])
def test_known_but_not_prepared(below, tmp_path, monkeypatch):
    folder = tmp_path / below
    folder.mkdir(exist_ok=True)
    quoted = f"'{folder}'" if below else folder
    build = f"pip install 'hw3[tensorflow]' && tfds build %s --data_dir={quoted} --file_format=array_record"
    line = f"data set 'cifar10' is not prepared: no complete copy in {folder}; prepare it once: "
    line += build % "cifar10"
    assert _fails(FileNotFoundError, line, name="cifar10", data_dir=folder) == line
    _fails(FileNotFoundError, build % "emnist/letters", name="emnist/letters:3.1.0", data_dir=folder)
    _fails(FileNotFoundError, "(load('mnist') alone needs none)", name="mnist", data_dir=folder)
    monkeypatch.setattr(constants, "DATA_DIR", str(folder / "no tensorflow_datasets"))
    _fails(FileNotFoundError, f"no complete copy in {folder}/no tensorflow_datasets;", name="cifar10")


def test_another_version_or_half_a_set(tmp_path):
    where = _write(tmp_path, {"train": _random(2, 4, 4, 1), "test": _random(1, 4, 4, 1)}, name="mine")
    holds = f"data set '%s' is not prepared: no complete copy in {tmp_path}/mine, which holds 1.0.0;"
    _fails(FileNotFoundError, holds % "mine:2.0.0", name="mine:2.0.0", data_dir=tmp_path)
    _fails(FileNotFoundError, holds % "mine/blue", name="mine/blue", data_dir=tmp_path)
    (where / "features.json").unlink()
    _fails(FileNotFoundError, holds % "mine", name="mine", data_dir=tmp_path)


def test_unreadable_data_dir(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for name in ("mnist", "nonsense"):
        missing, file = tmp_path / "missing", tmp_path / "file"
        _fails(OSError, f"cannot read data_dir {missing}: No such file or directory", name=name, data_dir=missing)
        _fails(OSError, f"cannot read data_dir {file}: Not a directory", name=name, data_dir=file)
    _fails(OSError, "cannot read data_dir gs:/tfds-data/datasets: No such", data_dir="gs://tfds-data/datasets")

    def forbid(path):  # chmod would not stop a test that runs as root
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", forbid)
    _fails(OSError, f"cannot read data_dir {tmp_path}: Permission denied", data_dir=tmp_path)


def test_format_that_needs_tensorflow(tmp_path):
    splits = {"train": _random(2, 4, 4, 1), "test": _random(1, 4, 4, 1)}
    where = _write(tmp_path, splits, name="mine", file_format="tfrecord")
    line = f"{where} is in tfrecord format, which cannot be read without TensorFlow; convert it once: "
    line += "pip install 'hw3[tensorflow]' && tfds convert_format "
    line += f"--dataset_version_dir={where} --out_file_format=array_record"
    assert _fails(OSError, line, name="mine", data_dir=tmp_path) == line


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
    splits = {"train": _random(40, 40, 40, 3), "test": _random(1, 40, 40, 3)}
    where = _write(tmp_path, splits, name="mine")
    data.load("mine", tmp_path)
    damage[1](where / "mine-train.array_record-00000-of-00001")
    line = f"cannot read the train split in {where}: "
    _fails(OSError, line, "; its files are damaged or incomplete, prepare", name="mine", data_dir=tmp_path)


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
    where = _write(tmp_path, {"train": _random(2, 4, 4, 1), "test": _random(1, 4, 4, 1)}, name="mine")
    if content is None:
        (where / file).unlink()
    else:
        (where / file).write_text(content)
    _fails(OSError, f"cannot read the data set 'mine' in {tmp_path}: ", name="mine", data_dir=tmp_path)


def test_metadata_that_do_not_name_the_files(tmp_path):
    where = _write(tmp_path, {"train": _random(2, 4, 4, 1), "test": _random(1, 4, 4, 1)}, name="mine")
    _relabel(where, "{SHARD_X_OF_Y}", "{SHARD}")
    line = f"cannot read the data set in {where}: Could not format template"
    _fails(OSError, line, name="mine", data_dir=tmp_path)


def test_image_that_cannot_be_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(Image.Image, "save", lambda self, file, kind: file.write(b"not a picture"))
    where = _write(tmp_path, {"train": _random(2, 4, 4, 1), "test": _random(1, 4, 4, 1)}, name="mine")
    _fails(
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
    full = _random(3, 4, 4, 1)
    _write(tmp_path, {split: (full[0], full[1][:n]) for split, n in splits.items()}, name="mine")
    _fails(ValueError, f"data set 'mine/1.0.0' has {line}", name="mine", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("features", "line"),
    [
        ([_IMAGE % ("uint8", 1)], "has image (Image)"),
        ([_LABEL % '"numClasses": "10"'], "has label (ClassLabel)"),
        ([_IMAGE % ("uint8", 1), _SCALAR % "label"], "has image (Image), label (Scalar)"),
        ([_SCALAR % "speed", _SCALAR % "image"], "has image (Scalar), speed (Scalar)"),
        (
            [_IMAGE % ("uint16", 1), _LABEL % '"numClasses": "10"'],
            "has uint16 images; only 8-bit ones can be read",
        ),
        ([_IMAGE % ("uint8", 1), _LABEL % ""], "doesn't say how many classes it has"),
    ],
)
def test_sets_of_another_kind(features, line, tmp_path):
    splits = {"train": _random(2, 4, 4, 1), "test": _random(1, 4, 4, 1)}
    _write(tmp_path, splits, name="mine", features=features)
    _fails(ValueError, "data set 'mine/1.0.0' ", line, name="mine", data_dir=tmp_path)


def test_images_of_different_sizes(tmp_path):
    wide, high = _random(2, 3, 5, 1), _random(2, 5, 3, 1)
    mixed = [*wide[0], *high[0]], [*wide[1], *high[1]]
    line = "data set 'mine/%s' has images of different sizes: 3x5x1 "
    _write(tmp_path, {"train": wide, "test": mixed}, name="mine", version="1.0.0")
    _fails(ValueError, line % "1.0.0", "and 5x3x1 in test", name="mine", data_dir=tmp_path)
    _write(tmp_path, {"train": wide, "test": high}, name="mine", version="2.0.0")
    _fails(ValueError, line % "2.0.0", "in train, 5x3x1 in test", name="mine", data_dir=tmp_path)


@pytest.mark.parametrize("label", [-1, 10])
def test_labels_out_of_range(label, tmp_path):
    images, labels = _random(2, 3, 5, 1)
    _write(tmp_path, {"train": (images, labels), "test": (images, [0, label])}, name="mine")
    line = "data set 'mine/1.0.0' has labels outside 0..9 in test; is it unlabelled?"
    assert _fails(ValueError, line, name="mine", data_dir=tmp_path) == line


def _fails(kind, *parts, name="mnist", data_dir=None):
    """Loading fails at once with one line that has all parts, raised in hw3.data: programs print it."""
    start = time.monotonic()
    with pytest.raises(kind) as caught:
        data.load(name, data_dir)
    line = str(caught.value)
    assert time.monotonic() - start < 10
    assert Path(caught.traceback[-1].path) == Path(data.__file__)
    assert "\n" not in line
    for part in parts:
        assert part in line
    return line


def _python(code):
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    root = str(Path(data.__file__).parents[1])
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": root})
    assert done.stderr == ""
    return done.stdout
