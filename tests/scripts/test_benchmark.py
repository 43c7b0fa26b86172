"""The benchmark runs, says which peers are missing, and its figure draws."""

import collections
import json

import matplotlib.figure
import pytest
from common import timing
from common.timing import Row, Times
from programs import succeeds

from hw3.report import timings


def test_it_runs_without_any_peer(tmp_path):
    done = succeeds("benchmark.py", "--rows=search", "--repeats=1", "--force", f"--outdir={tmp_path}")
    results = json.loads((tmp_path / "benchmark" / "results.json").read_text())
    assert results["seconds"]["overlay search"]["hw3"][0] > 0
    assert results["limit_flop_per_s"] > 1e9
    assert "GFLOP/s" in done.stdout
    assert "candidates/s" in done.stdout
    assert set(results["cores_used_by_others"]) == {"before", "after", "overlay search"}


def test_others_are_told_from_ourselves(monkeypatch):
    now = [0.0, 100.0, 7.0]  # clock, busy time of the machine, our own and our children's
    cpu = collections.namedtuple("cpu", "user system idle iowait guest")
    monkeypatch.setattr(timing.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(timing.psutil, "cpu_times", lambda: cpu(now[1], 0.0, 555.0, 44.0, 0.0))
    monkeypatch.setattr(timing.os, "times", lambda: (now[2] / 2, 0.0, now[2] / 2, 0.0, 999.0))
    load = timing.OthersLoad()
    now[:] = [10.0, 119.0, 16.0]  # 19 busy seconds of which 9 are ours
    assert load.cores() == pytest.approx(1.0)
    now[:] = [10.0, 108.9, 16.0]  # the clocks of the system and the process differ a little
    assert load.cores() == 0.0


@pytest.mark.parametrize(
    ("others", "force", "said"), [(0.0, False, "2.00"), (1.0, False, "disturbed"), (1.0, True, "2.00 (disturbed)")]
)
def test_ratios_of_a_disturbed_row_are_left_out(others, force, said):
    row = Row("work", "items", 4, None, {})
    times = Times({"hw3": [0.01, 0.02, 0.02], "peer": [0.04, 0.04, 0.05]}, {"hw3": 1.0, "peer": 0.1}, others)
    line = timing.lines(row, times, 1.0, force)[1]
    assert line[7] == said
    assert line[3:5] == ["40.0..50.0", "0.1"]


def test_bars():
    figure = timings.ratio_bars({"sweep, 1 image": {"hw3": 1.0, "peer": 2.5, "faster": 0.8}}, "a machine")
    assert isinstance(figure, matplotlib.figure.Figure)
    assert {"1.00", "2.50", "0.80"} <= {text.get_text().strip() for text in figure.axes[0].texts}
