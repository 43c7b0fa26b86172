"""Beyond one image: which images, classes and places of a patch are fragile."""

from hw3.studies.fragility.answers import answers
from hw3.studies.fragility.figures import ACCURACY, CONFUSION, FRAGILE, PROBABILITY, ROBUST, figures
from hw3.studies.fragility.measure import FULL, Results, Settings, measure
from hw3.studies.fragility.tables import files, tables

NAME = "dataset_summary"

__all__ = [
    "ACCURACY",
    "CONFUSION",
    "FRAGILE",
    "FULL",
    "NAME",
    "PROBABILITY",
    "ROBUST",
    "Results",
    "Settings",
    "answers",
    "figures",
    "files",
    "measure",
    "tables",
]
