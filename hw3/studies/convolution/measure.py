"""All measurements on convolution, pooling and receptive fields, or those that the settings name."""

from typing import NamedTuple

import jax

from hw3.cnn.checkpoints import Checkpoint
from hw3.datasets import Dataset
from hw3.studies.convolution import by_hand, canvas, cost, fields, pooling, shifts
from hw3.studies.convolution.by_hand import ByHand
from hw3.studies.convolution.canvas import Canvas
from hw3.studies.convolution.cost import Costs
from hw3.studies.convolution.fields import Fields
from hw3.studies.convolution.settings import EXPERIMENTS, Settings, check
from hw3.studies.convolution.shifts import Shifts
from hw3.studies.progress import Progress, quiet


class Results(NamedTuple):
    """What `measure` found; None for what the settings leave out."""

    settings: Settings
    dataset: str  # its name
    model: str  # description of the trained network
    image_shape: tuple[int, ...]  # height, width and channels of the images
    costs: Costs | None = None
    shifts: Shifts | None = None
    canvases: tuple[Canvas, ...] | None = None  # made with `shifts`
    by_hand: ByHand | None = None
    fields: Fields | None = None


def measure(settings: Settings, checkpoint: Checkpoint, dataset: Dataset, *, progress: Progress = quiet) -> Results:
    """Measures what document 004 claims, on small networks trained for it and on one trained before.

    Raises ValueError, one line that names the setting, for what cannot be measured on this network and data set.
    """
    check(settings, checkpoint, dataset)
    dataset = dataset._replace(
        test_images=dataset.test_images[: settings.test_images], test_labels=dataset.test_labels[: settings.test_images]
    )
    # Each measurement has its own key, so that its numbers are the same whichever others are made.
    of_cost, of_pooling, _, of_fields = jax.random.split(jax.random.key(settings.seed), len(EXPERIMENTS))
    results = Results(settings, dataset.name, checkpoint.run.model, dataset.train_images.shape[1:])
    if "cost" in settings.only:
        results = results._replace(costs=cost.measure(settings, dataset, of_cost, progress))
    if "pooling" in settings.only:
        trained = pooling.train(settings, dataset, of_pooling, progress)
        results = results._replace(
            shifts=shifts.measure(settings, dataset, trained), canvases=canvas.measure(settings, dataset, trained)
        )
    if "by_hand" in settings.only:
        results = results._replace(by_hand=by_hand.measure(checkpoint, dataset))
    if "fields" in settings.only:
        results = results._replace(fields=fields.measure(settings, checkpoint, dataset, of_fields))
    return results
