"""The main job: trains the network if that is not done, runs every program of the homework and writes one page.

python scripts/make_report.py                 # out/report.html
python scripts/make_report.py --epochs=12     # trains longer; another --outdir keeps the quick run
"""

import json
import pathlib
import subprocess
import sys
import time

from absl import flags
from common import folders, output, program, shared_flags

from hw3.report import page as report_page
from hw3.report import words
from hw3.report.page import Section
from hw3.studies.convolution import answers as convolution_answers
from hw3.studies.fragility import answers as fragility_answers
from hw3.studies.inspection import answers as inspection_answers
from hw3.studies.long_sequences import answers as long_sequences_answers
from hw3.studies.regularization import answers as regularization_answers
from hw3.studies.robustness import answers as robustness_answers
from hw3.studies.unrolling import answers as unrolling_answers

TRAINING = shared_flags.define_training_flags()
QUICK = flags.DEFINE_bool(
    "quick",
    False,
    "A first look: fewer images in the mean maps, coarser grids of pasted patches, tiny networks on long sequences, "
    "none of the experiments on document 004's theory.",
)
OUTDIR = shared_flags.define_outdir_flag()

# Of the programs on long sequences --quick leaves little more than a check that they run.
FIRST_FLOW = ("--hidden=4", "--initialisations=2", "--steps=200", "--map_steps=100")
FIRST_ECHO = ("--hidden=10", "--reservoirs=2", "--steps=100", "--samples=200", "--radii=0.5,1,2")
FIRST_SEQUENCES = ("--lengths=50", "--updates=5", "--seeds=1", "--hidden=8", "--reservoir=20", "--test_sequences=100")

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
    out = folders.check_writable(pathlib.Path(OUTDIR.value))
    folders.check_own_file(out / "report.html", TITLE)
    start = time.monotonic()
    given = {name: f"--{name}={flag.value}" for name, flag in TRAINING.items() if flag.present}
    run("train_cnn", "--resume", *given.values())
    trained = shared_flags.run_folder(out, TRAINING["model"].value)
    common = [f"--checkpoint={trained}", *(given[name] for name in ("dataset", "data_dir") if name in given)]
    run("inspect_cnn", *common)
    run("sweep_occlusion", *common, f"--fragility_images={2 if QUICK.value else 20}")
    run("find_overlays", *common, *(("--cut_stride=8", "--paste_stride=6") if QUICK.value else ()))

    # In a place of its own: the sweep of a whole data set, which takes minutes, may lie beside it.
    first = f"--sweep={out / 'first_images.zarr'}"
    run("sweep_dataset", *common, f"--images={20 if QUICK.value else 200}", first, "--overwrite")
    run("summarize_sweep", first, *(given[name] for name in ("data_dir",) if name in given))

    run("unroll_rnn")
    run("unroll_lstm")
    run("audit_published")
    if not QUICK.value:
        run("compare_regularizers", "--quick", *common[1:])
        run("measure_convolution", "--quick", *common)

    # Each has longer settings of its own, which take minutes: see BUILD.md.
    run("flow_gradients", "--quick", *(FIRST_FLOW if QUICK.value else ()))
    run("probe_echo_states", "--quick", *(FIRST_ECHO if QUICK.value else ()))
    run("classify_sequences", "--quick", *(FIRST_SEQUENCES if QUICK.value else ()))

    train = results(trained)
    last = train["history"][-1]
    sections = [
        Section(
            "Problem 1: inside a convolutional network",
            inspection_answers.answers(train, results(out / "inspect")),
        ),
        Section(
            "Problem 2: how robust is it?",
            robustness_answers.answers(results(out / "sweep"), results(out / "overlays")),
        ),
        Section("Beyond one image: a sweep over many", fragility_answers.answers(results(out / "dataset_summary"))),
        Section(
            "Problems 3 and 5: back-propagation through time by hand, and an audit",
            unrolling_answers.answers(*(results(out / name) for name in ("rnn", "lstm", "audit"))),
        ),
        Section(
            "Problem 4: long sequences",
            long_sequences_answers.answers(*(results(out / name) for name in ("flow", "echo", "sequences"))),
        ),
    ]
    if not QUICK.value:
        sections += [
            Section(
                "Document 004's problem 1, tested: dropout, bagging, batch normalisation",
                regularization_answers.answers(results(out / "regularizers")),
            ),
            Section(
                "Document 004's problem 2, tested: convolution, pooling, receptive fields",
                convolution_answers.answers(results(out / "convolution")),
            ),
        ]
    theory = "" if QUICK.value else "; what document 004 claims of regularisation and convolution is put to the test"
    summary = (
        f"The answers to problems 1 and 2 are made from a network that this program trained on {train['images']:,} "
        f"images of {train['dataset']} ({last['epoch']} epochs, {words.percent(last['test_accuracy'])} of the test "
        "images right), those to problems 3 and 5 by computing in float64, those to problem 4 by experiment"
        f"{theory}. Beside each stands what five published documents said."
    )
    page = out / "report.html"
    output.write_text(page, report_page.render(TITLE, summary, sections, out))
    print(
        f"\n{page} is ready ({page.stat().st_size / 1e6:.1f} MB, {time.monotonic() - start:.0f} s): open it in a "
        "browser"
    )


if __name__ == "__main__":
    program.run(main)
