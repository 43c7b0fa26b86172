"""What the page says of problems 3 and 5 follows from the numbers: others make other sentences."""

import pytest

from hw3.studies import audit, unrolling
from hw3.studies.unrolling import rnn
from hw3.studies.unrolling.common import sentences
from hw3.studies.unrolling.common.verification import Curve


@pytest.fixture(scope="module")
def audited():
    return audit.measure(audit.Settings(problems=(3, 5)))


@pytest.fixture
def by_number(rnn_results, lstm_results, audited):
    def answered(rnn_results=rnn_results, lstm_results=lstm_results):
        return {answer.number: answer for answer in unrolling.answers(rnn_results, lstm_results, audited)}

    return answered


def with_error(results, unrolled):
    verification = results.verification
    return results._replace(
        verification=verification._replace(largest=verification.largest._replace(unrolled=unrolled))
    )


def test_an_answer_for_every_part_with_figures_that_are_drawn(by_number, rnn_results, lstm_results):
    found = by_number()
    assert list(found) == ["3 (1)", "3 (2)", "3 (3)", "3 (4)", "3 (5)", "5"]
    drawn = {f"rnn/{name}" for name in rnn.figures(rnn_results)}
    drawn |= {f"lstm/{name}" for name in unrolling.lstm.figures(lstm_results)}
    assert {figure.file for answer in found.values() for figure in answer.figures} == drawn
    for answer in found.values():
        assert len(answer.verdict.split()) <= 30
        assert answer.made_by == ["lstm" if answer.number == "5" else "rnn"]
        assert all({len(row) for row in table.rows} == {len(table.header)} for table in answer.tables)


def test_the_homeworks_own_case(by_number, rnn_results):
    found = by_number()
    assert "(0.94001124, 0.05998876) and the loss 3.00720799, 93.6% of it the term −log ŷ2" in found["3 (1)"].verdict
    assert repr(rnn_results.loss) in found["3 (1)"].answer
    assert "(−0.00996139, 0.43400996)" in found["3 (2)"].verdict
    assert "it is truncation" in found["3 (2)"].answer
    assert "to round-off" in found["3 (3)"].verdict
    assert "adds 97.5% of the gradient" in found["3 (3)"].verdict
    assert "(−0.99998008, 0.99913198); b2 moves most" in found["3 (4)"].verdict
    assert "lowers the loss from 3.00720799 to 3.00683080" in found["3 (5)"].verdict
    assert "as the gradient predicts" in found["3 (5)"].verdict
    assert found["5"].verdict.startswith(
        "A forget bias of (1, 1) opens the gate: after 3 steps the cells keep 17.2% and"
    )
    assert "of what they held, 3.2%" in found["5"].verdict


def test_a_step_that_raises_the_loss_says_so(by_number, rnn_results):
    up = by_number(rnn_results._replace(new_loss=rnn_results.loss + 0.5))["3 (5)"].verdict
    assert "raises the loss" in up
    assert "the gradient predicts a change of −3.77×10⁻⁴" in up
    assert "leaves the loss at" in by_number(rnn_results._replace(new_loss=rnn_results.loss))["3 (5)"].verdict


def test_a_gradient_that_is_off_says_by_how_much(by_number, rnn_results, lstm_results):
    found = by_number(with_error(rnn_results, 0.02), with_error(lstm_results, 0.0))
    assert "differs from automatic differentiation by 2×10⁻²" in found["3 (3)"].verdict
    assert "to the last bit" in found["5"].answer


def test_which_forget_bias_is_best_and_which_keeps_most(by_number, lstm_results):
    assert "(0, 0) give the smallest loss" in by_number()["5"].answer
    given, *others = lstm_results.choices
    better = by_number(lstm_results=lstm_results._replace(choices=(given._replace(loss=0.1), *others)))["5"].answer
    assert "(1, 1) give the smallest loss, 0.10000000, and keep most of the state" in better
    same = lstm_results._replace(choices=(lstm_results.choices[1], *others))
    assert "with biases of 0" not in by_number(lstm_results=same)["5"].verdict


def test_what_the_candidate_is_follows_the_cell(by_number, lstm_results):
    assert "k is a σ(x) = 1/(1 + exp(−x))" in by_number()["5"].answer
    tanh = lstm_results._replace(settings=lstm_results.settings._replace(tanh_candidate=True))
    assert "k is a tanh" in by_number(lstm_results=tanh)["5"].answer
    assert "4 (3)" in [link.to for link in by_number()["5"].see]


def test_what_is_left_of_the_error_at_an_epsilon():
    epsilons = tuple(10.0 ** (-exponent / 4) for exponent in range(4, 49))
    truncation = Curve(epsilons, tuple(epsilon**2 for epsilon in epsilons))
    rounding = Curve(epsilons, tuple(1e-16 / epsilon for epsilon in epsilons))
    assert "100 times as large: it is truncation" in sentences.error_at(truncation, 1e-4)
    assert "0.1 times as large: it is round-off" in sentences.error_at(rounding, 1e-4)
    both = Curve(epsilons, tuple(map(sum, zip(truncation.errors, rounding.errors, strict=True))))
    assert "of one size" in sentences.error_at(both, 10**-5.5)
    assert sentences.error_at(truncation, 0.5) == ""  # nothing was tried there


def test_what_the_last_step_adds():
    assert (
        sentences.last_step([[1.0, -1.0], [3.0, -3.0]], "b")
        == "the last of 2 steps' use of b adds 75.0% of the gradient"
    )
    assert "for some cancel" in sentences.last_step([[1.0, 1.0], [-3.0, 1.0]], "b")
    assert sentences.last_step([[1.0]], "b") == "b is used once"
    assert sentences.last_step([[0.0], [0.0]], "b") == "no step adds anything"


def test_a_network_too_large_to_write_out_has_no_derivation(by_number, long):
    found = by_number(long)
    assert all(found[number].derivation == "" for number in found if number != "5")
    assert found["5"].derivation
    assert all(answer.derivation for number, answer in by_number().items() if number != "3 (5)")
