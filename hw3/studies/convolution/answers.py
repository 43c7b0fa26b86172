"""Document 004's problem 2: what it claims of convolution, pooling and receptive fields, our verdicts, and the numbers.

Takes the `results.json` of `measure_convolution.py` as a dict.
"""

import numpy as np

from hw3.report.page import Answer, Figure, Results, Table
from hw3.report.words import enumerated, percent
from hw3.studies.claim_words import answer, mean


def convolution(results: Results) -> Answer:
    """Problem 2 (1)."""
    layers = results["layers"]
    seconds = results["timing"]["seconds"]
    ways = {"convolution": "convolution", "local": "local, no sharing", "dense": "dense"}
    rows = [
        (
            f"{name}: {ways[kind]}",
            f"{layer[kind]['parameters']:,}",
            f"{layer[kind]['flops']:,}",
            f"{1e3 * np.median(seconds[name][kind]):.3g}",
        )
        for name, layer in layers.items()
        for kind in ways
    ]
    few = results["few_images"]
    accuracy = {kind: mean(few["accuracy"], i, 0) for i, kind in enumerate(few["kinds"])}
    return answer(
        results,
        ("2 (1)",),
        "2 (1)",
        "Why convolution rather than dense layers?",
        f"Trained on {few['counts'][0]} images, networks of two layers get {percent(accuracy['convolution'], 1)} of "
        f"the test images right if these are convolutions and {percent(accuracy['dense'], 1)} if they are dense.",
        [
            Figure(
                "convolution/cost.png", "The three convolutions of document 004's network, and what could replace them."
            ),
            Figure("convolution/few_images.png", "Equal steps for all; means over seeds with 95% intervals."),
        ],
        [
            Table(
                f"One layer with the same input and output; times are medians for {results['timing']['batch']} images",
                ("layer", "parameters", "operations per image", "milliseconds"),
                rows,
            )
        ],
    )


def pooling(results: Results) -> Answer:
    """Problem 2 (2)."""
    found = results["shifts"]
    far = found["distances"][-1]
    near = found["distances"][0]
    lines = [
        f"{version} {percent(mean(found['flipped'], i, 0), 1)} and {percent(mean(found['flipped'], i, -1), 1)}"
        for i, version in enumerate(found["versions"])
    ]
    canvas = results["canvas"]
    side = canvas["sizes"][-1]
    direct, resized = (
        [f"{percent(mean(run[name], -1), 1)} ({way})" for way, run in canvas["ways"].items()]
        for name in ("direct", "resized")
    )
    return answer(
        results,
        ("2 (2)",),
        "2 (2)",
        "What does pooling give?",
        f"Predictions that a shift by {near} and by {far} pixels changes: {enumerated(lines)}. With global pooling the "
        f"network takes images of {side}x{side} pixels as they are and gets {enumerated(direct)} right; with a "
        f"classifier of fixed size, which needs them scaled back, {enumerated(resized)}.",
        [
            Figure("convolution/shifts.png", "Means over test images, four directions and seeds, with 95% intervals."),
            Figure("convolution/canvas.png", "Means over seeds with 95% intervals."),
        ],
    )


def trained_network(results: Results) -> Answer:
    """Problem 2 (3)."""
    layers = results["by_hand"]
    worst = max(layers, key=lambda layer: layer["float32"])
    return answer(
        results,
        ("2 (3)",),
        "2 (3)",
        "What is a trained convolutional network?",
        f"Its kernels: laid over the input place by place in NumPy they give every feature map of "
        f"{enumerated([layer['layer'] for layer in layers])} again, in float64 to "
        f"{max(layer['float64'] for layer in layers):.1e} of the largest activation, and in the network's own float32 "
        f"to {worst['float32']:.1e} ({worst['layer']}).",
        [Figure("convolution/by_hand.png", "One filter of the first layer on one test image.")],
    )


def receptive_fields(results: Results) -> Answer:
    """Problem 2 (4)."""
    found = results["fields"]
    last = found["layers"][-1]
    stack = results["stack"]
    return answer(
        results,
        ("2 (4)",),
        "2 (4)",
        "Do sparse connections see the whole image?",
        f"A unit in the middle of {last['layer']} of the network {results['model']} has a path to "
        f"{last['side']}x{last['side']} pixels, {percent(last['side'] ** 2 / found['pixels'], 1)} of the image; those "
        f"that matter (effective field, Luo et al., arXiv:1701.04128) make a square of {np.mean(last['random']):.1f} "
        f"pixels a side with random and of {np.mean(last['trained']):.1f} with the trained weights. On top of "
        f"{stack['depths'][-1]} 3x3 convolutions it is {mean(stack['sides'], -1):.1f} of "
        f"{2 * stack['depths'][-1] + 1} pixels. The spread of the trained network is over {found['groups']} groups of "
        "test images, that of the others over random weights.",
        [
            Figure("convolution/receptive_fields.png", "White: the theoretical field. Colour: the gradient."),
            Figure("convolution/stack.png", "Side of the field against depth."),
        ],
        [
            Table(
                "Side of the field of the middle unit (pixels)",
                ("layer", "theoretical", "effective, random", "effective, trained"),
                [
                    (row["layer"], row["side"], f"{np.mean(row['random']):.1f}", f"{np.mean(row['trained']):.1f}")
                    for row in found["layers"]
                ],
            )
        ],
    )


def answers(results: Results) -> list[Answer]:
    """The answers in the order of the document."""
    return [part(results) for part in (convolution, pooling, trained_network, receptive_fields)]
