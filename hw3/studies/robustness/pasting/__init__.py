"""Black patches, windows onto other digits and patches cut from them: what fools the network? Problem 2 (3)."""

from hw3.studies.robustness.pasting.figures import BLACK, OVERLAYS, SMALLEST, SUCCESS, WINDOWS, figures
from hw3.studies.robustness.pasting.measure import FULL, NAME, Results, Settings, measure
from hw3.studies.robustness.pasting.tables import files, tables

__all__ = [
    "BLACK",
    "FULL",
    "NAME",
    "OVERLAYS",
    "SMALLEST",
    "SUCCESS",
    "WINDOWS",
    "Results",
    "Settings",
    "figures",
    "files",
    "measure",
    "tables",
]
