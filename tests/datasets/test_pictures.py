"""Folders of pictures, read back; whatever is wrong with them, one line that names it."""

import os

import numpy as np
import pytest
from image_files import COLOUR, GREY, LABELS, RNG, folder_of_classes, one_line, save
from PIL import Image

from hw3.datasets import files


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
