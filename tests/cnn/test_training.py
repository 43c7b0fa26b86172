"""The real training loop on a tiny set: it learns, repeats itself, continues, counts each image once, fails clearly."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tiny_run import KEY, RECIPE, equal

from hw3 import cnn, optimizers
from hw3.cnn import training
from hw3.datasets import as_float
from hw3.studies import given


def test_it_learns(tiny_run):
    assert tiny_run[-1][1].test.accuracy > 0.9
    assert tiny_run[-1][1].train.loss < tiny_run[0][1].train.loss
    assert [metrics.epoch for _, metrics in tiny_run] == [1, 2, 3]


def test_the_same_key_gives_the_same_numbers_and_another_key_others(tiny_model, stripes, tiny_run):
    start = training.initial_state(tiny_model, RECIPE, stripes, KEY)
    state, metrics = next(training.epochs(tiny_model, RECIPE, stripes, KEY, start))
    assert metrics == tiny_run[0][1]
    assert equal(state, tiny_run[0][0])
    other, _ = next(training.epochs(tiny_model, RECIPE, stripes, jax.random.key(8), start))
    assert not equal(other.params, state.params)


def test_metrics_count_every_image_once(tiny_model, stripes, tiny_run):
    params = tiny_run[-1][0].params
    logits = jax.jit(tiny_model.apply)({"params": params}, as_float(stripes.test_images))
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, stripes.test_labels)
    for size in (203, 64, 1000):  # one batch, batches with a partial last one, one batch larger than the set
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(training, "EVALUATION_BATCH", size)
            metrics = training.evaluate(tiny_model, params, stripes.test_images, stripes.test_labels)
        assert metrics.accuracy == np.mean(np.asarray(logits.argmax(-1)) == stripes.test_labels)
        assert metrics.loss == pytest.approx(float(losses.mean()), rel=1e-5)


def test_a_step_is_the_stock_optax_step_and_padding_weighs_nothing(stripes):
    recipe = given.RECIPE
    model = cnn.CNN(cnn.parse("conv3-4 dense5"), classes=3)
    params = cnn.init(model, KEY, (12, 12, 1))
    images, labels = stripes.train_images[:20], stripes.train_labels[:20]

    def stock_loss(params):
        logits = model.apply({"params": params}, as_float(images))
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    @jax.jit
    def stock_step(params):
        sgd = optax.sgd(0.01, momentum=0.9)
        value, gradient = jax.value_and_grad(stock_loss)(params)
        updates, _ = sgd.update(gradient, sgd.init(params))
        return value, optax.apply_updates(params, updates)

    expected_loss, expected = stock_step(params)

    transformation = training.optimizer(recipe, 10)
    step = training.make_step(model, transformation, recipe.max_shift)
    padded = np.concatenate([images, stripes.train_images[50:62]])
    padded_labels = np.concatenate([labels, stripes.train_labels[50:62]])
    weights = np.array([1.0] * 20 + [0.0] * 12, np.float32)
    got, _, loss = step(
        jax.tree.map(jnp.copy, params), transformation.init(params), KEY, padded, padded_labels, weights
    )
    assert loss == pytest.approx(float(expected_loss), rel=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-7), got, expected)


def test_every_image_is_trained_on_once_in_an_epoch(tiny_model, stripes, monkeypatch):
    seen = []

    def spy(*_):
        def step(params, opt_state, key, images, labels, weights):
            seen.extend(images[weights == 1].sum((1, 2, 3)))
            return params, opt_state, jnp.float32(1.0)

        return step

    monkeypatch.setattr(training, "make_step", spy)
    start = training.initial_state(tiny_model, RECIPE, stripes, KEY)
    run = training.epochs(tiny_model, RECIPE, stripes, KEY, start)
    next(run)
    first = list(seen)
    seen.clear()
    next(run)
    assert sorted(first) == sorted(seen) == sorted(stripes.train_images.sum((1, 2, 3)))
    assert first != seen, "every epoch has an order of its own"


def test_shifts_move_whole_images_and_reach_every_offset():
    image = np.zeros((1, 9, 9, 1), np.float32)
    image[0, 4, 4] = 1.0
    moved = np.asarray(jax.jit(training.shift_randomly, static_argnums=2)(KEY, image.repeat(400, 0), 2))
    assert np.all(moved.sum((1, 2, 3)) == 1.0)
    places = {tuple(np.argwhere(m[..., 0])[0] - 4) for m in moved}
    assert places == set(itertools.product(range(-2, 3), repeat=2))


def test_the_schedule_rises_to_the_peak_and_falls():
    plain = RECIPE._replace(momentum=0.0, nesterov=False, weight_decay=0.0)  # so that a step is the rate
    optimizer = training.optimizer(plain, 100)
    step = jax.jit(lambda state: optimizers.step(optimizer, jnp.float32(-1), state, jnp.float32(0)))
    state, rates = optimizer.init(jnp.float32(0)), []
    for _ in range(100):
        rate, state = step(state)
        rates.append(float(rate))
    assert max(rates) == pytest.approx(0.1)
    assert np.argmax(rates) == 20
    assert rates[-1] < 0.001


def test_a_loss_that_is_not_finite_stops_training(tiny_model, stripes):
    recipe = RECIPE._replace(learning_rate=1e6, schedule="constant")
    start = training.initial_state(tiny_model, recipe, stripes, KEY)
    with pytest.raises(FloatingPointError, match=r"the loss is (nan|inf) in epoch 1, step \d+: try a smaller"):
        next(training.epochs(tiny_model, recipe, stripes, KEY, start))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs and batch_size must be at least 1, not 0"),
        ({"learning_rate": 0.0}, "learning_rate must be a positive number, not 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a positive number, not nan"),
        ({"optimizer": "adam"}, "optimizer must be one of muon, sgd, not 'adam'"),
        ({"gradient_bytes": 0}, "gradient_bytes must be at least 1, not 0"),
        ({"schedule": "linear"}, "schedule must be cosine or constant, not 'linear'"),
        ({"momentum": 1.0}, r"momentum must lie in \[0, 1\)"),
    ],
)
def test_recipes_that_make_no_sense(change, message):
    with pytest.raises(ValueError, match=message):
        training.check(RECIPE._replace(**change))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_parameters_that_are_no_numbers_are_noticed(tiny_model, stripes, tiny_run, value):
    """XLA on CPU makes 0 of NaN in a ReLU: without a look at the parameters the loss would be an ordinary number."""
    params = jax.tree.map(np.array, tiny_run[-1][0].params)
    params["conv2"]["linear"]["kernel"][1, 1, 2, 3] = value
    with pytest.raises(ValueError, match=r"the network's parameters conv2/linear/kernel hold NaN or infinity"):
        training.evaluate(tiny_model, params, stripes.test_images, stripes.test_labels)
    with pytest.raises(ValueError, match=r"the network's parameters conv2/linear/kernel hold NaN or infinity"):
        cnn.predictor(tiny_model, params)
    jax.eval_shape(lambda p: cnn.predictor(tiny_model, p)(np.zeros((1, 12, 12, 1), np.float32)), params)


def test_training_whose_last_step_breaks_a_parameter_ends(tiny_model, stripes, monkeypatch):
    def broken(params):
        raise ValueError("the network's parameters conv1/linear/bias hold NaN or infinity")

    start = training.initial_state(tiny_model, RECIPE, stripes, KEY)
    monkeypatch.setattr(cnn, "check_finite", broken)
    with pytest.raises(FloatingPointError, match=r"hold NaN or infinity after epoch 1: try a smaller learning_rate"):
        next(training.epochs(tiny_model, RECIPE, stripes, KEY, start))


def test_a_shift_as_large_as_the_images_is_refused(tiny_model, stripes):
    for shift in (12, 1_000_000):
        with pytest.raises(ValueError, match=f"max_shift is {shift}; it must be smaller than the images, 12x12 pixels"):
            training.initial_state(tiny_model, RECIPE._replace(max_shift=shift), stripes, KEY)
    training.initial_state(tiny_model, RECIPE._replace(max_shift=11), stripes, KEY)
