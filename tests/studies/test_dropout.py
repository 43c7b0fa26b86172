"""Measures of dropout and bagging against definitions written out, and the experiments on a set learnt in seconds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Lanes, Recipe
from hw3.studies.regularization import dropout

KEY = jax.random.key(0)
co_adaptation = jax.jit(dropout.co_adaptation)


def test_co_adaptation_is_the_mean_absolute_correlation_of_units_that_live():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(200, 4)).astype(np.float32)
    hidden[:, 1] = -3 * hidden[:, 0] + 0.5 * hidden[:, 1] + 2
    correlation = np.abs(np.corrcoef(hidden.T))
    expected = (correlation.sum() - 4) / 12
    assert co_adaptation(jnp.asarray(hidden)) == pytest.approx(expected, abs=1e-5)
    dead = np.concatenate([hidden, np.full((200, 2), 0.1, np.float32)], 1)
    assert co_adaptation(jnp.asarray(dead)) == pytest.approx(expected, abs=1e-5)


def test_co_adaptation_knows_its_extremes():
    x = np.linspace(0, 1, 50, dtype=np.float32)[:, None]
    assert co_adaptation(np.concatenate([x, -2 * x, x + 1], 1)) == pytest.approx(1.0, abs=1e-5)
    assert co_adaptation(x) == 0.0
    angle = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    wave = np.stack([np.sin(angle), np.cos(angle)], 1).astype(np.float32)
    assert co_adaptation(wave) < 1e-5


def test_sparsity():
    assert dropout.sparsity(jnp.array([[0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 0.0, 3.0]])) == 5 / 8


def test_calibration_error_of_a_known_case():
    """Four images with confidence 0.9 of which half are right, and four with 0.6, all right."""
    confidence = np.repeat([0.9, 0.6], 4)
    probabilities = np.stack([confidence, 1 - confidence], 1)
    labels = np.array([0, 0, 1, 1, 0, 0, 0, 0])
    found = dropout.expected_calibration_error(probabilities, labels)
    assert found == pytest.approx((0.4 + 0.4) / 2)
    perfect = dropout.expected_calibration_error(np.eye(3)[[0, 1, 2]], np.array([0, 1, 2]))
    assert perfect == 0.0
    assert dropout.expected_calibration_error(np.eye(3)[[0, 1, 2]], np.array([1, 2, 0])) == 1.0


def test_an_average_of_networks_is_never_worse_than_they_are_on_average():
    """By Jensen's inequality, in log loss."""
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(2, 3, 50, 4)), rng.integers(0, 4, 50)
    together = dropout.quality(dropout.averaged(logits), labels).log_loss
    alone = [dropout.quality(dropout.averaged(logits[:, [i]]), labels).log_loss for i in range(3)]
    assert (together < np.mean(alone, 0)).all()
    expected = -np.log(np.exp(logits[0, 0]) / np.exp(logits[0, 0]).sum(-1, keepdims=True))[np.arange(50), labels]
    assert alone[0][0] == pytest.approx(expected.mean())


def test_bootstrap_samples_each_lanes_own_images_with_replacement():
    rows = jnp.array([[3, 5, 7, 9], [2, 4, 6, 8]], jnp.int32)
    inputs = Lanes(jax.random.split(KEY, 2), rows, rows % 3, jnp.zeros((2, 1, 2)))
    bags = dropout.bootstrap(inputs, 50)
    assert bags.rows.shape == (100, 4)
    np.testing.assert_array_equal(bags.labels, np.asarray(bags.rows) % 3)
    assert set(np.unique(bags.rows[:50])) == {3, 5, 7, 9}
    assert set(np.unique(bags.rows[50:])) == {2, 4, 6, 8}
    distinct = [len(set(bag)) for bag in np.asarray(bags.rows).tolist()]
    assert np.mean(distinct) == pytest.approx(4 * (1 - (3 / 4) ** 4), abs=0.3)


def test_shared_parameters_counts_equal_weights():
    kernel = np.arange(24.0).reshape(4, 2, 3)  # two bags of two networks
    kernel[1, 0] = kernel[0, 0]
    variables = {"kernel": kernel, "bias": np.zeros((4, 3))}
    assert dropout.shared_parameters(variables, 2) == pytest.approx(3 / 12)


@pytest.fixture(scope="module")
def experiment(stripes):
    network, recipe = DenseNetwork((16,), 3), Recipe(20, 0.03)
    inputs = dropout.dropout_lanes(KEY, 2, 60, stripes, [0.0, 0.6], 1)
    counted = []
    runs = [dropout.dropout(network, recipe, 24, inputs, 2, stripes, counted.append) for _ in range(2)]
    assert sum(counted) == 2 * 2 * 4 * 60 * 24, "two runs of four networks, each on true and on random labels"
    bag = dropout.bagging(network, recipe, 24, inputs, 2, 2, 3, stripes, runs[0], 1)
    return runs, bag, stripes, (network, recipe, inputs)


def test_dropout_makes_sparse_slow_networks_the_same_ones_again(experiment):
    (run, again), *_ = experiment
    jax.tree.map(np.testing.assert_array_equal, run, again)
    assert run.curve.shape == (2, 2, 24)
    np.testing.assert_array_equal(run.curve[..., -1], run.train_accuracy)
    assert (run.train_accuracy[:, 0] > 0.9).all()
    assert (run.memorised[:, 0] > run.memorised[:, 1]).all()


def test_bagging_competes_with_what_dropout_trained(experiment):
    (run, _), bag, stripes, (network, recipe, inputs) = experiment
    assert bag.shared == 0.0
    np.testing.assert_allclose(bag.quality["single"].accuracy, run.test_accuracy[:, 0])
    np.testing.assert_allclose(bag.quality["dropout"].accuracy, run.test_accuracy[:, 1])
    assert len({quality.log_loss.tobytes() for quality in bag.quality.values()}) == 6, "no two are the same"
    with pytest.raises(ValueError, match="24 epochs cannot be shared out equally to the 5 networks"):
        dropout.bagging(network, recipe, 24, inputs, 2, 5, 1, stripes, run, 1)
