"""A classifier that somebody brought, made ready: traced as it is at this moment, tried, and run batch by batch.

`prepare` traces `predict` anew at every call (`hw3.occlusion.jaxprs`), so what is classified is what the weights are
now, while what has been compiled is found again by what it computes. Functions that JAX can't trace are called as they
are, with NumPy arrays.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from hw3 import batches, classifiers
from hw3.classifiers import Predict
from hw3.errors import InvalidInput
from hw3.occlusion import batched, convolutions, distinct, jaxprs, surroundings
from hw3.occlusion.convolutions import STOCK, Engine
from hw3.occlusion.jaxprs import Program

# Compiled programs that are kept at most; the one not used for longest goes first.
PROGRAMS = 32

TO_EVALUATION = (
    "switch batch normalisation and dropout to evaluation (train=False, use_running_average=True, deterministic=True, "
    "training=False, model.eval())"
)


class Classifier(NamedTuple):
    """What `prepare` makes of a function."""

    program: Program | None  # None for a function that JAX doesn't trace
    constants: tuple[Any, ...]  # the arrays that the function closes over, on the mesh
    function: Callable[[Any], Any]  # the same, channels last
    image_shape: tuple[int, ...]
    classes: int
    dtype: Any  # of the scores, before they become float32
    score: str
    mesh: Mesh
    fixed: int | None  # images that every device gets in every batch, if it must always be the same number

    def check(self, scores: np.ndarray) -> None:
        """Raises ValueError unless scores [n, classes] are what they are said to be."""
        classifiers.check_scores(scores, self.score, self.dtype)


class Record(NamedTuple):
    """What is known of a program from earlier calls."""

    facts: dict[Any, Any]


@functools.lru_cache(maxsize=PROGRAMS)
def record(program: Program | None) -> Record:
    """The same record for equal programs."""
    return Record({})


def prepare(
    predict: Predict,
    image_shape: tuple[int, ...],
    *,
    score: str,
    layout: str | None,
    jit: bool,
    batch_size: int | None,
    limit: int,
    mesh: Mesh,
) -> Classifier:
    """`predict` as it is now.

    Args:
      image_shape: of an image, channels last.
      score, layout: as in `hw3.classifiers`.
      jit: whether JAX may trace it.
      batch_size: images that each device gets in every batch, if the caller said so.
      limit: how many it gets at most.

    Raises ValueError for a function that gives no scores, that JAX can't trace, or whose arrays hold NaN.
    """
    if not callable(predict):
        raise InvalidInput(f"predict must be a function of images, not {type(predict).__name__}")
    function: Callable[[Any], Any] = _channels_first(predict) if classifiers.channels_first(layout) else predict
    if not jit:
        count = batch_size or 2
        zeros = np.zeros((count, *image_shape), np.float32)
        classes = classifiers.check_shape(as_numpy(function(zeros)), count, score)
        return Classifier(None, (), function, image_shape, classes, np.float32, score, mesh, batch_size)
    program, constants, out, fixed = _trace(predict, function, image_shape, score, batch_size, limit)
    classes = classifiers.check_shape(out, program.batch, score)
    surroundings.check(*constants)
    check_parameters(constants)
    constants = batches.replicated(mesh, constants)
    return Classifier(program, constants, function, image_shape, classes, out.dtype, score, mesh, fixed)


def _channels_first(predict: Predict) -> Predict:
    """`predict` of images whose channels come last."""

    def moved(images: Any) -> Any:
        if isinstance(images, np.ndarray):
            return predict(np.ascontiguousarray(np.moveaxis(images, -1, 1)))  # type: ignore[arg-type]
        return predict(jnp.moveaxis(images, -1, 1))

    return moved


def _trace(
    predict: Predict, function: Predict, image_shape: tuple[int, ...], score: str, batch_size: int | None, limit: int
) -> tuple[Program, tuple[Any, ...], Any, int | None]:
    """The program for one image; or, where it can't be had, for a whole batch, and then the size of that."""

    def traced(count: int) -> tuple[Program, tuple[Any, ...], Any]:
        program, constants, out = jaxprs.trace(function, jax.ShapeDtypeStruct((count, *image_shape), jnp.float32))
        classifiers.check_shape(out, count, score)
        return program, constants, out

    try:
        return *traced(1), None
    except Exception as single:  # whatever a user's function raises
        size = batch_size or max(2, limit)
        try:
            return *traced(size), size
        except Exception as error:
            if batch_size is None and isinstance(single, ValueError) and str(single).startswith("predict "):
                raise single from None
            if isinstance(error, ValueError) and str(error).startswith("predict "):
                raise error from None
            raise InvalidInput(_why_untraced(predict, error, batch_size)) from error


def _why_untraced(predict: Predict, error: Exception, batch_size: int | None) -> str:
    """One line about what a function raised."""
    said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    owner = getattr(predict, "__self__", None)
    if getattr(predict, "__name__", "") == "apply" and hasattr(owner, "init"):
        return (
            "predict is the method apply of a model, which wants its parameters first: pass "
            f"jax.tree_util.Partial(model.apply, variables) ({said})"
        )
    if "mutat" in said.lower():
        return f"predict changes state while it classifies: {TO_EVALUATION} ({said})"
    fixed = "" if batch_size else ", if it takes batches of one size alone say batch_size"
    return f"predict can't be traced by JAX: if it is NumPy's, PyTorch's or other code pass jit=False{fixed} ({said})"


def check_parameters(arrays: Iterable[Any]) -> None:
    """Raises ValueError if an array holds NaN, of which XLA and oneDNN make numbers on CPU (their ReLU of NaN is 0)."""
    for array in arrays:
        if not jnp.issubdtype(array.dtype, jnp.floating):
            continue
        flat = np.asarray(array).reshape(-1)
        # A sum of squares is NaN for NaN alone; the product is at the speed of the memory.
        flat = flat if flat.dtype in (np.float32, np.float64) else flat.astype(np.float32)
        with np.errstate(over="ignore"):
            if np.isnan(np.dot(flat, flat)):
                shape = list(array.shape)
                raise InvalidInput(
                    f"predict's parameters hold NaN, in an array of the shape {shape}: train or load again"
                )


def as_numpy(scores: Any) -> np.ndarray:
    """An array of NumPy's, JAX's, PyTorch's (also one that wants gradients) or any other library's."""
    if hasattr(scores, "detach"):
        scores = scores.detach().cpu()
    return np.asarray(scores)


def apply(program: Program, constants: tuple[Any, ...], images: jax.Array, engine: Engine = STOCK) -> jax.Array:
    """Scores float32 [batch, classes] of as many images as there are, or as the program takes."""
    if program.batch > 1:
        return program(constants, images).reshape(len(images), -1).astype(jnp.float32)
    values: dict[Any, Any] = dict(zip(program.constants, constants, strict=True)) | {program.images: images}
    batched.run(program.equations, values, {program.images}, program.shapes, len(images), engine)
    return result(program, values, len(images))


def result(program: Program, values: dict[Any, Any], count: int) -> jax.Array:
    """Scores float32 [count, classes] from the values of as many images; the same for all if no image changes them."""
    scores = jnp.asarray(jaxprs.read(values, program.result)).astype(jnp.float32)
    return jnp.broadcast_to(scores.reshape(len(scores), -1), (count, scores.size // len(scores)))


@functools.lru_cache(maxsize=PROGRAMS)
def _occluded(program: Program, mesh: Mesh, engine: Engine) -> Callable[..., jax.Array]:
    """The compiled function behind `occluded_scores`."""

    def part(constants: tuple[Any, ...], *arrays: jax.Array) -> jax.Array:
        return apply(program, constants, jax.vmap(_patch, in_axes=(None, None, 0, 0))(*arrays), engine)

    return jax.jit(batches.split(mesh, 3, part), compiler_options=dict(engine.options))


def _patch(images: jax.Array, fills: jax.Array, scene: jax.Array, box: jax.Array) -> jax.Array:
    """The image of a scene with its fill showing inside a box."""
    image, fill = (array[jnp.minimum(scene, len(array) - 1)] for array in (images, fills))
    return jnp.where(distinct.inside(box, image.shape[:-1]), fill, image)


def occluded_scores(
    classifier: Classifier,
    images: Any,
    fills: Any,
    scene: np.ndarray,
    box: np.ndarray,
    engine: Engine | None = None,
) -> jax.Array | np.ndarray:
    """Scores float32 [batch, classes] of images[scene] with fills[scene] showing inside boxes, perhaps on their way.

    Args:
      images, fills: float32 [1 or scenes, ...], on the classifier's mesh if it is traced; one serves all scenes.
      scene: int32 [batch]. box: int32 [batch, 2 axes], first and last (one beyond) pixels; zeros for no patch.
      engine: how to compute it; what compiles soonest if None.
    """
    if classifier.program is not None:
        run = _occluded(classifier.program, classifier.mesh, engine or convolutions.plain(classifier.mesh))
        return run(classifier.constants, images, fills, scene, box)
    axes = box.shape[1] // 2
    batch = np.empty((len(scene), *classifier.image_shape), np.float32)
    for one, s, corners in zip(batch, scene, box, strict=True):
        window = tuple(map(slice, corners[:axes], corners[axes:]))
        one[:] = images[min(s, len(images) - 1)]
        one[window] = fills[min(s, len(fills) - 1)][window]
    scores = as_numpy(classifier.function(batch))
    classifiers.check_shape(scores, len(batch), classifier.score)
    return scores.reshape(len(batch), -1).astype(np.float32)
