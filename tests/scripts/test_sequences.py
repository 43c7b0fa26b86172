"""The programs on long sequences: bad flags, and sentences of their answers that hang on the results."""

import copy
import re

import numpy as np
import pytest
from programs import fails_in_one_line, run

from hw3.studies.long_sequences import answers

BAND = {"low": -0.5, "median": -0.25, "high": 0.125}


def exponent(setting, median):
    return {"setting": setting, "exponent": BAND | {"median": median}}


def shares(medians):
    return {"medians": medians}


FLOW = {
    "command": "python scripts/flow_gradients.py",
    "hidden": 16,
    "initialisations": 8,
    "rnn": [exponent(0.5, -0.75), exponent(3, 0.05)],
    "exponent_radii": [0.9, 1.0, 2.0, 3.0],
    "exponents": {
        "0.0": [BAND | {"median": value} for value in (-0.105, 0.0, 0.0, 0.0)],
        "1.0": [BAND | {"median": value} for value in (-0.6, -0.5, 0.1, 0.2)],
    },
    "share_lags": [0, 10, 100, 1000],
    "shares": {
        "RNN": {name: shares([0.8, 0.1, 0.002, 1e-84]) for name in ("b", "W", "U")}
        | {name: shares([0.0] * 4) for name in ("c", "V")}
    },
    "lstm": [{"ds_ds": exponent(0, -0.4), "forget": exponent(0, -0.6)}],
    "map": {"radii": [1, 16], "biases": [0, 6], "exponents": [[-0.4, -0.001], [0.1, 0.2]]},
}
ECHO = {
    "command": "python scripts/probe_echo_states.py",
    "hidden": 50,
    "reservoirs": 3,
    "steps": 1000,
    "forgotten": 1e-6,
    "left": {"0.0": {"last_radii": [0.95, 0.95, 1.0]}, "1.0": {"last_radii": [float("nan")] * 3}},
    "capacities": [{"radius": 0.5, "totals": [12.0, 13.0, 14.0]}, {"radius": 0.9, "totals": [20.0, 21.0, 25.0]}],
}
NETWORK = {"gradient_norms": [[0.1, 0.2], [1.0, 2.0], [3.0, 4.0]], "above_clip": [0.5, 0.7]}
LEARNED = {
    "command": "python scripts/classify_sequences.py",
    "lengths": [50, 3000],
    "classes": 4,
    "task": {"early": 40},
    "seeds": [0, 1],
    "clip": 1.0,
    "recipe": {"updates": 100},
    "reservoir": {"hidden": 200, "inputs": 20},
    "learners": ["RNN", "echo state, leak 1", "echo state, leak 0.01"],
    "baselines": [
        {"length": length, "matched_filter": [1.0, 0.998], "last_residues": [0.25, 0.26]} for length in (50, 3000)
    ],
    "rows": [
        {"learner": learner, "length": length, "accuracies": [accuracy, accuracy]} | more
        for learner, accuracy, more in (
            ("RNN", 0.5, NETWORK),
            ("echo state, leak 1", 0.26, {}),
            ("echo state, leak 0.01", 0.95, {}),
        )
        for length in (50, 3000)
    ],
}


def texts(flow=FLOW):
    return [answer.answer for answer in answers.answers(flow, ECHO, LEARNED)]


def test_answers_say_what_was_measured():
    first, second, third = texts()
    assert "of their gradient nothing comes from earlier steps" in first
    assert "0.002 of W's" in first
    assert "from more than 100 steps back" in first
    assert "by 10^-326 over 1,000 steps at the smallest and by 10^22 at the largest" in first
    assert "without input nowhere up to 3; with input scale 1 from 2 on" in first
    assert "without input up to 0.95 (0.95 to 1); with input scale 1 never" in second
    assert "44,200 numbers for 200 units), c and V (804 for 4 classes)" in second
    assert "the capacity is 22.0 steps at spectral radius 0.9, at most 25.0 in any reservoir, where 50 is" in second
    assert "26.0 ± 0.0% at 50, 26.0 ± 0.0% at 3,000" in second
    assert "of 4 pairs" in third.lower()
    assert "in 1, grows by more in 2 and does neither in 1 (forget biases from 6, spectral radii to 1)" in third
    assert "the matched filter that knows the motifs reaches 99.9 ± 0.1% at 3,000" in third


def test_the_claim_about_the_end_of_the_sequence_is_answered_by_the_share():
    answer = answers.hardest(FLOW)
    [said] = [entry.said for entry in answer.published if entry.document == "001"]
    assert "the last 100 steps hold 99.8% of W's gradient" in said
    everywhere = copy.deepcopy(FLOW)
    everywhere["map"]["exponents"] = np.full((2, 2), 0.5).tolist()
    assert "in 0, grows by more in 4 and does neither in 0. On" in texts(everywhere)[2]


@pytest.mark.parametrize(
    ("script", "arguments", "words"),
    [
        ("flow_gradients.py", ["--radii=1,x"], "--radii is '1,x'; it must be numbers with commas between"),
        ("probe_echo_states.py", ["--radii=2,1"], "--radii is '2,1'; it must be positive and ascending"),
        ("classify_sequences.py", ["--lengths=100,30"], "--lengths=30: length is 30; it must be at least 40"),
        ("classify_sequences.py", ["--learners=GRU"], "no learner is called 'GRU'"),
    ],
)
def test_bad_flags_end_in_one_line(tmp_path, script, arguments, words):
    done = run(script, *arguments, f"--outdir={tmp_path / 'out'}")
    fails_in_one_line(done, re.escape(words))
