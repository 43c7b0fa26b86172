"""The answers to problems 3 and 5, written from what the two studies found."""

from hw3.report.page import Answer
from hw3.studies.unrolling import lstm, rnn
from hw3.studies.unrolling.lstm.answers import answer as lstm_answer
from hw3.studies.unrolling.rnn.answers import answers as rnn_answers


def answers(rnn_results: rnn.Results, lstm_results: lstm.Results) -> list[Answer]:
    """The answers in the order of the assignment: 3 (1) to 3 (5), and 5."""
    return [*rnn_answers(rnn_results), lstm_answer(lstm_results)]
