"""The answers on long sequences say what the numbers say, and something else if they are others."""

import numpy as np
import pytest
from long_sequences_results import (
    ECHO,
    FLOW,
    HERE,
    LEAKING,
    LEARNED,
    LOG_T,
    RNN,
    curve,
    learned,
    lstm_shares,
    rnn_grid,
    share,
)

from hw3.report.page import CONVENTION, RIGHT, WRONG
from hw3.studies.long_sequences import answers, echo_states, gradient_flow, learning
from hw3.studies.long_sequences.answers import echo_state_network, hardest, lstm
from hw3.studies.long_sequences.gradient_flow.records import RNNCurve

LEARNED_BY_NONE = ((0.25, 0.25), (0.25, 0.25))


def growing(median):
    """FLOW with the same growth in every LSTM."""
    return FLOW._replace(lstm_grid=FLOW.lstm_grid._replace(growth=((median,) * 2,) * 2))


def marks(answer, document):
    return [entry.mark for entry in answer.published if entry.document == document]


def ours(answer, document):
    return [entry.ours for entry in answer.published if entry.document == document]


def test_every_answer_has_a_short_verdict_its_makers_and_all_documents():
    found = answers(FLOW, ECHO, LEARNED)
    assert [answer.number for answer in found] == ["4 (1)", "4 (2)", "4 (3)"]
    for answer in found:
        assert len(answer.verdict.split()) <= 30
        assert answer.verdict.endswith(".")
        assert {entry.document for entry in answer.published} == {"000", "001", "002", "003", "004"}
        assert set(answer.made_by) <= {"flow", "echo", "sequences"}
        for figure in answer.figures:
            folder, file = figure.file.split("/")
            study = {"flow": gradient_flow, "echo": echo_states, "sequences": learning}[folder]
            assert file in vars(study).values()
    everything = " ".join(answer.verdict + answer.answer for answer in found)
    assert "±" not in everything


def test_which_parameters_reach_back():
    answer = hardest(FLOW)
    assert answer.verdict.startswith(
        "b, W and U: their gradient passes through every step, and in 1,000 steps its norm "
    )
    assert answer.verdict.endswith("shrinks to 10⁻³²⁶ at spectral radius 0.5 and grows to 10²² at 3.")
    assert "Of the gradient of c and V nothing comes from before the last step." in answer.answer
    assert "0.002 of b's, 0.002 of W's and 0.002 of U's gradient comes from more than 100 steps back" in answer.answer
    assert marks(answer, "002") == marks(answer, "003") == marks(answer, "004") == [RIGHT]
    only_W = hardest(FLOW._replace(rnn_shares=FLOW.rnn_shares._replace(b=HERE, U=HERE)))
    assert only_W.verdict.startswith("W: their")
    assert marks(only_W, "002") == [WRONG]
    none = hardest(FLOW._replace(rnn_shares=FLOW.rnn_shares._replace(b=HERE, U=HERE, W=HERE)))
    assert none.verdict.startswith("None: no parameter's gradient passes")
    still = hardest(FLOW._replace(rnn=(RNNCurve(1.0, curve(0.001)),)))
    assert still.verdict.endswith("its norm holds (times 2.7) at spectral radius 1.")


def test_where_gradients_explode():
    said = hardest(FLOW).answer
    assert "without input nowhere up to 3; with input scale 1 from 2 on." in said
    assert "is the logarithm of the spectral radius up to 1 and beyond lies below it: +0.002 at 3" in said
    always = tuple(float(np.log(radius)) for radius in FLOW.rnn_grids[0].radii)
    linear = hardest(FLOW._replace(rnn_grids=(rnn_grid(0.0, *always),)))
    assert "is the logarithm of the spectral radius. Half" in linear.answer
    mixed = hardest(FLOW._replace(rnn_grids=(rnn_grid(0.0, 1.0, -1.0, 1.0, -1.0),)))
    assert "is nowhere the logarithm of the spectral radius. Half" in mixed.answer
    assert "without input at 0.9 and 2." in mixed.answer
    assert marks(mixed, "000")[1] == WRONG
    assert "the smallest" in ours(mixed, "000")[1]
    nothing = hardest(FLOW._replace(rnn_grids=(rnn_grid(0.0, -1.0, -1.0, -1.0, -1.0),)))
    assert marks(nothing, "000")[1] == ""
    assert ours(nothing, "000")[1] == "nothing explodes"


def test_the_claim_about_the_end_of_the_sequence_is_answered_by_the_share():
    answer = hardest(FLOW)
    assert marks(answer, "001") == [WRONG]
    assert ours(answer, "001") == ["the last 100 steps hold 99.8% of W's gradient"]
    far = share(0.9, 0.9, 0.8, 0.7)
    assert marks(hardest(FLOW._replace(rnn_shares=FLOW.rnn_shares._replace(W=far))), "001") == [RIGHT]


def test_echo_states():
    answer = echo_state_network(ECHO, LEARNED)
    assert "remember at most 25.0 steps of the 50 possible." in answer.verdict
    assert "b, W and U are 44,200 numbers for 200 units, c and V 804 for 4 classes" in answer.answer
    assert "without input: 0.95 (0.95 to 1); with input scale 1: none (median" in answer.answer
    assert "22.0 steps on average at spectral radius 0.9, the best of 0.5 and 0.9" in answer.answer
    assert "echo state, leak 1: no length; echo state, leak 0.01: length 3,000." in answer.answer
    assert [entry.mark for entry in answer.published] == ["", "", CONVENTION, CONVENTION, CONVENTION]
    some = ECHO._replace(left=(ECHO.left[0]._replace(last_radii=(0.5, 1.0, float("nan"))),))
    assert "0.75 (0.5 to 1, 1 of them at none)" in echo_state_network(some, LEARNED).answer
    assert "How far" not in echo_state_network(ECHO, learned({RNN: LEARNED_BY_NONE})).answer


def test_an_lstm_that_vanishes_and_explodes():
    answer = lstm(FLOW, LEARNED)
    assert answer.verdict == (
        "At an open forget gate (bias 6) the state's gradient holds (times 0.37) over 1,000 steps; gradients vanish in "
        "1, explode in 2 of 4 pairs of radius and bias."
    )
    assert "The pairs are 2 spectral radii of every gate's W by 2 forget biases" in answer.answer
    assert (
        "So the best LSTM (LSTM, forget bias log T) length 3,000 and the best RNN (RNN, clipped) length 50, in "
        "residues. Forget bias log T, T the length: biases drawn so that"
    ) in answer.answer
    assert [link.to for link in answer.see] == ["5"]
    assert "at forget bias 0 shrinks to 10⁻¹⁷⁴ (the product of forget gates alone shrinks to 10⁻²⁶¹)" in answer.answer
    assert "at forget bias 6 holds (times 0.37)" in answer.answer
    assert "In 1 of the 4 pairs" in answer.answer
    assert "with forget biases from 6 and spectral radii to 1." in answer.answer
    assert "RNN: no length; RNN, clipped: length 50; LSTM, forget bias log T: length 3,000." in answer.answer
    assert "At 3,000 the matched filter, which knows the motifs, gets 99% right" in answer.answer
    assert marks(answer, "000") == [WRONG, WRONG]
    assert marks(answer, "001") == marks(answer, "002") == marks(answer, "004") == [CONVENTION]
    assert marks(answer, "003") == [RIGHT]


def test_an_lstm_that_holds_everywhere_or_nowhere():
    holds = lstm(growing(0.0), LEARNED)
    assert holds.verdict.endswith("; gradients vanish in none, explode in none of 4 pairs of radius and bias.")
    assert [marks(holds, document)[0] for document in ("000", "001", "002", "004")] == [RIGHT] * 4
    explodes = lstm(growing(0.5), LEARNED)
    assert "In none of the 4 pairs" in explodes.answer
    assert [marks(explodes, document)[0] for document in ("000", "001", "002", "004")] == [WRONG, WRONG, RIGHT, WRONG]
    open_gates = tuple(curves._replace(forget=curve(-0.001)) for curves in FLOW.lstm)
    assert marks(lstm(FLOW._replace(lstm=open_gates), LEARNED), "000")[1] == RIGHT
    no_help = FLOW._replace(lstm_shares=(lstm_shares(0.0, 0.001),))
    assert marks(lstm(no_help, LEARNED), "003") == [WRONG]


@pytest.mark.parametrize(
    ("accuracies", "said"),
    [
        ({LEAKING: ((0.9, 0.9), (0.9, 0.9))}, ""),
        ({RNN: LEARNED_BY_NONE}, "So the best RNN (RNN) no length, in residues. At"),
        ({LOG_T: ((0.25, 0.9), (0.9, 0.9))}, "So the best LSTM (LSTM, forget bias log T) no length, in residues. F"),
    ],
)
def test_the_answer_names_those_who_learned(accuracies, said):
    found = lstm(FLOW, learned(accuracies)).answer
    assert said in found
    assert ("So the best" in found) == bool(said)
