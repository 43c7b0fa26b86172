"""Problem 1: inside a convolutional network."""

from hw3.studies.inspection.answers import answers
from hw3.studies.inspection.figures import figures
from hw3.studies.inspection.measure import FULL, NAME, Results, Settings, measure
from hw3.studies.inspection.tables import files, tables

__all__ = ["FULL", "NAME", "Results", "Settings", "answers", "figures", "files", "measure", "tables"]
