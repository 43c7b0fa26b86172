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
from test_data import _write

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
    assert "epoch  3 of 3" in done.stdout, "it was killed before the end"
    whole, resumed = (json.loads((folder / FOLDER / "results.json").read_text()) for folder in (out, tmp_path))
    assert resumed | {"command": ""} == whole | {"command": ""}
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
    blocked = tmp_path / "blocked"
    (blocked / FOLDER).mkdir(parents=True)
    (blocked / FOLDER / "checkpoint").write_text("a file where a folder should be")
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
        (["train_cnn.py", "--outdir=/dev/null/out"], "--outdir: cannot write in /dev/null/out"),
        (["train_cnn.py", "--dataset=mnits"], "mnits"),
        ([*TRAIN, "--epochs=1", "--learning_rate=1e9", f"--outdir={empty}"], r"the loss is (nan|inf) in epoch 1"),
        (["train_cnn.py", "wide"], "unexpected argument 'wide'"),
        (["train_cnn.py", "--seed=-1"], "flag --seed=-1: "),
        (["train_cnn.py", "--model="], "a network needs at least one layer"),
        ([*TRAIN, "--epochs=1", f"--outdir={blocked}"], f"--outdir: cannot write in {blocked}/{FOLDER}/checkpoint"),
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
    assert not checkpoints.exists(empty / FOLDER / "checkpoint")


def test_the_main_job_writes_a_complete_page_from_results_that_come_out_the_same_again(out, checkpoint):
    recipe = [argument for argument in TRAIN if argument.startswith("--")]
    done = succeeds("make_report.py", *recipe, "--epochs=3", "--quick", f"--outdir={out}")
    assert "all 3 epochs are done already" in done.stdout
    page = (out / "report.html").read_text()
    numbers = re.findall(r'<span class="number">(.*?)</span>', page)
    first, second, third = (
        [f"{problem} ({part})" for part in range(1, last)] for problem, last in ((1, 4), (2, 4), (3, 6))
    )
    assert numbers == ["1", *first, *second, *third, "5", "audit"]
    accuracy = json.loads((out / FOLDER / "results.json").read_text())["history"][-1]["test_accuracy"]
    assert f"on 3,000 images of mnist (3 epochs, {accuracy:.2%} of the test images right)" in page
    black = json.loads((out / "overlays" / "results.json").read_text())["black"]
    assert len(list((out / "overlays" / black["folder"]).glob("*.png"))) == black["flips"]
    for program, name, arguments in (
        ("inspect_cnn.py", "inspect", []),
        ("sweep_occlusion.py", "sweep", ["--fragility_images=2"]),
    ):
        before = hashes(out / name)
        succeeds(program, f"--outdir={out}", checkpoint, *arguments)
        assert hashes(out / name) == before


def test_a_run_that_fails_late_leaves_the_results_before_it_whole(out, checkpoint, tmp_path):
    small = ["--fragility_images=1", "--stride=9"]
    succeeds("sweep_occlusion.py", checkpoint, f"--outdir={tmp_path}", *small)
    before = hashes(tmp_path)
    failed = run("sweep_occlusion.py", checkpoint, f"--outdir={tmp_path}", "--digit=3", "--fragility_images=99999")
    assert failed.returncode == 1
    assert re.fullmatch(r"error: --fragility_images=99999: 99999 correctly classified .*\n", failed.stderr)
    assert hashes(tmp_path) == before
    succeeds("sweep_occlusion.py", checkpoint, f"--outdir={tmp_path}", "--stride=9")
    assert not (tmp_path / "sweep" / "fragility.png").exists(), "nothing of the earlier run stays behind"


def test_a_prepared_set_is_trained_on_and_found_again(tmp_path):
    """What `--dataset` and `--data_dir` name goes through training, sweep and the checkpoint between them."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    images = (rng.integers(0, 60, (60, 9, 11, 3)) + 60 * labels[:, None, None, None]).astype(np.uint8)
    _write(tmp_path, {"train": (images, labels), "test": (images, labels)}, name="mine")
    sets = [f"--data_dir={tmp_path}", f"--outdir={tmp_path / 'out'}"]
    recipe = ["--model=conv3-4 dense8", "--batch_size=10", "--epochs=8", "--max_shift=0", "--learning_rate=0.05"]
    succeeds("train_cnn.py", "--dataset=mine", *sets, *recipe)
    trained = f"--checkpoint={tmp_path / 'out' / 'train_conv3_4_dense8' / 'checkpoint'}"
    succeeds("sweep_occlusion.py", trained, *sets, "--digit=1", "--patch_size=4,5")
    assert json.loads((tmp_path / "out" / "sweep" / "results.json").read_text())["maps"] == [6, 7]
    other = run("sweep_occlusion.py", trained, f"--outdir={tmp_path}", "--dataset=mnist")
    assert "was trained on images of shape (9, 11, 3) in 10 classes; those of mnist have the shape" in other.stderr


def test_help_explains_every_program():
    for script in sorted((ROOT / "scripts").glob("*.py")):
        if script.name == "program.py":
            continue
        done = run(script.name, "--help")
        assert "--outdir" in done.stdout, script.name
        assert f"python scripts/{script.name}" in done.stdout, "an example stands in the help"
