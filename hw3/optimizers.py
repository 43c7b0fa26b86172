"""The optimizers of every training here, from optax: SGD with momentum, Muon, Adam, and the step that all take."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from optax import contrib


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


def muon(
    learning_rate: float | optax.Schedule, momentum: float, nesterov: bool = True, weight_decay: float = 0.0
) -> optax.GradientTransformation:
    """Muon (Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024): momentum made orthogonal.

    A kernel counts as a matrix from all its inputs to its outputs, the last axis; leaves of one axis take Adam's step.

    Args: weight_decay: the part of kernels that a step at rate 1 takes away.
    """

    def matrices(params: Any) -> Any:
        numbers = contrib.MuonDimensionNumbers
        return jax.tree.map(
            lambda leaf: numbers(tuple(range(leaf.ndim - 1)), (leaf.ndim - 1,)) if leaf.ndim > 1 else None, params
        )

    return contrib.muon(
        _in_float32(learning_rate) if callable(learning_rate) else learning_rate,
        beta=momentum,
        nesterov=nesterov,
        weight_decay=weight_decay,
        muon_weight_dimension_numbers=matrices,
    )


def adam(learning_rate: float, clip: float | jax.Array | None = None) -> optax.GradientTransformation:
    """Adam behind a clip of the whole gradient's norm, which may be traced; without one it is infinite."""
    return optax.chain(optax.clip_by_global_norm(jnp.inf if clip is None else clip), optax.adam(learning_rate))


def step(transformation: optax.GradientTransformation, gradient: Any, state: Any, params: Any) -> tuple[Any, Any]:
    """Parameters and the optimizer's state after one step against the gradient, both as they were passed."""
    # optax mixes integers, as the count of steps, with floats, and scalars with arrays, which would fail a caller in
    # JAX's strict modes.
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        changes, state = transformation.update(gradient, state, params)
    return optax.apply_updates(params, changes), state


def _in_float32(schedule: optax.Schedule) -> optax.Schedule:
    return lambda count: jnp.asarray(schedule(count), jnp.float32)
