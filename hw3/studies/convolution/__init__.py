"""Convolution, pooling and receptive fields: document 004's problem 2, every claim measured."""

from hw3.studies.convolution.answers import answers
from hw3.studies.convolution.figures import figures
from hw3.studies.convolution.measure import Results, measure
from hw3.studies.convolution.settings import EXPERIMENTS, FULL, NAME, QUICK, Settings
from hw3.studies.convolution.tables import files, tables

__all__ = [
    "EXPERIMENTS",
    "FULL",
    "NAME",
    "QUICK",
    "Results",
    "Settings",
    "answers",
    "figures",
    "files",
    "measure",
    "tables",
]
