"""The programs on long sequences: bad flags end in one line. The main job's test runs them on good ones."""

import re

import pytest
from programs import fails_in_one_line, run


@pytest.mark.parametrize(
    ("script", "argument", "words"),
    [
        ("flow_gradients.py", "--radii=1,x", "--radii is '1,x'; it must be numbers with commas between"),
        ("probe_echo_states.py", "--radii=2,1", "radii must be positive and ascending, not (2.0, 1.0)"),
        ("classify_sequences.py", "--learners=GRU", "learners: no learner is called 'GRU'"),
    ],
)
def test_bad_flags_end_in_one_line(tmp_path, script, argument, words):
    fails_in_one_line(run(script, argument, f"--outdir={tmp_path / 'out'}"), re.escape(words))
    assert not list(tmp_path.rglob("*.json"))
