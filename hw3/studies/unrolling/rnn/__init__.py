"""The RNN unrolled by hand: problem 3."""

from hw3.studies.unrolling.rnn.figures import DESCENT, EPSILON, NAME, SHARES, UNROLLED, figures
from hw3.studies.unrolling.rnn.measure import FULL, Results, Settings, measure, with_record
from hw3.studies.unrolling.rnn.tables import tables

__all__ = [
    "DESCENT",
    "EPSILON",
    "FULL",
    "NAME",
    "SHARES",
    "UNROLLED",
    "Results",
    "Settings",
    "figures",
    "measure",
    "tables",
    "with_record",
]
