"""Problem 4: long sequences."""

from hw3.studies.long_sequences.answers import answers

__all__ = ["answers"]
