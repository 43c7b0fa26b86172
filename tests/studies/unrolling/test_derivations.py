"""Every line of the derivations on the page is true of the numbers below it."""

import numpy as np
import pytest
from mathml import evaluate, lines_of

from hw3.studies.unrolling import lstm, rnn
from hw3.studies.unrolling.common.task import Task
from hw3.studies.unrolling.lstm import derivation as of_lstm
from hw3.studies.unrolling.rnn import derivation as of_rnn


@pytest.fixture(scope="module")
def other_rnn():
    """Three outputs, every step in the loss, a state to start from: more terms in every line."""
    record = {"c": [0.5, -0.5, 0.25], "V": [[-2, 1], [-1, 0], [0.5, 0.5]], "h0": [0.3, -0.2]}
    return rnn.measure(rnn.with_record(rnn.Settings(task=Task(squared=3, logged=2, every_step=True)), record))


@pytest.fixture(scope="module")
def other_lstm():
    """Gates with matrices of their own, states to start from, every step in the loss."""
    record = {"output": {"W": [[0.5, 0], [1, -1]]}, "input": {"b": [0.2, -0.4]}, "h0": [0.1, 0.3], "s0": [0.5, -1]}
    return lstm.measure(lstm.with_record(lstm.Settings(task=Task(every_step=True)), record))


def holds(symbols, cells):
    """Whether the left side is the right side, to the six digits shown; functions are applied first."""
    left, equal, *right = cells
    inner = [part for part in right if not isinstance(part, str) or part != ")"]
    if equal == "=σ(":
        found = 1 / (1 + np.exp(-evaluate(inner)))
    else:
        found = evaluate(right)
    return equal[0] == "=" and np.allclose(left, found, rtol=2e-5, atol=1e-8)


@pytest.mark.parametrize("part", [of_rnn.forward, of_rnn.backward, of_rnn.step])
@pytest.mark.parametrize("case", ["rnn_results", "other_rnn"])
def test_the_rnns_lines_hold(request, case, part):
    lines = list(lines_of(part(request.getfixturevalue(case))))
    assert lines
    for symbols, cells in lines:
        assert holds(symbols, cells), symbols


@pytest.mark.parametrize("case", ["lstm_results", "other_lstm"])
def test_the_lstms_lines_hold(request, case):
    lines = list(lines_of(of_lstm.derivation(request.getfixturevalue(case))))
    assert len(lines) >= 21
    for symbols, cells in lines:
        assert holds(symbols, cells), symbols


def test_the_last_line_is_the_gradient(rnn_results, lstm_results):
    for found, gradient in (
        (of_rnn.backward(rnn_results), rnn_results.gradient.b),
        (of_lstm.derivation(lstm_results), lstm_results.gradient.gates.forget.b),
    ):
        *_, (_, cells) = lines_of(found)
        np.testing.assert_allclose(cells[0][:, 0], gradient, rtol=1e-9)


def test_the_symbols_are_the_steps(rnn_results):
    symbols = ["".join(symbols) for symbols, _ in lines_of(of_rnn.backward(rnn_results))]
    assert symbols[2] == "∂L∂h(3)=VT·∂L∂o(3)"
    assert symbols[-1] == "∂L∂b=∂L∂a(1)+∂L∂a(2)+∂L∂a(3)"


def test_central_differences_show_both_losses(rnn_results):
    found = of_rnn.differences(rnn_results)
    for loss in (*rnn_results.loss_plus, *rnn_results.loss_minus):
        assert f"<mn>{loss:.16g}</mn>" in found


def test_what_is_given_is_said_once(lstm_results, other_lstm):
    assert of_lstm.given(lstm_results).count("<mi>W</mi>") == 1
    assert of_lstm.given(other_lstm).count("<mi>W</mi>") == 4
    assert of_lstm.given(other_lstm).count("<mi>U</mi>") == 1
