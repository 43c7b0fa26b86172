"""Tries to fool a trained CNN: black patches, windows onto other digits, patches cut from them: problem 2 (3).

python scripts/find_overlays.py
python scripts/find_overlays.py --digit=6 --donors=3 --patch_sizes=3,5,7 --cut_stride=2 --paste_stride=1
"""

import pathlib
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from absl import flags
from common import console, output, program, shared_flags
from matplotlib.figure import Figure
from PIL import Image

from hw3 import occlusion
from hw3.classifiers import Predict
from hw3.cnn import inspection
from hw3.datasets import Dataset, as_float
from hw3.occlusion import overlays
from hw3.studies.robustness import overlay_figures as figures
from hw3.studies.robustness.overlay_figures import Picture

shared_flags.define_checkpoint_flag()
DIGIT = flags.DEFINE_integer("digit", 6, "Class of the image to be fooled with.")
INDEX = flags.DEFINE_integer("index", 0, "Take the n-th (from 0) correctly classified test image of it.", lower_bound=0)
BLACK = flags.DEFINE_integer("black", 8, "Side of the black patch in pixels.", lower_bound=1)
WINDOW = flags.DEFINE_integer("window", 10, "Side of the window that shows another digit, in pixels.", lower_bound=1)
DONORS = flags.DEFINE_integer("donors", 1, "Images of each other class to cut patches from.", lower_bound=1)
PATCH_SIZES = flags.DEFINE_list("patch_sizes", ["4", "6", "8", "10", "12"], "Sides of the pasted patches in pixels.")
CUT_STRIDE = flags.DEFINE_integer("cut_stride", 4, "Pixels between places of the cut.", lower_bound=1)
PASTE_STRIDE = flags.DEFINE_integer("paste_stride", 2, "Pixels between places of the paste.", lower_bound=1)
BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", 1024, "Candidates classified at once: bounds the memory.", lower_bound=1
)
shared_flags.define_dataset_flags()
OUTDIR = shared_flags.define_outdir_flag()

ENLARGED = 8  # saved images are enlarged so many times


class Target(NamedTuple):
    """The image to fool the network with, and the images to take patches from."""

    image: np.ndarray  # float32 [height, width, channels]
    row: int  # position in the test set
    label: int
    donors: np.ndarray  # float32 [donors, height, width, channels]
    donor_labels: np.ndarray  # int [donors]
    donor_rows: np.ndarray  # int [donors], positions in the test set


def sizes(limit: int) -> tuple[int, ...]:
    """The sides of --patch_sizes; ValueError unless they are whole numbers in 1..limit."""
    try:
        values = tuple(sorted(set(map(int, PATCH_SIZES.value))))
    except ValueError:
        values = ()
    if not values or not 1 <= values[0] <= values[-1] <= limit:
        raise ValueError(f"--patch_sizes={','.join(PATCH_SIZES.value)}: must be whole numbers in 1..{limit}")
    return values


def main() -> None:
    """Runs the three attacks one after the other."""
    checkpoint, dataset = shared_flags.load_classifier()
    limit = min(dataset.test_images.shape[1:3])
    sides = sizes(limit)
    for flag in (BLACK, WINDOW):
        if flag.value > limit:
            raise ValueError(f"--{flag.name}={flag.value}: larger than the images; at most {limit}")
    predict = checkpoint.predictor()
    row = inspection.nth_correct(predict, dataset.test_images, dataset.test_labels, DIGIT.value, INDEX.value)
    donor_rows = donors(predict, dataset)
    target = Target(
        np.asarray(as_float(dataset.test_images[row])),
        row,
        DIGIT.value,
        np.asarray(as_float(dataset.test_images[donor_rows])),
        dataset.test_labels[donor_rows],
        donor_rows,
    )
    with output.results_folder("overlays") as folder:
        results = {
            "command": output.command(),
            "model": checkpoint.run.model,
            "digit": target.label,
            "image": target.row,
            "donor_images": donor_rows.tolist(),
            "black": black_patches(predict, target, folder),
            "window": windows(predict, target, folder),
            "search": pasted(predict, target, sides, folder),
        }
        output.write_json(folder / "results.json", results)
    print(f"pictures and numbers: {OUTDIR.value}/overlays")


def donors(predict: Predict, dataset: Dataset) -> np.ndarray:
    """Positions in the test set of the images to take patches from: int [donors]."""
    others = [label for label in range(dataset.classes) if label != DIGIT.value]
    try:
        return np.concatenate(
            [
                inspection.correct(predict, dataset.test_images, dataset.test_labels, label, DONORS.value)
                for label in others
            ]
        )
    except ValueError as error:
        raise ValueError(f"--donors={DONORS.value}: {error}") from error


def save_image(path: pathlib.Path, image: np.ndarray) -> None:
    """Writes an image [height, width, 1 or 3] in [0, 1] as an enlarged PNG."""
    pixels = np.round(255 * image).astype(np.uint8).repeat(ENLARGED, 0).repeat(ENLARGED, 1)
    with output.replacing(path) as beside:
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(beside, format="PNG")


def black_patches(predict: Predict, target: Target, folder: pathlib.Path) -> dict:
    """Every black patch that flips the label, saved as an image of its own; the most confident ones as a figure."""
    result = occlusion.sweep(predict, target.image[None], np.array([target.label]), patch_size=BLACK.value)
    flips = np.argwhere(result.predicted[0] != target.label)
    images = folder / f"black_{BLACK.value}x{BLACK.value}"
    images.mkdir(parents=True, exist_ok=True)
    for i, j in flips:
        row, col, taken = int(result.rows[i]), int(result.cols[j]), int(result.predicted[0, i, j])
        picture = occlusion.occluded(target.image, row, col, result.patch)
        save_image(images / f"row{row:02d}_col{col:02d}_as_{taken}.png", picture)
    highest = result.highest_probability[0]
    best = sorted(flips.tolist(), key=lambda at: -highest[tuple(at)])
    shown: list[Picture] = []
    for i, j in best[:: max(1, len(best) // 8)][:8]:
        row, col = int(result.rows[i]), int(result.cols[j])
        shown.append(
            Picture(
                occlusion.occluded(target.image, row, col, result.patch),
                (row, col, *result.patch),
                f"at ({row}, {col})\npredicted {result.predicted[0, i, j]} with {highest[i, j]:.3f}",
            )
        )
    if shown:
        heading = f"{len(flips)} of {result.predicted[0].size} black {BLACK.value}x{BLACK.value} patches flip the label"
        output.write_figure(
            folder / "black.png",
            figures.pictures([shown[i : i + 4] for i in range(0, len(shown), 4)], heading=heading),
        )
    print(
        f"black {BLACK.value}x{BLACK.value} patch: {len(flips)} of {result.predicted[0].size} positions flip the label"
    )
    return {
        "patch": BLACK.value,
        "positions": result.predicted[0].size,
        "flips": len(flips),
        "labels": sorted({int(v) for v in result.predicted[0].ravel()} - {target.label}),
        "folder": images.name,
    }


def windows(predict: Predict, target: Target, folder: pathlib.Path) -> dict:
    """A window slid over the image that shows the first donor of each class at the same place."""
    first = np.arange(0, len(target.donors), DONORS.value)
    label = np.array([target.label])
    sweeps = [
        occlusion.sweep(predict, target.image[None], label, patch_size=WINDOW.value, fill=target.donors[i])
        for i in first
    ]
    plain = occlusion.sweep(predict, target.image[None], label, patch_size=WINDOW.value)
    names = [f"a {target.donor_labels[i]} shows through" for i in first]
    output.write_figure(
        folder / "windows.png", figures.window_maps(target.image, list(target.donors[first]), sweeps, names)
    )
    rows = [
        {"donor": int(target.donor_labels[i]), "accuracy": float(s.accuracy[0])}
        for i, s in zip(first, sweeps, strict=True)
    ]
    console.print_table(
        f"a {WINDOW.value}x{WINDOW.value} window onto another digit: positions still classified as {target.label}",
        ("shows", "accuracy"),
        [("black", f"{plain.accuracy[0]:.3%}"), *((r["donor"], f"{r['accuracy']:.3%}") for r in rows)],
    )
    return {"side": WINDOW.value, "black_accuracy": float(plain.accuracy[0]), "donors": rows}


def pasted(predict: Predict, target: Target, sides: tuple[int, ...], folder: pathlib.Path) -> dict:
    """The search over patches cut from other digits: rates by class and size, the best candidates as pictures."""
    strides: dict[str, Any] = {"cut_stride": CUT_STRIDE.value, "paste_stride": PASTE_STRIDE.value}
    total = overlays.count(target.image.shape[:2], len(target.donors), sides, **strides)
    with console.progress("trying pasted patches", total, "candidates") as advance:
        found = overlays.search(
            predict,
            target.image,
            target.donors,
            patch_sizes=sides,
            **strides,
            batch_size=BATCH_SIZE.value,
            advance=advance,
        )
        classes, summary = overlays.summarize(found, target.label, target.donor_labels, sides)
    rates = summary.flips / summary.candidates
    best = sorted(summary.best.values(), key=lambda overlay: (overlay.beyond_black, overlay.probability), reverse=True)
    output.write_figure(folder / "success.png", figures.success(rates, sides, classes.tolist(), target.label))
    if summary.smallest:
        output.write_figure(folder / "overlays.png", gallery(predict, target, best[:5]))
        output.write_figure(folder / "smallest.png", gallery(predict, target, [summary.smallest]))
    output.write_csv(
        folder / "success.csv",
        ("donor", "patch", "candidates", "flips", "flips_beyond_black"),
        [
            (int(label), side, *(int(counts[i, j]) for counts in summary[:3]))
            for i, label in enumerate(classes)
            for j, side in enumerate(sides)
        ],
    )
    console.print_table(
        f"{total:,} pasted patches: classified as something else than {target.label} (% of those tried)",
        ("cut from", *(f"{side}x{side}" for side in sides)),
        [(int(value), *(f"{100 * rate:.2f}" for rate in line)) for value, line in zip(classes, rates, strict=True)],
    )
    flips, beyond = summary.flips.sum(), summary.beyond_black.sum()
    print(
        f"{flips:,} of {total:,} flip the label ({flips / total:.2%}); {beyond:,} ({beyond / total:.2%}) where a black "
        "patch at the same place does not"
    )
    return {
        "candidates": total,
        "donors_per_class": DONORS.value,
        **strides,
        "patch_sizes": sides,
        "classes": classes.tolist(),
        "tried": summary.candidates.tolist(),
        "flips": summary.flips.tolist(),
        "beyond_black": summary.beyond_black.tolist(),
        "smallest": described(summary.smallest, target) if summary.smallest else None,
        "best": [described(overlay, target) for overlay in best],
    }


def described(overlay: overlays.Overlay, target: Target) -> dict:
    """One candidate as JSON."""
    return {**overlay._asdict(), "donor_label": int(target.donor_labels[overlay.donor])}


def gallery(predict: Predict, target: Target, chosen: list[overlays.Overlay]) -> Figure:
    """Original, black patch, overlay and donor of each chosen candidate, with label and probability."""
    rows = []
    for overlay in chosen:
        side = overlay.patch
        donor = jnp.asarray(target.donors[overlay.donor])
        cut, place = jnp.asarray(overlay.cut), jnp.asarray(overlay.paste)
        images = np.stack(
            [
                target.image,
                occlusion.occluded(target.image, *overlay.paste, side),
                np.asarray(overlays.paste(jnp.asarray(target.image), donor, cut, place, side)),
                donor,
            ]
        )
        probabilities = np.asarray(predict(jnp.asarray(images)))
        marks = (None, (*overlay.paste, *side), (*overlay.paste, *side), (*overlay.cut, *side))
        names = ("original", "black patch", f"patch of a {target.donor_labels[overlay.donor]}", "cut from")
        rows.append(
            [
                Picture(image, mark, f"{name}\n{p.argmax()} with {p.max():.3f}")
                for image, mark, name, p in zip(images, marks, names, probabilities, strict=True)
            ]
        )
    return figures.pictures(
        rows, heading=f"Pasted patches that make the network see something else than {target.label}"
    )


if __name__ == "__main__":
    program.run(main)
