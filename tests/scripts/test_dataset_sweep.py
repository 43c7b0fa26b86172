"""The sweep of a data set as users run it: many devices, many processes, killed processes; and its summary."""

import json
import random
import shutil
import signal
import socket
import time

import numpy as np
import pytest
import zarr
from programs import FOLDER, TRAIN, end, fails_in_one_line, hashes, run, start, succeeds

from hw3.occlusion import storage

# Chunks of one image are written every few milliseconds, so that many a kill falls into writing.
SWEEP = ["--first=60", "--chunk_images=1", "--stride=4"]


@pytest.fixture(scope="session")
def trained_flag(trained):
    return f"--checkpoint={trained / FOLDER}"


@pytest.fixture(scope="session")
def undisturbed(once, trained_flag):
    """The folder of the sweep that one process makes on one device."""

    def sweep(folder):
        done = succeeds("sweep_dataset.py", trained_flag, *SWEEP, f"--outdir={folder}")
        assert "60 images at 6x6 positions, 60 chunks; occluded images classified by 1 process" in done.stdout
        return folder

    return once("dataset_sweep", sweep)


def start_all(processes, devices, folder, *arguments, of_each=()):
    """So many processes of one sweep, each with so many devices and, if given, flags of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"--coordinator_address=127.0.0.1:{free.getsockname()[1]}"
    return [
        start(
            "sweep_dataset.py",
            address,
            f"--num_processes={processes}",
            f"--process_id={index}",
            f"--outdir={folder}",
            *arguments,
            *(of_each[index] if of_each else ()),
            devices=devices,
        )
        for index in range(processes)
    ]


def arrays(folder):
    group = zarr.open_group(folder / "dataset_sweep.zarr", mode="r")
    return {name: group[name][:] for name in ("probabilities", "clean", "image", "label", "row", "col")}


@pytest.mark.parametrize(("processes", "devices"), [(1, 8), (2, 4)])
def test_many_devices_and_processes_give_the_array_of_one(undisturbed, trained_flag, tmp_path, processes, devices):
    if processes == 1:
        done = [end(start("sweep_dataset.py", trained_flag, *SWEEP, f"--outdir={tmp_path}", devices=8))]
    else:
        done = [end(process) for process in start_all(processes, devices, tmp_path, trained_flag, *SWEEP)]
    assert [each.returncode for each in done] == [0] * processes, [each.stderr for each in done]
    assert f"by {processes} process{'es' * (processes > 1)} with 8 devices: 2,160 in" in done[0].stdout
    one, many = arrays(undisturbed), arrays(tmp_path)
    np.testing.assert_array_equal(one["probabilities"].argmax(-1), many["probabilities"].argmax(-1))
    np.testing.assert_allclose(many["probabilities"], one["probabilities"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(many["clean"], one["clean"], rtol=0, atol=1e-6)
    for name in ("image", "label", "row", "col"):
        np.testing.assert_array_equal(one[name], many[name])


def test_training_runs_where_there_are_several_devices(tmp_path):
    few = [*TRAIN, "--train_images=300", "--epochs=1"]
    done = end(start("train_cnn.py", *few, f"--outdir={tmp_path}", devices=8))
    assert done.returncode == 0, done.stderr


def test_killed_at_any_moment_it_loses_no_finished_chunk_and_ends_with_the_same_array(
    undisturbed, trained_flag, tmp_path
):
    def chunks():
        folder = tmp_path / "dataset_sweep.zarr" / "probabilities" / "c"
        return set(folder.glob("*/0/0/0"))

    moments = random.Random(0)
    for _ in range(6):
        before = chunks()
        process = start("sweep_dataset.py", trained_flag, *SWEEP, f"--outdir={tmp_path}")
        while chunks() <= before:
            assert process.poll() is None, process.communicate()
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert before < chunks()
        for path in chunks():
            same = undisturbed / path.relative_to(tmp_path)
            assert path.read_bytes() == same.read_bytes(), path
    assert len(chunks()) < 60, "it was always killed before the end"
    succeeds("sweep_dataset.py", trained_flag, *SWEEP, f"--outdir={tmp_path}")
    whole, pieced = (hashes(folder / "dataset_sweep.zarr") for folder in (undisturbed, tmp_path))
    assert {name: value for name, value in pieced.items() if not name.endswith("__lock")} == whole
    done = succeeds("sweep_dataset.py", trained_flag, *SWEEP, f"--outdir={tmp_path}")
    assert "nothing was missing" in done.stdout


def test_a_process_that_fails_names_itself_and_the_others_end(trained_flag, tmp_path):
    of_each = [[trained_flag], [f"--checkpoint={tmp_path}"]]
    first, second = (end(process) for process in start_all(2, 1, tmp_path, *SWEEP, of_each=of_each))
    fails_in_one_line(second, rf"process 1 of 2 on \S+: {tmp_path}/checkpoint holds no checkpoint")
    assert first.returncode == 1
    assert "ends, for another failed; process 1 of 2" in first.stderr
    assert "Traceback" not in first.stderr


def test_a_process_number_given_twice_and_a_killed_process_are_one_line(trained_flag, tmp_path):
    both = start_all(2, 1, tmp_path, trained_flag, *SWEEP, of_each=[[], ["--process_id=0"]])
    while not (ended := [process for process in both if process.poll() is not None]):
        time.sleep(0.01)
    for process in both:
        if process not in ended:
            process.send_signal(signal.SIGKILL)
    fails_in_one_line(end(ended[0]), r"--process_id=0 is given twice: another process of this run, number \d+ on")

    first, second = start_all(2, 1, tmp_path, trained_flag, "--first=2000", "--chunk_images=1")
    while not list(tmp_path.glob("dataset_sweep.zarr/clean/c/*")):
        assert first.poll() is None, first.communicate()
        time.sleep(0.01)
    second.send_signal(signal.SIGKILL)
    first = end(first)
    second.communicate()
    fails_in_one_line(first, r"process 0 of 2 on \S+ ends, for another failed; process 1 of 2 on \S+ it was killed, or")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--patch_size=6"], r"holds another sweep \(patch_size is \[8, 8\] there and \[6, 6\] here\): give another"),
        (["--chunk_images=2"], r"holds another sweep \(a chunk has 1 images there and 2 here\)"),
        (["--digit=11"], r"--digit=11: must be all or a class in 0\.\.9"),
        (["--first=10001"], "--first=10001: there are 10000 such images"),
        (
            ["--num_processes=2"],
            "--coordinator_address is missing: --coordinator_address, --num_processes, --process_id",
        ),
        (["--coordinator_address=x", "--num_processes=1", "--process_id=0"], "must be host:port, as 10.0.0.1:1234"),
        (["--coordinator_address=x:1", "--num_processes=2", "--process_id=2"], "--process_id=2: must be below"),
        (["--sweep={}"], "is there and is no sweep: name another place"),
    ],
)
def test_bad_flags_end_in_one_line_and_touch_nothing(undisturbed, trained_flag, tmp_path, arguments, message):
    (tmp_path / "kept").touch()
    before = hashes(undisturbed)
    done = run(
        "sweep_dataset.py", trained_flag, *SWEEP, f"--outdir={undisturbed}", *(a.format(tmp_path) for a in arguments)
    )
    fails_in_one_line(done, message)
    assert hashes(undisturbed) == before


def test_the_summary_says_what_the_array_holds(undisturbed, trained_flag, tmp_path):
    sweep = f"--sweep={undisturbed / 'dataset_sweep.zarr'}"
    done = succeeds("summarize_sweep.py", sweep, f"--outdir={tmp_path}", "--gallery=2")
    assert "60 test images of mnist under a patch of 8x8 pixels at 6x6 positions" in done.stdout
    record = json.loads((tmp_path / "dataset_summary" / "results.json").read_text())["results"]
    array = arrays(undisturbed)
    right = array["probabilities"].argmax(-1) == array["label"][:, None, None]
    assert record["overall"]["accuracy"] == pytest.approx(right.mean(), rel=1e-12)
    accuracies = right.mean((1, 2))
    clean_right = array["clean"].argmax(-1) == array["label"]
    assert record["fragile"]["ranked"][0]["accuracy"] == accuracies[clean_right].min()
    assert record["robust"]["ranked"][0]["accuracy"] == accuracies.max()
    labels, counts = np.unique(array["label"], return_counts=True)
    assert [(row["label"], row["images"]) for row in record["classes"]] == list(zip(labels, counts, strict=True))
    for name in ("accuracy", "probability", "confusion", "fragile", "robust"):
        assert (tmp_path / "dataset_summary" / f"{name}.png").read_bytes().startswith(b"\x89PNG")

    broken = shutil.copytree(undisturbed / "dataset_sweep.zarr", tmp_path / "broken.zarr")
    chunk = storage.load(broken).path / "probabilities" / "c" / "7" / "0" / "0" / "0"
    before = hashes(tmp_path / "dataset_summary")
    chunk.write_bytes(chunk.read_bytes()[:-1])
    refused = run("summarize_sweep.py", f"--sweep={broken}", f"--outdir={tmp_path}")
    fails_in_one_line(refused, rf"chunk 7 of {broken} is damaged \(.*\): run scripts/sweep_dataset.py again")
    assert hashes(tmp_path / "dataset_summary") == before

    (broken / "clean" / "c" / "9" / "0").unlink()
    refused = run("summarize_sweep.py", f"--sweep={broken}", f"--outdir={tmp_path}")
    fails_in_one_line(refused, f"1 of the 60 chunks of {broken} are missing: run scripts/sweep_dataset.py again")
    again = succeeds("sweep_dataset.py", trained_flag, *SWEEP, f"--sweep={broken}", f"--outdir={tmp_path}")
    assert "damaged chunks of" in again.stdout
    assert "to be made again: 7\n" in again.stdout
    assert "with 1 device: 72 in" in again.stdout, "those of two images"
    assert hashes(broken) == hashes(undisturbed / "dataset_sweep.zarr")
