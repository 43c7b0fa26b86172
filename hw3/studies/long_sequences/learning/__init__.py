"""RNN, LSTM and echo state network learn to classify long protein-like sequences: problem 4 (2) and (3)."""

from hw3.studies.long_sequences.learning.figures import ACCURACY, figures
from hw3.studies.long_sequences.learning.learners import LEARNERS, Learner, learners_named
from hw3.studies.long_sequences.learning.measure import FULL, QUICK, Results, Settings, measure
from hw3.studies.long_sequences.learning.tables import tables

NAME = "sequences"

__all__ = [
    "ACCURACY",
    "FULL",
    "LEARNERS",
    "NAME",
    "QUICK",
    "Learner",
    "Results",
    "Settings",
    "figures",
    "learners_named",
    "measure",
    "tables",
]
