"""Calibration, bootstrap and averages against definitions written out, and the contest on a set learnt in seconds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.ensembles.lanes import Lanes
from hw3.studies.regularization import bagging

KEY = jax.random.key(0)


def test_calibration_error_of_a_known_case():
    """Four images with confidence 0.9 of which half are right, and four with 0.6, all right."""
    confidence = np.repeat([0.9, 0.6], 4)
    probabilities = np.stack([confidence, 1 - confidence], 1)
    labels = np.array([0, 0, 1, 1, 0, 0, 0, 0])
    found = bagging.expected_calibration_error(probabilities, labels)
    assert found == pytest.approx((0.4 + 0.4) / 2)
    perfect = bagging.expected_calibration_error(np.eye(3)[[0, 1, 2]], np.array([0, 1, 2]))
    assert perfect == 0.0
    assert bagging.expected_calibration_error(np.eye(3)[[0, 1, 2]], np.array([1, 2, 0])) == 1.0


def test_an_average_of_networks_is_never_worse_than_they_are_on_average():
    """By Jensen's inequality, in log loss."""
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(2, 3, 50, 4)), rng.integers(0, 4, 50)
    together = bagging.quality(bagging.averaged(logits), labels).log_loss
    alone = [bagging.quality(bagging.averaged(logits[:, [i]]), labels).log_loss for i in range(3)]
    assert (together < np.mean(alone, 0)).all()
    expected = -np.log(np.exp(logits[0, 0]) / np.exp(logits[0, 0]).sum(-1, keepdims=True))[np.arange(50), labels]
    assert alone[0][0] == pytest.approx(expected.mean())


def test_bootstrap_samples_each_lanes_own_images_with_replacement():
    rows = jnp.array([[3, 5, 7, 9], [2, 4, 6, 8]], jnp.int32)
    inputs = Lanes(jax.random.split(KEY, 2), rows, rows % 3, jnp.zeros((2, 1, 2)))
    bags = bagging.bootstrap(inputs, 16)
    assert bags.rows.shape == (32, 4)
    np.testing.assert_array_equal(bags.labels, np.asarray(bags.rows) % 3)
    assert set(np.unique(bags.rows[:16])) == {3, 5, 7, 9}
    assert set(np.unique(bags.rows[16:])) == {2, 4, 6, 8}
    distinct = [len(set(bag)) for bag in np.asarray(bags.rows).tolist()]
    assert np.mean(distinct) == pytest.approx(4 * (1 - (3 / 4) ** 4), abs=0.3)


def test_shared_parameters_counts_equal_weights():
    kernel = np.arange(24.0).reshape(4, 2, 3)  # two bags of two networks
    kernel[1, 0] = kernel[0, 0]
    variables = {"kernel": kernel, "bias": np.zeros((4, 3))}
    assert bagging.shared_parameters(variables, 2) == pytest.approx(3 / 12)


def test_bagging_competes_with_what_dropout_trained(results, tiny):
    found, trained = results.bagging, results.dropout
    assert found.rate == 0.6
    assert found.shared == 0.0
    np.testing.assert_allclose(found.single.accuracy, trained.test_accuracy[:, 0])
    np.testing.assert_allclose(found.dropout.accuracy, trained.test_accuracy[:, 1])
    competing = bagging.contenders(found, tiny)
    assert len({of.quality.log_loss.tobytes() for of in competing}) == len(competing) == 6, "no two are the same"
    assert len({of.name for of in competing}) == 6
    better = found.long_bag.accuracy.mean() - found.bag.accuracy.mean()
    assert better > 0, "twice the training"
