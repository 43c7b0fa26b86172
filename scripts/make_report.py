"""The main job: trains the network if that is not done, runs every program of the homework and writes one page.

python scripts/make_report.py                 # out/report.html
python scripts/make_report.py --epochs=12     # trains longer; another --outdir keeps the quick run
"""

import multiprocessing
import pathlib
import sys
import tempfile
import time
from typing import Any, NoReturn

from absl import flags
from common import companions, folders, output, program, shared_flags

from hw3.report import page, results, words
from hw3.studies import audit, contents, explorables, training

TRAINING = shared_flags.define_training_flags()
QUICK = flags.DEFINE_bool(
    "quick",
    False,
    "A first look: fewer images in the mean maps, coarser grids of pasted patches, tiny networks on long sequences, "
    "none of the experiments on document 004's theory.",
)
OUTDIR = shared_flags.define_outdir_flag()

# What --quick leaves of the programs is little more than a check that they run.
FIRST_LOOK = {
    "sweep_occlusion": ("--fragility_images=2",),
    "find_overlays": ("--cut_stride=8", "--paste_stride=6"),
    "sweep_dataset": ("--first=20",),
    "flow_gradients": ("--hidden=4", "--initialisations=2", "--steps=200", "--map_steps=100"),
    "probe_echo_states": ("--hidden=10", "--reservoirs=2", "--steps=100", "--samples=200", "--radii=0.5,1,2"),
    "classify_sequences": (
        "--lengths=50",
        "--updates=5",
        "--seeds=1",
        "--hidden=8",
        "--reservoir=20",
        "--test_sequences=100",
    ),
}
TITLE = "Homework 3: convolutional and recurrent networks, measured"
SCRIPTS = pathlib.Path(__file__).parent

# Each program is a process of its own, forked where the system can from one that has made the imports: two seconds less
# each. That one computes nothing, for JAX's threads would not survive a fork.
PROCESSES: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")


def command_of(name: str, *arguments: str) -> tuple[str, ...]:
    """Another program of this folder and its arguments, or those of a first look."""
    first = FIRST_LOOK.get(name, ()) if QUICK.value else ()
    replaced = {flag.partition("=")[0] for flag in first}
    kept = (flag for flag in arguments if flag.partition("=")[0] not in replaced)
    return (str(SCRIPTS / f"{name}.py"), f"--outdir={OUTDIR.value}", *kept, *first)


def fail(name: str, status: int) -> NoReturn:
    """Ends with the status of a program that failed."""
    program.fail(f"{name} failed, see above; {pathlib.Path(OUTDIR.value, 'report.html')} was not touched", abs(status))


def run_all(trained: pathlib.Path, others: companions.Companions) -> None:
    """Runs the programs, some as `others`; the network is trained in the folder `trained`.

    What needs no network runs beside the training of it, then what is mostly drawing beside what computes; what is
    timed runs alone.
    """

    def run(name: str, *arguments: str) -> None:
        command = command_of(name, *arguments)
        print(f"\n== {name}.py {' '.join(command[2:])}", flush=True)
        start = time.monotonic()
        process = PROCESSES.Process(target=program.execute, args=(command,))
        process.start()
        others.wait_for(process)
        if process.exitcode:
            fail(f"{name}.py", process.exitcode)
        print(f"== {name}.py took {time.monotonic() - start:.0f} s", flush=True)

    def run_beside(name: str, *arguments: str) -> None:
        command = command_of(name, *arguments)
        print(f"\n== {name}.py {' '.join(command[2:])}, beside the programs that follow", flush=True)
        others.add(*command)

    given = {name: f"--{name}={flag.value}" for name, flag in TRAINING.items() if flag.present}
    data = [given[name] for name in ("dataset", "data_dir") if name in given]
    network = [f"--checkpoint={trained}", *data]
    run_beside("flow_gradients", "--quick")
    run_beside("probe_echo_states", "--quick")
    run_beside("unroll_rnn")
    run_beside("unroll_lstm")
    run("train_cnn", "--resume", *given.values())
    run_beside("inspect_cnn", *network)
    run_beside("audit_published", *network, *(("--images=50",) if QUICK.value else ()))
    run("sweep_occlusion", "--fragility_images=20", *network)
    run("find_overlays", *network)
    # In a place of its own: the sweep of a whole data set, which takes minutes, may lie beside it.
    first = f"--sweep={pathlib.Path(OUTDIR.value, 'first_images.zarr')}"
    run("sweep_dataset", *network, "--first=200", first, "--overwrite")
    run("summarize_sweep", first, *(given[name] for name in ("data_dir",) if name in given))
    others.finish()
    # Each of these has longer settings of its own, which take minutes: see BUILD.md.
    if not QUICK.value:
        run("compare_regularizers", "--quick", *data)
        run("measure_convolution", "--quick", *network)
    run("classify_sequences", "--quick")


def read_all(out: pathlib.Path, trained: pathlib.Path) -> page.Page:
    """The page that the programs' results make."""
    chosen = [section for section in contents.SECTIONS if section.quick or not QUICK.value]
    records = {
        study: results.read(trained if study is training else out / study.NAME, study.NAME, study.Results)
        for section in chosen
        for study in section.studies
    }
    sections = [
        page.Section(section.title, section.answers(*(records[study].results for study in section.studies)))
        for section in chosen
    ]
    commands = {study.NAME: record.command for study, record in records.items()}
    checkpoint, dataset = shared_flags.load_run(trained, TRAINING["dataset"].value, TRAINING["data_dir"].value)
    studied = explorables.Studied(*(records[study].results for study in explorables.STUDIES))
    explored = explorables.explorables(checkpoint, dataset, studied)
    network = records[training].results
    last = network.history[-1]
    theory = "" if QUICK.value else "; what document 004 claims of regularisation and convolution is put to the test"
    summary = (
        f"The answers to problems 1 and 2 are made from a network that this program trained on {network.run.images:,} "
        f"images of {network.run.dataset} ({last.epoch} epochs, {words.percent(last.test.accuracy)} of the test images "
        f"right), those to problems 3 and 5 by computing in float64, those to problem 4 by experiment{theory}. Beside "
        "each stands what five published documents said, called 000 to 004: 002 is the assignment with its official "
        "solutions, the others are reports on it, 004 on a sister version."
    )
    return page.Page(
        TITLE,
        summary,
        sections,
        contents.TELLING,
        commands,
        contents.FOOTER,
        explored.by_answer,
        explored.assets,
        contents.documents(records[audit].results),
    )


def main() -> None:
    """Runs the programs and renders the page from what they wrote."""
    out = folders.check_writable(pathlib.Path(OUTDIR.value))
    path = out / "report.html"
    folders.check_own_file(path, TITLE)
    start = time.monotonic()
    trained = shared_flags.run_folder(out, TRAINING["model"].value)
    PROCESSES.set_forkserver_preload(["hw3.studies.contents", "common.program"])
    with tempfile.TemporaryDirectory(prefix="hw3-", ignore_cleanup_errors=True) as folder:
        niceness = 0 if QUICK.value else companions.NICENESS
        run_all(trained, companions.Companions(PROCESSES, fail, pathlib.Path(folder, "output"), niceness))
    output.write_text(path, page.render(read_all(out, trained), out))
    print(
        f"\n{path} is ready ({path.stat().st_size / 1e6:.1f} MB, {time.monotonic() - start:.0f} s): open it in a "
        "browser"
    )


if __name__ == "__main__":
    program.run(main)
