"""Images of one's own, written by other programs and read back; whatever is wrong with them, one line that names it."""

import gzip
import os
import pathlib
import struct

import hypothesis.extra.numpy as stn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from prepared_sets import fails_with

from hw3 import datasets
from hw3.datasets import files

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 5, 4, 1), np.uint8)
COLOUR = RNG.integers(0, 256, (6, 5, 4, 3), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2], np.int32)


def save(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array, **options).save(path)


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def folder_of_classes(folder, images, labels=LABELS, names=("cat", "dog", "owl")):
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        save(folder / names[label] / f"{number}.png", image)
    return folder


def one_line(message, *arguments, **options):
    with pytest.raises((ValueError, OSError), match=message) as caught:
        files.read_images(*arguments, **options)
    assert "\n" not in str(caught.value)
    assert pathlib.Path(caught.traceback[-1].path).parent == pathlib.Path(datasets.__file__).parent
    return str(caught.value)


# -------------------------------------------------------------------------------------------------- folders


@pytest.mark.parametrize("images", [GREY, COLOUR], ids=["grey", "colour"])
def test_a_flat_folder_in_the_order_of_its_numbers(tmp_path, images):
    for number, image in zip((1, 2, 3, 9, 10, 11), images, strict=True):
        save(tmp_path / f"image{number}.PNG", image)
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "notes.txt").touch()
    found = files.read_images(tmp_path)
    np.testing.assert_array_equal(found.images, images)
    assert found.images.dtype == np.uint8
    assert found.names == tuple(f"image{n}.PNG" for n in (1, 2, 3, 9, 10, 11))
    assert (found.labels, found.classes) == (None, None)


def test_a_folder_for_each_class(tmp_path):
    found = files.read_images(folder_of_classes(tmp_path, COLOUR))
    order = np.argsort(LABELS, kind="stable")
    np.testing.assert_array_equal(found.images, COLOUR[order])
    np.testing.assert_array_equal(found.labels, LABELS[order])
    assert found.labels.dtype == np.int32
    assert found.classes == ("cat", "dog", "owl")
    assert found.names[:2] == ("cat/0.png", "cat/3.png")


def test_grey_and_colour_together_are_colour_and_either_may_be_asked_for(tmp_path):
    save(tmp_path / "a.png", GREY[0])
    save(tmp_path / "b.png", COLOUR[0])
    found = files.read_images(tmp_path).images
    np.testing.assert_array_equal(found, np.stack([np.repeat(GREY[0], 3, -1), COLOUR[0]]))
    np.testing.assert_array_equal(files.read_images(tmp_path, channels=3).images, found)
    grey = files.read_images(tmp_path, channels=1).images
    np.testing.assert_array_equal(grey[0], GREY[0])
    luma = COLOUR[0] @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(grey[1, ..., 0], luma, atol=1)


def test_pictures_are_scaled_to_a_size(tmp_path):
    save(tmp_path / "a.png", np.full((9, 6, 1), 100, np.uint8))
    save(tmp_path / "b.png", np.full((3, 8, 1), 200, np.uint8))
    found = files.read_images(tmp_path, size=(4, 7)).images
    assert found.shape == (2, 4, 7, 1)
    assert (found[0] == 100).all()
    assert (found[1] == 200).all()
    assert files.read_images(tmp_path, size=5).images.shape == (2, 5, 5, 1)
    one_line(r"different sizes \(a.png has 9x6, b.png 3x8\): give the size to scale them to", tmp_path)
    for size in (0, -1, (4, 4, 4), (4, 0), 5000, True):
        one_line("size is .*; it must be one or two whole numbers of pixels from 1 to 4096", tmp_path, size=size)


def test_photographs_lie_as_their_camera_was_held(tmp_path):
    upright = np.zeros((40, 20), np.uint8)
    upright[:20] = 255
    exif = Image.Exif()
    exif[274] = 6  # turn by 90 degrees to the right
    Image.fromarray(np.rot90(upright)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    found = files.read_images(tmp_path).images
    assert found.shape == (1, 40, 20, 1)
    assert np.abs(found[0, ..., 0].astype(int) - upright).mean() < 10


def test_palettes_bits_and_opaque_pictures_are_read_as_they_look(tmp_path):
    black_and_white = np.zeros((4, 4), bool)
    black_and_white[1] = True
    Image.fromarray(black_and_white).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(files.read_images(tmp_path).images[0, ..., 0], 255 * black_and_white)
    (tmp_path / "bits.png").unlink()
    Image.fromarray(COLOUR[0]).quantize(256).save(tmp_path / "palette.png")
    opaque = np.concatenate([COLOUR[0], np.full((5, 4, 1), 255, np.uint8)], -1)
    Image.fromarray(opaque).save(tmp_path / "opaque.png")
    found = files.read_images(tmp_path)
    np.testing.assert_array_equal(found.images[0], COLOUR[0])
    np.testing.assert_allclose(found.images[1], COLOUR[0], atol=8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda path: save(path / "a.png", RNG.integers(0, 200, (4, 4, 4), np.uint8)),
            "a.png is transparent",
        ),
        (
            lambda path: save(path / "a.png", np.full((4, 4), 3000, np.uint16)),
            "a.png has the mode I;16: save it",
        ),
        (lambda path: Image.new("CMYK", (4, 4)).save(path / "a.jpg"), "a.jpg has the mode CMYK"),
        (lambda path: (path / "a.png").write_bytes(b""), "a.png cannot be read as PNG or JPEG"),
        (lambda path: (path / "a.png").write_text("hello"), "a.png cannot be read as PNG or JPEG"),
        (lambda path: Image.new("L", (4, 4)).save(path / "a.png", format="BMP"), "a.png cannot be read as PNG or JPEG"),
        (lambda path: os.mkfifo(path / "a.png"), "a.png is neither a folder nor a regular file"),
        (lambda path: (path / "a.bmp").touch(), "holds no PNG or JPEG file, nor folders of them"),
        (lambda path: (path / "cat").mkdir(), "cat holds no PNG or JPEG file"),
        (lambda path: [save(path / "a.png", GREY[0]), (path / "cat").mkdir()], "holds both pictures and folders"),
        (lambda path: None, "holds no PNG or JPEG file, nor folders of them"),
    ],
)
def test_bad_folders(tmp_path, make, message):
    make(tmp_path)
    one_line(message, tmp_path)


@pytest.mark.parametrize("at", [10, 40, -30])
def test_a_damaged_picture(tmp_path, at):
    save(tmp_path / "a.png", COLOUR[0])
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:at])
    one_line("a.png cannot be read as PNG or JPEG", tmp_path)


# --------------------------------------------------------------------------------------------------- arrays


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


# --------------------------------------------------------------------------------------------------- labels


def test_labels_in_any_form(tmp_path):
    for number, image in enumerate(GREY):
        save(tmp_path / "images" / f"{number}.png", image)
    np.save(tmp_path / "l.npy", LABELS)
    np.savez(tmp_path / "l.npz", labels=LABELS)
    (tmp_path / "l-idx1-ubyte").write_bytes(idx(LABELS))
    (tmp_path / "l.txt").write_text("\n".join(map(str, LABELS)))
    rows = [f"{number}.png, {label}" for number, label in enumerate(LABELS)]
    (tmp_path / "l.csv").write_text("\n".join(["file,label", *rows[::-1]]))
    for labels in (*(tmp_path / f"l{end}" for end in (".npy", ".npz", "-idx1-ubyte", ".txt", ".csv")), LABELS.tolist()):
        found = files.read_images(tmp_path / "images", labels)
        np.testing.assert_array_equal(found.labels, LABELS)
        assert found.classes == ("0", "1", "2")
    names = files.read_images(tmp_path / "images", ["owl", "cat", "owl", "cat", "ant", "ant"])
    assert names.classes == ("ant", "cat", "owl")
    assert names.labels.tolist() == [2, 1, 2, 1, 0, 0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("0\n1\n2", r"l.txt holds labels of shape \(3,\) for 6 images"),
        ("", r"l.txt holds labels of shape \(0,\) for 6 images"),
        ("0.png,1\n1.png,0\n2.png,2\n3.png,2\n4.png,2\n7.png,2", "l.txt labels '7.png', which is none of the 6 images"),
        ("0.png,1\n0.png,0", "l.txt: each line must be a label, or a file name and a label, each name once"),
        ("0.png,1\n1.png,0", "l.txt has no label for '2.png'"),
        (b"\xff\xfe\x00", "l.txt: not a text file"),
        ([0, 1, 2, 0, 1, -1], "labels holds labels that are neither names nor whole numbers from 0 to"),
        ([0, 1, 2, 0, 1, 0.5], "labels holds labels that are neither names nor"),
        ([0, 1, 2, 0, 1, 10**9], "labels holds labels that are neither names nor"),
        ([True] * 6, "labels holds labels that are neither names nor"),
        ([[0, 1]] * 6, r"labels holds labels of shape \(6, 2\) for 6 images"),
    ],
)
def test_bad_labels(tmp_path, labels, message):
    for number, image in enumerate(GREY):
        save(tmp_path / "images" / f"{number}.png", image)
    if isinstance(labels, str | bytes):
        (tmp_path / "l.txt").write_bytes(labels if isinstance(labels, bytes) else labels.encode())
        labels = tmp_path / "l.txt"
    one_line(message, tmp_path / "images", labels)


def test_labels_beside_folders_of_classes_would_say_it_twice(tmp_path):
    one_line("has a folder for each class: labels beside them", folder_of_classes(tmp_path, GREY), LABELS)


# ------------------------------------------------------------------------------------------------- data sets


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
