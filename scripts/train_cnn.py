"""Trains a CNN and keeps its checkpoint, curves and metrics: problem 1 of the homework.

python scripts/train_cnn.py                                    # `wide` on MNIST, the quick recipe
python scripts/train_cnn.py --model=narrow
python scripts/train_cnn.py --recipe=published --epochs=12     # document 001's SGD
python scripts/train_cnn.py --model="conv3-16 maxpool2 dense50" --dataset=fashion_mnist --data_dir=...
"""

import pathlib
import time
from typing import Any

import jax
from absl import flags
from common import console, folders, output, program, shared_flags

from hw3 import cnn, datasets
from hw3.cnn import checkpoints, fast_layers, training
from hw3.errors import InvalidInput
from hw3.studies import given
from hw3.studies import training as study

TRAINING = shared_flags.define_training_flags()
RESUME = flags.DEFINE_bool("resume", False, "Continue the run under --outdir, or begin it if there is none.")
OUTDIR = shared_flags.define_outdir_flag()


def recipe() -> training.Recipe:
    """The recipe that the flags describe."""
    published = TRAINING["recipe"].value == "published"
    base = given.RECIPE if published else training.RECIPES.get(TRAINING["model"].value, training.Recipe())
    changes: dict[str, Any] = {
        name: TRAINING[name].value
        for name in ("epochs", "batch_size", "learning_rate", "max_shift", "optimizer")
        if TRAINING[name].value is not None
    }
    return base._replace(**changes)


def main() -> None:
    """Trains, saving after every epoch, and prints the last metrics."""
    name, seed, count = (TRAINING[flag].value for flag in ("model", "seed", "train_images"))
    layers = cnn.parse(name)
    settings = recipe()
    dataset = datasets.load(TRAINING["dataset"].value or "mnist", TRAINING["data_dir"].value)
    # A slice up to None is the whole set.
    dataset = dataset._replace(train_images=dataset.train_images[:count], train_labels=dataset.train_labels[:count])
    training.check(settings, dataset.train_images.shape[1:])
    folder = shared_flags.run_folder(OUTDIR.value, name)
    directory = folder / "checkpoint"
    saved = checkpoints.load(directory) if checkpoints.exists(directory) else None
    # A run that goes on sums as it began, whatever processor it is on now.
    at_once = saved.run.recipe.gradient_bytes if saved else fast_layers.cache_bytes()
    settings = settings._replace(gradient_bytes=at_once)
    run = checkpoints.Run(
        name,
        dataset.name,
        dataset.train_images.shape[1:],
        len(dataset.train_images),
        dataset.classes,
        settings,
        seed,
    )
    folders.own_folder(folder, known=saved is not None)
    folders.check_writable(directory)
    model = cnn.CNN(layers, dataset.classes)
    init_key, key = jax.random.split(jax.random.key(seed))

    if saved is None:
        checkpoint = checkpoints.Checkpoint(run, training.initial_state(model, settings, dataset, init_key), ())
    elif not RESUME.value:
        raise InvalidInput(
            f"{folder} holds a training run already: --resume continues it, another --outdir begins anew"
        )
    else:
        try:
            checkpoint = checkpoints.extended(saved, run)
        except ValueError as error:
            raise InvalidInput(f"{folder} holds another training run ({error}): use another --outdir") from None
    if checkpoint.finished:
        print(f"{folder}: all {settings.epochs} epochs are done already")
    else:
        checkpoint = train(model, dataset, checkpoint, key, directory)
    results = study.measure(checkpoint, folder.name)
    output.write_study(folder, study, results, study.files(results))
    output.write_text(folder / "layers.txt", cnn.table(model, run.image_shape))
    output.show(study, results)
    print(f"checkpoint, curves and history: {folder}")


def train(
    model: cnn.CNN,
    dataset: datasets.Dataset,
    checkpoint: checkpoints.Checkpoint,
    key: jax.Array,
    directory: pathlib.Path,
) -> checkpoints.Checkpoint:
    """Runs the epochs that are left, saves after each and prints a line."""
    left = checkpoint.run.recipe.epochs - len(checkpoint.history)
    title = f"training {checkpoint.run.model}"
    with console.progress(title, left * len(dataset.train_images), "images") as advance:
        start = time.monotonic()
        for state, metrics in training.epochs(model, checkpoint.run.recipe, dataset, key, checkpoint.state, advance):
            checkpoint = checkpoint._replace(state=state, history=(*checkpoint.history, metrics))
            checkpoints.save(directory, checkpoint)
            print(
                f"epoch {metrics.epoch:2d} of {checkpoint.run.recipe.epochs}: train loss {metrics.train.loss:.4f} "
                f"accuracy {metrics.train.accuracy:.2%}, test loss {metrics.test.loss:.4f} accuracy "
                f"{metrics.test.accuracy:.2%} ({time.monotonic() - start:.0f} s)",
                flush=True,
            )
    return checkpoint


if __name__ == "__main__":
    program.run(main, compilation_cache=False)  # an executable that calls oneDNN cannot be stored
