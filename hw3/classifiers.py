"""What every sweep and search asks of a classifier and of its images.

A classifier is any JAX function `predict(images) -> probabilities`: images float32 [batch, height, width, channels] in
[0, 1] with 0 = black, probabilities [batch, classes]. Nothing here knows how it was made.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Predict = Callable[[jax.Array], jax.Array]


def as_pytree(predict: Predict) -> Predict:
    """`predict` as a pytree, so that it can be an argument of a jitted function: itself if it is one already."""
    return predict if isinstance(predict, jax.tree_util.Partial) else jax.tree_util.Partial(predict)


def check_images(images: Any, name: str = "images") -> jax.Array:
    """Images as float32 [n, height, width, channels].

    Raises ValueError for integers (0 to 255 where 0 to 1 is meant), values outside [0, 1] and any other number of axes.
    """
    array = jnp.asarray(images)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise ValueError(f"{name} must be floating point in [0, 1], not {array.dtype}: divide 8-bit images by 255")
    if array.ndim != 4:
        raise ValueError(f"{name} must have the axes [n, height, width, channels], not the shape {array.shape}")
    array = array.astype(jnp.float32)
    check_range(array, name)
    return array


def check_range(values: jax.Array, name: str) -> None:
    """Raises ValueError unless all values lie in [0, 1], to a little more than rounding."""
    if values.size and not (values.min() >= -1e-5 and values.max() <= 1 + 1e-5):
        raise ValueError(
            f"{name} must lie in [0, 1], not {float(values.min()):.4g}..{float(values.max()):.4g}: if your classifier "
            "wants other values, scale them inside predict"
        )


def check_predict(predict: Predict, image_shape: tuple[int, ...]) -> int:
    """The number of classes of `predict`; raises ValueError unless it maps [n, ...] to floats [n, classes]."""
    out = jax.eval_shape(predict, jax.ShapeDtypeStruct((2, *image_shape), jnp.float32))
    if getattr(out, "ndim", None) != 2 or out.shape[0] != 2 or not jnp.issubdtype(out.dtype, jnp.floating):
        raise ValueError(f"predict must give probabilities [batch, classes]; for a batch of 2 it gave {out}")
    return out.shape[1]


def check_sums(sums: np.ndarray) -> None:
    """Raises ValueError unless the sums over the classes' probabilities are 1."""
    if not np.all(np.abs(sums - 1) < 1e-3):
        worst = sums.flat[np.argmax(np.abs(sums - 1))]
        raise ValueError(
            f"predict must give probabilities that sum to 1, a row sums to {worst:.4g}: wrap logits in jax.nn.softmax"
        )


def check_count(value: Any, name: str) -> int:
    """A whole number of at least 1; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
    return int(value)


def pair(value: int | tuple[int, int], name: str) -> tuple[int, int]:
    """`value` as (vertical, horizontal). Raises ValueError unless it is one or two positive whole numbers."""
    both: tuple = (value, value) if np.ndim(value) == 0 else tuple(value)  # type: ignore[arg-type]
    whole = all(isinstance(v, int | np.integer) and not isinstance(v, bool) and v > 0 for v in both)
    if len(both) != 2 or not whole:
        raise ValueError(f"{name} must be one or two positive whole numbers, not {value!r}")
    return int(both[0]), int(both[1])
