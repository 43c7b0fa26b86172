"""The optimizers of every training here, from optax: SGD with momentum, Adam, and the step that both take."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax


def sgd(
    learning_rate: float | optax.Schedule, momentum: float, nesterov: bool = False, weight_decay: float | None = None
) -> optax.GradientTransformation:
    """SGD with momentum, at a constant rate or a schedule of the number of steps taken.

    Args: weight_decay: L2 penalty on leaves with more than one axis, added to their gradient; None leaves it out of
      the state as well.
    """
    steps = optax.sgd(_in_float32(learning_rate) if callable(learning_rate) else learning_rate, momentum, nesterov)
    if weight_decay is None:
        return steps
    matrices = partial(jax.tree.map, lambda leaf: leaf.ndim > 1)
    return optax.chain(optax.add_decayed_weights(weight_decay, mask=matrices), steps)


def adam(learning_rate: float, clip: float | jax.Array | None = None) -> optax.GradientTransformation:
    """Adam behind a clip of the whole gradient's norm, which may be traced; without one it is infinite."""
    return optax.chain(optax.clip_by_global_norm(jnp.inf if clip is None else clip), optax.adam(learning_rate))


def step(transformation: optax.GradientTransformation, gradient: Any, state: Any, params: Any) -> tuple[Any, Any]:
    """Parameters and the optimizer's state after one step against the gradient, both as they were passed."""
    # optax mixes integers, as the count of steps, with floats, which would fail a caller in JAX's strict mode.
    with jax.numpy_dtype_promotion("standard"):
        changes, state = transformation.update(gradient, state, params)
    return optax.apply_updates(params, changes), state


def _in_float32(schedule: optax.Schedule) -> optax.Schedule:
    return lambda count: jnp.asarray(schedule(count), jnp.float32)
