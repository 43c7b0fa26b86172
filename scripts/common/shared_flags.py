"""The flags that several programs share, and what the common ones stand for. Not a program itself.

The rule for the values of all flags is in `common.flag_values`.
"""

import math
import os
import pathlib
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from absl import flags

from common import flag_values
from hw3 import classifiers, cnn, datasets
from hw3.cnn import checkpoints, training
from hw3.cnn.checkpoints import Checkpoint
from hw3.errors import InvalidInput


def define_outdir_flag() -> flags.FlagHolder[str]:
    """Defines --outdir."""
    return flags.DEFINE_string("outdir", "out", "Folder for the results.")


def define_training_flags() -> dict[str, flags.FlagHolder]:
    """Defines what fixes a training run; by name."""
    dataset, data_dir = define_dataset_flags()
    holders: tuple[flags.FlagHolder, ...] = (
        flags.DEFINE_string(
            "model",
            "wide",
            f'A network by name ({", ".join(cnn.NETWORKS)}) or by description, as "conv5-32 maxpool2 dense100".',
        ),
        flags.DEFINE_enum(
            "recipe",
            "default",
            ["default", "published"],
            "default: Muon with a cosine schedule, small shifts; published: document 001's constant SGD 0.01 with "
            "momentum 0.9.",
        ),
        flags.DEFINE_enum("optimizer", None, list(training.OPTIMIZERS), "The recipe's own by default."),
        flags.DEFINE_integer("epochs", None, "Passes over the training set; the recipe's own number by default."),
        flags.DEFINE_integer("batch_size", None, "Images in a step; the recipe's own number by default."),
        flags.DEFINE_float("learning_rate", None, "The (highest) step size; the recipe's own by default."),
        flags.DEFINE_integer("max_shift", None, "Pixels by which training images move; the recipe's own by default."),
        flags.DEFINE_integer("train_images", None, "Use only so many of the training images.", lower_bound=1),
        flags.DEFINE_integer(
            "seed",
            0,
            "Of the initial weights, the order of the images, shifts and dropout.",
            lower_bound=0,
            upper_bound=2**32 - 1,
        ),
        dataset,
        data_dir,
    )
    return {holder.name: holder for holder in holders}


def define_dataset_flags() -> tuple[flags.FlagHolder[str | None], flags.FlagHolder[str | None]]:
    """Defines --dataset and --data_dir."""
    return (
        flags.DEFINE_string(
            "dataset",
            None,
            "mnist (bundled), any image set of TensorFlow Datasets, or the path of one's own (./folder, file.npz); by "
            "default the one trained on, or mnist.",
        ),
        flags.DEFINE_string("data_dir", None, "Folder of prepared TensorFlow Datasets."),
    )


def define_checkpoint_flag() -> flags.FlagHolder[str | None]:
    """Defines --checkpoint."""
    return flags.DEFINE_string(
        "checkpoint", None, "Folder of a training run, as train_cnn.py makes it; train_wide under --outdir by default."
    )


def define_sweep_flag() -> flags.FlagHolder[str | None]:
    """Defines --sweep."""
    return flags.DEFINE_string("sweep", None, "The sweep's Zarr group; dataset_sweep.zarr under --outdir by default.")


def run_folder(outdir: str | os.PathLike, model: str) -> pathlib.Path:
    """Where the training run of a network lies: the folder that --checkpoint names."""
    return pathlib.Path(outdir) / ("train_" + re.sub(r"\W+", "_", model).strip("_"))


def load_classifier(own: datasets.Dataset | None = None) -> tuple[Checkpoint, datasets.Dataset]:
    """The network of --checkpoint and the data set of --dataset, by default the one that it was trained on.

    Args: own: other images, in the place of a data set's.
    Raises ValueError if the two do not fit together.
    """
    values = flags.FLAGS
    folder = pathlib.Path(values.checkpoint or run_folder(values.outdir, "wide"))
    if own is None:
        return load_run(folder, values.dataset, values.data_dir)
    loaded, shape = load_checkpoint(folder), own.test_images.shape[1:]
    if shape != loaded.run.image_shape:
        raise InvalidInput(
            f"the network in {folder} was trained on images of shape {loaded.run.image_shape}; those of {own.name} "
            f"have the shape {shape}"
        )
    return loaded, own


def load_checkpoint(folder: pathlib.Path) -> Checkpoint:
    """A network, from the folder of its run or, as one may well guess, from that of the checkpoint in it."""
    return checkpoints.load(folder if checkpoints.exists(folder) else folder / "checkpoint")


def load_run(folder: pathlib.Path, dataset: str | None, data_dir: str | None) -> tuple[Checkpoint, datasets.Dataset]:
    """A network and a data set, by default the one that it was trained on.

    Raises ValueError if the two do not fit together.
    """
    loaded = load_checkpoint(folder)
    images = datasets.load(dataset or loaded.run.dataset, data_dir)
    found = (images.test_images.shape[1:], images.classes)
    if found != (loaded.run.image_shape, loaded.run.classes):
        raise InvalidInput(
            f"the network in {folder} was trained on images of shape {loaded.run.image_shape} in {loaded.run.classes} "
            f"classes; those of {images.name} have the shape {found[0]} and {found[1]} classes"
        )
    return loaded, images


def pixels(name: str, given: list[str]) -> tuple[int, int]:
    """One or two numbers of a flag as (vertical, horizontal). Raises ValueError naming the flag for anything else."""
    try:
        found = tuple(map(int, given))
        return classifiers.pair(found[0] if len(found) == 1 else found, f"--{name}")  # type: ignore[arg-type]
    except (ValueError, IndexError):
        raise InvalidInput(
            f"--{name}={','.join(given)}: must be one or two positive whole numbers of pixels, as 8 or 8,6"
        ) from None


def numbers(name: str, kind: type = float) -> list:
    """The numbers of a list flag. Raises ValueError naming the flag if one isn't a finite number or none is there."""
    given: list[str] = getattr(flags.FLAGS, name)
    try:
        found = [kind(text) for text in given]
    except ValueError:
        found = []
    if not found or not all(map(math.isfinite, found)):
        wanted = "whole numbers" if kind is int else "numbers"
        raise InvalidInput(f"--{name} is {','.join(given)!r}; it must be {wanted} with commas between")
    if abs(largest := max(found, key=abs)) > flag_values.LARGEST_IN_LIST:
        raise InvalidInput(f"--{name} holds {largest}; numbers may be up to {flag_values.LARGEST_IN_LIST:,}")
    return found


Settings = TypeVar("Settings")


def settings_from(default: Settings, names: Sequence[str]) -> Settings:
    """`default`, a study's settings, with every flag of these names that is not None in the field of its name.

    What a list flag holds becomes a tuple of the kind that the field has, text or numbers. Raises ValueError naming the
    flag if something isn't a number that should be.
    """
    given: dict[str, Any] = {}
    for name in names:
        value = getattr(flags.FLAGS, name)
        if isinstance(value, list):
            kind = type(getattr(default, name)[0])
            value = tuple(value if kind is str else numbers(name, kind))
        if value is not None:
            given[name] = value
    return default._replace(**given)  # type: ignore[attr-defined]
