"""Classifiers and images that users name with flags: what becomes of good ones, and one line for each bad one."""

import json
import struct
import sys
from types import SimpleNamespace

import colours
import numpy as np
import pytest
from absl import flags
from colours import NAMES
from common import classifier_flags
from PIL import Image

from hw3.datasets.images import as_inputs

UNSET = (
    *("checkpoint", "dataset", "data_dir", "classifier", "classifier_args", "score"),
    *("images", "labels", "class_names", "size", "batch_size"),
)


@pytest.fixture
def load(monkeypatch, tmp_path):
    """`load(flag=value, ...)`: what `classifier_flags.load` makes of these flags and no others."""

    def load(**given):
        values = dict.fromkeys(UNSET) | {"outdir": str(tmp_path)} | given
        monkeypatch.setattr(flags, "FLAGS", SimpleNamespace(**values))
        return classifier_flags.load()

    return load


@pytest.fixture
def pictures(tmp_path):
    """A folder of PNG files in a folder for each class."""
    colours.write_pictures(tmp_path / "pictures")
    return str(tmp_path / "pictures")


@pytest.fixture
def arrays(tmp_path):
    """An .npz file of images and their labels."""
    images, labels = colours.images()
    np.savez(tmp_path / "arrays.npz", images=images, labels=labels)
    return str(tmp_path / "arrays.npz")


def right(given):
    scores = np.asarray(given.predict(as_inputs(given.dataset.test_images)))
    return (scores.argmax(-1) == given.dataset.test_labels).mean()


# ------------------------------------------------------------------------------------------ what is good


def test_pictures_in_a_folder_for_each_class_with_all_names(load, pictures):
    given = load(classifier="colours:predict", images=pictures, class_names=list(NAMES))
    assert given.dataset.test_images.shape == (9, 12, 12, 3)
    assert given.dataset.class_names == NAMES
    assert given.dataset.classes == 3
    assert right(given) == 1
    assert len(given.dataset.train_images) == 0


def test_names_put_the_folders_into_the_classifier_s_order(load, pictures):
    """Folders come in alphabetical order (blue, green, red), the classifier's classes need not."""
    other = ("green", "blue", "red")
    given = load(
        classifier="colours:make", classifier_args='{"order": [1, 2, 0]}', images=pictures, class_names=list(other)
    )
    assert right(given) == 1
    as_folders = load(classifier="colours:make", classifier_args='{"order": [2, 1, 0]}', images=pictures)
    assert as_folders.dataset.class_names == ("blue", "green", "red")
    assert right(as_folders) == 1


def test_a_few_of_the_classes_are_found_among_all(load, tmp_path):
    colours.write_pictures(tmp_path / "all")
    (tmp_path / "few").mkdir()
    for name in ("red", "blue"):
        (tmp_path / "all" / name).rename(tmp_path / "few" / name)
    given = load(classifier="colours:predict", images=str(tmp_path / "few"), class_names=list(NAMES))
    assert set(given.dataset.test_labels.tolist()) == {0, 2}
    assert right(given) == 1
    with pytest.raises(ValueError, match=r"--images has 2 classes \(blue, red\), the classifier 3: name all of them"):
        load(classifier="colours:predict", images=str(tmp_path / "few"))


def test_folders_called_by_numbers_are_these_classes(load, tmp_path):
    images, labels = colours.images()
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        if label:
            (tmp_path / "numbers" / f"{label}").mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(tmp_path / "numbers" / f"{label}" / f"{number}.png")
    given = load(classifier="colours:predict", images=str(tmp_path / "numbers"))
    assert sorted(given.dataset.test_labels.tolist()) == [1, 1, 1, 2, 2, 2]
    assert right(given) == 1
    assert given.dataset.class_names == ()


def test_a_flat_folder_with_labels_in_a_file_and_pictures_scaled(load, tmp_path):
    labels = colours.write_pictures(tmp_path / "flat", by_class=False)
    lines = [f"{number}.png,{NAMES[label]}" for number, label in enumerate(labels)]
    (tmp_path / "labels.csv").write_text("\n".join(lines[::-1]))
    (tmp_path / "names.txt").write_text("\n".join(NAMES) + "\n")
    given = load(
        classifier="colours:predict",
        images=str(tmp_path / "flat"),
        labels=str(tmp_path / "labels.csv"),
        class_names=[str(tmp_path / "names.txt")],
        size=["24", "20"],
    )
    assert given.dataset.test_images.shape == (9, 24, 20, 3)
    assert given.dataset.class_names == NAMES
    np.testing.assert_array_equal(given.dataset.test_labels, labels)
    assert right(given) == 1


def test_arrays_of_bytes_and_of_floats_reach_the_classifier_alike(load, arrays, tmp_path):
    images, labels = colours.images()
    np.save(tmp_path / "floats.npy", images / 255)
    np.save(tmp_path / "labels.npy", labels)
    of_bytes = load(classifier="colours:predict", images=arrays)
    of_floats = load(
        classifier="colours:predict", images=str(tmp_path / "floats.npy"), labels=str(tmp_path / "labels.npy")
    )
    assert right(of_bytes) == right(of_floats) == 1
    inputs = [np.asarray(as_inputs(given.dataset.test_images)) for given in (of_bytes, of_floats)]
    np.testing.assert_allclose(*inputs, atol=1e-7)
    assert inputs[0].dtype == inputs[1].dtype == np.float32


def test_idx_files_as_mnist_s(load, tmp_path):
    images, labels = colours.images()
    for name, array in (("images-idx3", images[..., 0]), ("labels-idx1", labels.astype(np.uint8))):
        head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        (tmp_path / f"my-{name}-ubyte").write_bytes(head + array.tobytes())
    given = load(classifier="colours:make", classifier_args="{}", images=str(tmp_path / "my-images-idx3-ubyte"))
    np.testing.assert_array_equal(given.dataset.test_images, images[..., :1])
    np.testing.assert_array_equal(given.dataset.test_labels, labels)


@pytest.mark.parametrize(("name", "score"), [("is_blue", "sigmoid"), ("blueness", "logit")])
def test_one_number_an_image_is_two_classes(load, tmp_path, name, score):
    images, labels = colours.images()
    np.savez(tmp_path / "two.npz", images=images, labels=(labels == 2).astype(int))
    given = load(
        classifier=f"colours:{name}", score=score, images=str(tmp_path / "two.npz"), class_names=["other", "blue"]
    )
    scores = np.asarray(given.predict(as_inputs(images)))
    one = np.asarray(getattr(colours, name)(as_inputs(images))).ravel()
    np.testing.assert_allclose(scores, np.stack([1 - one if score == "sigmoid" else -one, one], -1), atol=1e-6)
    assert given.score == score
    assert right(given) == 1


def test_what_fixes_the_numbers_is_told_by_weights_and_images(load, arrays, tmp_path):
    def fixed(seed, images=arrays):
        return load(classifier="colours:network", classifier_args=json.dumps({"seed": seed}), images=images).fixed_by

    assert fixed(0) == fixed(0)
    assert fixed(0)["classifier"] != fixed(1)["classifier"]
    with np.load(arrays) as whole:
        images, labels = whole["images"].copy(), whole["labels"]
    images[-1, -1, -1, -1] ^= 1
    np.savez(tmp_path / "other.npz", images=images, labels=labels)
    other = fixed(0, str(tmp_path / "other.npz"))
    assert other["images_sha256"] != fixed(0)["images_sha256"]
    assert other["classifier"] == fixed(0)["classifier"]
    json.dumps(other)


def test_a_class_goes_by_its_number_or_its_name(load, pictures, mnist):
    dataset = load(classifier="colours:predict", images=pictures, class_names=list(NAMES)).dataset
    assert classifier_flags.label_of("blue", dataset) == classifier_flags.label_of("2", dataset) == 2
    assert classifier_flags.label_of(None, dataset) == dataset.test_labels[0]
    assert classifier_flags.label_of(None, mnist) == 6
    for wrong in ("3", "-1", "²", "pink"):
        with pytest.raises(ValueError, match=rf"--digit={wrong}: must be a class in 0\.\.2 or one of red, green, blue"):
            classifier_flags.label_of(wrong, dataset)


# --------------------------------------------------------------------------------------------- what is bad


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"classifier": "colours"}, "--classifier=colours: must be package.module:function"),
        ({"classifier": "no.such:f"}, "no.such:f: there is no module no in PYTHONPATH or the current folder"),
        ({"classifier": "colours.no:f"}, "there is no module colours.no in PYTHONPATH|colours is not a package"),
        ({"classifier": "needs_another:f"}, r"needs_another can't be imported: ModuleNotFoundError: .*'not_there'"),
        ({"classifier": "broken_code:f"}, r"broken_code can't be imported: SyntaxError: .*broken_code.py, line 1"),
        ({"classifier": "colours:prediction"}, "module colours has no 'prediction'; it has blueness, by_numpy"),
        ({"classifier": "colours:NUMBER"}, "NUMBER is no function but of type int"),
        ({"classifier_args": "{"}, r"--classifier_args=\{: must be a JSON object, as .* \(Expecting property name"),
        ({"classifier_args": "[1]"}, r"--classifier_args=\[1\]: must be a JSON object"),
        ({"classifier_args": '{"a": 1}'}, r"with --classifier_args=\{\"a\": 1\} it fails, as a function that is no "),
        (
            {"classifier": "colours:not_a_factory", "classifier_args": '{"pixels": 1}'},
            "it gives int and no function; leave --classifier_args out if it is no factory",
        ),
        ({"classifier": "colours:make"}, "type <class 'function'>.*; a factory wants --classifier_args, and what JAX"),
        ({"classifier": "colours:by_numpy"}, "pass jit=False.*, and what JAX can't trace hw3.sweep alone"),
        ({"classifier": "colours:logits"}, r"colours:logits: predict must give probabilities that sum to 1.*logit"),
        ({"classifier": "colours:is_blue"}, "predict must give probabilities"),
        ({"classifier": "colours:is_blue", "score": "value"}, "gives one number an image, and no classes"),
        ({"checkpoint": "out/x"}, "--classifier and --checkpoint are two ways to say the same: give one of them"),
        ({"dataset": "mnist"}, "--images and --dataset are two ways to say the same"),
        (
            {"classifier": "colours:make", "classifier_args": "{}", "images": None, "dataset": "mnist"},
            "--dataset has a label 9; those of the classifier are 0 to 2",
        ),
        ({"classifier": None, "score": "logit"}, "--score goes with --classifier, which is missing"),
        ({"images": None, "size": ["8"]}, "--size goes with --images, which is missing"),
        ({"images": None}, "--classifier needs images: --images for your own, or --dataset"),
        ({"images": "not/there"}, "not/there is not there"),
        ({"images": "flat"}, "--images=.*flat: the images have no labels: give them with --labels, or put"),
        ({"labels": "short.txt"}, r"short.txt holds labels of shape \(2,\) for 9 images"),
        ({"labels": "large.txt"}, "--labels has a label 3; those of the classifier are 0 to 2"),
        ({"labels": "pink.txt", "class_names": [*NAMES]}, "--labels has the class 'pink', which is none of --class_na"),
        ({"class_names": ["cat", "dog"]}, r"--class_names: 2 names \(cat, dog\); the classifier has 3"),
        ({"class_names": ["names.txt"]}, r"--class_names: 1 names \(names.txt\), and there is no such file"),
        ({"class_names": ["a", "a", "b"]}, "--class_names: each class must have a name of its own"),
        ({"images": "sizes"}, r"sizes of different sizes|different sizes \(.*\): give the size"),
        ({"images": "flat", "labels": "flat.txt", "size": ["0"]}, "--size=0: must be one or two positive whole"),
    ],
)
def test_one_line_for_each_bad_one(load, arrays, tmp_path, monkeypatch, given, message):
    colours.write_pictures(tmp_path / "flat", by_class=False)
    (tmp_path / "sizes").mkdir()
    for side in (8, 9):
        Image.new("RGB", (side, side)).save(tmp_path / "sizes" / f"{side}.png")
    texts = {"short": "0\n1", "large": "0\n1\n3\n" * 3, "pink": "red\ngreen\npink\n" * 3, "flat": "0\n1\n2\n" * 3}
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text)
    (tmp_path / "needs_another.py").write_text("import not_there\n")
    (tmp_path / "broken_code.py").write_text("def f(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    here = {
        name: str(tmp_path / value)
        for name, value in given.items()
        if name in ("images", "labels") and value is not None
    }
    with pytest.raises((ValueError, OSError), match=message) as found:
        load(**({"classifier": "colours:predict", "images": arrays} | given | here))
    assert "\n" not in str(found.value)
    assert sys.path.count(str(tmp_path)) == 1
