"""The programs as a user runs them: real processes, good input and bad."""

import json
import re

import pytest
from programs import end, fails_in_one_line, run, start

from hw3.studies.unrolling.answers import answers


@pytest.fixture(scope="session")
def recurrent_out(between_workers):
    return between_workers / "recurrent"


@pytest.fixture(scope="module")
def results(once, optimized):
    """The three programs with their defaults: (what they printed, results.json) by folder name."""
    scripts = {"rnn": "unroll_rnn.py", "lstm": "unroll_lstm.py", "audit": "audit_published.py"}

    def run_all(folder):
        running = {name: start(script, f"--outdir={folder}") for name, script in scripts.items()}
        found = {}
        for name, process in running.items():
            done = end(process)
            assert done.returncode == 0, done.stderr
            found[name] = (done.stdout, json.loads((folder / name / "results.json").read_text()))
        return found

    return once("recurrent", run_all)


def test_the_rnn_program_prints_the_assignments_answers(results):
    printed, record = results["rnn"]
    for words in ("3.007207986556634", "-0.00996139", "0.43400996", "-0.99998008, 0.99913198", "3.00683080"):
        assert words in printed
    assert record["loss"] == pytest.approx(3.007207986556634, rel=1e-15)
    assert record["losses_after"][0][0] == -0.01  # up the gradient: the loss grows
    assert record["losses_after"][0][1] > record["loss"] > record["new_loss"]
    assert record["largest_errors"]["unrolled"] < 1e-13
    assert record["largest_errors"]["complex step"] < 1e-13


def test_the_lstm_program_prints_its_gradient(results):
    printed, record = results["lstm"]
    assert "dL/db_f1 = " + repr(record["forget_gradient"][0]) in printed
    assert record["forget_gradient"] == pytest.approx(record["differences"], rel=1e-7)
    assert record["new_loss"] < record["loss"]


def test_the_audit_program_ends_with_the_counts(results, recurrent_out):
    printed, record = results["audit"]
    assert printed.rstrip().endswith("audit/audit.csv")
    assert record["counts"][-1] == ["all", 198, 64, 10, 14]
    assert len((recurrent_out / "audit" / "audit.csv").read_text().splitlines()) == 286 + 1


def test_the_page_has_an_answer_for_every_part_and_a_file_for_every_figure(results, recurrent_out):
    found = answers(*(results[name][1] for name in ("rnn", "lstm", "audit")))
    assert [answer.number for answer in found] == ["3 (1)", "3 (2)", "3 (3)", "3 (4)", "3 (5)", "5", "audit"]
    for answer in found:
        for figure in answer.figures:
            assert (recurrent_out / figure.file).read_bytes().startswith(b"\x89PNG")
        for table in answer.tables:
            assert {len(row) for row in table.rows} == {len(table.header)}
    assert [said.document for said in found[0].published] == ["000", "001", "002", "003", "004"]
    assert "3.007207986556634" in found[0].answer
    assert "(-0.99998008, 0.99913198)" in found[3].answer
    assert "lower than" in found[4].answer


def test_document_004_float32_and_a_long_sequence_of_other_sizes(optimized, tmp_path):
    document_004 = start("unroll_lstm.py", "--document_004", f"--outdir={tmp_path}")
    case = {"b": [0.1], "c": [0, 0.5, 1], "W": [[0.5]], "U": [[1, -1, 2]], "V": [[1], [2], [-1]]}
    case["x"] = [[0.01 * t, 0.5, -0.25] for t in range(100)]
    (tmp_path / "case.json").write_text(json.dumps(case))
    flags = ("--precision=float32", "--logged=3", "--every_step", "--epsilon=0.01", f"--outdir={tmp_path}")
    done = run("unroll_rnn.py", f"--input={tmp_path / 'case.json'}", *flags)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "rnn" / "results.json").read_text())
    assert record["gradient"]["b"] == pytest.approx(record["differences"], rel=1e-2)
    assert len(record["intermediates"]["dL_da"]) == 100
    assert "loss: 0.2946636237723147" in end(document_004).stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"x": [[1, 0], [1]]}', "'x' must be numbers in rows of equal length"),
        ('{"Wh": [[1, 0], [0, 1]]}', "unknown key 'Wh'"),
        ('{"b": [1, NaN]}', "'b' holds a value that is not finite"),
        ('{"b": [1, 2', "not JSON"),
        ('{"x": [[1, 2, 3]]}', "U has shape (2, 2)"),
    ],
)
def test_bad_files_end_in_one_line(tmp_path, content, words):
    (tmp_path / "case.json").write_text(content)
    done = run("unroll_rnn.py", f"--input={tmp_path / 'case.json'}", f"--outdir={tmp_path / 'out'}")
    fails_in_one_line(done, re.escape(words))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("script", "arguments", "words", "status"),
    [
        ("unroll_rnn.py", ["--epsilon=0"], "epsilon is 0.0; it must be a positive finite number", 1),
        ("unroll_rnn.py", ["--learning_rate=nan"], "--learning_rate is nan", 1),
        ("unroll_rnn.py", ["--precision=float16"], "float16", 2),
        ("unroll_lstm.py", ["--input=/nowhere/case.json"], "/nowhere/case.json: No such file", 1),
        ("unroll_lstm.py", ["--document_004", "--input=x.json"], "exclude each other", 1),
        ("audit_published.py", ["--document=005"], "005", 2),
    ],
)
def test_bad_flags_end_in_one_line(tmp_path, script, arguments, words, status):
    done = run(script, *arguments, f"--outdir={tmp_path}")
    assert done.returncode == status
    fails_in_one_line(done, re.escape(words))
