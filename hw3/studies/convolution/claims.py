"""Document 004's claims on convolution, pooling and receptive fields (its problem 2) as effects to be judged."""

import math

import numpy as np

from hw3.studies.convolution.by_hand import ByHand
from hw3.studies.convolution.canvas import Canvas
from hw3.studies.convolution.connectivity import Cost
from hw3.studies.convolution.cost import Costs
from hw3.studies.convolution.fields import Fields
from hw3.studies.convolution.measure import Results
from hw3.studies.convolution.pooling import AVERAGE, GLOBAL, MAX, STRIDE, VERSIONS
from hw3.studies.convolution.settings import Settings
from hw3.studies.convolution.shifts import Shifts
from hw3.studies.verdicts import Claim, Effect, effect, exact

POINTS = "percentage points"
TOLERANCE = 10.0  # %, within which two run times count as the same
ROUNDING = 2.0**-53  # of float64, relative


def cost(found: Costs) -> list[Claim]:
    """Problem 2 (1)."""

    def saving(dense: int, convolution: int) -> Effect:
        return exact(math.log10(dense / convolution))

    saved: dict[str, Effect] = {}
    cheaper: dict[str, Effect] = {}
    shared: dict[str, Effect] = {}
    unaffected: dict[str, Effect] = {}
    for layer in found.layers:
        dense: Cost = layer.dense
        convolution, local = layer.convolution, layer.local
        of_convolution, of_unfolded, of_local, of_dense = (np.asarray(values) for values in layer.seconds)
        saved[layer.name] = saving(dense.parameters, convolution.parameters)
        cheaper[f"operations, {layer.name}"] = saving(dense.flops, convolution.flops)
        cheaper[f"measured time, {layer.name}"] = effect(np.log10(of_dense / of_convolution))
        shared[layer.name] = exact(local.parameters - convolution.parameters)
        more = local.flops / convolution.flops - 1
        unaffected[f"operations, {layer.name}"] = exact(TOLERANCE - 100 * abs(more))
        change = effect(100 * (of_local / of_unfolded - 1))
        unaffected[f"measured time, {layer.name}"] = Effect(TOLERANCE - abs(change.mean), change.half_width)
    few = found.few_images
    return [
        Claim(
            "2 (1) 1",
            "convolution layers is dramatically more efficient than dense layers with respect to the memory capability",
            "powers of ten of parameters that it saves against the dense layer of the same input and output",
            "powers of ten",
            saved,
        ),
        Claim(
            "2 (1) 2",
            "[...] and statistical efficiency",
            "test images more that are right than with dense layers of the same sizes, trained on few images",
            POINTS,
            {f"{count} training images": effect(100 * few.convolution[:, i], 100 * few.dense[:, i])
             for i, count in enumerate(few.counts)},
        ),
        Claim(
            "2 (1) 3",
            "parameter sharing [...] will reduce the storage requirements of the model",
            "parameters more without sharing",
            "parameters",
            shared,
        ),
        Claim(
            "2 (1) 4",
            "The parameter sharing will not affect the runtime of forward propagation",
            f"{TOLERANCE:g}% less the size of the change without sharing (spread over repetitions)",
            "%",
            unaffected,
        ),
        Claim(
            "2 (1) 5",
            "dramatically more efficient [...]",
            "powers of ten of operations and of time in the forward pass that the convolution saves against the dense "
            "layer (spread of times over repetitions)",
            "powers of ten",
            cheaper,
        ),
    ]  # fmt: skip


def pooling(settings: Settings, side: int, shifts: Shifts, canvases: tuple[Canvas, ...]) -> list[Claim]:
    """Problem 2 (2). Args: side: of the images trained on, pixels."""
    features = 100 * shifts.feature_change[:, :, -1]
    pixels = 100 * shifts.pixel_change
    flipped, accuracy = 100 * shifts.flipped, 100 * shifts.accuracy
    pooled = {VERSIONS[version]: version for version in (MAX, AVERAGE)}

    def at(name: str, distance: int) -> str:
        return f"{name}, {distance} pixel{'s' if distance > 1 else ''}"

    def over_distances(name: str, values: np.ndarray) -> dict[str, Effect]:
        return {at(name, distance): effect(values[:, i]) for i, distance in enumerate(settings.distances)}

    return [
        Claim(
            "2 (2) 1",
            "Pooling helps to make the representation approximately invariant to small translations of the input.",
            "how much less the last maps change than with strides alone, of their size",
            "%",
            {key: value for name, version in pooled.items()
             for key, value in over_distances(name, features[:, STRIDE] - features[:, version]).items()},
        ),
        Claim(
            "2 (2) 2",
            "approximately invariant [...]",
            "how much less the last maps change than half of what the pixels change, of the size of either",
            "%",
            {key: value for name, version in pooled.items()
             for key, value in over_distances(name, pixels[None] / 2 - features[:, version]).items()},
        ),
        Claim(
            "2 (2) 3",
            "if we care more about whether some feature show than exactly where it is",
            "predictions fewer that a shift changes than with strides alone",
            POINTS,
            {key: value for name, version in pooled.items()
             for key, value in over_distances(name, flipped[:, STRIDE] - flipped[:, version]).items()},
        ),
        Claim(
            "2 (2) 4",
            "with pooling layer, it is more statistically efficient",
            f"test images more that are right than with strides alone, trained on {settings.train_images} images",
            POINTS,
            {name: effect(accuracy[:, version], accuracy[:, STRIDE]) for name, version in pooled.items()},
        ),
        Claim(
            "2 (2) 5",
            "For many tasks, pooling is essential for handling inputs of varying size.",
            f"test images more that are right with {VERSIONS[GLOBAL]} than with a classifier of fixed size that gets "
            "the image scaled back",
            POINTS,
            {f"{size}x{size} pixels, {canvas.way}": effect(100 * canvas.direct[:, i], 100 * canvas.resized[:, i])
             for canvas in canvases for i, size in enumerate(settings.canvas_sizes) if size != side},
        ),
    ]  # fmt: skip


def by_hand(found: ByHand) -> Claim:
    """Problem 2 (3)."""
    return Claim(
        "2 (3)",
        "the learned weights of a CNN is represented by the form of kernel which could be used to be applied to "
        "input and get the outputs",
        "the rounding of float64 for so many products less the largest difference of the feature maps from the "
        "same by hand, of the largest activation",
        "",
        {layer.layer: exact(layer.products * ROUNDING - layer.float64) for layer in found.layers},
    )


def fields(settings: Settings, pixels: int, found: Fields) -> list[Claim]:
    """Problem 2 (4). Args: pixels: of an image."""
    first, last, sides, depths = found.layers[0], found.layers[-1], found.stack, settings.depths
    top, bottom = last.field, first.field
    of_random, of_trained = (100 * np.asarray(values) ** 2 / pixels for values in (last.random, last.trained))
    return [
        Claim(
            "2 (4) 1",
            "The deeper the convolution network is, the wider the receptive fields of the units are.",
            f"side of the field of {top.layer}, more than that of {bottom.layer} (of the stack: of {depths[-1]} "
            f"layers, more than of {depths[0]})",
            "pixels",
            {
                "theoretical": exact(top.side - bottom.side),
                "effective, random weights": effect(last.random, first.random),
                "effective, trained weights": effect(last.trained, first.trained),
                "effective, stack of 3x3 convolutions": effect(sides[:, -1], sides[:, 0]),
            },
        ),
        Claim(
            "2 (4) 2",
            "units in the deeper layers can be indirectly connected to all or most of the input image",
            f"share of the image in the field of {top.layer}, more than half",
            POINTS,
            {
                "theoretical": exact(100 * top.side**2 / pixels - 50),
                "effective, random weights": effect(of_random - 50),
                "effective, trained weights": effect(of_trained - 50),
            },
        ),
        Claim(
            "2 (4) 3",
            "the sparse connect would not affect the representation of the input image if the depth of network is "
            "enough",
            "share of the theoretical field that is effective in a stack of 3x3 convolutions, more than half",
            POINTS,
            {
                f"{depth} layers": effect(100 * sides[:, i] ** 2 / (2 * depth + 1) ** 2 - 50)
                for i, depth in enumerate(depths)
            },
        ),
    ]


def claims(results: Results) -> list[Claim]:
    """The claims on all that was measured, in the order of the document."""
    settings, (height, width, _) = results.settings, results.image_shape
    found: list[Claim] = []
    if results.costs:
        found += cost(results.costs)
    if results.shifts and results.canvases:
        found += pooling(settings, height, results.shifts, results.canvases)
    if results.by_hand:
        found.append(by_hand(results.by_hand))
    if results.fields:
        found += fields(settings, height * width, results.fields)
    return found
