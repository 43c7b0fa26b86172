"""The two programs that unroll a network, as a user runs them."""

import json
import re

import pytest
from programs import end, fails_in_one_line, run, start

from hw3.report import results
from hw3.studies.unrolling import lstm, rnn


def test_both_print_the_answers_and_write_what_they_found(optimized, tmp_path):
    document_004 = start("unroll_lstm.py", "--document_004", f"--outdir={tmp_path}")
    (tmp_path / "case.json").write_text(json.dumps({"b": [-1, 1]}))
    done = run("unroll_rnn.py", f"--input={tmp_path / 'case.json'}", "--learning_rate=0.002", f"--outdir={tmp_path}")
    assert done.returncode == 0, done.stderr
    for words in ("3.007207986556634", "-0.00996139", "0.43400996", "-0.99998008, 0.99913198", "3.00683080"):
        assert words in done.stdout
    found = results.read(tmp_path / "rnn", rnn.NAME, rnn.Results)
    assert "unroll_rnn.py" in found.command
    assert (tmp_path / "rnn" / rnn.DESCENT).read_bytes().startswith(b"\x89PNG")
    done = end(document_004)
    assert done.returncode == 0, done.stderr
    assert "0.2946636237723147" in done.stdout
    assert results.read(tmp_path / "lstm", lstm.NAME, lstm.Results).results.settings == lstm.DOCUMENT_004


@pytest.mark.parametrize(
    ("script", "arguments", "words", "status"),
    [
        ("unroll_rnn.py", ["--learning_rate=nan"], "--learning_rate=nan: must be from -100 to 100", 2),
        ("unroll_rnn.py", ["--precision=float16"], "float16", 2),
        ("unroll_lstm.py", ["--input=/nowhere/case.json"], "/nowhere/case.json: No such file", 1),
        ("unroll_lstm.py", ["--document_004", "--input=x.json"], "exclude each other", 1),
    ],
)
def test_bad_flags_end_in_one_line(tmp_path, script, arguments, words, status):
    done = run(script, *arguments, f"--outdir={tmp_path}")
    assert done.returncode == status
    fails_in_one_line(done, re.escape(words))
    assert not any(tmp_path.iterdir())


def test_a_file_that_is_not_json_ends_in_one_line(tmp_path):
    (tmp_path / "case.json").write_text('{"b": [1, 2')
    done = run("unroll_rnn.py", f"--input={tmp_path / 'case.json'}", f"--outdir={tmp_path / 'out'}")
    fails_in_one_line(done, "not JSON")
    assert not (tmp_path / "out").exists()
