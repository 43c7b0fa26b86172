"""Training a network with optax: pure steps, one pass over the data at a time, every image of every epoch counted once.

On CPU the loop over batches is a Python loop: a convolution inside `lax.scan` takes a slow path of XLA:CPU (jax issue
12868). What else is fast on which platform, `hw3.cnn.fast_layers` knows.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from hw3 import cnn, optimizers
from hw3.batches import in_batches
from hw3.cnn import fast_layers
from hw3.datasets import Dataset, as_float
from hw3.errors import InvalidInput

EVALUATION_BATCH = 1000  # images in one forward pass; any number gives the same metrics to float32 rounding


class Recipe(NamedTuple):
    """How to train. Everything that changes the resulting numbers is here or in the key."""

    epochs: int = 2
    batch_size: int = 64
    learning_rate: float = 0.015  # the peak of the schedule
    schedule: str = "cosine"  # linear warm-up over a fifth of the steps, then a cosine to zero; or "constant"
    momentum: float = 0.95
    nesterov: bool = True
    weight_decay: float = 0.0  # on kernels: for "sgd" an L2 penalty added to their gradient, for "muon" decoupled
    max_shift: int = 1  # augmentation: each image moves by up to so many pixels along both axes
    optimizer: str = "muon"  # or "sgd"
    gradient_bytes: int = fast_layers.GRADIENT_BYTES  # see `hw3.cnn.fast_layers`; the sums round accordingly


# Smaller networks have a default of their own; Muon does not help the smallest (BUILD.md, Train).
RECIPES = {
    "narrow": Recipe(epochs=12, batch_size=128, learning_rate=0.1, momentum=0.9, max_shift=0, optimizer="sgd"),
    "small_kernels": Recipe(epochs=4),
}


OPTIMIZERS = {"muon": optimizers.muon, "sgd": optimizers.sgd}


class State(NamedTuple):
    """What training carries from one epoch to the next; with the recipe and the key it fixes all that follows."""

    params: cnn.Params
    opt_state: Any
    epoch: jax.Array  # int32 scalar, epochs finished


class Metrics(NamedTuple):
    """Means over a whole set, each image counted once."""

    loss: float  # cross-entropy in nats per image
    accuracy: float  # fraction in [0, 1]


class EpochMetrics(NamedTuple):
    """Both sets after one epoch, without augmentation and dropout."""

    epoch: int
    train: Metrics
    test: Metrics


def check(recipe: Recipe, image_shape: tuple[int, ...] | None = None) -> None:
    """Raises ValueError naming the first setting that makes no sense, for images of this (height, width, ...)."""
    if recipe.epochs < 1 or recipe.batch_size < 1:
        raise InvalidInput(f"epochs and batch_size must be at least 1, not {recipe.epochs} and {recipe.batch_size}")
    if not (recipe.learning_rate > 0 and math.isfinite(recipe.learning_rate)):
        raise InvalidInput(f"learning_rate must be a positive number, not {recipe.learning_rate}")
    if recipe.schedule not in ("cosine", "constant"):
        raise InvalidInput(f"schedule must be cosine or constant, not {recipe.schedule!r}")
    if recipe.optimizer not in OPTIMIZERS:
        raise InvalidInput(f"optimizer must be one of {', '.join(OPTIMIZERS)}, not {recipe.optimizer!r}")
    if recipe.gradient_bytes < 1:
        raise InvalidInput(f"gradient_bytes must be at least 1, not {recipe.gradient_bytes}")
    if not (0 <= recipe.momentum < 1 and recipe.weight_decay >= 0 and recipe.max_shift >= 0):
        raise InvalidInput(
            f"momentum must lie in [0, 1), weight_decay and max_shift must not be negative: {recipe.momentum}, "
            f"{recipe.weight_decay}, {recipe.max_shift}"
        )
    if image_shape is not None and recipe.max_shift >= min(image_shape[:2]):
        size = f"{image_shape[0]}x{image_shape[1]}"
        raise InvalidInput(f"max_shift is {recipe.max_shift}; it must be smaller than the images, {size} pixels")


def optimizer(recipe: Recipe, steps: int) -> optax.GradientTransformation:
    """The recipe's optimizer over `steps` steps in all."""
    if recipe.schedule == "cosine":
        peak = recipe.learning_rate
        schedule = optax.warmup_cosine_decay_schedule(peak / 25, peak, warmup_steps=steps // 5, decay_steps=steps)
    else:
        schedule = optax.constant_schedule(recipe.learning_rate)
    return OPTIMIZERS[recipe.optimizer](schedule, recipe.momentum, recipe.nesterov, recipe.weight_decay)


def shift_randomly(key: jax.Array, images: jax.Array, max_shift: int) -> jax.Array:
    """Moves each image [batch, height, width, channels] by its own whole number of pixels in [-max_shift, max_shift]
    along both axes; what comes in from outside is 0, black."""
    if max_shift == 0:
        return images
    batch, height, width, channels = images.shape
    offsets = jax.random.randint(key, (batch, 2), 0, 2 * max_shift + 1)
    padding = ((0, 0), (max_shift, max_shift), (max_shift, max_shift), (0, 0))

    def crop(image: jax.Array, offset: jax.Array) -> jax.Array:
        return jax.lax.dynamic_slice(image, (offset[0], offset[1], jnp.int32(0)), (height, width, channels))

    return jax.vmap(crop)(jnp.pad(images, padding), offsets)


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Batches that hold `images` images, the last one perhaps not full."""
    return -(-images // batch_size)


Step = Callable[..., tuple[cnn.Params, Any, jax.Array]]


def make_step(
    model: cnn.CNN,
    transformation: optax.GradientTransformation,
    max_shift: int,
    gradient_bytes: int = fast_layers.GRADIENT_BYTES,
) -> Step:
    """The jitted `step(params, opt_state, key, images, labels, weights) -> (params, opt_state, loss)`.

    images uint8 or float32 [batch, height, width, channels], labels int32 [batch], weights float32 [batch]: 1 for an
    image, 0 for padding.
    """

    def loss_of(
        params: cnn.Params, key: jax.Array, images: jax.Array, labels: jax.Array, weights: jax.Array
    ) -> jax.Array:
        shift_key, dropout_key = jax.random.split(key)
        images = shift_randomly(shift_key, as_float(images), max_shift)
        rngs = {"dropout": dropout_key}
        logits = model.apply({"params": params}, images, train=True, gradient_bytes=gradient_bytes, rngs=rngs)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return jnp.sum(losses * weights) / jnp.sum(weights)

    def step(params: cnn.Params, opt_state: Any, *batch: jax.Array) -> tuple[cnn.Params, Any, jax.Array]:
        loss, gradient = jax.value_and_grad(loss_of)(params, *batch)
        params, opt_state = optimizers.step(transformation, gradient, opt_state, params)
        return params, opt_state, loss

    return jax.jit(step, donate_argnums=(0, 1), compiler_options=fast_layers.compiler_options(jax.default_backend()))


def initial_state(model: cnn.CNN, recipe: Recipe, dataset: Dataset, key: jax.Array) -> State:
    """The state before the first epoch. Errors as `check`."""
    check(recipe, dataset.train_images.shape[1:])
    params = cnn.init(model, key, dataset.train_images.shape[1:])
    steps = recipe.epochs * steps_per_epoch(len(dataset.train_images), recipe.batch_size)
    return State(params, optimizer(recipe, steps).init(params), jnp.int32(0))


def epochs(
    model: cnn.CNN,
    recipe: Recipe,
    dataset: Dataset,
    key: jax.Array,
    state: State,
    advance: Callable[[int], None] = lambda images: None,
) -> Iterator[tuple[State, EpochMetrics]]:
    """`states` with both sets' metrics after each epoch. Arguments and errors as there."""
    for trained in states(model, recipe, dataset, key, state, advance):
        train = evaluate(model, trained.params, dataset.train_images, dataset.train_labels)
        test = evaluate(model, trained.params, dataset.test_images, dataset.test_labels)
        yield trained, EpochMetrics(int(trained.epoch), train, test)


def states(
    model: cnn.CNN,
    recipe: Recipe,
    dataset: Dataset,
    key: jax.Array,
    state: State,
    advance: Callable[[int], None] = lambda images: None,
) -> Iterator[State]:
    """Trains from `state` to the recipe's last epoch; yields the state after each epoch.

    The order of the images, their shifts and the dropout of an epoch depend on `key` and the epoch's number alone, so a
    run that continues from a saved state gives the numbers of one that was never interrupted.
    `advance(images)` is called as images are done. Raises FloatingPointError if the loss or a parameter stops being
    finite.
    """
    check(recipe, dataset.train_images.shape[1:])
    count = len(dataset.train_images)
    steps = steps_per_epoch(count, recipe.batch_size)
    step = make_step(model, optimizer(recipe, recipe.epochs * steps), recipe.max_shift, recipe.gradient_bytes)
    for epoch in range(int(state.epoch), recipe.epochs):
        order_key, batch_key = jax.random.split(jax.random.fold_in(key, epoch))
        order = np.asarray(jax.random.permutation(order_key, count))
        order = np.resize(order, steps * recipe.batch_size)  # the last batch is filled up with images of weight 0
        weights = (np.arange(len(order)) < count).astype(np.float32)
        # The caller may keep the state it was given, and a step consumes its arguments.
        params, opt_state = jax.tree.map(jnp.copy, (state.params, state.opt_state))
        pending = None
        for number, rows in enumerate(np.split(np.arange(len(order)), steps)):
            chosen = order[rows]
            params, opt_state, loss = step(
                params,
                opt_state,
                jax.random.fold_in(batch_key, number),
                dataset.train_images[chosen],
                dataset.train_labels[chosen],
                weights[rows],
            )
            # One step behind, so that the device always has work.
            if pending is not None:
                _check_loss(pending, epoch, number - 1)
            pending = loss
            advance(int(weights[rows].sum()))
        _check_loss(loss, epoch, number)
        try:
            cnn.check_finite(params)
        except ValueError as error:
            raise FloatingPointError(f"{error} after epoch {epoch + 1}: try a smaller learning_rate") from None
        state = State(params, opt_state, jnp.int32(epoch + 1))
        yield state


def _check_loss(loss: jax.Array, epoch: int, step: int) -> None:
    if not math.isfinite(value := float(loss)):
        raise FloatingPointError(
            f"the loss is {value} in epoch {epoch + 1}, step {step + 1}: try a smaller learning_rate"
        )


@partial(jax.jit, static_argnums=0)
def _sums(model: cnn.CNN, params: cnn.Params, images: jax.Array, labels: jax.Array) -> tuple[jax.Array, jax.Array]:
    logits = model.apply({"params": params}, as_float(images))
    valid = labels >= 0
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.maximum(labels, 0))
    return jnp.sum(jnp.where(valid, losses, 0.0)), jnp.sum((logits.argmax(-1) == labels) & valid)


def evaluate(model: cnn.CNN, params: cnn.Params, images: np.ndarray, labels: np.ndarray) -> Metrics:
    """Loss and accuracy of images [n, height, width, channels] with labels [n], each counted once.

    Errors as `cnn.check_finite`.
    """
    cnn.check_finite(params)
    loss, correct = 0.0, 0
    for batch, valid in in_batches(len(images), EVALUATION_BATCH):
        counted = np.where(np.arange(len(batch)) < valid, labels[batch], -1)
        sums = _sums(model, params, images[batch], counted)
        loss, correct = loss + float(sums[0]), correct + int(sums[1])
    return Metrics(loss / len(images), correct / len(images))
