"""Labels beside images, in files of any form, read back; whatever is wrong with them, one line that names it."""

import numpy as np
import pytest
from image_files import GREY, LABELS, folder_of_classes, idx, one_line, save

from hw3.datasets import files


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
