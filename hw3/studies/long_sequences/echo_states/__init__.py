"""What echo state networks forget, what they remember and for how long: problem 4 (2)."""

from hw3.studies.long_sequences.echo_states.figures import CAPACITY, FORGETTING, figures
from hw3.studies.long_sequences.echo_states.measure import FULL, QUICK, Results, Settings, measure
from hw3.studies.long_sequences.echo_states.tables import tables

NAME = "echo"

__all__ = ["CAPACITY", "FORGETTING", "FULL", "NAME", "QUICK", "Results", "Settings", "figures", "measure", "tables"]
