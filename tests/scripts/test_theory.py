"""The programs that test document 004's theory, as a user runs them: a tiny run of each, and bad flags."""

import json

import pytest
from programs import fails_in_one_line, run, succeeds

PNG = b"\x89PNG"


def test_a_tiny_run_on_dropout_writes_numbers_verdicts_and_figures(tmp_path):
    done = succeeds(
        "compare_regularizers.py", "--quick", "--only=dropout", "--seeds=2", "--train_images=128", "--epochs=4",
        "--rates=0,0.5", f"--outdir={tmp_path}",
    )  # fmt: skip
    results = json.loads((tmp_path / "regularizers" / "results.json").read_text())
    assert [len(results["dropout"][name]) for name in ("epochs", "memorised", "sparsity")] == [2, 2, 2]
    assert {claim["part"][:5] for claim in results["claims"]} == {"1 (1)", "1 (2)"}
    for claim in results["claims"]:
        assert claim["verdict"] in done.stdout
    for name in ("dropout", "bagging"):
        assert (tmp_path / "regularizers" / f"{name}.png").read_bytes().startswith(PNG)


def test_a_tiny_run_on_a_trained_network_writes_what_its_units_see(checkpoint, tmp_path):
    only = ("--only=by_hand,fields", "--seeds=2", "--depths=2,3")
    succeeds("measure_convolution.py", "--quick", *only, checkpoint, f"--outdir={tmp_path}")
    results = json.loads((tmp_path / "convolution" / "results.json").read_text())
    assert results["claims"][0]["verdict"] == "held"
    assert [(row["layer"], row["side"]) for row in results["fields"]["layers"]] == [("conv1", 3), ("maxpool1", 4)]
    for row in results["fields"]["layers"]:
        assert len(row["random"]) == len(row["trained"]) == 2
        assert all(0 < side <= row["side"] for side in row["random"] + row["trained"])
    for name in ("by_hand", "receptive_fields", "stack"):
        assert (tmp_path / "convolution" / f"{name}.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare_regularizers.py", "--rates=0,1.5"], r"--rates=0,1.5: must be at least two ascending numbers in 0.0"),
        (["measure_convolution.py", "--distances=0"], r"--distances=0: must be ascending whole numbers in 1..27"),
    ],
)
def test_bad_flags_give_one_clear_line(checkpoint, tmp_path, arguments, message):
    given = [checkpoint] if arguments[0].startswith("measure") else []
    fails_in_one_line(run(*arguments, *given, f"--outdir={tmp_path}"), message)
    assert not list(tmp_path.glob("[a-z]*"))
