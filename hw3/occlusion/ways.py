"""How a sweep or a search may be computed, and what is likely to take least time."""

import math
from typing import NamedTuple

import numpy as np

from hw3.errors import InvalidInput
from hw3.occlusion import boxes, convolutions, folding, incremental, locality, tiling
from hw3.occlusion.classification import Classifier
from hw3.occlusion.convolutions import Engine
from hw3.occlusion.jaxprs import Program

METHODS = ("auto", "dense", "incremental")

# The incremental evaluation by tiles takes about a quarter of a second longer to compile: in floating-point operations
# at 200 GFLOP/s, for a processor that computes faster also compiles faster.
COMPILING_WORK = 5e10
# And an equation of a program in boxes about a hundredth of a second.
EQUATION_WORK = 2e9
# Boxes take a second or more to compile: whole images would have to take so much work, and elsewhere than on a CPU,
# where as much takes far less time, so many times as much (an estimate: no GPU was at hand).
BOXES_WORK = 1.2e11
BEYOND_CPU = 20
# Several ways are compiled and timed where that is little beside the work.
TRYING_WORK = 2e12
# The part of the work that is left has to be smaller than the first for boxes to pay, and than the second to be sure of
# it without timing whole images as well.
WORTHWHILE, SURE = 0.85, 0.65

# Bytes of the clean maps that are kept on the device for an image at most: more and it is classified whole.
CLEAN_BYTES = 4_000_000_000

WITHOUT_YNNPACK = (("xla_cpu_experimental_ynn_fusion_type", ""),)
# Beside oneDNN's convolutions little is left that better code makes faster, and this compiles a fifth sooner.
BESIDE_ONEDNN = (*WITHOUT_YNNPACK, ("xla_backend_optimization_level", "1"))


class Way(NamedTuple):
    """A way to classify patched images, all with the same result to rounding."""

    plan: boxes.Division | tiling.Plan | None  # None: whole images
    engine: Engine
    program: Program | None  # what is computed: the classifier's own, or another one with the same result


def choose(
    method: str, classifier: Classifier, patch: tuple[int, ...], starts: np.ndarray, total: int
) -> tuple[Way, ...]:
    """The ways worth trying to classify `total` patched images, the one to begin with first.

    Args: starts: int32 [positions, axes], all first pixels of the patch, in lexicographic order.

    "auto" is incremental where the work that it spares is more than compiling takes, on one device. Convolutions are
    oneDNN's where it is at hand. Where there is much to do, `classify` times several ways: otherwise on CPU with and
    without XLA's YNNPACK, and whole images where boxes spare little. Where there is one way in boxes, on a CPU, and it
    spares more than compiling takes, positions near the edges have plans of their own.

    Raises ValueError for a method that isn't one of `METHODS`, and for "incremental" where it is impossible.
    """
    if method not in METHODS:
        raise InvalidInput(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    program, mesh = classifier.program, classifier.mesh
    alone = mesh.size == 1
    impossible = _impossible(classifier)
    if method == "incremental" and impossible:
        raise InvalidInput(f"method 'incremental' {impossible}: use dense or auto")
    plain = convolutions.plain(mesh)
    whole = Way(None, plain, program)
    if program is None or not len(starts):
        return (whole,)
    cpu = mesh.devices.flat[0].platform == "cpu"
    engines = _engines(program, alone) if cpu else (plain,)
    # oneDNN takes what follows a convolution along with it.
    fast = folding.fold(program) if engines[0].convolutions == "onednn" and program.batch == 1 else program
    work = sum(locality.work(equation, program.shapes) for equation in program.equations) / program.batch
    enough = BOXES_WORK if cpu else BEYOND_CPU * BOXES_WORK
    several = alone and total * work > TRYING_WORK
    if impossible or method == "dense":
        if total * work < enough:
            return (whole,)
        return tuple(Way(None, each, fast) for each in engines[: None if several else 1])
    by_tiles = tiling.plan(program, (patch[0], patch[1])) if len(patch) == 2 else None
    by_boxes = boxes.undivided(fast, patch, starts.tobytes())
    left = 1 - by_tiles[1] / work if by_tiles else math.inf
    if method == "incremental":
        if by_tiles and left < by_boxes.part:
            return (Way(by_tiles[0], plain, program),)
        best = _divided(by_boxes, fast, patch, total * work) if cpu else by_boxes
        return (Way(best, engines[0], fast),)
    if by_tiles and cpu and left < by_boxes.part and total * by_tiles[1] > COMPILING_WORK:
        return (Way(by_tiles[0], plain, program),)
    if total * work < enough:
        return (whole,)
    plans: list[boxes.Division | None] = [None]
    if by_boxes.part < WORTHWHILE and incremental.clean_bytes(fast, by_boxes) < CLEAN_BYTES:
        plans = [by_boxes] if by_boxes.part < SURE else [by_boxes, None]
    ways = tuple(Way(plan, each, fast) for plan in plans for each in engines)
    if several and len(ways) > 1:
        return ways
    if cpu and plans[0]:
        plans = [_divided(plans[0], fast, patch, total * work)]
    return (Way(plans[0], engines[0], fast),)


def _divided(one: boxes.Division, program: Program, patch: tuple[int, ...], work: float) -> boxes.Division:
    """The positions divided among several plans where that spares more than it takes to compile them.

    Args: work: floating-point operations of whole images instead.
    """
    several = boxes.divided(program, patch, one.positions.tobytes())
    compiling = EQUATION_WORK * len(several.plans) * len(program.equations)
    pays = (one.part - several.part) * work > compiling
    return several if pays and incremental.clean_bytes(program, several) < CLEAN_BYTES else one


def _engines(program: Program, alone: bool) -> tuple[Engine, ...]:
    """How to compute on a CPU, what is likelier the faster first: XLA's YNNPACK is slow on wide convolutions."""
    if alone and convolutions.by_onednn(program):
        return (Engine("onednn", BESIDE_ONEDNN),)
    work = wide = 0.0
    for equation in program.equations:
        if equation.primitive.name == convolutions.CONVOLUTION:
            amount = locality.work(equation, program.shapes)
            kernel, numbers = equation.inputs[1], equation.params["dimension_numbers"]
            shape = locality.shape_of(program.shapes, kernel)
            work += amount
            if max(shape[axis] for axis in numbers.rhs_spec[2:]) > 1 and equation.params["feature_group_count"] == 1:
                wide += amount
    options = (WITHOUT_YNNPACK, ()) if wide > 0.6 * work > 0 else ((), WITHOUT_YNNPACK)
    return tuple(Engine("taps", each) for each in options)


def _impossible(classifier: Classifier) -> str:
    """Why there is no incremental evaluation; empty if there is."""
    if classifier.program is None:
        return "needs a classifier that JAX traces, not one with jit=False"
    if classifier.program.batch > 1:
        return "needs a classifier that takes a single image, too"
    if classifier.mesh.size > 1:
        return f"runs on one device and the mesh has {classifier.mesh.size}"
    return ""
