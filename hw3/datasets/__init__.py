"""Image sets and sequences: MNIST from the package, sets that TFDS prepared, one's own, and made-up proteins."""

from hw3.datasets.files import read_images
from hw3.datasets.images import Dataset, as_float
from hw3.datasets.loading import load

__all__ = ["Dataset", "as_float", "load", "read_images"]
