"""Moves a patch over a test image and maps what the network then says: problem 2 (1) and (2).

python scripts/sweep_occlusion.py --digit=6
python scripts/sweep_occlusion.py --digit=3 --index=4 --patch_size=6,10 --stride=2 --fill=blur
python scripts/sweep_occlusion.py --fragility_images=0        # only the one image, without the mean maps per class
"""

import pathlib
from typing import Any

import numpy as np
from absl import flags
from common import console, output, program, shared_flags, sweep_flags

from hw3 import occlusion
from hw3.classifiers import Predict
from hw3.cnn import inspection
from hw3.datasets import Dataset, as_float
from hw3.studies.robustness import sweep_figures as figures

shared_flags.define_checkpoint_flag()
DIGIT = flags.DEFINE_integer("digit", 6, "Class of the image.")
INDEX = flags.DEFINE_integer("index", 0, "Take the n-th (from 0) correctly classified test image of it.", lower_bound=0)
FRAGILITY_IMAGES = flags.DEFINE_integer(
    "fragility_images",
    0,
    "Also average over the first so many correctly classified images of each class.",
    lower_bound=0,
)
shared_flags.define_dataset_flags()
OUTDIR = shared_flags.define_outdir_flag()


def main() -> None:
    """Sweeps one image, writes the maps and what they say; then, if asked, many images of every class."""
    checkpoint, dataset = shared_flags.load_classifier()
    options = sweep_flags.options(dataset.test_images.shape[1:])
    predict = checkpoint.predictor()
    row = inspection.nth_correct(predict, dataset.test_images, dataset.test_labels, DIGIT.value, INDEX.value)
    image = np.asarray(as_float(dataset.test_images[row]))
    fill = sweep_flags.filling(image[None])
    result = occlusion.sweep(predict, image[None], np.array([DIGIT.value]), fill=fill, **options)
    with output.results_folder("sweep") as folder:
        results: dict[str, Any] = {"command": output.command(), "model": checkpoint.run.model}
        results |= one_image(image, row, result, fill, folder)
        if FRAGILITY_IMAGES.value:
            results["fragility"] = every_class(predict, dataset, options, folder)
        output.write_json(folder / "results.json", results)
    print(f"maps and numbers: {OUTDIR.value}/sweep")


def write_map(path: pathlib.Path, values: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> None:
    """A map [rows, cols] as a table with the pixel rows and columns at its edges."""
    header = ("row", *(f"col_{col}" for col in cols))
    output.write_csv(path, header, [(row, *line) for row, line in zip(rows.tolist(), values.tolist(), strict=True)])


def one_image(image: np.ndarray, row: int, result: occlusion.Sweep, fill: Any, folder: pathlib.Path) -> dict:
    """Figures and tables of one image; returns the numbers."""
    label = DIGIT.value
    shown = np.asarray(fill)[0] if np.ndim(fill) == 4 else np.asarray(fill)
    importance = occlusion.maps.importance(result)[0]
    region = occlusion.maps.important_region(result)
    telling = occlusion.maps.telling_cases(result)
    uncovered = occlusion.maps.uncovered_pixels(result)
    output.write_figure(folder / "maps.png", figures.three_maps(image, result))
    output.write_figure(folder / "cases.png", figures.cases(image, telling, result.patch, label, shown))
    output.write_figure(folder / "importance.png", figures.important(image, importance, region, label))
    for name, values in (
        ("map1_true_probability", result.true_probability[0]),
        ("map2_highest_probability", result.highest_probability[0]),
        ("map3_label", result.predicted[0]),
    ):
        write_map(folder / f"{name}.csv", values, result.rows, result.cols)
    write_map(folder / "importance.csv", importance, *map(np.arange, importance.shape))
    output.write_csv(
        folder / "changed.csv",
        ("row", "col", "predicted", "probability", "true_probability"),
        [
            (
                int(result.rows[i]),
                int(result.cols[j]),
                int(result.predicted[0, i, j]),
                float(result.highest_probability[0, i, j]),
                float(result.true_probability[0, i, j]),
            )
            for i, j in np.argwhere(result.predicted[0] != label)
        ],
    )
    wrong, counts = np.unique(result.predicted[0][result.predicted[0] != label], return_counts=True)
    taken_for = {str(w): int(n) for w, n in zip(wrong, counts, strict=True)}
    positions = result.predicted[0].size
    console.print_table(
        f"test image {row}, a {label}, under a {result.patch[0]}x{result.patch[1]} patch at "
        f"{len(result.rows)}x{len(result.cols)} positions",
        ("", "value"),
        [
            (f"P({label}) without a patch", f"{result.clean[0, label]:.6f}"),
            ("positions", positions),
            (f"still classified as {label}", f"{result.accuracy[0]:.3%}"),
            ("taken for", ", ".join(f"{w} ({n}x)" for w, n in taken_for.items()) or "nothing else"),
            (f"lowest P({label})", f"{result.true_probability[0].min():.6f}"),
            (
                "important region (pixels)",
                f"rows {region.first_row}-{region.last_row}, columns {region.first_col}-{region.last_col}"
                if region
                else "none: no patch changes the label",
            ),
            *([("pixels that no patch covers", uncovered)] if uncovered else []),
        ],
    )
    console.print_table(
        "telling positions",
        ("patch", "row", "col", f"P({label})", "predicted", "its probability"),
        [
            (c.title, c.row, c.col, f"{c.true_probability:.6f}", c.predicted, f"{c.highest_probability:.6f}")
            for c in telling
        ],
    )
    return {
        "digit": label,
        "image": row,
        "patch": result.patch,
        "image_shape": result.image_shape,
        "maps": [len(result.rows), len(result.cols)],
        "clean_probability": float(result.clean[0, label]),
        "accuracy": float(result.accuracy[0]),
        "taken_for": taken_for,
        "lowest_true_probability": float(result.true_probability[0].min()),
        "region": region._asdict() if region else None,
        "most_important_pixel": [int(v) for v in np.unravel_index(importance.argmax(), importance.shape)],
        "largest_importance": float(importance.max()),
        "halves": {
            "upper": float(importance[: len(importance) // 2].mean()),
            "lower": float(importance[len(importance) // 2 :].mean()),
        },
        "cases": [case._asdict() for case in telling],
        "uncovered_pixels": uncovered,
    }


def every_class(predict: Predict, dataset: Dataset, options: dict[str, Any], folder: pathlib.Path) -> dict:
    """Mean maps over the first images of each class."""
    count, classes = FRAGILITY_IMAGES.value, dataset.classes
    height, width = dataset.test_images.shape[1:3]
    rows, cols = sweep_flags.places((height, width), options)
    means, importances, accuracies = [], [], []
    total = classes * count * len(rows) * len(cols)
    with console.progress("sweeping every class", total, "occluded images") as advance:
        for label in range(classes):
            try:
                found = inspection.correct(predict, dataset.test_images, dataset.test_labels, label, count)
            except ValueError as error:
                raise ValueError(f"--fragility_images={count}: {error}") from error
            images = np.asarray(as_float(dataset.test_images[found]))
            result = occlusion.sweep(
                predict, images, np.full(count, label), fill=sweep_flags.filling(images), advance=advance, **options
            )
            means.append(images.mean((0, -1)))
            importances.append(occlusion.maps.importance(result).mean(0))
            accuracies.append(float(result.accuracy.mean()))
    for label, importance in enumerate(importances):
        write_map(folder / f"importance_of_{label}.csv", importance, np.arange(height), np.arange(width))
    output.write_figure(
        folder / "fragility.png",
        figures.fragility(np.stack(means), np.stack(importances), np.array(accuracies), count),
    )
    console.print_table(
        f"accuracy over all positions, first {count} correctly classified test images of each class",
        ("class", "accuracy", "most important pixel (row, column)"),
        [
            (
                label,
                f"{accuracy:.2%}",
                tuple(int(v) for v in np.unravel_index(importance.argmax(), importance.shape)),
            )
            for label, (accuracy, importance) in enumerate(zip(accuracies, importances, strict=True))
        ],
    )
    return {"images": count, "accuracies": accuracies}


if __name__ == "__main__":
    program.run(main)
