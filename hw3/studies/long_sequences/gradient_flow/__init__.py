"""How far back gradients reach in RNNs and LSTMs, over many random initialisations: problem 4 (1) and (3)."""

from hw3.studies.long_sequences.gradient_flow.figures import LSTM, MAP, RNN, SHARES, figures
from hw3.studies.long_sequences.gradient_flow.measure import measure
from hw3.studies.long_sequences.gradient_flow.records import FULL, QUICK, Results, Settings
from hw3.studies.long_sequences.gradient_flow.tables import tables

NAME = "flow"

__all__ = [
    "FULL",
    "LSTM",
    "MAP",
    "NAME",
    "QUICK",
    "RNN",
    "SHARES",
    "Results",
    "Settings",
    "figures",
    "measure",
    "tables",
]
