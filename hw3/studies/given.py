"""What the documents give: the networks they publish, the assignment's recurrent networks, sequence and loss.

The library knows the networks by name only, and the numbers not at all.
"""

from typing import Any, NamedTuple

import numpy as np

from hw3.cnn.training import Recipe
from hw3.recurrent import lstm
from hw3.recurrent.lstm import Gates
from hw3.recurrent.rnn import Loss, RNNParams


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


def _constant(values: Any) -> np.ndarray:
    array = np.array(values, np.float64)
    array.setflags(write=False)  # shared by every importer
    return array


# Document 001's optimiser; it does not state epochs and batch size, and 004 states nothing.
RECIPE = Recipe(
    epochs=12,
    batch_size=128,
    learning_rate=0.01,
    schedule="constant",
    momentum=0.9,
    nesterov=False,
    max_shift=0,
    optimizer="sgd",
)

# Problem 3: n = 2 hidden units, d = 2 inputs, m = 2 outputs, T = 3 steps.
RNN_PARAMS = RNNParams(
    b=_constant([-1, 1]),
    c=_constant([0.5, -0.5]),
    W=_constant([[1, -1], [0, 2]]),
    U=_constant([[-1, 0], [1, -2]]),
    V=_constant([[-2, 1], [-1, 0]]),
)
SEQUENCE = _constant([[1, 0], [0.5, 0.25], [0, 1]])  # [T, d]
LOSS = Loss(squared=0, logged=1)
EPSILON = 1e-4  # of the central differences
LEARNING_RATE = 0.002  # of the step on b

# Problem 5 asks to "choose biases properly". A forget gate that starts open keeps the state, and with it the
# gradient, alive over the steps: the book (section 10.10.2, after Jozefowicz et al. 2015 and Gers et al.
# 2000) gives it a bias of 1. The other three have no reason to lean either way, so they get 0.
LSTM_PARAMS = lstm.tied(
    RNN_PARAMS,
    Gates(forget=_constant([1, 1]), input=_constant([0, 0]), output=_constant([0, 0]), candidate=_constant([0, 0])),
)

# Document 004 gives all four the b of the RNN, starts from s^(0) = [0.1, 0.1] and mirrors the loss's two outputs.
DOCUMENT_004_LSTM = lstm.tied(RNN_PARAMS, Gates(*[RNN_PARAMS.b] * 4))
DOCUMENT_004_STATE = _constant([0.1, 0.1])
MIRRORED_LOSS = Loss(squared=1, logged=0)

# What the assignment (document 002) asks for in problems 1 and 2.
CONVOLUTIONS = 3  # layers at least
TRAINING_ACCURACY = 0.95  # at least
SHIFT = 3  # pixels by which a 1 moves
PATCH = 8  # pixels a side
STRIDE = 1  # pixels
OCCLUDED_DIGIT = 6
IMAGE = 28  # pixels a side of an MNIST image
TRAINING_IMAGES, TEST_IMAGES = 60_000, 10_000
