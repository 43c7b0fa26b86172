"""Many networks as one batch are what they are alone; lanes of a seed share what they promise to."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from hw3 import datasets
from hw3.ensembles import lanes, sampling
from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Recipe

NETWORK = DenseNetwork((6, 5), classes=3, normalise=True)
RECIPE = Recipe(batch_size=8, learning_rate=0.1)
KEY = jax.random.key(3)


@pytest.fixture(scope="module")
def inputs(stripes):
    rates = jnp.array([[[0.0, 0.0]] * 2, [[0.0, 0.5]] * 2])
    return lanes.lanes(KEY, 2, 20, stripes.train_labels, rates)


def test_a_lane_trains_as_a_plain_loop_over_flax_and_optax_does(stripes, inputs):
    pool = jnp.asarray(stripes.train_images)
    start = lanes.initial_state(NETWORK, RECIPE, inputs, pool)
    lane = jax.tree.map(lambda leaf: leaf[3], start.variables)
    state, loss = lanes.epoch(NETWORK, RECIPE, start, inputs, 0, pool)

    of_order, key = (keys[3] for keys in lanes.epoch_keys(inputs.key, 0))
    order = sampling.permutation(of_order, 20)
    optimizer = optax.sgd(0.1, momentum=0.9)
    params, statistics, opt_state = lane["params"], lane["batch_stats"], optimizer.init(lane["params"])
    losses = []

    @jax.jit
    def gradient_of(params, statistics, images, labels, key):
        def loss_of(params):
            logits, updated = NETWORK.apply(
                {"params": params, "batch_stats": statistics},
                images,
                inputs.settings[3],
                True,
                rngs={"dropout": key},
                mutable=["batch_stats"],
            )
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean(), updated["batch_stats"]

        return jax.value_and_grad(loss_of, has_aux=True)(params)

    for number in range(2):  # 20 images are two batches of 8 and a rest
        rows = order[8 * number : 8 * number + 8]
        images = datasets.as_float(stripes.train_images[np.asarray(inputs.rows[3])[rows]])
        step_key = jax.random.fold_in(key, number)
        (value, statistics), gradient = gradient_of(params, statistics, images, inputs.labels[3][rows], step_key)
        updates, opt_state = optimizer.update(gradient, opt_state)
        params = optax.apply_updates(params, updates)
        losses.append(value)
    assert loss[3] == pytest.approx(float(np.mean(losses)), rel=1e-5)
    expected = {"params": params, "batch_stats": statistics}
    got = jax.tree.map(lambda leaf: leaf[3], state.variables)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-5), got, expected)


def test_lanes_of_a_seed_share_their_images_and_their_first_weights(stripes, inputs):
    assert inputs.rows.shape == (4, 20)
    np.testing.assert_array_equal(inputs.rows[0], inputs.rows[1])
    assert not np.array_equal(inputs.rows[0], inputs.rows[2])
    assert all(len(set(np.asarray(rows).tolist())) == 20 for rows in inputs.rows)
    np.testing.assert_array_equal(inputs.labels, stripes.train_labels[np.asarray(inputs.rows)])
    np.testing.assert_array_equal(lanes.by_seed(inputs.settings[:, 0, 1], 2), [[0, 0.5]] * 2)
    state = lanes.initial_state(NETWORK, RECIPE, inputs, jnp.asarray(stripes.train_images))
    kernel = state.variables["params"]["Dense_0"]["kernel"]
    np.testing.assert_array_equal(kernel[0], kernel[1])
    assert not np.array_equal(kernel[0], kernel[2])


def test_networks_learn_and_come_out_the_same_again(stripes, inputs):
    pool = jnp.asarray(stripes.train_images)
    runs = [lanes.trained(NETWORK, RECIPE, 40, inputs, pool) for _ in range(2)]
    jax.tree.map(np.testing.assert_array_equal, *runs)
    learnt = lanes.train_accuracy(NETWORK, runs[0], inputs, pool)
    assert min(learnt[0], learnt[2]) > 0.9, "the lanes without dropout"


def test_no_two_lanes_drop_the_same(stripes, inputs):
    network = DenseNetwork((6,), classes=3)
    one = sampling.fresh_variables(network, KEY[None], np.zeros((1, 12, 12, 1)), inputs.settings[0], False)
    twice = jax.tree.map(lambda leaf: np.concatenate([leaf] * 2), one)
    images = np.float32(stripes.train_images[:8] / 255)
    settings = np.full((2, 1, 2), 0.5, np.float32)
    forward = jax.jit(lanes.forward, static_argnums=(0, 5))
    dropped, _ = forward(network, twice, images, settings, KEY, True)
    assert not np.allclose(dropped[0], dropped[1])
    own, _ = forward(network, twice, np.stack([images, images[::-1]]), settings, KEY, False)
    np.testing.assert_allclose(own[1], own[0, ::-1], atol=1e-5)


def test_keys_beside_training_are_not_what_epochs_begin_with():
    """Not even the keys that theirs are split off."""
    beside = [lanes.key_beside_training(KEY, number) for number in range(3)]
    of_epochs = [jax.random.fold_in(KEY, number) for number in range(100)]
    drawn = {tuple(jax.random.key_data(key).tolist()) for key in (*beside, *of_epochs)}
    assert len(drawn) == 103


def test_what_makes_no_sense_is_named(stripes, inputs):
    with pytest.raises(ValueError, match="9999 training images were asked for, there are 500"):
        lanes.lanes(KEY, 2, 9999, stripes.train_labels, jnp.zeros((1, 2, 2)))
    pool = jnp.asarray(stripes.train_images)
    with pytest.raises(ValueError, match="batches of 32 need as many training images, not 20"):
        lanes.trained(NETWORK, Recipe(32, 0.1), 1, inputs, pool)
    with pytest.raises(ValueError, match="at least one epoch, not 0"):
        lanes.trained(NETWORK, RECIPE, 0, inputs, pool)
    with pytest.raises(FloatingPointError, match="not finite in epoch 1"):
        lanes.trained(NETWORK, RECIPE, 1, inputs._replace(labels=inputs.labels + 99), pool)
