"""The RNN and the LSTM unrolled: the assignment's answers, other cases, bad input, results on disk."""

import numpy as np
import pytest

from hw3.report import results as on_disk
from hw3.studies.unrolling import lstm, rnn
from hw3.studies.unrolling.common.task import Task

STUDIES = pytest.mark.parametrize("study", [rnn, lstm], ids=["rnn", "lstm"])


@pytest.fixture
def results_of(rnn_results, lstm_results):
    return {rnn: rnn_results, lstm: lstm_results}.__getitem__


def test_the_rnn_gives_the_assignments_answers(rnn_results):
    assert rnn_results.loss == pytest.approx(3.007207986556634, rel=1e-14)
    np.testing.assert_allclose(rnn_results.gradient.b, [-0.009961388329, 0.434009953634], atol=5e-13)
    np.testing.assert_allclose(rnn_results.new_b, [-0.99998008, 0.99913198], atol=5e-9)
    assert rnn_results.new_loss == pytest.approx(3.00683080, abs=5e-9)
    rates = [step.learning_rate for step in rnn_results.steps]
    assert rates == [-0.01, 0.002, 0.01]
    losses = [step.loss for step in rnn_results.steps]
    assert losses[0] > rnn_results.loss > losses[1] > losses[2]  # up the gradient it grows


def test_central_differences_are_those_of_the_two_losses(rnn_results):
    found = np.subtract(rnn_results.loss_plus, rnn_results.loss_minus) / 2e-4
    np.testing.assert_allclose(rnn_results.verification.differences, found, rtol=1e-10)


@STUDIES
def test_every_route_gives_the_gradient(results_of, study):
    verification = results_of(study).verification
    assert max(verification.largest.unrolled, verification.largest.complex_step) < 1e-13
    assert 1e-12 < verification.largest.differences < 1e-7
    assert {len(entry.values) for entry in verification.entries} == {4}
    curve = verification.curve
    assert 1e-7 < curve.best_epsilon < 1e-4
    assert curve.best_error == min(curve.errors) < 1e-9


def test_what_is_kept_is_the_product_of_the_forget_gates(lstm_results):
    for choice in lstm_results.choices:
        np.testing.assert_allclose(choice.kept, np.prod(choice.f, 0), rtol=1e-14)
    fractions = np.array([kept.fractions for kept in lstm_results.kept])
    assert (np.diff(fractions, axis=0) > 0).all()  # the more, the larger the bias
    given, zero, _ = lstm_results.choices
    assert (given.name, given.b) == ("1, as given", (1.0, 1.0))  # said once
    assert len({choice.b for choice in lstm_results.choices}) == 3
    assert (np.array(given.kept) > zero.kept).all()


def test_another_size_in_float32(long):
    assert long.gradient.b == pytest.approx(long.verification.differences, rel=1e-2)
    assert len(long.intermediates.dL_da) == 100
    assert long.loss == float(np.float32(long.loss))
    # Of what is long the last steps are shown.
    assert all(len(row) == len(table.header) <= 6 for table in rnn.tables(long) for row in table.rows)


@STUDIES
def test_tables_are_whole_and_figures_drawn(results_of, study):
    results = results_of(study)
    tables = study.tables(results)
    assert all({len(row) for row in table.rows} == {len(table.header)} for table in tables)
    assert any(repr(results.loss) in row for row in tables[0].rows)
    last = {rnn: rnn.DESCENT, lstm: lstm.FORGET}[study]
    assert set(study.figures(results)) == {study.UNROLLED, study.SHARES, study.EPSILON, last}


@STUDIES
def test_results_come_back_from_disk_as_they_were(results_of, study, tmp_path):
    results = results_of(study)
    on_disk.write(tmp_path, study.NAME, on_disk.Record("python", results))
    assert on_disk.read(tmp_path, study.NAME, study.Results) == on_disk.Record("python", results)


@STUDIES
@pytest.mark.parametrize(
    ("task", "words"),
    [
        (Task(epsilon=0.0), "epsilon is 0.0; it must be a positive finite number"),
        (Task(learning_rate=float("nan")), "learning_rate is nan; it must be finite"),
        (Task(precision="float16"), "precision is 'float16'; it must be float64 or float32"),
        (Task(squared=3), "the loss's squared output is number 3, but there are 2"),
        (Task(logged=0), "the loss's logged output is number 0"),
    ],
)
def test_tasks_that_cannot_be(study, task, words):
    with pytest.raises(ValueError, match=words):
        study.measure(study.Settings(task=task))


def test_numbers_too_large_for_the_precision():
    settings = rnn.with_record(rnn.Settings(task=Task(precision="float32")), {"c": [3e38, -3e38]})
    with pytest.raises(ValueError, match="too large for the precision"):
        rnn.measure(settings)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"x": [[1, 0], [1]]}, "'x' must be numbers in rows of equal length"),
        ({"Wh": [[1, 0], [0, 1]]}, "unknown key 'Wh'"),
        ({"b": [1, float("nan")]}, "'b' holds a value that is not finite"),
        ({"x": [[1, 2, 3]]}, r"U has shape \(2, 2\)"),
        ([1, 2], "one JSON object"),
    ],
)
def test_records_that_are_wrong(record, words):
    with pytest.raises(ValueError, match=words):
        rnn.with_record(rnn.FULL, record)


def test_a_record_takes_the_homeworks_place_where_it_says_something():
    settings = rnn.with_record(rnn.FULL, {"b": [0.5, -0.5], "x": [[1, 2]]})
    assert settings.params == rnn.FULL.params._replace(b=(0.5, -0.5))
    assert (settings.x, settings.h0) == (((1.0, 2.0),), (0.0, 0.0))


def test_a_record_of_the_lstm_may_give_parts_of_a_gate():
    settings = lstm.with_record(lstm.FULL, {"forget": {"b": [2, 3]}, "s0": [0.1, 0.2]})
    assert settings.params.gates.forget == lstm.FULL.params.gates.forget._replace(b=(2.0, 3.0))
    assert settings.params.gates.input == lstm.FULL.params.gates.input
    assert settings.s0 == (0.1, 0.2)
    for record, words in (
        ({"forget": {"B": [1, 2]}}, "unknown key 'B'"),
        ({"output": 3}, "output: the file must hold"),
    ):
        with pytest.raises(ValueError, match=words):
            lstm.with_record(lstm.FULL, record)
