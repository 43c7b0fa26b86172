"""The LSTM unrolled by hand: problem 5."""

from hw3.studies.unrolling.lstm.figures import EPSILON, FORGET, NAME, SHARES, UNROLLED, figures
from hw3.studies.unrolling.lstm.measure import DOCUMENT_004, FULL, Results, Settings, measure, with_record
from hw3.studies.unrolling.lstm.tables import tables

__all__ = [
    "DOCUMENT_004",
    "EPSILON",
    "FORGET",
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
