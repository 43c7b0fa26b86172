"""Many small networks trained as one batch: vmap over lanes that differ in seed, images, labels and settings.

A lane is one network on its way: its own key, its own images of a common pool, their labels, and settings such as its
dropout rates. Lanes of one seed share the key and the images, so that they begin with the same weights and see the same
batches, and what is compared between their settings is compared in pairs. All products are matrix products, which stay
fast under `vmap` and inside `lax.scan` on CPU, where convolutions do not.

A network is a Flax module called as `network(images, settings, train)`: images float32 [batch, height, width,
channels], settings a pytree of arrays, and `train` says whether to drop and to normalise by the batch.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from hw3 import optimizers
from hw3.batches import in_batches
from hw3.compilation import LIGHTLY, ONCE
from hw3.datasets import as_float
from hw3.ensembles import sampling
from hw3.errors import InvalidInput

BEYOND_EPOCHS = 10**6  # the first number folded into a lane's key that no epoch uses
EVALUATION_BATCH = 1000  # images in one forward pass of all lanes; any number gives the same numbers to rounding


class Recipe(NamedTuple):
    """A step of every lane: SGD with momentum at a constant rate."""

    batch_size: int
    learning_rate: float
    momentum: float = 0.9


class Lanes(NamedTuple):
    """What is different from lane to lane; every leaf has the leading axis [lanes]."""

    key: jax.Array  # keys [lanes]
    rows: jax.Array  # int32 [lanes, images], which images of the pool the lane is trained on
    labels: jax.Array  # int32 [lanes, images]
    settings: Any  # a pytree of arrays [lanes, ...]


class State(NamedTuple):
    """Parameters and running statistics, and the optimiser's state, of all lanes: leaves [lanes, ...]."""

    variables: Any
    opt_state: Any


def lanes(key: jax.Array, seeds: int, images: int, labels: np.ndarray, settings: Any) -> Lanes:
    """`seeds` times the conditions in `settings` (leaves [conditions, ...]) as lanes, ordered [seed, condition].

    Each seed draws `images` of the pool, whose labels are int32 [pool], without replacement.
    Raises ValueError if there are not so many.
    """
    if not 1 <= images <= len(labels):
        raise InvalidInput(f"{images} training images were asked for, there are {len(labels)}")
    conditions = len(jax.tree.leaves(settings)[0])
    of_rows, of_lanes = jax.random.split(key, (2, seeds))
    rows = np.stack([sampling.permutation(k, len(labels))[:images] for k in of_rows])
    repeated = np.repeat(rows, conditions, 0)
    return Lanes(
        of_lanes[np.repeat(np.arange(seeds), conditions)],
        jnp.asarray(repeated),
        jnp.asarray(labels[repeated]),
        jax.tree.map(lambda leaf: jnp.asarray(np.concatenate([np.asarray(leaf)] * seeds)), settings),
    )


def by_seed(values: Any, seeds: int) -> np.ndarray:
    """Values [lanes, ...] as [seeds, conditions, ...]."""
    values = np.asarray(values)
    return values.reshape(seeds, -1, *values.shape[1:])


def optimizer(recipe: Recipe) -> optax.GradientTransformation:
    """SGD as the recipe says."""
    return optimizers.sgd(recipe.learning_rate, recipe.momentum)


def initial_state(network: nn.Module, recipe: Recipe, inputs: Lanes, images: jax.Array) -> State:
    """Fresh parameters, one set a lane; images uint8 [pool, height, width, channels] fix the shapes."""
    settings = jax.tree.map(lambda leaf: np.asarray(leaf)[0], inputs.settings)
    example = np.zeros((2, *images.shape[1:]), np.float32)
    variables = jax.device_put(sampling.fresh_variables(network, inputs.key, example, settings, False))
    return State(variables, _initial_opt_state(recipe, variables["params"]))


@partial(jax.jit, static_argnums=0, compiler_options=ONCE)
def _initial_opt_state(recipe: Recipe, params: Any) -> Any:
    return optimizer(recipe).init(params)


@partial(jax.jit, compiler_options=ONCE)
def epoch_keys(keys: jax.Array, number: int) -> tuple[jax.Array, jax.Array]:
    """Keys [lanes] of the order of the images and of the dropout in an epoch, of the lanes' keys [lanes]."""
    pairs = jax.vmap(lambda key: jax.random.split(jax.random.fold_in(key, number)))(keys)
    return pairs[:, 0], pairs[:, 1]


def key_beside_training(key: jax.Array, number: int) -> jax.Array:
    """The `number`th of the keys for draws that must not depend on what training draws from the same lane's key."""
    return jax.random.fold_in(key, BEYOND_EPOCHS + number)


# Compiled as usual: hundreds of steps make another result of another rounding.
@partial(jax.jit, static_argnums=(0, 1), donate_argnums=2)
def _epoch(
    network: nn.Module,
    recipe: Recipe,
    state: State,
    inputs: Lanes,
    order: jax.Array,
    key: jax.Array,
    images: jax.Array,
) -> tuple[State, jax.Array]:
    """One pass of every lane over its images; the mean loss [lanes]."""

    def loss_of(params: Any, rest: Any, key: jax.Array, lane: Lanes, chosen: jax.Array) -> tuple[jax.Array, Any]:
        logits, updated = network.apply(
            {"params": params, **rest},
            as_float(images[lane.rows[chosen]]),
            lane.settings,
            True,
            rngs={"dropout": key},
            mutable=list(rest),
        )
        return optax.softmax_cross_entropy_with_integer_labels(logits, lane.labels[chosen]).mean(), updated

    def one(state: State, lane: Lanes, order: jax.Array, key: jax.Array) -> tuple[State, jax.Array]:
        steps = len(order) // recipe.batch_size  # what is left over has its turn in another epoch
        batches = order[: steps * recipe.batch_size].reshape(steps, -1)

        def step(state: State, xs: tuple[jax.Array, jax.Array]) -> tuple[State, jax.Array]:
            number, chosen = xs
            rest = {name: leaves for name, leaves in state.variables.items() if name != "params"}
            params = state.variables["params"]
            (loss, rest), gradient = jax.value_and_grad(loss_of, has_aux=True)(
                params, rest, jax.random.fold_in(key, number), lane, chosen
            )
            params, opt_state = optimizers.step(optimizer(recipe), gradient, state.opt_state, params)
            return State({"params": params, **rest}, opt_state), loss

        state, losses = jax.lax.scan(step, state, (jnp.arange(steps), batches))
        return state, losses.mean()

    return jax.vmap(one)(state, inputs, order, key)


def epoch(
    network: nn.Module, recipe: Recipe, state: State, inputs: Lanes, number: int, images: jax.Array
) -> tuple[State, jax.Array]:
    """One pass of every lane over its images in an order that `number` fixes; the mean loss [lanes] on the way.

    Consumes `state`. Args: images uint8 [pool, height, width, channels].
    """
    of_order, of_dropout = epoch_keys(inputs.key, number)
    order = np.stack([sampling.permutation(key, inputs.rows.shape[1]) for key in of_order])
    return _epoch(network, recipe, state, inputs, order, of_dropout, images)


def epochs(
    network: nn.Module,
    recipe: Recipe,
    count: int,
    inputs: Lanes,
    images: jax.Array,
    advance: Callable[[int], None] = lambda images: None,
) -> Iterator[State]:
    """The state after each of `count` epochs; good until the next one is asked for, which consumes it.

    Args: images uint8 [pool, height, width, channels]; `advance(n)` is called as n images have been trained on.
    Raises ValueError if an epoch has not one whole batch, FloatingPointError if a loss stops being finite.
    """
    if count < 1:
        raise InvalidInput(f"small networks train for at least one epoch, not {count}")
    if not 1 <= recipe.batch_size <= inputs.rows.shape[1]:
        raise InvalidInput(f"batches of {recipe.batch_size} need as many training images, not {inputs.rows.shape[1]}")
    state = initial_state(network, recipe, inputs, images)
    for number in range(count):
        state, loss = epoch(network, recipe, state, inputs, number, images)
        if not np.isfinite(np.asarray(loss)).all():
            raise FloatingPointError(f"the loss of a small network is not finite in epoch {number + 1}")
        advance(inputs.rows.size)
        yield state


def trained(
    network: nn.Module,
    recipe: Recipe,
    count: int,
    inputs: Lanes,
    images: jax.Array,
    advance: Callable[[int], None] = lambda images: None,
) -> Any:
    """The variables of all lanes after the last of `count` epochs, as `epochs`."""
    *_, last = epochs(network, recipe, count, inputs, images, advance)
    return last.variables


def forward(
    network: nn.Module, variables: Any, images: jax.Array, settings: Any, key: jax.Array, train: bool = False
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Logits [lanes, batch, classes] and taps [lanes, batch, ...]; every lane drops by itself.

    Args: images float32, the same for all lanes [batch, height, width, channels] or their own [lanes, batch, ...].
    """
    rest = [name for name in variables if name != "params"]
    keys = jax.random.split(key, len(jax.tree.leaves(variables)[0]))

    def one(variables: Any, images: jax.Array, settings: Any, key: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
        logits, state = network.apply(
            variables, images, settings, train, rngs={"dropout": key}, mutable=["taps", *rest]
        )
        return logits, {name: values[0] for name, values in state.get("taps", {}).items()}

    return jax.vmap(one, (0, 0 if images.ndim == 5 else None, 0, 0))(variables, images, settings, keys)


@partial(jax.jit, static_argnums=(0, 5), compiler_options=LIGHTLY)
def _logits(
    network: nn.Module, variables: Any, images: jax.Array, settings: Any, key: jax.Array, train: bool
) -> jax.Array:
    return forward(network, variables, as_float(images), settings, key, train)[0]


def logits(
    network: nn.Module,
    variables: Any,
    images: np.ndarray,
    settings: Any,
    key: jax.Array | None = None,
    train: bool = False,
) -> np.ndarray:
    """Logits float32 [lanes, n, classes] of images uint8 [n, height, width, channels]; dropping only if `train`."""
    key = jax.random.key(0) if key is None else key
    parts = [
        np.asarray(_logits(network, variables, images[rows], settings, jax.random.fold_in(key, number), train))[:, :n]
        for number, (rows, n) in enumerate(in_batches(len(images), EVALUATION_BATCH))
    ]
    return np.concatenate(parts, 1)


def accuracy(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Fraction of images right, [lanes], of scores [lanes, n, classes] and labels [n]."""
    return (predicted.argmax(-1) == labels).mean(-1)


@partial(jax.jit, static_argnums=0, compiler_options=LIGHTLY)
def train_accuracy(network: nn.Module, variables: Any, inputs: Lanes, images: jax.Array) -> jax.Array:
    """Fraction of its own training images that each lane gets right without dropping, [lanes]."""

    def one(variables: Any, lane: Lanes) -> jax.Array:
        found = network.apply(variables, as_float(images[lane.rows]), lane.settings, False)
        return (found.argmax(-1) == lane.labels).mean()

    return jax.vmap(one)(variables, inputs)
