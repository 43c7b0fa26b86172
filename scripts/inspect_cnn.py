"""Looks inside a trained CNN: filters, feature maps, telling features, shifted digits: problem 1 (1) to (3).

python scripts/inspect_cnn.py
python scripts/inspect_cnn.py --layer=conv2 --classes=3,5 --channels=mean --shift_digit=7
"""

import pathlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from common import console, output, program, shared_flags

from hw3 import cnn
from hw3.classifiers import Predict
from hw3.cnn import geometry, inspection
from hw3.cnn.checkpoints import Checkpoint
from hw3.datasets import Dataset, as_float
from hw3.studies.inspection import figures

shared_flags.define_checkpoint_flag()
LAYER = flags.DEFINE_string("layer", None, "Convolution whose feature maps to look at; the third (or last) by default.")
CLASSES = flags.DEFINE_list("classes", ["0", "8"], "The two classes to compare.")
CHANNELS = flags.DEFINE_enum("channels", "all", ["all", "mean"], "Filters for every input channel, or their mean.")
FILTER_LAYERS = flags.DEFINE_integer("filter_layers", 3, "Draw the filters of so many convolutions.", lower_bound=1)
SHIFT_DIGIT = flags.DEFINE_integer("shift_digit", 1, "The class to shift.")
SHIFT_PIXELS = flags.DEFINE_integer(
    "shift_pixels", 3, "Shift of the pictures, to the left and to the right.", lower_bound=1
)
MAX_SHIFT = flags.DEFINE_integer("max_shift", 8, "Reach of the accuracy curves in pixels.", lower_bound=1)
INDEX = flags.DEFINE_integer(
    "index", 0, "Take the n-th (from 0) correctly classified test image of a class.", lower_bound=0
)
shared_flags.define_dataset_flags()
OUTDIR = shared_flags.define_outdir_flag()


def two_classes(known: int) -> tuple[int, int]:
    """The classes of --classes; ValueError unless they are two different ones of the set."""
    try:
        first, second = map(int, CLASSES.value)
    except ValueError:
        raise ValueError(f"--classes={','.join(CLASSES.value)}: must be two numbers, as 0,8") from None
    if first == second or not all(0 <= value < known for value in (first, second)):
        raise ValueError(f"--classes={first},{second}: must be two different classes in 0..{known - 1}")
    return first, second


def main() -> None:
    """Answers the three parts one after the other."""
    checkpoint, dataset = shared_flags.load_classifier()
    convolutions = [name for name in cnn.layer_names(checkpoint.model.layers) if name.startswith("conv")]
    if not convolutions:
        raise ValueError(f"the network {checkpoint.run.model!r} has no convolution to look into")
    layer = LAYER.value or convolutions[min(2, len(convolutions) - 1)]
    classes = two_classes(dataset.classes)
    inspection.filters(checkpoint.state.params, layer)
    if max(SHIFT_PIXELS.value, MAX_SHIFT.value) >= dataset.test_images.shape[2]:
        raise ValueError(f"--shift_pixels and --max_shift must be less than the width, {dataset.test_images.shape[2]}")
    with output.results_folder("inspect") as folder:
        results = {
            "command": output.command(),
            "model": checkpoint.run.model,
            "image_shape": checkpoint.run.image_shape,
            "filters": [filters(checkpoint, name, folder) for name in convolutions[: FILTER_LAYERS.value]],
            "features": features(checkpoint, dataset, layer, classes, folder),
            "shift": shifts(checkpoint.predictor(), dataset, folder),
        }
        output.write_json(folder / "results.json", results)
    print(f"figures and numbers: {OUTDIR.value}/inspect")


def filters(checkpoint: Checkpoint, name: str, folder: pathlib.Path) -> dict:
    """Part 1: the filters of one layer."""
    kernels = inspection.filters(checkpoint.state.params, name)
    output.write_figure(folder / f"filters_{name}.png", figures.filters(kernels, name, CHANNELS.value))
    return {"layer": name, "shape": kernels.shape, "largest": float(np.abs(kernels).max())}


def features(
    checkpoint: Checkpoint, dataset: Dataset, layer: str, classes: tuple[int, int], folder: pathlib.Path
) -> dict:
    """Part 2: feature maps of two digits, the whole path, and which features tell the classes apart."""
    predict = checkpoint.predictor()
    chosen = [
        inspection.nth_correct(predict, dataset.test_images, dataset.test_labels, label, INDEX.value)
        for label in classes
    ]
    pictures = as_float(dataset.test_images[np.array(chosen)])
    both = jax.jit(cnn.activations, static_argnums=0)(checkpoint.model, checkpoint.state.params, pictures)
    # A dict that went through jit has its keys sorted: back to the order of the layers.
    names_in_order = [name for name in (*cnn.layer_names(checkpoint.model.layers), "logits") if name in both]
    taps = [{name: np.asarray(both[name][i]) for name in names_in_order} for i in range(2)]
    names = [f"test image {row}, a {label}" for row, label in zip(chosen, classes, strict=True)]
    output.write_figure(
        folder / "feature_maps.png",
        figures.feature_maps(pictures, [tap[layer] for tap in taps], names, layer),
    )
    output.write_figure(folder / "layer_path.png", figures.layer_path(pictures, taps, names))

    first, second = (dataset.test_images[dataset.test_labels == label] for label in classes)
    found = inspection.discriminate(checkpoint.model, checkpoint.state.params, first, second, layer)
    output.write_figure(folder / "discrimination.png", figures.discrimination(found, classes, layer))
    cells = inspection.separation(found.cell_auc)
    channels = inspection.separation(found.channel_auc)
    order = np.argsort(cells, axis=None)[::-1]
    top: list[dict[str, Any]] = []
    for row, col, channel in zip(*np.unravel_index(order[:10], cells.shape), strict=True):
        larger = classes[int(found.cell_auc[row, col, channel] >= 0.5)]
        field = geometry.field(checkpoint.model.layers, layer, int(row), int(col))
        top.append(
            {
                "channel": int(channel),
                "cell": [int(row), int(col)],
                "auc": float(cells[row, col, channel]),
                "larger_for": larger,
                "pixels": field,
            }
        )
    best = channels.argsort()[::-1][:10]
    output.write_csv(
        folder / "channels.csv",
        ("channel", "auc_of_its_sum", "auc_of_its_best_cell", "larger_for"),
        [
            (
                int(c),
                float(channels[c]),
                float(cells[..., c].max()),
                classes[int(found.channel_auc[c] >= 0.5)],
            )
            for c in channels.argsort()[::-1]
        ],
    )
    console.print_table(
        f"{layer}: single cells that best tell {classes[0]} from {classes[1]}",
        ("channel", "cell (row, column)", "sees pixel rows", "columns", "AUC", "larger for"),
        [
            (t["channel"], tuple(t["cell"]), "{}-{}".format(*t["pixels"][:2]), "{}-{}".format(*t["pixels"][2:]),
             f"{t['auc']:.4f}", t["larger_for"])
            for t in top[:5]
        ],
    )  # fmt: skip
    return {
        "layer": layer,
        "classes": classes,
        "images": chosen,
        "counts": found.counts,
        "cells": top,
        "channels": [{"channel": int(c), "auc": float(channels[c])} for c in best],
        "median_cell_auc": float(np.median(cells)),
    }


def shifts(predict: Predict, dataset: Dataset, folder: pathlib.Path) -> dict:
    """Part 3: one digit moved left and right, and every digit of the class moved by every distance."""
    label, pixels = SHIFT_DIGIT.value, SHIFT_PIXELS.value
    row = inspection.nth_correct(predict, dataset.test_images, dataset.test_labels, label, INDEX.value)
    image = as_float(dataset.test_images[row])
    versions = [("original", 0), (f"{pixels} pixels left", -pixels), (f"{pixels} pixels right", pixels)]
    pictures = np.stack([np.asarray(inspection.shift(jnp.asarray(image), 0, right)) for _, right in versions])
    probabilities = np.asarray(predict(jnp.asarray(pictures)))
    rows = [
        {
            "name": name,
            "prediction": int(p.argmax()),
            "probability": float(p.max()),
            "true_probability": float(p[label]),
        }
        for (name, _), p in zip(versions, probabilities, strict=True)
    ]
    captions = [f"{r['name']}\npredicted {r['prediction']} with {r['probability']:.5f}" for r in rows]
    output.write_figure(folder / "shifted.png", figures.shifted(list(pictures), captions))
    console.print_table(
        f"test image {row}, a {label}, shifted with clamped borders",
        ("image", "prediction", "its probability", f"P({label})"),
        [(r["name"], r["prediction"], f"{r['probability']:.8f}", f"{r['true_probability']:.8f}") for r in rows],
    )

    images = dataset.test_images[dataset.test_labels == label]
    reach = np.arange(-MAX_SHIFT.value, MAX_SHIFT.value + 1)
    zeros = np.zeros_like(reach)
    both = np.concatenate([np.stack([zeros, reach], 1), np.stack([reach, zeros], 1)])
    with console.progress("shifting", len(both) * len(images), "images") as advance:
        accuracy = inspection.accuracy_of_shifts(predict, images, label, both, advance)
    horizontal, vertical = np.split(accuracy, 2)
    output.write_figure(
        folder / "shift_curves.png", figures.shift_curves(reach, horizontal, vertical, label, len(images), pixels)
    )
    output.write_csv(
        folder / "shift_curves.csv",
        ("shift_pixels", "accuracy_horizontal", "accuracy_vertical"),
        list(zip(reach.tolist(), horizontal.tolist(), vertical.tolist(), strict=True)),
    )
    return {
        "digit": label,
        "image": row,
        "pixels": pixels,
        "versions": rows,
        "images": len(images),
        "shifts": reach.tolist(),
        "horizontal": horizontal.tolist(),
        "vertical": vertical.tolist(),
    }


if __name__ == "__main__":
    program.run(main)
