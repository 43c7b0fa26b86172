"""What became of the claims, and the numbers behind them, as tables for the console, the page and files."""

import numpy as np

from hw3.report.page import Table
from hw3.report.words import percent
from hw3.studies.claim_words import effects_file, mean, verdict_table
from hw3.studies.convolution.canvas import Canvas
from hw3.studies.convolution.claims import claims
from hw3.studies.convolution.connectivity import Cost
from hw3.studies.convolution.cost import Costs, LayerCosts
from hw3.studies.convolution.fields import Fields
from hw3.studies.convolution.measure import Results
from hw3.studies.convolution.pooling import VERSIONS
from hw3.studies.convolution.settings import Settings
from hw3.studies.convolution.shifts import Shifts

CLAIMS = "claims.csv"
KIND_NAMES = ("convolution", "local, no sharing", "dense")


def tables(results: Results) -> list[Table]:
    """The verdicts, and what was measured of layers, shifts, sizes and fields."""
    settings = results.settings
    found = [verdict_table(claims(results))]
    if results.costs:
        found.append(cost_table(settings, results.costs))
    if results.shifts:
        found.append(shift_table(settings, results.shifts))
    if results.canvases:
        found.append(canvas_table(settings, results.canvases))
    if results.fields:
        found.append(field_table(results.fields))
    return found


def files(results: Results) -> dict[str, Table]:
    """Every effect, by file name."""
    return {CLAIMS: effects_file(claims(results))}


def by_kind(layer: LayerCosts) -> list[tuple[Cost, tuple[float, ...]]]:
    """Costs and seconds of a layer, in the order of `KIND_NAMES`."""
    seconds = layer.seconds
    return [(layer.convolution, seconds.convolution), (layer.local, seconds.local), (layer.dense, seconds.dense)]


def cost_table(settings: Settings, found: Costs) -> Table:
    """What each layer of document 004's network costs, and what could replace it."""
    rows = []
    for layer in found.layers:
        for name, (cost, seconds) in zip(KIND_NAMES, by_kind(layer), strict=True):
            milliseconds = f"{1e3 * np.median(seconds):.3g}"
            rows.append((f"{layer.name}: {name}", f"{cost.parameters:,}", f"{cost.flops:,}", milliseconds))
    return Table(
        f"One layer with the same input and output; times are medians for {settings.timed_images} images",
        ("layer", "parameters", "operations per image", "milliseconds"),
        rows,
    )


def shift_table(settings: Settings, found: Shifts) -> Table:
    """Predictions that a shift changes."""
    return Table(
        "Predictions that a shift by so many pixels changes, means over seeds",
        ("network", *(f"{distance}" for distance in settings.distances)),
        [
            (version, *(percent(mean(found.flipped, i, j), 1) for j in range(len(settings.distances))))
            for i, version in enumerate(VERSIONS)
        ],
    )


def canvas_table(settings: Settings, found: tuple[Canvas, ...]) -> Table:
    """Accuracy on images of other sizes."""
    rows = []
    for canvas in found:
        for name, accuracy in (("pooled globally", canvas.direct), ("scaled back", canvas.resized)):
            rows.append((f"{name}; {canvas.way}", *(percent(of_size, 1) for of_size in accuracy.mean(0).tolist())))
    return Table(
        "Test images right in images of other sizes, means over seeds",
        ("network", *(f"{size}x{size} pixels" for size in settings.canvas_sizes)),
        rows,
    )


def field_table(found: Fields) -> Table:
    """Sides of the fields of the trained network and of fresh ones."""
    return Table(
        "Side of the field of the middle unit (pixels)",
        ("layer", "theoretical", "effective, random", "effective, trained"),
        [
            (row.field.layer, row.field.side, f"{np.mean(row.random):.1f}", f"{np.mean(row.trained):.1f}")
            for row in found.layers
        ],
    )
