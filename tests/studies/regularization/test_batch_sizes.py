"""Normalisation by batches of every size: accuracy against a loop over batches, and the experiment."""

import jax
import numpy as np
import pytest

from hw3.ensembles import lanes
from hw3.ensembles.lanes import Recipe
from hw3.studies.regularization import batch_sizes

KEY = jax.random.key(1)


def test_accuracy_by_batch_against_a_loop_over_batches(normalising, stripes):
    network, variables, settings = normalising
    images, labels = stripes.test_images, stripes.test_labels
    arguments = (network, variables, images, labels, settings)
    hits = []
    forward = jax.jit(lanes.forward, static_argnums=(0, 5))
    for start in range(0, 200, 10):  # the last 3 of 203 images are left over
        batch = np.float32(images[start : start + 10] / 255)
        logits, _ = forward(network, variables, batch, np.zeros_like(settings), KEY, True)
        hits.append(np.asarray(logits).argmax(-1) == labels[start : start + 10])
    found = batch_sizes.accuracy_by_batch(*arguments, 10)
    np.testing.assert_allclose(found, np.concatenate(hits, 1).mean(1))
    running = batch_sizes.accuracy_by_batch(*arguments, 203, own_statistics=False)
    predicted = lanes.logits(network, variables, images, settings)
    np.testing.assert_allclose(running, lanes.accuracy(predicted, labels), atol=1e-6)


def test_the_learning_rate_is_proportional_to_the_batch():
    assert batch_sizes.scaled(Recipe(128, 0.1), 32) == Recipe(32, 0.025)


@pytest.mark.parametrize(("size", "decay"), [(128, 0.9), (1280, 0.0), (2000, 0.0)])
def test_running_statistics_look_back_on_equally_many_images(size, decay):
    assert batch_sizes.memory(size) == pytest.approx(decay)


def test_every_measure_of_a_batch_size_is_of_its_network(results, tiny):
    found = results.batch_sizes
    for values in found:
        assert values.shape == (tiny.seeds, 2)
    np.testing.assert_allclose(found.batch[:, -1], found.large_then_small[:, -1])
    for running in found.large_then_running.T:  # on which the size of a test batch has no influence
        np.testing.assert_allclose(running, found.running[:, -1], atol=1e-6)
    assert (found.train.mean(0) > found.running.mean(0)).all()
    assert not np.array_equal(found.plain, found.running)
    assert not np.array_equal(found.batch, found.running)
