"""Every number that the five documents print, checked."""

from hw3.studies.audit.answers import NAME, answers, published
from hw3.studies.audit.figures import COUNTS, ORDER, figures, maps_of
from hw3.studies.audit.measure import DOCUMENTS, FULL, PROBLEMS, Results, Settings, measure
from hw3.studies.audit.tables import EVERY_NUMBER, every_number, files, tables

__all__ = [
    "COUNTS",
    "DOCUMENTS",
    "EVERY_NUMBER",
    "FULL",
    "NAME",
    "ORDER",
    "PROBLEMS",
    "Results",
    "Settings",
    "answers",
    "every_number",
    "figures",
    "files",
    "maps_of",
    "measure",
    "published",
    "tables",
]
