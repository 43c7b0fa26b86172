"""The benchmark runs, says which peers are missing, and its figure draws."""

import json

import matplotlib.figure
from programs import succeeds

from hw3.report import timings


def test_it_runs_without_any_peer(tmp_path):
    done = succeeds("benchmark.py", "--rows=forward", "--repeats=1", f"--outdir={tmp_path}")
    results = json.loads((tmp_path / "benchmark" / "results.json").read_text())
    assert results["seconds"]["forward pass, 441 images"]["hw3"][0] > 0
    assert results["limit_flop_per_s"] > 1e9
    assert "GFLOP/s" in done.stdout
    assert "images/s" in done.stdout


def test_bars():
    figure = timings.ratio_bars({"sweep, 1 image": {"hw3": 1.0, "peer": 2.5, "faster": 0.8}}, "a machine")
    assert isinstance(figure, matplotlib.figure.Figure)
    assert {"1.00", "2.50", "0.80"} <= {text.get_text().strip() for text in figure.axes[0].texts}
