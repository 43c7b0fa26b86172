"""The programs of the CNN half run as programs: what they write and print, resuming after kill -9, bad input."""

import csv
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from hw3 import checkpoints, data, occlusion

ROOT = pathlib.Path(__file__).parent.parent
MODEL = "conv3-8 maxpool2 dense20"
FOLDER = "train_conv3_8_maxpool2_dense20"
TRAIN = ["train_cnn.py", f"--model={MODEL}", "--train_images=3000", "--learning_rate=0.1", "--max_shift=0"]


def command(name, *arguments):
    return [sys.executable, str(ROOT / "scripts" / name), *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=300, cwd=ROOT)


def succeeds(*arguments):
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done


def hashes(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A folder with a finished training run of a small network on real MNIST."""
    folder = tmp_path_factory.mktemp("out")
    done = succeeds(*TRAIN, "--epochs=3", f"--outdir={folder}")
    assert re.search(r"epoch  3 of 3: train loss 0\.\d{4} accuracy [89]\d\.\d\d%, test loss", done.stdout)
    return folder


@pytest.fixture(scope="module")
def checkpoint(out):
    return f"--checkpoint={out / FOLDER}"


def test_training_leaves_metrics_curves_and_a_checkpoint(out):
    history = list(csv.DictReader((out / FOLDER / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in history] == ["1", "2", "3"]
    assert float(history[-1]["test_accuracy"]) > 0.85
    assert (out / FOLDER / "curves.png").read_bytes().startswith(b"\x89PNG")
    loaded = checkpoints.load(out / FOLDER / "checkpoint")
    assert loaded.finished
    assert loaded.history[-1].test.accuracy == float(history[-1]["test_accuracy"])


def test_a_finished_run_is_not_trained_again_nor_overwritten(out):
    before = hashes(out / FOLDER / "checkpoint")
    done = succeeds(*TRAIN, "--epochs=3", f"--outdir={out}", "--resume")
    assert "all 3 epochs are done already" in done.stdout
    refused = run(*TRAIN, "--epochs=3", f"--outdir={out}")
    assert refused.returncode == 1
    assert re.fullmatch(r"error: .* holds a training run already: --resume continues it, .*\n", refused.stderr)
    assert hashes(out / FOLDER / "checkpoint") == before


def test_a_killed_run_continues_to_the_same_numbers(out, tmp_path):
    arguments = [*TRAIN, "--epochs=3", f"--outdir={tmp_path}"]
    process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("epoch  1 of 3")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    done = succeeds(*arguments, "--resume")
    assert "epoch  1 of 3" not in done.stdout
    whole, resumed = ((folder / FOLDER / "results.json").read_text() for folder in (out, tmp_path))
    assert resumed == whole
    states = [checkpoints.load(folder / FOLDER / "checkpoint").state for folder in (out, tmp_path)]
    kernels = [np.asarray(state.params["conv1"]["linear"]["kernel"]) for state in states]
    np.testing.assert_array_equal(*kernels)


def test_another_run_is_not_continued(out):
    refused = run(*TRAIN, "--epochs=5", f"--outdir={out}", "--resume")
    assert refused.returncode == 1
    assert "holds another training run (epochs is 3 there and 5 here)" in refused.stderr


def test_sweep_writes_the_three_maps_of_the_image_it_names(out, checkpoint):
    done = succeeds(
        "sweep_occlusion.py", checkpoint, f"--outdir={out}", "--digit=6", "--index=2", "--fragility_images=2"
    )
    results = json.loads((out / "sweep" / "results.json").read_text())
    assert results["maps"] == [21, 21]
    assert f"test image {results['image']}, a 6" in done.stdout
    loaded = checkpoints.load(out / FOLDER / "checkpoint")
    image = np.asarray(data.as_float(data.load("mnist").test_images[results["image"]]))
    expected = occlusion.sweep(loaded.predictor(), image[None], np.array([6]))
    for name, values in (
        ("map1_true_probability", expected.true_probability),
        ("map2_highest_probability", expected.highest_probability),
        ("map3_label", expected.predicted),
    ):
        rows = list(csv.reader((out / "sweep" / f"{name}.csv").read_text().splitlines()))
        assert rows[0] == ["row", *(f"col_{col}" for col in range(21))]
        assert [row[0] for row in rows[1:]] == [str(row) for row in range(21)]
        np.testing.assert_allclose(np.array(rows[1:], float)[:, 1:], values[0], atol=1e-6)
    assert results["accuracy"] == pytest.approx(expected.accuracy[0])
    assert len(results["fragility"]["accuracies"]) == 10
    assert all((out / "sweep" / f"{name}.png").exists() for name in ("maps", "cases", "importance", "fragility"))


def test_sweep_takes_any_patch_stride_and_fill(out, checkpoint, tmp_path):
    done = succeeds(
        "sweep_occlusion.py", checkpoint, f"--outdir={tmp_path}", "--patch_size=3,5", "--stride=7,6", "--fill=mean"
    )
    assert json.loads((tmp_path / "sweep" / "results.json").read_text())["maps"] == [4, 4]
    uncovered = 28 * 28 - (4 * 3) * (4 * 5)
    assert re.search(rf"pixels that no patch covers\s+{uncovered}\b", done.stdout)


def test_bad_input_is_one_line_and_touches_nothing(out, checkpoint, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    damaged = tmp_path / "damaged"
    (damaged / "checkpoint" / "3").mkdir(parents=True)
    cases = [
        (
            ["sweep_occlusion.py", checkpoint, "--patch_size=29"],
            "--patch_size=29: larger than the images, 28x28",
        ),
        (["sweep_occlusion.py", checkpoint, "--patch_size=0"], "--patch_size=0: must be one or two positive whole"),
        (["sweep_occlusion.py", checkpoint, "--stride=-1"], "--stride=-1: must be one or two positive whole numbers"),
        (["sweep_occlusion.py", checkpoint, "--stride=two"], "--stride=two: must be one or two positive whole numbers"),
        (["sweep_occlusion.py", checkpoint, "--digit=10"], "no image of class 10; it has 0, 1, 2"),
        (["sweep_occlusion.py", checkpoint, "--index=99999"], r"index 99999 is past the last of the \d+ correctly"),
        (
            ["sweep_occlusion.py", checkpoint, "--fill=white"],
            r"--fill=white: must be a number in \[0, 1\]",
        ),
        (["sweep_occlusion.py", checkpoint, "--batch_size=0"], "flag --batch_size=0: 0 is not a positive integer"),
        (["sweep_occlusion.py", f"--checkpoint={empty}"], f"{empty}/checkpoint holds no checkpoint: train one"),
        (["sweep_occlusion.py", f"--checkpoint={damaged}"], f"the checkpoint in {damaged}/checkpoint is damaged"),
        (["inspect_cnn.py", checkpoint, "--classes=3,3"], "--classes=3,3: must be two different classes in"),
        (["inspect_cnn.py", checkpoint, "--layer=conv9"], "no convolution layer 'conv9'; this network has conv1"),
        (
            ["find_overlays.py", checkpoint, "--patch_sizes=4,40"],
            r"--patch_sizes=4,40: must be whole numbers in",
        ),
        (["find_overlays.py", checkpoint, "--digt=6"], "Unknown command line flag 'digt'"),
        (["train_cnn.py", "--model=wider"], "unknown network or layer 'wider'; networks: wide, narrow"),
        (["train_cnn.py", "--outdir=/dev/null/out"], "--outdir=/dev/null/out: cannot write there"),
        (["train_cnn.py", "--dataset=mnits"], "mnits"),
        ([*TRAIN, "--epochs=1", "--learning_rate=1e9", f"--outdir={empty}"], r"the loss is (nan|inf) in epoch 1"),
        (["train_cnn.py", "wide"], "unexpected argument 'wide'"),
    ]
    before = hashes(out)
    processes = []
    for arguments, _ in cases:
        where = [] if any(a.startswith("--outdir") for a in arguments) else [f"--outdir={out}"]
        processes.append(
            subprocess.Popen(command(*arguments, *where), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        if len(processes) % 3 == 0:
            processes[-3].wait()
    for process, (arguments, message) in zip(processes, cases, strict=True):
        _, stderr = process.communicate(timeout=300)
        assert process.returncode in (1, 2), (arguments, stderr)
        assert re.fullmatch(rf"error: .*{message}.*\n", stderr), (arguments, stderr)
    assert hashes(out) == before
    assert not (empty / FOLDER / "checkpoint").exists()


def test_the_main_job_writes_a_complete_page_and_the_same_again(out):
    arguments = [f"--model={MODEL}", "--train_images=3000", "--epochs=3", "--quick", f"--outdir={out}"]
    flags = ["--learning_rate=0.1", "--max_shift=0"]
    first = succeeds("make_report.py", *arguments, *flags)
    assert "all 3 epochs are done already" in first.stdout
    page = (out / "report.html").read_text()
    for number in ("1 (1)", "1 (2)", "1 (3)", "2 (1)", "2 (2)", "2 (3)"):
        assert f'<span class="number">{number}</span>' in page
    accuracy = json.loads((out / FOLDER / "results.json").read_text())["history"][-1]["test_accuracy"]
    assert f"{accuracy:.2%}" in page
    succeeds("make_report.py", *arguments, *flags)
    assert (out / "report.html").read_text() == page
    black = json.loads((out / "overlays" / "results.json").read_text())["black"]
    assert len(list((out / "overlays" / black["folder"]).glob("*.png"))) == black["flips"]


def test_help_explains_every_program():
    for script in sorted((ROOT / "scripts").glob("*.py")):
        if script.name == "program.py":
            continue
        done = run(script.name, "--help")
        assert "--outdir" in done.stdout, script.name
        assert f"python scripts/{script.name}" in done.stdout, "an example stands in the help"
