"""The flags that say which classifier and which images, ours or the user's. Not a program itself.

The classifier is a network that train_cnn.py trained (--checkpoint) or any JAX function (--classifier); the images are
those of a data set (--dataset) or the user's own (--images).
"""

import hashlib
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from absl import flags

from common import own_classifier, shared_flags
from hw3 import classifiers, datasets
from hw3.classifiers import Predict
from hw3.cnn import checkpoints
from hw3.datasets import Dataset
from hw3.datasets.images import Pictures, as_inputs
from hw3.errors import InvalidInput
from hw3.occlusion.storage import Store

HOMEWORK_DIGIT = 6


class Given(NamedTuple):
    """A classifier and its images; what a program needs to know of either."""

    predict: Predict
    dataset: Dataset  # the user's own images are its test images
    score: str  # what `predict` gives: one of `hw3.classifiers.SCORES`
    fixed_by: dict[str, Any]  # what fixes the scores of every image, for JSON: the model, its weights, the images


def define_flags() -> None:
    """Defines --checkpoint, --dataset and --data_dir, and those of a user's own classifier and images."""
    shared_flags.define_checkpoint_flag()
    shared_flags.define_dataset_flags()
    flags.DEFINE_string(
        "classifier",
        None,
        "Your own classifier in the place of a checkpoint, as package.module:function: a JAX function from images "
        "float32 [batch, height, width, channels] in [0, 1] to probabilities [batch, classes]. Modules are found as "
        "Python finds them, and in the current folder.",
    )
    flags.DEFINE_string(
        "classifier_args",
        None,
        "If that is a factory: a JSON object, the keyword arguments to call it with; what it gives is the function.",
    )
    flags.DEFINE_enum(
        "score",
        None,
        list(classifiers.SCORES),
        "What it gives if not probabilities: sigmoids (or one, for two classes), logits (or one), any values.",
    )
    flags.DEFINE_string(
        "images",
        None,
        "Your own images in the place of a data set: a folder of PNG or JPEG files, or of a folder of them for each "
        "class; an .npz or .npy file; an IDX file, as MNIST's.",
    )
    flags.DEFINE_string(
        "labels",
        None,
        "Their classes, if the images don't say: a file with a number (or name) for each, as .npy, .npz, IDX or lines "
        "of text; or lines of file name, comma, class.",
    )
    flags.DEFINE_list(
        "class_names",
        None,
        "What the classes are called, in the classifier's order: names with commas between, or a file of lines.",
    )
    flags.DEFINE_list("size", None, "Pixels that pictures are scaled to: one number, or height,width.")


def load() -> Given:
    """The classifier and the images of the flags.

    Raises ValueError, one line that names a flag, if they don't fit together or aren't what they should be; OSError
    for what can't be read.
    """
    values = flags.FLAGS
    _check_together()
    predict = None if values.classifier is None else own_classifier.find(values.classifier, values.classifier_args)
    size = None if values.size is None else shared_flags.pixels("size", values.size)
    pictures = None if values.images is None else datasets.read_images(values.images, values.labels, size)
    fixed_by: dict[str, Any]
    if predict is None:
        checkpoint, dataset = shared_flags.load_classifier(None if pictures is None else _as_dataset(pictures))
        predict, score, classes = checkpoint.predictor(), "probability", checkpoint.run.classes
        fixed_by = {"model": checkpoint.run.model, "checkpoint": checkpoints.identity(checkpoint)}
    else:
        dataset = datasets.load(values.dataset, values.data_dir) if pictures is None else _as_dataset(pictures)
        score = values.score or "probability"
        some = np.asarray(as_inputs(dataset.test_images[: own_classifier.TRIED]))
        batch_size = getattr(values, "batch_size", None)
        predict, classes, identity = own_classifier.tried(values.classifier, predict, some, score, batch_size)
        called = values.classifier + ("" if values.classifier_args is None else f" {values.classifier_args}")
        fixed_by = {"model": called, "classifier": identity, "score": score}
    dataset = _named(dataset, pictures, classes)
    if pictures is not None:
        fixed_by |= {"images_sha256": _digest(pictures.images), "size": size and list(size)}
    if dataset.class_names:
        fixed_by["class_names"] = list(dataset.class_names)
    return Given(predict, dataset, score, fixed_by)


def _check_together() -> None:
    values = flags.FLAGS
    for one, other in (("classifier", "checkpoint"), ("images", "dataset"), ("images", "data_dir")):
        if getattr(values, one) is not None and getattr(values, other) is not None:
            raise InvalidInput(f"--{one} and --{other} are two ways to say the same: give one of them")
    for name, needed in (
        ("classifier_args", "classifier"),
        ("score", "classifier"),
        ("labels", "images"),
        ("size", "images"),
    ):
        if getattr(values, name) is not None and getattr(values, needed) is None:
            raise InvalidInput(f"--{name} goes with --{needed}, which is missing")
    if values.classifier is not None and values.images is None and values.dataset is None:
        raise InvalidInput("--classifier needs images: --images for your own, or --dataset")


def swept(store: Store, data_dir: str | None) -> Dataset:
    """The images that a sweep was made of, once more.

    Raises ValueError if they are others, and as `hw3.datasets.load` or `hw3.datasets.read_images`.
    """
    settings = store.settings
    if "images_sha256" not in settings:
        return datasets.load(settings["dataset"], data_dir)
    pictures = datasets.read_images(settings["dataset"], size=settings["size"])
    if _digest(pictures.images) != settings["images_sha256"]:
        raise InvalidInput(f"the images in {settings['dataset']} are not those that {store.path} was made of")
    labels = np.zeros(len(pictures.images), np.int32)
    labels[store.images] = store.labels
    return _dataset(pictures.images, labels, settings["dataset"])


def _dataset(images: np.ndarray, labels: np.ndarray, path: str) -> Dataset:
    """Images of one's own as the test images of a data set that has no others."""
    return Dataset(images[:0], labels[:0], images, labels, str(pathlib.Path(path).expanduser().resolve()), 0)


def _digest(images: np.ndarray) -> str:
    found = hashlib.sha256(f"{images.dtype} {images.shape}".encode())
    found.update(np.ascontiguousarray(images).data)
    return found.hexdigest()


def _as_dataset(pictures: Pictures) -> Dataset:
    values = flags.FLAGS
    if pictures.labels is None:
        raise InvalidInput(
            f"--images={values.images}: the images have no labels: give them with --labels, or put the pictures into "
            "a folder for each class"
        )
    return _dataset(pictures.images, pictures.labels, values.images)


def _named(dataset: Dataset, pictures: Pictures | None, classes: int) -> Dataset:
    """The data set with the names of the classifier's classes, and labels that count them."""
    names = _class_names(classes) or (dataset.class_names if len(dataset.class_names) == classes else ())
    labels = dataset.test_labels
    if pictures is not None and pictures.classes is not None:
        own = pictures.classes
        where = "--labels" if flags.FLAGS.labels else "--images"
        if names and set(own) <= set(names):
            labels = np.array([names.index(name) for name in own], np.int32)[labels]
        elif all(name.isdecimal() for name in own):
            labels = np.array([int(name) for name in own], np.int32)[labels]
        elif names:
            strange = next(name for name in own if name not in names)
            raise InvalidInput(f"{where} has the class {strange!r}, which is none of --class_names: {_few(names)}")
        elif len(own) == classes:
            names = own
        else:
            raise InvalidInput(
                f"{where} has {len(own)} classes ({_few(own)}), the classifier {classes}: name all of them with "
                "--class_names, in the classifier's order"
            )
    if len(labels) and labels.max() >= classes:
        where = "--labels" if flags.FLAGS.labels else "--images" if pictures is not None else "--dataset"
        raise InvalidInput(f"{where} has a label {labels.max()}; those of the classifier are 0 to {classes - 1}")
    if names == tuple(map(str, range(classes))):
        names = ()
    return dataset._replace(test_labels=labels, classes=classes, class_names=names)


def _class_names(classes: int) -> tuple[str, ...]:
    given: list[str] | None = flags.FLAGS.class_names
    if given is None:
        return ()
    if len(given) == 1 and pathlib.Path(given[0]).is_file():
        try:
            lines = pathlib.Path(given[0]).read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise InvalidInput(f"--class_names={given[0]}: not a text file") from None
        given = [line for line in lines if line.strip()]
    names = tuple(name.strip() for name in given)
    if len(names) != classes:
        hint = "" if len(given) > 1 or classes == 1 else ", and there is no such file"
        raise InvalidInput(
            f"--class_names: {len(names)} names ({_few(names)}){hint}; the classifier has {classes} classes"
        )
    if len(set(names)) < len(names) or not all(names):
        raise InvalidInput("--class_names: each class must have a name of its own")
    return names


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")


def label_of(text: str | None, dataset: Dataset, or_else: str = "") -> int:
    """The class that --digit names, by its number or its name; without the flag the homework's 6, or, where classes
    have names or there is no 6, that of the first image.

    Args: or_else: what else the flag may be, for what is said of others.
    Raises ValueError for anything else.
    """
    if text is None:
        six = not dataset.class_names and bool((dataset.test_labels == HOMEWORK_DIGIT).any())
        return HOMEWORK_DIGIT if six else int(dataset.test_labels[0])
    if text in dataset.class_names:
        return dataset.class_names.index(text)
    if text.isascii() and text.isdecimal() and int(text) < dataset.classes:
        return int(text)
    names = f" or one of {_few(dataset.class_names)}" if dataset.class_names else ""
    raise InvalidInput(f"--digit={text}: must be {or_else}a class in 0..{dataset.classes - 1}{names}")
