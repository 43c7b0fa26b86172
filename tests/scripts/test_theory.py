"""The programs that test document 004's theory, as a user runs them: a tiny run of each, and a bad flag."""

import csv
import pathlib

from programs import fails_in_one_line, run, succeeds

from hw3.report import results as results_on_disk
from hw3.studies import convolution, regularization

PNG = b"\x89PNG"


def kept(folder, study, figures):
    """What a program wrote: the results and the lines of its claims; its figures are what they should be."""
    assert {path.name for path in folder.glob("*.png")} == figures
    for name in figures:
        assert (folder / name).read_bytes().startswith(PNG)
    with (folder / "claims.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    return results_on_disk.read(folder, study.NAME, study.Results).results, lines


def test_compare_regularizers(tmp_path):
    done = succeeds(
        "compare_regularizers.py", "--quick", "--only=batch_sizes", "--seeds=2", "--train_images=128", "--epochs=4",
        "--batch_sizes=64,128", f"--outdir={tmp_path}",
    )  # fmt: skip
    results, lines = kept(tmp_path / "regularizers", regularization, {"batch_sizes.png"})
    assert results.settings.batch_sizes == (64, 128)
    assert results.settings.only == ("batch_sizes",)
    assert results.batch_sizes.plain.shape == (2, 2)
    assert {line["part"] for line in lines} == {"1 (3) 2", "1 (4)"}
    for claim in ("1 (3) 2: unstable if batch size is small", "1 (4): The test result might be worse"):
        assert claim in done.stdout
    before = sorted(pathlib.Path(tmp_path).rglob("*"))
    bad = run("compare_regularizers.py", "--rates=0,1.5", f"--outdir={tmp_path}")
    fails_in_one_line(bad, r"rates=0,1.5: must be at least two ascending numbers in 0.0..0.95")
    assert sorted(pathlib.Path(tmp_path).rglob("*")) == before


def test_measure_convolution(checkpoint, tmp_path):
    done = succeeds("measure_convolution.py", "--quick", "--only=by_hand", checkpoint, f"--outdir={tmp_path}")
    results, lines = kept(tmp_path / "convolution", convolution, {"by_hand.png"})
    assert [row.layer for row in results.by_hand.layers] == ["conv1"]
    assert [(line["part"], line["condition"], line["holds"]) for line in lines] == [("2 (3)", "conv1", "True")]
    assert "2 (3): the learned weights of a CNN" in done.stdout
    bad = run("measure_convolution.py", "--distances=0", checkpoint, f"--outdir={tmp_path}")
    fails_in_one_line(bad, r"distances=0: must be ascending whole numbers in 1..27")
