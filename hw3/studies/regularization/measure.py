"""All experiments on dropout, bagging and batch normalisation, or those that the settings name."""

from typing import Any, NamedTuple

import jax
import numpy as np

from hw3.datasets import Dataset
from hw3.studies.progress import Progress, quiet
from hw3.studies.regularization import bagging, batch_sizes, dropout, gradients, step_times, variance_shift
from hw3.studies.regularization.bagging import Bagging
from hw3.studies.regularization.batch_sizes import BatchSizes
from hw3.studies.regularization.dropout import Dropout
from hw3.studies.regularization.gradients import Gradients
from hw3.studies.regularization.settings import EXPERIMENTS, Settings, check
from hw3.studies.regularization.step_times import StepTimes
from hw3.studies.regularization.variance_shift import VarianceShift


class Results(NamedTuple):
    """What `measure` found; None for what the settings leave out."""

    settings: Settings
    dataset: str  # its name
    test_images: int  # that accuracies are measured on
    dropout: Dropout | None = None
    bagging: Bagging | None = None  # made with `dropout`
    batch_sizes: BatchSizes | None = None
    gradients: Gradients | None = None
    step_times: StepTimes | None = None  # made with `gradients`
    variance_shift: tuple[VarianceShift, ...] | None = None  # one a rate


def measure(settings: Settings, dataset: Dataset, *, progress: Progress = quiet) -> Results:
    """Trains many small networks in every way that document 004 claims something of, and compares them.

    Raises ValueError, one line that names the setting, for what cannot be run on this data set.
    """
    check(settings, dataset)
    dataset = dataset._replace(
        test_images=dataset.test_images[: settings.test_images], test_labels=dataset.test_labels[: settings.test_images]
    )
    # Each experiment has its own key, so that its numbers are the same whichever others are made.
    of_dropout, of_sizes, of_gradients, of_shift = jax.random.split(jax.random.key(settings.seed), len(EXPERIMENTS))
    results = Results(settings, dataset.name, len(dataset.test_labels))
    if "dropout" in settings.only:
        networks = settings.seeds * (2 * len(settings.rates) + settings.members)
        total = networks * settings.train_images * settings.epochs
        with progress("dropout and bagging", total, "images") as advance:
            found, trained = dropout.measure(settings, dataset, of_dropout, advance)
            bags = bagging.measure(settings, dataset, trained, advance)
        results = results._replace(dropout=found, bagging=bags)
    if "batch_sizes" in settings.only:
        results = results._replace(batch_sizes=batch_sizes.measure(settings, dataset, of_sizes, progress))
    if "gradients" in settings.only:
        results = results._replace(
            gradients=gradients.measure(settings, dataset, of_gradients, progress),
            step_times=step_times.measure(settings, dataset, of_gradients),
        )
    if "variance_shift" in settings.only:
        results = results._replace(variance_shift=variance_shift.measure(settings, dataset, of_shift, progress))
    return jax.tree.map(_in_double, results)


def _in_double(leaf: Any) -> Any:
    """What was computed in single precision, so that no effect is rounded again where differences are taken."""
    return leaf.astype(float) if isinstance(leaf, np.ndarray) and leaf.dtype == np.float32 else leaf
