"""The answers to problems 3 and 5, written from what the two studies found; the audit says what documents printed."""

from hw3.report.page import Answer
from hw3.studies import audit
from hw3.studies.audit.answers import published
from hw3.studies.unrolling import lstm, rnn
from hw3.studies.unrolling.lstm.answers import answer as lstm_answer
from hw3.studies.unrolling.rnn.answers import answers as rnn_answers


def answers(rnn_results: rnn.Results, lstm_results: lstm.Results, audited: audit.Results) -> list[Answer]:
    """The answers in the order of the assignment: 3 (1) to 3 (5), and 5."""
    found = [
        answer._replace(published=published(audited, str(part)))
        for part, answer in enumerate(rnn_answers(rnn_results), 1)
    ]
    last = lstm_answer(lstm_results)
    return [*found, last._replace(published=published(audited, "", problem=5))]
