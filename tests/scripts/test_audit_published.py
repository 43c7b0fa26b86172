"""The audit as a user runs it."""

import csv

from programs import fails_in_one_line, run


def test_one_document_number_by_number(tmp_path):
    done = run("audit_published.py", "--document=004", "--problem=5", "--verbose", f"--outdir={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "W_f sigma'" in done.stdout
    assert "0.86175934" in done.stdout  # reproduced, so only --verbose prints it
    assert done.stdout.rstrip().endswith("audit/audit.csv")
    rows = list(csv.DictReader((tmp_path / "audit" / "audit.csv").read_text().splitlines()))
    assert len(rows) == 17
    assert (tmp_path / "audit" / "verdicts.png").read_bytes().startswith(b"\x89PNG")


def test_a_problem_that_is_no_experiment(tmp_path):
    done = run("audit_published.py", "--problem=4", f"--outdir={tmp_path}")
    assert done.returncode == 2
    fails_in_one_line(done, "problem")
