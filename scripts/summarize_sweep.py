"""Reads the sweep of a data set, chunk by chunk, and says which images, classes and places of the patch are fragile.

python scripts/summarize_sweep.py                                 # out/dataset_sweep.zarr, as sweep_dataset.py makes it
python scripts/summarize_sweep.py --sweep=out/sixes.zarr --gallery=12
"""

import pathlib
from typing import Any

import numpy as np
from absl import flags
from common import console, output, program, shared_flags

from hw3 import datasets
from hw3.datasets import as_float
from hw3.occlusion import statistics as occlusion_statistics
from hw3.occlusion import storage
from hw3.occlusion.statistics import Ranked, Statistics
from hw3.occlusion.storage import Store
from hw3.studies.fragility import figures

SWEEP = shared_flags.define_sweep_flag()
GALLERY = flags.DEFINE_integer(
    "gallery", 8, "How many of the most fragile and of the most robust images to show.", lower_bound=1, upper_bound=16
)
DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared TensorFlow Datasets.")
OUTDIR = shared_flags.define_outdir_flag()


def read(store: Store) -> Statistics:
    """The statistics of a whole sweep. Raises ValueError if something of it is missing."""
    if missing := int(storage.missing(store).sum()):
        raise ValueError(
            f"{missing} of the {store.chunks} chunks of {store.path} are missing: run scripts/sweep_dataset.py again "
            "with the same flags"
        )
    statistics = occlusion_statistics.empty(store.classes, len(store.rows), len(store.cols))
    with console.progress("reading", len(store.images), "images") as advance:
        for chunk in range(store.chunks):
            span = store.span(chunk)
            clean, probabilities = storage.read(store, chunk)
            statistics = occlusion_statistics.add(
                statistics, span.start, store.labels[span], clean, probabilities, GALLERY.value
            )
            advance(len(clean))
    return statistics


def pictures(store: Store, ranked: tuple[Ranked, ...], images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The images of a gallery and their maps of the true label's probability."""
    shown = np.asarray(as_float(images[store.images[[each.at for each in ranked]]]))
    maps = np.empty((len(ranked), len(store.rows), len(store.cols)), np.float32)
    for index, each in enumerate(ranked):
        chunk, within = divmod(each.at, store.chunk)
        maps[index] = storage.read(store, chunk)[1][within, :, :, each.label]
    return shown, maps


def rows_of(statistics: Statistics, store: Store) -> list[dict[str, Any]]:
    """What is to say of each class that has images."""
    found = []
    for label in np.flatnonzero(statistics.images):
        images, accuracy_map = int(statistics.images[label]), statistics.accuracy_map[label]
        worst = np.unravel_index(accuracy_map.argmin(), accuracy_map.shape)
        wrong = np.where(np.arange(store.classes) == label, 0, statistics.confusion[label])
        error = float(statistics.error[label])
        found.append(
            {
                "label": int(label),
                "images": images,
                "clean_accuracy": int(statistics.clean_right[label]) / images,
                "accuracy": float(statistics.accuracy[label]),
                "standard_error": error if np.isfinite(error) else None,
                "never_fooled": int(statistics.never_fooled[label]) / images,
                "worst_position": [int(store.rows[worst[0]]), int(store.cols[worst[1]])],
                "worst_accuracy": float(accuracy_map.min()),
                "taken_for": int(wrong.argmax()) if wrong.any() else None,
                "taken_for_share": float(wrong.max() / statistics.confusion[label].sum()),
            }
        )
    return found


def main() -> None:
    """Reads the sweep once, writes figures and tables."""
    store = storage.load(SWEEP.value or pathlib.Path(OUTDIR.value, "dataset_sweep.zarr"))
    dataset = datasets.load(store.settings["dataset"], DATA_DIR.value)
    images = dataset.test_images if store.settings["split"] == "test" else dataset.train_images
    statistics = read(store)
    rows = rows_of(statistics, store)
    with output.results_folder("dataset_summary") as folder:
        for name, values, title in (
            ("accuracy", statistics.accuracy_map, "Fraction classified rightly"),
            ("probability", statistics.probability_map, "Mean probability of the true label"),
        ):
            figure = figures.maps(statistics, values, title, store.rows, store.cols)
            output.write_figure(folder / f"{name}.png", figure)
            header = ("label", "row", *(f"col_{col}" for col in store.cols))
            lines = [
                (label, int(row), *line)
                for label in np.flatnonzero(statistics.images).tolist()
                for row, line in zip(store.rows, values[label].tolist(), strict=True)
            ]
            output.write_csv(folder / f"{name}.csv", header, lines)
        output.write_figure(folder / "confusion.png", figures.confusion(statistics))
        output.write_csv(
            folder / "confusion.csv",
            ("true label", *(f"predicted_{label}" for label in range(store.classes))),
            [(label, *counts) for label, counts in enumerate(statistics.confusion.tolist())],
        )
        for name, ranked, title in (
            ("fragile", statistics.fragile, "The most fragile images that are classified rightly without a patch"),
            ("robust", statistics.robust, "The most robust images"),
        ):
            shown = pictures(store, ranked, images)
            output.write_figure(folder / f"{name}.png", figures.gallery(*shown, ranked, title))
        write_numbers(folder, store, statistics, rows)
    print(f"figures and numbers: {OUTDIR.value}/dataset_summary")


def write_numbers(folder: pathlib.Path, store: Store, statistics: Statistics, rows: list[dict[str, Any]]) -> None:
    """Tables on the screen and on disk."""
    output.write_csv(folder / "classes.csv", tuple(rows[0]), [tuple(row.values()) for row in rows])
    total = int(statistics.images.sum())
    overall = {
        "images": total,
        "occluded_images": total * statistics.positions,
        "clean_accuracy": int(statistics.clean_right.sum()) / total,
        "accuracy": int(statistics.right.sum()) / (total * statistics.positions),
        "never_fooled": int(statistics.never_fooled.sum()) / total,
    }
    patch = "x".join(map(str, store.settings["patch_size"]))
    console.print_table(
        f"{total:,} {store.settings['split']} images of {store.settings['dataset']} under a patch of {patch} pixels at "
        f"{len(store.rows)}x{len(store.cols)} positions",
        ("class", "images", "no patch", "patch", "never fooled", "worst position (row, col)", "most often taken for"),
        [
            (
                row["label"],
                f"{row['images']:,}",
                f"{row['clean_accuracy']:.2%}",
                f"{row['accuracy']:.2%}" + ("" if row["standard_error"] is None else f" ± {row['standard_error']:.2%}"),
                f"{row['never_fooled']:.1%}",
                f"{row['worst_accuracy']:.1%} at {tuple(row['worst_position'])}",
                "nothing else" if row["taken_for"] is None else f"{row['taken_for']} ({row['taken_for_share']:.2%})",
            )
            for row in rows
        ]
        + [
            (
                "all",
                f"{total:,}",
                f"{overall['clean_accuracy']:.2%}",
                f"{overall['accuracy']:.2%}",
                f"{overall['never_fooled']:.1%}",
                "",
                "",
            )
        ],
    )
    ranked = {
        name: [{**each._asdict(), "image": int(store.images[each.at])} for each in found]
        for name, found in (("fragile", statistics.fragile), ("robust", statistics.robust))
    }
    output.write_json(
        folder / "results.json",
        {
            "command": output.command(),
            "settings": store.settings,
            "maps": [len(store.rows), len(store.cols)],
            "overall": overall,
            "classes": rows,
            **ranked,
        },
    )


if __name__ == "__main__":
    program.run(main)
