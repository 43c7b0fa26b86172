"""Problems 3 and 5: back-propagation through time by hand."""

from hw3.studies.unrolling.answers import answers

__all__ = ["answers"]
