"""Data sets of one's own by their path, read back; whatever is wrong with them, one line that names it."""

import gzip

import numpy as np
import pytest
from image_files import GREY, LABELS, folder_of_classes, idx
from prepared_sets import fails_with

from hw3 import datasets


def test_a_data_set_in_each_form_by_its_path(tmp_path, monkeypatch):
    order = np.argsort(LABELS, kind="stable")
    folder_of_classes(tmp_path / "folders" / "train", GREY)
    folder_of_classes(tmp_path / "folders" / "val", GREY[:3], LABELS[:3])
    np.savez(tmp_path / "a.npz", x_train=GREY[order] / 255, y_train=LABELS[order], x_test=GREY[:3], y_test=LABELS[:3])
    (tmp_path / "idx").mkdir()
    for split, count in (("train", 6), ("t10k", 3)):
        rows = order[:count] if split == "train" else slice(count)
        (tmp_path / "idx" / f"{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(GREY[rows, ..., 0])))
        (tmp_path / "idx" / f"{split}-labels.idx1-ubyte").write_bytes(idx(LABELS[rows]))
        (tmp_path / "idx" / f"{split}-labels-idx1-ubyte").write_bytes(idx(LABELS[rows]))
    monkeypatch.chdir(tmp_path)
    for path in ("./folders", tmp_path / "folders", "a.npz", "./idx", "idx/t10k-images-idx3-ubyte.gz"):
        found = datasets.load(path)
        np.testing.assert_array_equal(found.train_images, GREY[order])
        np.testing.assert_array_equal(found.train_labels, LABELS[order])
        np.testing.assert_array_equal(found.test_images, GREY[:3])
        np.testing.assert_array_equal(found.test_labels, LABELS[:3])
        assert found.train_images.dtype == np.uint8
        assert found.train_labels.dtype == np.int32
        assert found.classes == 3
        assert datasets.load(found.name).classes == 3, "it is found again by its name"


def test_bad_data_sets(tmp_path):
    folder_of_classes(tmp_path / "train", GREY)
    fails_with(ValueError, f"{tmp_path} has a folder train but none of test, val", name=tmp_path)
    folder_of_classes(tmp_path / "test", GREY, names=("cat", "dog", "bat"))
    fails_with(ValueError, "class 'bat' has images to train on or to test on, not both", name=tmp_path)
    folder_of_classes(tmp_path / "b" / "train", GREY)
    folder_of_classes(tmp_path / "b" / "test", GREY[:, :4])
    fails_with(ValueError, "different sizes: 5x4x1 for training, 4x4x1 for testing", name=tmp_path / "b")
    path = tmp_path / "a.npz"
    np.savez(path, x_train=GREY, y_train=LABELS, x_test=GREY)
    fails_with(ValueError, "a.npz has no labels of the test images", name=path)
    np.savez(path, x_train=GREY, y_train=LABELS)
    fails_with(ValueError, "a.npz holds no array x_test or test_images; it holds x_train, y_train", name=path)
    np.savez(path, x_train=GREY / 254.5 * 0.9, y_train=LABELS, x_test=GREY, y_test=LABELS)
    fails_with(ValueError, "grey values that are no 255ths: store a data set's images as uint8", name=path)
    np.save(tmp_path / "a.npy", GREY)
    fails_with(ValueError, "a.npy holds one array: a data set needs", name=tmp_path / "a.npy")
    (tmp_path / "c").mkdir()
    fails_with(
        ValueError, "c holds no train-images-idx3-ubyte, gzipped or not: a data set is a folder", name=tmp_path / "c"
    )
    fails_with(ValueError, "is a path: data_dir goes with a name of TFDS", name=str(path), data_dir=tmp_path)
    fails_with(FileNotFoundError, "nowhere is not there", name=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fashion-mnist", "; did you mean fashion_mnist?"),
        ("Fashion-MNIST", "; did you mean fashion_mnist?"),
        ("cifar-10", "; did you mean cifar10?"),
        ("MNIST", "; did you mean plain mnist, which is bundled?"),
        ("mnist:3.0.1", "; did you mean plain mnist, which is bundled?"),
        ("digits", "; did you mean the path ./digits?"),
    ],
)
def test_near_names_are_suggested(tmp_path, monkeypatch, name, message):
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    kind = FileNotFoundError if "bundled" in message else ValueError
    fails_with(kind, message, name=name)
