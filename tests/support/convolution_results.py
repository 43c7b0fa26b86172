"""What measurements on convolution, pooling and receptive fields find if everything is as document 004 says."""

import numpy as np
from seeded import SEEDS, seeded

from hw3.cnn.receptive_field import Field
from hw3.studies.convolution import Results, Settings
from hw3.studies.convolution.by_hand import AppliedFilter, ByHand, HandComparison
from hw3.studies.convolution.canvas import WAYS, Canvas
from hw3.studies.convolution.connectivity import KINDS, Shape, layer_cost
from hw3.studies.convolution.cost import Costs, FewImages, LayerCosts, Seconds
from hw3.studies.convolution.fields import Fields, LayerField
from hw3.studies.convolution.shifts import Shifts

SETTINGS = Settings(seeds=SEEDS, distances=(1, 4), canvas_sizes=(20, 28), depths=(4, 16), few_steps=100)


def as_document_says():
    shape = Shape(28, 28, 1, 3, 12)
    seconds = Seconds((1.0, 1.1, 0.9), (1.0, 1.0, 1.01), (1.0, 1.01, 1.0), (50.0, 52.0, 51.0))
    change = np.stack([seeded(0.1, 0.1, 0.6, 0.2), seeded(0.2, 0.2, 0.9, 0.3)], -1)
    maps = np.ones((5, 5)), np.ones((24, 24))
    return Results(
        SETTINGS,
        "mnist",
        "wide",
        (28, 28, 1),
        costs=Costs(
            (LayerCosts("conv1", shape, *(layer_cost(shape, kind) for kind in KINDS), seconds),),
            FewImages((300, 1000), seeded(0.9, 0.9), seeded(0.8, 0.8), seeded(0.7, 0.7)),
        ),
        shifts=Shifts(
            accuracy=seeded(0.9, 0.9, 0.8, 0.7),
            feature_change=change[:, :, None],
            probability_change=change,
            flipped=change,
            accuracy_moved=change,
            pixel_change=np.array([0.9, 1.2]),
        ),
        canvases=tuple(Canvas(way, seeded(0.8, 0.9), seeded(0.3, 0.9)) for way in WAYS),
        by_hand=ByHand(
            (HandComparison("conv1", 32, 25, 2e-7, 2e-16),),
            AppliedFilter(3, np.ones((9, 9, 1)), np.ones((5, 5, 1)), np.ones((5, 5)), np.ones((5, 5))),
        ),
        fields=Fields(
            np.ones((28, 28, 1)),
            SEEDS,
            (
                LayerField(Field("conv1", 12, 12, 5), (5.0, 5.1, 5.0), (5.0, 5.0, 5.1), maps[0], maps[0]),
                LayerField(Field("conv2", 2, 2, 24), (22.0, 22.5, 22.0), (21.0, 21.5, 22.0), maps[1], maps[1]),
            ),
            stack=seeded(8.5, 31.0),
        ),
    )


def changed(results, part, **values):
    """The results with other values in one part."""
    return results._replace(**{part: getattr(results, part)._replace(**values)})
