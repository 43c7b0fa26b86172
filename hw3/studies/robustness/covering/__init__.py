"""A patch covers each part of a digit: the three maps of one image, mean maps of every class: problem 2 (1), (2)."""

from hw3.studies.robustness.covering.figures import CASES, FRAGILITY, IMPORTANCE, MAPS, figures, three_maps
from hw3.studies.robustness.covering.measure import FULL, NAME, Fragility, Results, Settings, measure
from hw3.studies.robustness.covering.tables import files, tables

__all__ = [
    "CASES",
    "FRAGILITY",
    "FULL",
    "IMPORTANCE",
    "MAPS",
    "NAME",
    "Fragility",
    "Results",
    "Settings",
    "figures",
    "files",
    "measure",
    "tables",
    "three_maps",
]
