"""The programs of the CNN half: what they write and print, resuming after kill -9, results that stay whole."""

import csv
import json
import os
import re
import signal

import numpy as np
import pytest
from prepared_sets import write_set
from programs import FOLDER, TRAIN, fails_in_one_line, hashes, run, start_cold, succeeds

from hw3 import datasets, occlusion
from hw3.cnn import checkpoints


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
    done = succeeds("train_cnn.py", *TRAIN, f"--outdir={out}", "--resume")
    assert "all 3 epochs are done already" in done.stdout
    refused = run("train_cnn.py", *TRAIN, f"--outdir={out}")
    fails_in_one_line(refused, "holds a training run already: --resume continues it")
    assert hashes(out / FOLDER / "checkpoint") == before


def test_a_killed_run_continues_to_the_same_numbers(out, tmp_path):
    arguments = ["train_cnn.py", *TRAIN, f"--outdir={tmp_path}"]
    process = start_cold(*arguments)
    assert process.stdout.readline().startswith("epoch  1 of 3")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    done = succeeds(*arguments, "--resume")
    assert "epoch  1 of 3" not in done.stdout
    assert "epoch  3 of 3" in done.stdout, "it was killed before the end"
    whole, resumed = (json.loads((folder / FOLDER / "results.json").read_text()) for folder in (out, tmp_path))
    assert resumed | {"command": ""} == whole | {"command": ""}
    states = [checkpoints.load(folder / FOLDER / "checkpoint").state for folder in (out, tmp_path)]
    kernels = [np.asarray(state.params["conv1"]["linear"]["kernel"]) for state in states]
    np.testing.assert_array_equal(*kernels)


def test_another_run_is_not_continued(out):
    refused = run("train_cnn.py", *TRAIN, "--epochs=5", f"--outdir={out}", "--resume")
    fails_in_one_line(refused, r"holds another training run \(epochs is 3 there and 5 here, and its cosine schedule")


def test_sweep_writes_the_three_maps_of_the_image_it_names(out, checkpoint):
    done = succeeds(
        "sweep_occlusion.py", checkpoint, f"--outdir={out}", "--digit=6", "--index=2", "--fragility_images=2"
    )
    results = json.loads((out / "sweep" / "results.json").read_text())
    assert results["maps"] == [21, 21]
    assert f"test image {results['image']}, a 6" in done.stdout
    loaded = checkpoints.load(out / FOLDER / "checkpoint")
    image = np.asarray(datasets.as_float(datasets.load("mnist").test_images[results["image"]]))
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


def test_a_run_that_fails_late_leaves_the_results_before_it_whole(out, checkpoint, tmp_path):
    small = ["--fragility_images=1", "--stride=10"]
    succeeds("sweep_occlusion.py", checkpoint, f"--outdir={tmp_path}", *small)
    before = hashes(tmp_path)
    failed = run("sweep_occlusion.py", checkpoint, f"--outdir={tmp_path}", "--digit=3", "--fragility_images=99999")
    fails_in_one_line(failed, "--fragility_images=99999: 99999 correctly classified images")
    assert hashes(tmp_path) == before
    succeeds("sweep_occlusion.py", checkpoint, f"--outdir={tmp_path}", "--stride=9")
    assert not (tmp_path / "sweep" / "fragility.png").exists(), "nothing of the earlier run stays behind"


def test_a_prepared_set_is_trained_on_and_found_again(tmp_path):
    """What `--dataset` and `--data_dir` name goes through training, sweep and the checkpoint between them."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    images = (rng.integers(0, 60, (60, 9, 11, 3)) + 60 * labels[:, None, None, None]).astype(np.uint8)
    write_set(tmp_path, {"train": (images, labels), "test": (images, labels)}, name="mine")
    sets = [f"--data_dir={tmp_path}", f"--outdir={tmp_path / 'out'}"]
    recipe = ["--model=conv3-4 dense8", "--batch_size=10", "--epochs=8", "--max_shift=0", "--learning_rate=0.05"]
    succeeds("train_cnn.py", "--dataset=mine", *sets, *recipe)
    trained = f"--checkpoint={tmp_path / 'out' / 'train_conv3_4_dense8' / 'checkpoint'}"
    succeeds("sweep_occlusion.py", trained, *sets, "--digit=1", "--patch_size=4,5")
    assert json.loads((tmp_path / "out" / "sweep" / "results.json").read_text())["maps"] == [6, 7]
    other = run("sweep_occlusion.py", trained, f"--outdir={tmp_path}", "--dataset=mnist")
    assert "was trained on images of shape (9, 11, 3) in 10 classes; those of mnist have the shape" in other.stderr
