"""Document 004's problem 2: what it claims of convolution, pooling and receptive fields, and our verdicts."""

import numpy as np

from hw3.report.page import Answer, Figure
from hw3.report.words import enumerated, percent
from hw3.studies import verdicts
from hw3.studies.claim_words import effect_table, mean, published, summary
from hw3.studies.convolution import claims as of_document
from hw3.studies.convolution.by_hand import ByHand
from hw3.studies.convolution.canvas import Canvas
from hw3.studies.convolution.cost import Costs
from hw3.studies.convolution.fields import Fields
from hw3.studies.convolution.figures import BY_HAND, CANVAS, COST, FEW_IMAGES, RECEPTIVE_FIELDS, SHIFTS, STACK
from hw3.studies.convolution.measure import Results
from hw3.studies.convolution.pooling import MAX, STRIDE, VERSIONS
from hw3.studies.convolution.settings import NAME, Settings
from hw3.studies.convolution.shifts import Shifts
from hw3.studies.convolution.tables import canvas_table, cost_table, field_table, shift_table
from hw3.studies.verdicts import HELD, effect


def convolution(settings: Settings, found: Costs) -> Answer:
    """Problem 2 (1)."""
    claims = of_document.cost(found)
    names = ("fewer parameters", "better from few images", "savings by sharing", "sharing at no time", "less work")
    few = found.few_images
    return Answer(
        "004: 2 (1)",
        "Why convolution rather than dense layers?",
        summary(claims, names),
        f"Trained on {few.counts[0]:,} images, networks of {len(settings.connected)} layers get "
        f"{percent(mean(few.convolution, 0), 1)} of the test images right if these are convolutions and "
        f"{percent(mean(few.dense, 0), 1)} if they are dense.",
        [
            Figure(f"{NAME}/{COST}", "The convolutions of document 004's network, and what could replace them."),
            Figure(f"{NAME}/{FEW_IMAGES}", "Equal steps for all; means over seeds with 95% intervals."),
        ],
        [cost_table(settings, found), effect_table(claims)],
        published(claims),
        (NAME,),
    )


def pooling(settings: Settings, side: int, found: Shifts, canvases: tuple[Canvas, ...]) -> Answer:
    """Problem 2 (2). Args: side: of the images trained on, pixels."""
    claims = of_document.pooling(settings, side, found, canvases)
    names = ("maps steadier", "maps nearly unmoved", "predictions steadier", "better from few images",
             "better in other sizes")  # fmt: skip
    near, largest = settings.distances[0], settings.canvas_sizes[-1]
    flipped = [percent(mean(found.flipped, version, 0), 1) for version in (MAX, STRIDE)]
    sizes = [
        f"{percent(mean(canvas.direct, -1), 1)} against {percent(mean(canvas.resized, -1), 1)} ({canvas.way})"
        for canvas in canvases
    ]
    return Answer(
        "004: 2 (2)",
        "What does pooling give?",
        summary(claims, names),
        f"A shift by {near} pixel{'s' if near > 1 else ''} changes {flipped[0]} of the predictions with "
        f"{VERSIONS[MAX]}, {flipped[1]} with {VERSIONS[STRIDE]}. Images of {largest}x{largest} pixels right with "
        f"global pooling, which takes them as they are, against a classifier of fixed size, which needs them scaled "
        f"back: {enumerated(sizes)}.",
        [
            Figure(f"{NAME}/{SHIFTS}", "Means over test images, four directions and seeds, with 95% intervals."),
            Figure(f"{NAME}/{CANVAS}", "Means over seeds with 95% intervals."),
        ],
        [shift_table(settings, found), canvas_table(settings, canvases), effect_table(claims)],
        published(claims),
        (NAME,),
    )


def trained_network(found: ByHand) -> Answer:
    """Problem 2 (3)."""
    claim = of_document.by_hand(found)
    same = verdicts.verdict(claim) == HELD
    worst = max(found.layers, key=lambda layer: layer.float32)
    largest = max(layer.float64 for layer in found.layers)
    return Answer(
        "004: 2 (3)",
        "What is a trained convolutional network?",
        f"Its kernels: laid over the input by hand they {'give' if same else 'do not give'} every feature map again"
        f"{', to' if same else ': they miss by up to'} {largest:.1e} of the largest activation in float64.",
        f"In NumPy, place by place, for {enumerated([layer.layer for layer in found.layers])}; in the network's own "
        f"float32 the largest difference is {worst.float32:.1e} ({worst.layer}).",
        [Figure(f"{NAME}/{BY_HAND}", "One filter of the first layer on one test image.")],
        [effect_table([claim])],
        published([claim]),
        (NAME,),
    )


def receptive_fields(settings: Settings, model: str, image_shape: tuple[int, ...], found: Fields) -> Answer:
    """Problem 2 (4)."""
    pixels = image_shape[0] * image_shape[1]
    claims = of_document.fields(settings, pixels, found)
    last, deepest = found.layers[-1], settings.depths[-1]
    name, side = last.field.layer, last.field.side
    narrower = effect(side - np.asarray(last.trained)).holds
    matters = "but the pixels that matter fill only" if narrower else "and as far as seen all matter:"
    return Answer(
        "004: 2 (4)",
        "Do sparse connections see the whole image?",
        f"A middle unit of {name} has a path to {side}x{side} pixels, {percent(side**2 / pixels, 1)} of the image, "
        f"{matters} {np.mean(last.trained):.1f}x{np.mean(last.trained):.1f}.",
        f"That is of the network {model} as trained; with random weights the effective field (Luo et al., "
        f"arXiv:1701.04128) has {np.mean(last.random):.1f} pixels a side. On top of {deepest} 3x3 convolutions it has "
        f"{mean(found.stack, -1):.1f} of {2 * deepest + 1}. The spread of the trained network is over {found.groups} "
        "groups of test images, that of the others over random weights.",
        [
            Figure(f"{NAME}/{RECEPTIVE_FIELDS}", "White: the theoretical field. Colour: the gradient."),
            Figure(f"{NAME}/{STACK}", "Side of the field against depth."),
        ],
        [field_table(found), effect_table(claims)],
        published(claims),
        (NAME,),
    )


def answers(results: Results) -> list[Answer]:
    """The answers to what was measured, in the order of the document."""
    settings = results.settings
    found = []
    if results.costs:
        found.append(convolution(settings, results.costs))
    if results.shifts and results.canvases:
        found.append(pooling(settings, results.image_shape[0], results.shifts, results.canvases))
    if results.by_hand:
        found.append(trained_network(results.by_hand))
    if results.fields:
        found.append(receptive_fields(settings, results.model, results.image_shape, results.fields))
    return found
