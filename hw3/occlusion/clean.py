"""Images without a patch: their scores, the maps kept of them, and that each is classified by itself."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from hw3 import batches
from hw3.compilation import QUICKLY
from hw3.errors import InvalidInput
from hw3.occlusion import batched, boxes, classification, incremental, jaxprs
from hw3.occlusion.classification import Classifier
from hw3.occlusion.incremental import Maps
from hw3.occlusion.jaxprs import Program
from hw3.occlusion.ways import Way


def scores_and_maps(
    classifier: Classifier, way: Way, images: np.ndarray, batch_size: int, fills: np.ndarray
) -> tuple[np.ndarray, Maps | None]:
    """What `scores` gives, and the maps of the first image if this way keeps maps: one program makes both.

    That and the programs that classify images with patches of these fills, as `evaluation.Patched` has them, are
    compiled at the same time. Args: batch_size: images with patches in a batch, at most.
    """
    program, division = way.program, way.plan
    if program is None or not isinstance(division, boxes.Division):
        return scores(classifier, images, batch_size), None
    run = incremental.clean(program, division, way.engine)
    first: list[Maps] = []
    everywhere = NamedSharding(classifier.mesh, PartitionSpec())
    image, shown = (jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=everywhere) for a in (images[:1], fills))
    run.begin(classifier.constants, image)
    kept = [
        jax.ShapeDtypeStruct(each.shape, each.dtype, sharding=everywhere)
        for each in run.results(classifier.constants, image)[0]
    ]
    for plan in division.plans:
        size = division.batch(plan, batch_size)
        tables = incremental.layout(program, plan).tables(np.resize(plan.positions, (size, plan.positions.shape[1])))
        maps = incremental.of_plan(program, division, plan, kept)
        incremental.scores(program, plan, way.engine).begin(maps, shown, np.zeros(size, np.int32), tables)
    _of_several(classifier, images.shape[1:])  # for what it finds out while the others are compiled

    def one(image: np.ndarray) -> jax.Array:
        maps, found = run(classifier.constants, batches.replicated(classifier.mesh, image))
        if not first:
            # The square root of a negative variance, perhaps.
            classification.check_parameters(incremental.made_of_parameters(program, division, maps))
            first.append(maps)
        return found

    return scores(classifier, images, 1, one), first[0]


def scores(
    classifier: Classifier,
    images: np.ndarray,
    batch_size: int,
    run: Callable[[np.ndarray], Any] | None = None,
) -> np.ndarray:
    """Scores float32 [n, classes] of images without a patch, checked; and once, that each is classified by itself.

    Args: batch_size: images on each device at most. run: the scores of a batch of images, if not of the whole program.
    Raises ValueError if they are not what they are said to be, or if those of an image depend on the others'.
    """
    classify = run or functools.partial(_whole, classifier)
    found = np.empty((len(images), classifier.classes), np.float32)
    devices = classifier.mesh.size
    size = classifier.fixed * devices if classifier.fixed else batches.equal_batch(len(images), batch_size, devices)
    for flat, valid in batches.in_sizes(len(images), (size,)):
        found[flat[:valid]] = np.asarray(classify(images[flat]))[:valid]
        classifier.check(found[flat[:valid]])
        if flat[0] == 0:
            _check_independence(classifier, images[0], found[0])
    return found


def _whole(classifier: Classifier, images: np.ndarray) -> jax.Array | np.ndarray:
    none = np.zeros((len(images), 2 * (images.ndim - 2)), np.int32)
    return classification.occluded_scores(classifier, images, images[:1], np.arange(len(images), dtype=np.int32), none)


def _of_several(classifier: Classifier, image_shape: tuple[int, ...]) -> tuple[Program, tuple[Any, ...]] | None:
    """The traced classifier's program for several images, and its arrays; None if it is known or if the program shows
    that it classifies each by itself, which is then known."""
    program, constants = classifier.program, classifier.constants
    assert program is not None
    known = classification.record(program).facts
    if known.get("independent"):
        return None
    if not classifier.fixed:
        try:
            program, constants, _ = jaxprs.trace(
                classifier.function, jax.ShapeDtypeStruct((2, *image_shape), jnp.float32)
            )
        except Exception:  # a function of one image at a time: there are no others to depend on
            program = None
    if program is None or program.batch == 1 or batched.independent(classifier.program, program):  # type: ignore[arg-type]
        known["independent"] = True
        return None
    return program, constants


def _check_independence(classifier: Classifier, image: np.ndarray, expected: np.ndarray) -> None:
    """Raises ValueError if the scores of an image are others beside other images, or in another place of the batch."""
    known = classification.record(classifier.program).facts if classifier.program else {}
    if known.get("independent"):
        return
    ramp = np.linspace(image.min(), image.max() + 1e-3, image.size, dtype=np.float32).reshape(image.shape)
    other = 0.5 * (ramp + image[::-1])
    count = classifier.fixed or 2
    both = np.stack([image] * count), np.stack([image, *[other] * (count - 1)])
    if classifier.program is None:
        found = [classification.as_numpy(classifier.function(batch)) for batch in both]
        low = False
    else:
        several = _of_several(classifier, image.shape)
        if several is None:
            return
        program, constants = several
        run = jax.jit(functools.partial(classification.apply, program), compiler_options=QUICKLY)
        constants = batches.replicated(classifier.mesh, constants)  # not where their owner keeps them
        found = [np.asarray(run(constants, batches.replicated(classifier.mesh, batch))) for batch in both]
        low = any(jnp.issubdtype(s.dtype, jnp.floating) and s.dtype.itemsize < 4 for s in program.shapes.values())
    places = ((found[0], 0), (found[0], -1), (found[1], 0))
    rows = [scores.reshape(count, -1)[row].astype(np.float32) for scores, row in places]
    differ = max(float(np.abs(row - expected).max()) for row in rows)
    rounding = 0.05 if low else 1e-4 if classifier.mesh.devices.flat[0].platform == "cpu" else 5e-3
    if differ > rounding * max(1.0, float(np.abs(expected).max())):
        raise InvalidInput(
            f"predict gives an image other scores beside other images than alone (by {differ:.2g}): "
            f"{classification.TO_EVALUATION}"
        )
    known["independent"] = True
