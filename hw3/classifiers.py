"""What every sweep and search asks of a classifier, of its images and of what it says of them.

A classifier is any function `predict(images) -> scores`: images float32 [batch, ...spatial axes, channels], scores
[batch, classes], probabilities unless the caller says otherwise. Nothing here knows how it was made.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput

Predict = Callable[[jax.Array], jax.Array]

# What the scores of a classifier are, and so what is checked of them.
SCORES = ("probability", "sigmoid", "logit", "value")

# By the number of axes: the names of the order in which the channels come last, and of that in which they come first.
LAYOUTS = {3: ("NLC", "NCL"), 4: ("NHWC", "NCHW"), 5: ("NDHWC", "NCDHW")}


def as_pytree(predict: Predict) -> Predict:
    """`predict` as a pytree, so that it can be an argument of a jitted function: itself if it is one already."""
    return predict if isinstance(predict, jax.tree_util.Partial) else jax.tree_util.Partial(predict)


def check_numbers(values: Any, name: str) -> np.ndarray:
    """Finite floating-point numbers as a float32 array of any shape.

    Raises ValueError for functions and text, ragged lists, booleans, integers (0 to 255 where 0 to 1 is meant), NaN and
    infinity.
    """
    if callable(values) and not hasattr(values, "dtype"):
        raise InvalidInput(f"{name} must be an array, not a function: call it first, as in {name}=mean_fill(images)")
    try:
        array = np.asarray(values)
    except ValueError:
        raise InvalidInput(f"{name} must be one array, not a ragged list: all of one shape") from None
    if array.dtype == object:
        raise InvalidInput(f"{name} must be one array of numbers, not of Python objects: all of one shape")
    if array.dtype.kind == "b":
        raise InvalidInput(f"{name} must be floating point, not bool: cast them with .astype(numpy.float32)")
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise InvalidInput(f"{name} must be floating point, not {array.dtype}: divide 8-bit images by 255")
    array = array.astype(np.float32, copy=False)
    if array.size and not (np.isfinite(array.min()) and np.isfinite(array.max())):
        raise InvalidInput(f"{name} must be finite, {(~np.isfinite(array)).sum()} of its values are NaN or infinite")
    return array


def check_images(images: Any, name: str = "images", layout: str | None = None) -> np.ndarray:
    """Images, signals or volumes as float32 [n, ...one to three spatial axes, channels], channels last.

    Args: layout: "NHWC" or "NCHW" (signals "NLC" or "NCL", volumes "NDHWC" or "NCDHW"); None for channels last, and
    then images whose shape says that they come first are refused.
    Raises ValueError for what `check_numbers` refuses and for any other shape or layout.
    """
    array = check_numbers(images, name)
    if array.ndim not in LAYOUTS:
        raise InvalidInput(
            f"{name} must have the axes [n, height, width, channels] (signals [n, length, channels], volumes "
            f"[n, depth, height, width, channels]), not the shape {array.shape}"
        )
    last, first = LAYOUTS[array.ndim]
    if layout not in (None, last, first):
        raise InvalidInput(f"layout must be {last} or {first} for {name} of {array.ndim} axes, not {layout!r}")
    few = (1, 3, 4)
    if layout is None and array.shape[1] in few and min(array.shape[2:]) > max(few):
        raise InvalidInput(
            f"{name} of the shape {array.shape} look as if their channels came first: pass layout={first!r} (or "
            f"{last!r} if they do come last)"
        )
    return np.ascontiguousarray(np.moveaxis(array, 1, -1)) if layout == first else array


def channels_first(layout: str | None) -> bool:
    """Whether a layout that `check_images` took has the channels behind the batch."""
    return any(layout == first for _, first in LAYOUTS.values())


def check_score(score: Any) -> str:
    """One of `SCORES`; raises ValueError for anything else."""
    if score not in SCORES:
        raise InvalidInput(f"score must be one of {', '.join(SCORES)}, not {score!r}")
    return score


def check_shape(out: Any, batch: int, score: str) -> int:
    """How many classes a classifier tells apart, from its output (or the shape and dtype of it) for `batch` images.

    Raises ValueError unless it is one array of real numbers [batch, classes]; [batch] will do for scores that are no
    probabilities, and a single column will not do for those that are.
    """
    wanted = "probabilities" if score == "probability" else "scores"
    shape, dtype = getattr(out, "shape", None), getattr(out, "dtype", None)
    if shape is None or dtype is None:
        raise InvalidInput(
            f"predict must give {wanted} [batch, classes] as one array, not {type(out).__name__}: return that array"
        )
    real = jnp.issubdtype(dtype, jnp.floating) or (score == "value" and jnp.issubdtype(dtype, jnp.integer))
    few = score != "probability" and len(shape) == 1
    if not (len(shape) == 2 or few) or shape[0] != batch or not real or 0 in shape[1:]:
        raise InvalidInput(
            f"predict must give {wanted} [batch, classes]; for a batch of {batch} it gave {dtype}{shape}"
        )
    if score == "probability" and shape[1] == 1:
        raise InvalidInput(
            "predict gives one column, whose probabilities would all have to be 1: for one sigmoid p say "
            "score='sigmoid', or return jnp.concatenate([1 - p, p], -1); for any other number score='value'"
        )
    return 1 if few else shape[1]


def check_scores(scores: np.ndarray, score: str, dtype: Any = np.float32) -> None:
    """Raises ValueError unless scores [n, classes] are what `score` says, within what their `dtype` can.

    None may be NaN; sigmoids and probabilities lie in [0, 1], and the sum of an image's probabilities is 1.
    """
    if not scores.size:
        return
    if np.isnan(scores).any():
        wanted = "probabilities" if score == "probability" else "scores"
        raise InvalidInput(
            f"predict must give {wanted}, not NaN: look at its parameters and at the range of the images"
        )
    if score not in ("probability", "sigmoid"):
        return
    within = max(1e-3, 4 * float(jnp.finfo(dtype).eps))
    inside = scores.min() >= -within and scores.max() <= 1 + within
    if score == "sigmoid" and not inside:
        raise InvalidInput(
            f"predict must give sigmoids in [0, 1], not {scores.min():.4g}..{scores.max():.4g}: apply jax.nn.sigmoid, "
            "or say score='logit'"
        )
    if score == "sigmoid":
        return
    sums = scores.sum(-1, dtype=np.float64)
    worst = sums[np.argmax(np.abs(sums - 1))]
    if not abs(worst - 1) < within:
        remedy = "for many sigmoids say score='sigmoid'; wrap logits" if inside else "wrap logits"
        raise InvalidInput(
            f"predict must give probabilities that sum to 1, a row sums to {worst:.4g}: {remedy} in jax.nn.softmax, or "
            "say score='logit'"
        )
    if not inside:
        raise InvalidInput(
            f"predict must give probabilities in [0, 1], not {scores.min():.4g}..{scores.max():.4g}: say score='value' "
            "if they are none"
        )


def check_labels(labels: Any, count: int, classes: int) -> np.ndarray:
    """True labels as int [count]. Raises ValueError unless they are that many whole numbers in 0..classes - 1."""
    labels = np.asarray(labels)
    if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer):
        raise InvalidInput(
            f"labels must be {count} whole numbers, one an image, not {labels.dtype}{list(labels.shape)}"
        )
    if len(labels) and not (labels.min() >= 0 and labels.max() < classes):
        raise InvalidInput(f"labels must lie in 0..{classes - 1}, not {labels.min()}..{labels.max()}")
    return labels.astype(int)


def check_count(value: Any, name: str) -> int:
    """A whole number of at least 1; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InvalidInput(f"{name} must be a whole number of at least 1, not {value!r}")
    return int(value)


def per_axis(value: int | tuple[int, ...], name: str, axes: int) -> tuple[int, ...]:
    """`value` for each of `axes` axes: one number for all, or one for each.

    Raises ValueError unless all are positive whole numbers and as many as there are axes.
    """
    numbers: tuple = (value,) * axes if np.ndim(value) == 0 else tuple(value)  # type: ignore[arg-type]
    whole = all(isinstance(v, int | np.integer) and not isinstance(v, bool) and v > 0 for v in numbers)
    if len(numbers) != axes or not whole:
        many = {1: "one positive whole number", 2: "one or two positive whole numbers"}
        raise InvalidInput(f"{name} must be {many.get(axes, f'one or {axes} positive whole numbers')}, not {value!r}")
    return tuple(map(int, numbers))


def pair(value: int | tuple[int, int], name: str) -> tuple[int, int]:
    """`value` as (vertical, horizontal). Raises ValueError unless it is one or two positive whole numbers."""
    vertical, horizontal = per_axis(value, name, 2)
    return vertical, horizontal
