"""The programs that test document 004's theory, as a user runs them: a tiny run of each, and bad flags."""

import json

from programs import end, fails_in_one_line, start, succeeds


def test_tiny_runs_write_numbers_verdicts_and_figures(out, checkpoint, tmp_path):
    done = succeeds(
        "compare_regularizers.py", "--quick", "--only=dropout", "--seeds=2", "--train_images=128", "--epochs=4",
        "--rates=0,0.5", f"--outdir={tmp_path}",
    )  # fmt: skip
    results = json.loads((tmp_path / "regularizers" / "results.json").read_text())
    assert [len(results["dropout"][name]) for name in ("epochs", "memorised", "sparsity")] == [2, 2, 2]
    assert {claim["part"][:5] for claim in results["claims"]} == {"1 (1)", "1 (2)"}
    for claim in results["claims"]:
        assert claim["verdict"] in done.stdout
    assert (tmp_path / "regularizers" / "bagging.png").read_bytes().startswith(b"\x89PNG")

    succeeds("measure_convolution.py", "--quick", "--only=by_hand", checkpoint, f"--outdir={tmp_path}")
    results = json.loads((tmp_path / "convolution" / "results.json").read_text())
    assert results["claims"][0]["verdict"] == "held"
    assert (tmp_path / "convolution" / "by_hand.png").read_bytes().startswith(b"\x89PNG")


def test_bad_flags_give_one_clear_line(out, checkpoint, tmp_path):
    compare, measure = "compare_regularizers.py", "measure_convolution.py"
    cases = [
        ([compare, "--rates=0.2,0.5"], "--rates=0.2,...: must begin with 0"),
        ([compare, "--rates=0,1.5"], r"--rates=0,1.5: must be at least two ascending numbers in 0.0..0.95"),
        ([compare, "--batch_sizes=8,x"], "--batch_sizes=8,x: must be at least two ascending numbers in 2..512"),
        ([compare, "--epochs=6"], "--epochs=6: must be a multiple of 4"),
        ([compare, "--only=dropuot"], "--only=dropuot: must be some of dropout, batch_sizes"),
        ([measure, checkpoint, "--seeds=1"], "--seeds=1: a spread over seeds needs at least 2"),
        ([measure, checkpoint, "--distances=0"], r"--distances=0: must be ascending whole numbers of pixels in 1..27"),
    ]
    processes = []
    for arguments, _ in cases:
        processes.append(start(*arguments, f"--outdir={tmp_path}"))
        if len(processes) % 3 == 0:
            processes[-3].wait()
    for process, (_, message) in zip(processes, cases, strict=True):
        fails_in_one_line(end(process), message)
    assert not list(tmp_path.glob("[a-z]*"))
