"""The main job: trains the network if that is not done, runs every program of the homework and writes one page.

python scripts/make_report.py                 # out/report.html
python scripts/make_report.py --epochs=12     # trains longer; another --outdir keeps the quick run
"""

import json
import pathlib
import subprocess
import sys
import time

import program
from absl import flags

from hw3 import answers_inspection, answers_occlusion, report
from hw3.report import Section

MODEL = flags.DEFINE_string("model", "wide", "The network, as for train_cnn.py.")
EPOCHS = flags.DEFINE_integer("epochs", None, "Passes over the training set; the recipe's own number if not given.")
SEED = flags.DEFINE_integer("seed", 0, "Of everything random.")
TRAIN_IMAGES = flags.DEFINE_integer("train_images", None, "Train on only so many images.", lower_bound=1)
LEARNING_RATE = flags.DEFINE_float("learning_rate", None, "The (highest) step size; the recipe's own if not given.")
MAX_SHIFT = flags.DEFINE_integer("max_shift", None, "Pixels by which training images move; the recipe's own.")
QUICK = flags.DEFINE_bool(
    "quick", False, "A first look: fewer images in the mean maps, coarser grids of pasted patches."
)
OUTDIR = program.define_outdir_flag()

TITLE = "Homework 3: convolutional and recurrent networks, measured"
SCRIPTS = pathlib.Path(__file__).parent


def run(name: str, *arguments: str) -> None:
    """Runs another program of this folder; ends with its status if it fails."""
    command = [sys.executable, str(SCRIPTS / f"{name}.py"), f"--outdir={OUTDIR.value}", *arguments]
    print(f"\n== {name}.py {' '.join(arguments)}", flush=True)
    start = time.monotonic()
    if status := subprocess.run(command, check=False).returncode:
        program.fail(
            f"{name}.py failed, see above; {pathlib.Path(OUTDIR.value, 'report.html')} was not touched",
            status,
        )
    print(f"== {name}.py took {time.monotonic() - start:.0f} s", flush=True)


def results(folder: pathlib.Path) -> dict:
    """The numbers that a program left in its folder."""
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def main() -> None:
    """Runs the programs one after the other and renders the page from what they wrote."""
    out = program.prepare_outdir(OUTDIR.value)
    start = time.monotonic()
    recipe = (EPOCHS, TRAIN_IMAGES, LEARNING_RATE, MAX_SHIFT)
    run(
        "train_cnn",
        "--resume",
        f"--model={MODEL.value}",
        f"--seed={SEED.value}",
        *(f"--{flag.name}={flag.value}" for flag in recipe if flag.value is not None),
    )
    trained = program.run_folder(out, MODEL.value)
    checkpoint = f"--checkpoint={trained}"
    run("inspect_cnn", checkpoint)
    run("sweep_occlusion", checkpoint, f"--fragility_images={2 if QUICK.value else 20}")
    run("find_overlays", checkpoint, *(("--cut_stride=8", "--paste_stride=6") if QUICK.value else ()))

    train = results(trained)
    last = train["history"][-1]
    sections = [
        Section(
            "Problem 1: inside a convolutional network",
            answers_inspection.answers(train, results(out / "inspect")),
        ),
        Section(
            "Problem 2: how robust is it?",
            answers_occlusion.answers(results(out / "sweep"), results(out / "overlays")),
        ),
    ]
    summary = (
        f"Every answer below is made from a network trained by this program on all of {train['dataset']} "
        f"({last['epoch']} epochs, {last['test_accuracy']:.2%} of the test images right) and stands beside what five "
        "published documents said."
    )
    page = out / "report.html"
    program.write_text(page, report.render(TITLE, summary, sections, out))
    print(
        f"\n{page} is ready ({page.stat().st_size / 1e6:.1f} MB, {time.monotonic() - start:.0f} s): open it in a "
        "browser"
    )


if __name__ == "__main__":
    program.run(main)
