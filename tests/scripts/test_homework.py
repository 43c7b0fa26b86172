"""The programs of the CNN half: what they write and print, resuming after kill -9, results that stay whole."""

import csv
import json
import os
import re
import signal

import numpy as np
from prepared_sets import write_set
from programs import FOLDER, TRAIN, fails_in_one_line, hashes, run, start_cold, succeeds

from hw3.cnn import checkpoints, fast_layers
from hw3.report import results as results_on_disk
from hw3.studies.robustness import covering


def test_training_leaves_metrics_curves_and_a_checkpoint(out):
    history = list(csv.DictReader((out / FOLDER / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in history] == ["1", "2", "3"]
    assert float(history[-1]["test_accuracy"]) > 0.85
    assert (out / FOLDER / "curves.png").read_bytes().startswith(b"\x89PNG")
    loaded = checkpoints.load(out / FOLDER / "checkpoint")
    assert loaded.finished
    assert loaded.history[-1].test.accuracy == float(history[-1]["test_accuracy"])
    assert loaded.run.recipe.gradient_bytes == fast_layers.cache_bytes()


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


def test_sweep_leaves_whole_results_of_one_run(out, checkpoint, tmp_path):
    """Prints and writes what it names; a run that fails changes nothing; the next one leaves nothing of an earlier."""
    place = (checkpoint, f"--outdir={tmp_path}")
    done = succeeds("sweep_occlusion.py", *place, "--digit=6", "--index=2", "--fragility_images=1", "--stride=4")
    results = results_on_disk.read(tmp_path / "sweep", "sweep", covering.Results).results
    assert (results.settings.digit, results.settings.nth, results.settings.stride) == (6, 2, (4, 4))
    assert f"Test image {results.image}, a 6, under an 8x8 patch at 6x6 positions" in done.stdout
    assert f"still classified as 6   {results.accuracy:.3%}" in re.sub(" {3,}", "   ", done.stdout)
    for name in ("maps.png", "cases.png", "importance.png", "fragility.png", "map3_label.csv", "importance_of_9.csv"):
        assert (tmp_path / "sweep" / name).stat().st_size
    before = hashes(tmp_path)
    failed = run("sweep_occlusion.py", *place, "--digit=3", "--fragility_images=99999")
    fails_in_one_line(failed, "fragility_images=99999: 99999 correctly classified images")
    assert hashes(tmp_path) == before
    succeeds("sweep_occlusion.py", *place, "--patch_size=3,5", "--stride=7,6", "--fill=mean")
    results = results_on_disk.read(tmp_path / "sweep", "sweep", covering.Results).results
    assert (results.settings.patch_size, results.settings.stride, results.settings.fill) == ((3, 5), (7, 6), "mean")
    assert not (tmp_path / "sweep" / "fragility.png").exists(), "nothing of the earlier run stays behind"


def test_a_prepared_set_is_trained_on_and_found_again(tmp_path):
    """What `--dataset` and `--data_dir` name goes through training, sweep and the checkpoint between them."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    images = (rng.integers(0, 60, (60, 9, 11, 3)) + 60 * labels[:, None, None, None]).astype(np.uint8)
    write_set(tmp_path, {"train": (images, labels), "test": (images, labels)}, name="mine")
    sets = [f"--data_dir={tmp_path}", f"--outdir={tmp_path / 'out'}"]
    recipe = ["--model=conv3-4 dense8", "--batch_size=10", "--epochs=8", "--max_shift=0"]
    recipe += ["--optimizer=sgd", "--learning_rate=0.05"]
    succeeds("train_cnn.py", "--dataset=mine", *sets, *recipe)
    trained = f"--checkpoint={tmp_path / 'out' / 'train_conv3_4_dense8' / 'checkpoint'}"
    succeeds("sweep_occlusion.py", trained, *sets, "--digit=1", "--patch_size=4,5")
    results = results_on_disk.read(tmp_path / "out" / "sweep", "sweep", covering.Results).results
    assert results.sweep.probabilities.shape == (1, 6, 7, 10)
    other = run("sweep_occlusion.py", trained, f"--outdir={tmp_path}", "--dataset=mnist")
    assert "was trained on images of shape (9, 11, 3) in 10 classes; those of mnist have the shape" in other.stderr
