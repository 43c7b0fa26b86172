"""What the two studies find for the homework's own case, measured once for all workers."""

import pytest

from hw3.studies.unrolling import lstm, rnn
from hw3.studies.unrolling.common.task import Task

LONG = {
    "b": [0.1], "c": [0, 0.5, 1], "W": [[0.5]], "U": [[1, -1, 2]], "V": [[1], [2], [-1]],
    "x": [[0.01 * t, 0.5, -0.25] for t in range(100)],
}  # fmt: skip


@pytest.fixture(scope="session")
def rnn_results(once):
    return once("unrolled rnn", lambda folder: rnn.measure())


@pytest.fixture(scope="session")
def lstm_results(once):
    return once("unrolled lstm", lambda folder: lstm.measure())


@pytest.fixture(scope="session")
def long():
    """An RNN of another size over a hundred steps, in float32."""
    task = Task(logged=3, every_step=True, epsilon=0.01, precision="float32")
    return rnn.measure(rnn.with_record(rnn.Settings(task=task), LONG))
