"""Results of the studies on long sequences, made up so that every sentence on them is known."""

import numpy as np

from hw3.recurrent.gradient_flow import Band
from hw3.studies.long_sequences import echo_states, gradient_flow, learning
from hw3.studies.long_sequences.echo_states.measure import Capacity, Left, MemoryGrid
from hw3.studies.long_sequences.gradient_flow.records import (
    Curve,
    GateShares,
    Growth,
    LSTMCurves,
    LSTMGrid,
    LSTMShares,
    RNNCurve,
    RNNGrid,
    RNNShares,
    Share,
)
from hw3.studies.long_sequences.learning import LEARNERS
from hw3.studies.long_sequences.learning.measure import Bounds, Outcome, Training

LINE = Band(*np.zeros((3, 2)))


def growth(median):
    return Growth(median - 0.1, median, median + 0.1)


def curve(median):
    return Curve(LINE, growth(median), (-1.0, 0.0))


def share(*medians):
    return Share(LINE, medians)


def rnn_grid(scale, *medians):
    return RNNGrid(scale, (0.9, 1.0, 2.0, 3.0), tuple(map(growth, medians)), np.zeros((4, 3)))


def lstm_shares(bias, far):
    gate = GateShares(*[share(0.9, 0.5, far, 0.0)] * 3)
    return LSTMShares(bias, (gate,) * 4, share(0.0, 0.0, 0.0, 0.0), share(0.0, 0.0, 0.0, 0.0))


BACK, HERE = share(0.8, 0.1, 0.002, 1e-84), share(0.0, 0.0, 0.0, 0.0)
FLOW = gradient_flow.Results(
    gradient_flow.QUICK,
    np.array([0, 10_000]),
    (RNNCurve(0.5, curve(-0.75)), RNNCurve(3.0, curve(0.05))),
    (
        LSTMCurves(0.0, curve(-0.5), curve(-0.4), curve(-0.4), curve(-0.6)),
        LSTMCurves(6.0, curve(-0.01), curve(-0.001), curve(-0.001), curve(-0.002)),
    ),
    np.array([0, 1, 2]),
    (rnn_grid(0.0, -0.105, 0.0, 0.001, 0.002), rnn_grid(1.0, -0.6, -0.5, 0.1, 0.2)),
    LSTMGrid((1.0, 16.0), (0.0, 6.0), ((-0.4, -0.001), (0.1, 0.2)), np.zeros((2, 2, 3))),
    (0, 10, 100, 1000),
    RNNShares(b=BACK, c=HERE, W=BACK, U=BACK, V=HERE),
    (lstm_shares(0.0, 0.001), lstm_shares(6.0, 0.6)),
)
ECHO = echo_states.Results(
    echo_states.Settings(reservoirs=3),
    100,
    (
        Left(0.0, LINE, (0.95, 0.95, 1.0)),
        Left(1.0, LINE, (float("nan"),) * 3),
    ),
    (),
    (Capacity(0.5, LINE, (12.0, 13.0, 14.0)), Capacity(0.9, LINE, (20.0, 21.0, 25.0))),
    MemoryGrid((0.5,), (13.0,), np.zeros((1, 2))),
)
RNN, CLIPPED, *_, LOG_T, LEAKING, KEEPING, MEAN = LEARNERS
TRAINING = Training(np.zeros((2, 10), np.float32), (0.1, 0.2), (1.0, 2.0), (3.0, 4.0), (0.5, 0.7))


def learned(accuracies, lengths=(50, 3000)):
    """Of accuracies `{learner: a seed's accuracies for each length}`."""
    return learning.Results(
        learning.Settings(lengths=lengths, seeds=2, learners=tuple(accuracies)),
        tuple(Bounds(length, (1.0, 0.998), (0.25, 0.26)) for length in lengths),
        tuple(
            Outcome(learner, length, own[number], 0.5, TRAINING if learner.is_network else None)
            for number, length in enumerate(lengths)
            for learner, own in accuracies.items()
        ),
    )


LEARNED = learned(
    {
        RNN: ((0.5, 0.25), (0.25, 0.25)),
        CLIPPED: ((0.5, 0.4), (0.25, 0.26)),
        LOG_T: ((0.9, 0.92), (0.5, 0.7)),
        LEAKING: ((0.26, 0.26), (0.26, 0.26)),
        KEEPING: ((0.95, 0.95), (0.95, 0.93)),
    }
)
