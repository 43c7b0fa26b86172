"""Dropout, bagging and batch normalisation: document 004's problem 1, every claim tested on many small networks."""

from hw3.studies.regularization.answers import answers
from hw3.studies.regularization.figures import figures
from hw3.studies.regularization.measure import Results, measure
from hw3.studies.regularization.settings import EXPERIMENTS, FULL, NAME, QUICK, Settings
from hw3.studies.regularization.tables import files, tables

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
