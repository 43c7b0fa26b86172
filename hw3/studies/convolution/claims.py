"""Document 004's claims on convolution, pooling and receptive fields (its problem 2) as effects to be judged.

Takes the numbers that `measure_convolution.py` measured, arrays with the seeds first.
"""

import math

import numpy as np

from hw3.report.page import Results
from hw3.studies.convolution.pooling import AVERAGE, GLOBAL, MAX, STRIDE, VERSIONS
from hw3.studies.verdicts import Claim, Effect, effect, exact

POINTS = "percentage points"
TOLERANCE = 10.0  # %, within which two run times count as the same
ROUNDING = 2.0**-53  # of float64, relative


def _saving(layer: Results, what: str) -> Effect:
    return exact(math.log10(layer["dense"][what] / layer["convolution"][what]))


def cost(layers: Results, few: Results, timing: Results) -> list[Claim]:
    """Problem 2 (1)."""
    saved = {name: _saving(layer, "parameters") for name, layer in layers.items()}
    cheaper: dict[str, Effect] = {}
    shared: dict[str, Effect] = {}
    unaffected: dict[str, Effect] = {}
    for name, layer in layers.items():
        seconds = {kind: np.asarray(values) for kind, values in timing["seconds"][name].items()}
        cheaper[f"operations, {name}"] = _saving(layer, "flops")
        cheaper[f"measured time, {name}"] = effect(np.log10(seconds["dense"] / seconds["convolution"]))
        shared[name] = exact(layer["local"]["parameters"] - layer["convolution"]["parameters"])
        ratio = layer["local"]["flops"] / layer["convolution"]["flops"]
        unaffected[f"operations, {name}"] = exact(TOLERANCE - 100 * abs(ratio - 1))
        change = effect(100 * (seconds["local"] / seconds["unfolded"] - 1))
        unaffected[f"measured time, {name}"] = Effect(TOLERANCE - abs(change.mean), change.half_width)
    accuracy = {kind: 100 * np.asarray(few["accuracy"])[:, i] for i, kind in enumerate(few["kinds"])}
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
            {f"{count} training images": effect(accuracy["convolution"][:, i], accuracy["dense"][:, i])
             for i, count in enumerate(few["counts"])},
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


def pooling(shifts: Results, canvas: Results) -> list[Claim]:
    """Problem 2 (2)."""
    features = 100 * np.asarray(shifts["feature_change"])[:, :, -1]
    pixels = 100 * np.asarray(shifts["pixel_change"])
    flipped, accuracy = (100 * np.asarray(shifts[name]) for name in ("flipped", "accuracy"))
    pooled = {VERSIONS[version]: version for version in (MAX, AVERAGE)}

    def at(name: str, distance: int) -> str:
        return f"{name}, {distance} pixel{'s' if distance > 1 else ''}"

    def over_distances(name: str, values: np.ndarray) -> dict[str, Effect]:
        return {at(name, distance): effect(values[:, i]) for i, distance in enumerate(shifts["distances"])}

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
            f"test images more that are right than with strides alone, trained on {shifts['train_images']} images",
            POINTS,
            {name: effect(accuracy[:, version], accuracy[:, STRIDE]) for name, version in pooled.items()},
        ),
        Claim(
            "2 (2) 5",
            "For many tasks, pooling is essential for handling inputs of varying size.",
            f"test images more that are right with {VERSIONS[GLOBAL]} than with a classifier of fixed size that gets "
            "the image scaled back",
            POINTS,
            {f"{size}x{size} pixels, {way}": effect(100 * np.asarray(found["direct"])[:, i],
                                                    100 * np.asarray(found["resized"])[:, i])
             for way, found in canvas["ways"].items()
             for i, size in enumerate(canvas["sizes"]) if size != canvas["trained"]},
        ),
    ]  # fmt: skip


def by_hand(layers: list[Results]) -> list[Claim]:
    """Problem 2 (3)."""
    return [
        Claim(
            "2 (3)",
            "the learned weights of a CNN is represented by the form of kernel which could be used to be applied to "
            "input and get the outputs",
            "the rounding of float64 for so many products less the largest difference of the feature maps from the "
            "same by hand, of the largest activation",
            "",
            {layer["layer"]: exact(layer["products"] * ROUNDING - layer["float64"]) for layer in layers},
        )
    ]


def fields(found: Results, stack: Results) -> list[Claim]:
    """Problem 2 (4)."""
    first, last = found["layers"][0], found["layers"][-1]
    sides = np.asarray(stack["sides"])
    share = {name: 100 * np.asarray(last[name]) ** 2 / found["pixels"] for name in ("random", "trained")}
    deepest = stack["depths"][-1]
    return [
        Claim(
            "2 (4) 1",
            "The deeper the convolution network is, the wider the receptive fields of the units are.",
            f"side of the field of {last['layer']}, more than that of {first['layer']} (of the stack: of {deepest} "
            f"layers, more than of {stack['depths'][0]})",
            "pixels",
            {
                "theoretical": exact(last["side"] - first["side"]),
                "effective, random weights": effect(last["random"], first["random"]),
                "effective, trained weights": effect(last["trained"], first["trained"]),
                "effective, stack of 3x3 convolutions": effect(sides[:, -1], sides[:, 0]),
            },
        ),
        Claim(
            "2 (4) 2",
            "units in the deeper layers can be indirectly connected to all or most of the input image",
            f"share of the image in the field of {last['layer']}, more than half",
            POINTS,
            {
                "theoretical": exact(100 * last["side"] ** 2 / found["pixels"] - 50),
                "effective, random weights": effect(share["random"] - 50),
                "effective, trained weights": effect(share["trained"] - 50),
            },
        ),
        Claim(
            "2 (4) 3",
            "the sparse connect would not affect the representation of the input image if the depth of network is "
            "enough",
            "share of the theoretical field that is effective in a stack of 3x3 convolutions, more than half",
            POINTS,
            {f"{depth} layers": effect(100 * sides[:, i] ** 2 / (2 * depth + 1) ** 2 - 50)
             for i, depth in enumerate(stack["depths"])},
        ),
    ]  # fmt: skip


def claims(results: Results) -> list[Claim]:
    """The claims on all that was measured, in the order of the document."""
    found: list[Claim] = []
    if "layers" in results:
        found += cost(results["layers"], results["few_images"], results["timing"])
    if "shifts" in results:
        found += pooling(results["shifts"], results["canvas"])
    if "by_hand" in results:
        found += by_hand(results["by_hand"])
    if "fields" in results:
        found += fields(results["fields"], results["stack"])
    return found
