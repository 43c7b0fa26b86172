"""A network is trained: what problem 1 begins with."""

from hw3.studies.training.figures import CURVES, figures
from hw3.studies.training.measure import LayerRow, Results, measure
from hw3.studies.training.tables import files, tables

NAME = "training"  # the folder is named for the network: `hw3.cnn.checkpoints`

__all__ = ["CURVES", "NAME", "LayerRow", "Results", "figures", "files", "measure", "tables"]
