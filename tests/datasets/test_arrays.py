"""Images in NumPy and IDX files, read back; whatever is wrong with them, one line that names it."""

import gzip
import os

import hypothesis.extra.numpy as stn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_files import GREY, LABELS, idx, one_line

from hw3.datasets import files


@given(
    stn.arrays(
        st.sampled_from([np.uint8, np.int64, np.float32, np.float64]),
        stn.array_shapes(min_dims=3, max_dims=4, max_side=4),
        elements={"min_value": 0, "max_value": 1},
    )
)
def test_any_array_of_images_comes_back(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("array") / "a.npy"
    np.save(path, array)
    found = files.read_images(path)
    assert found.images.dtype == (np.float32 if array.dtype.kind == "f" else np.uint8)
    np.testing.assert_array_equal(found.images.reshape(array.shape), array.astype(found.images.dtype))
    assert found.images.ndim == 4
    assert len(found.names) == len(array)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 4), np.uint8), r"a.npy has the shape \(4, 4\): images are \[n, height, width\] or"),
        (np.zeros((0, 4, 4), np.uint8), r"a.npy has the shape \(0, 4, 4\)"),
        (np.zeros((2, 3, 32, 32), np.uint8), "move the channels from the second axis to the last"),
        (np.full((2, 4, 4), 300), r"a.npy holds 300..300: images are whole numbers in 0..255 or floats in \[0, 1\]"),
        (np.full((2, 4, 4), -1), r"a.npy holds -1..-1"),
        (np.full((2, 4, 4), 1.5), r"a.npy holds 1.5..1.5"),
        (np.full((2, 4, 4), np.nan), r"a.npy holds nan..nan"),
        (np.zeros((2, 4, 4), bool), "a.npy is of type bool"),
        (np.zeros((2, 4, 4), complex), "a.npy is of type complex128"),
        (np.full((2, 4, 4), None), "a.npy is no file of NumPy arrays: Object arrays cannot be loaded"),
    ],
)
def test_bad_arrays(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    one_line(message, tmp_path / "a.npy")


def test_archives_by_split_and_their_labels(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x_train=GREY, y_train=LABELS, x_test=GREY[:2, ..., 0], y_test=LABELS[:2, None])
    test = files.read_images(path, split="test")
    np.testing.assert_array_equal(test.images, GREY[:2])
    np.testing.assert_array_equal(test.labels, LABELS[:2])
    one_line(r"a.npz holds images to train and to test: say which split", path)
    one_line("split is 'all'; it must be train or test", path, split="all")
    np.savez(path, images=GREY, labels=np.array(["owl", "cat"])[LABELS % 2])
    found = files.read_images(path)
    assert found.classes == ("cat", "owl")
    np.testing.assert_array_equal(found.labels, 1 - LABELS % 2)
    np.savez(path, pixels=GREY)
    np.testing.assert_array_equal(files.read_images(path).images, GREY)
    np.savez(path, a=GREY, b=GREY)
    one_line("a.npz holds no array images or x or arr_0; it holds a, b", path)
    for damaged in (b"", b"PK\x03\x04", path.read_bytes()[:-40]):
        path.write_bytes(damaged)
        one_line("a.npz is no file of NumPy arrays", path)
    one_line("only pictures of a folder can be scaled or turned grey", path, size=4)
    one_line("channels is 2; it must be 1", path, channels=2)
    one_line("nowhere.npy is not there", tmp_path / "nowhere.npy")
    os.mkfifo(tmp_path / "pipe.npy")
    one_line("pipe.npy is neither a folder nor a regular file", tmp_path / "pipe.npy")
    one_line("/dev/zero is neither a folder nor a regular file", "/dev/zero")


@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_find_their_labels(tmp_path, packed):
    pack, suffix = (gzip.compress, ".gz") if packed else (bytes, "")
    path = tmp_path / f"t10k-images-idx3-ubyte{suffix}"
    path.write_bytes(pack(idx(GREY[..., 0])))
    np.testing.assert_array_equal(files.read_images(path).images, GREY)
    assert files.read_images(path).labels is None
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS))
    np.testing.assert_array_equal(files.read_images(path).labels, LABELS)
    for damaged in (idx(GREY[..., 0])[:-1], b"\0\0\x08", b"hello", idx(GREY[..., 0]).replace(b"\x08", b"\x0d", 1)):
        path.write_bytes(pack(damaged))
        one_line(f"{path.name} is (damaged|no IDX file of bytes)", path)
    path.write_bytes(gzip.compress(idx(GREY[..., 0]))[:-9])
    one_line(f"{path.name} is damaged", path)
