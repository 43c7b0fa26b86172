"""What the documents give: the networks they publish. The library knows the networks by name only."""

from typing import NamedTuple


class Network(NamedTuple):
    """What was published about a network that `hw3.cnn.parse` knows by name."""

    document: str  # where it was published
    test_accuracy: float | None  # published, in [0, 1]
    chosen: str  # what the document leaves open and is therefore our choice


NETWORKS = {
    "wide": Network("001", 0.9942, "nothing: the document's tables give the whole network"),
    "narrow": Network("004", 0.9592, "the dropout rate, 0.1"),
    "small_kernels": Network(
        "000",
        None,
        "pooling, the number of filters in the second and third layer (32, as in the first), the dense head",
    ),
}

# What the assignment (document 002) asks for in problems 1 and 2.
CONVOLUTIONS = 3  # layers at least
TRAINING_ACCURACY = 0.95  # at least
SHIFT = 3  # pixels by which a 1 moves
PATCH = 8  # pixels a side
STRIDE = 1  # pixels
OCCLUDED_DIGIT = 6
IMAGE = 28  # pixels a side of an MNIST image
TRAINING_IMAGES, TEST_IMAGES = 60_000, 10_000
