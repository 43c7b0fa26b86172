"""The programs with a classifier and images of a user's own: real processes."""

import pathlib

import colours
import numpy as np
import pytest
from programs import fails_in_one_line, hashes, run, succeeds

from hw3.report import results as results_on_disk
from hw3.studies import fragility
from hw3.studies.robustness import covering, pasting

PREDICT = "--classifier=tests.support.colours:predict"  # found in the current folder
NAMED = "--class_names=red,green,blue"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "photos"
    colours.write_pictures(folder)
    return f"--images={folder}"


def test_a_sweep_of_one_picture(photos, tmp_path):
    place = (PREDICT, photos, f"--outdir={tmp_path}")
    done = succeeds("sweep_occlusion.py", *place, NAMED, "--digit=green", "--patch_size=5", "--fragility_images=2")
    results = results_on_disk.read(tmp_path / "sweep", "sweep", covering.Results).results
    assert f"Test image {results.image}, “green”, under a 5x5 patch at 8x8 positions" in done.stdout
    assert "2 images of green" in done.stdout
    assert {file.name for file in (tmp_path / "sweep").glob("*.png")} == {
        "maps.png", "cases.png", "importance.png", "fragility.png",
    }  # fmt: skip
    before = hashes(tmp_path)
    fails_in_one_line(
        run("sweep_occlusion.py", "--classifier=tests.support.colours:logits", *place[1:]), "wrap logits in jax.nn.soft"
    )
    fails_in_one_line(
        run("sweep_occlusion.py", *place, "--checkpoint=out"), "--classifier and --checkpoint are two ways"
    )
    assert hashes(tmp_path) == before


def test_patches_that_fool_it(photos, tmp_path):
    few = ["--black=5", "--window=6", "--stride=3", "--patch_sizes=4,6", "--cut_stride=6", "--paste_stride=6"]
    own = ["--classifier=tests.support.colours:logits", "--score=logit", photos, NAMED, f"--outdir={tmp_path}"]
    done = succeeds("find_overlays.py", *own, *few, "--digit=red")
    results = results_on_disk.read(tmp_path / "overlays", "overlays", pasting.Results).results
    assert results.settings.stride == 3
    assert results.black.positions == 3 * 3
    assert "window onto another class: positions still classified as red" in done.stdout
    assert {window.donor.label for window in results.windows} == {1, 2}
    assert (tmp_path / "overlays" / "windows.png").stat().st_size


def test_a_sweep_of_all_pictures_is_continued_with_the_same_weights_alone(photos, tmp_path):
    weights = tmp_path / "weights.npy"
    np.save(weights, np.ones(3, np.float32))
    own = ["--classifier=tests.support.colours:from_file", f'--classifier_args={{"path": "{weights}"}}', photos, NAMED]
    sweep = ["sweep_dataset.py", *own, f"--outdir={tmp_path}", "--patch_size=4", "--stride=4"]
    assert "9 images at 3x3 positions" in succeeds(*sweep).stdout
    assert "nothing was missing" in succeeds(*sweep).stdout
    np.save(weights, np.array([1, 1, np.nextafter(np.float32(1), 2)]))
    fails_in_one_line(run(*sweep), "holds another sweep .classifier is ")
    fails_in_one_line(run(*sweep, "--images=60"), "--images=60: there is no such folder or file; the first 60")

    done = succeeds("summarize_sweep.py", f"--outdir={tmp_path}", "--gallery=2")
    results = results_on_disk.read(tmp_path / "dataset_summary", "dataset_summary", fragility.Results).results
    assert results.naming.classes == colours.NAMES
    assert [each.images for each in results.classes] == [3, 3, 3]
    assert f"9 test images of {photos.removeprefix('--images=')} under a patch" in done.stdout
    assert results.robust.images.shape == (2, 12, 12, 3)
    next(pathlib.Path(photos.removeprefix("--images="), "red").iterdir()).unlink()
    fails_in_one_line(run("summarize_sweep.py", f"--outdir={tmp_path}"), "are not those that .*zarr was made of")
