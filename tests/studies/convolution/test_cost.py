"""The layers of document 004's network, their times, and networks trained on few images."""

import numpy as np

from hw3.studies.convolution import FULL, cost
from hw3.studies.convolution.connectivity import Shape


def test_the_layers_are_those_of_document_004():
    assert cost.convolutions(FULL.network) == {
        "conv1": Shape(28, 28, 1, 3, 12),
        "conv2": Shape(13, 13, 12, 3, 12),
        "conv3": Shape(5, 5, 12, 3, 8),
    }


def test_every_way_is_counted_and_timed(results, tiny):
    for layer in results.costs.layers:
        assert {len(seconds) for seconds in layer.seconds} == {tiny.repeats}
        assert min(min(seconds) for seconds in layer.seconds) > 0
        assert layer.convolution.parameters < layer.local.parameters < layer.dense.parameters


def test_networks_train_on_few_images(results):
    found = results.costs.few_images
    assert found.counts == (30, 300), "as many as there are"
    kinds = (found.convolution, found.local, found.dense)
    assert {accuracy.shape for accuracy in kinds} == {(2, 2)}
    assert np.mean(kinds, (0, 1))[1] > np.mean(kinds, (0, 1))[0] + 0.02, "more images, better networks"
    assert len({accuracy.tobytes() for accuracy in kinds}) == 3
