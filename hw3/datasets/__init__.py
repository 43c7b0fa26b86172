"""Image sets and sequences: MNIST from the package, sets that TensorFlow Datasets prepared, proteins made up."""

from hw3.datasets.images import Dataset, as_float
from hw3.datasets.loading import load

__all__ = ["Dataset", "as_float", "load"]
