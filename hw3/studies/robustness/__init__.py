"""Problem 2: how robust is it?"""

from hw3.studies.robustness.answers import answers

__all__ = ["answers"]
