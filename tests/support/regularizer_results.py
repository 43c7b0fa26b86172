"""What experiments on dropout, bagging and batch normalisation find if everything is as document 004 says."""

import numpy as np
from seeded import SEEDS, seeded

from hw3.studies.regularization import Results, Settings
from hw3.studies.regularization.bagging import Bagging, Quality
from hw3.studies.regularization.batch_sizes import BatchSizes
from hw3.studies.regularization.dropout import Dropout
from hw3.studies.regularization.gradients import Descent, Gradients, Norms
from hw3.studies.regularization.step_times import StepTimes
from hw3.studies.regularization.variance_shift import VarianceShift

SETTINGS = Settings(
    seeds=SEEDS,
    rates=(0.0, 0.5),
    masks=9,
    batch_sizes=(2, 64),
    depths=(4, 16),
    trained_depths=(4, 16),
    descent_steps=100,
    shift_rates=(0.5,),
)


def quality(accuracy):
    return Quality(seeded(accuracy)[:, 0], np.array([0.05, 0.04, 0.06]), np.array([0.4, 0.5, 0.45]))


def as_document_says():
    normalised, plain = (Norms(seeded(*growth), seeded(4.0, 40.0)) for growth in ((1.15, 1.2), (1.0, 1.0)))
    return Results(
        SETTINGS,
        "mnist",
        2048,
        dropout=Dropout(
            epochs=seeded(3, 9),
            curve=np.full((SEEDS, 2, 5), 0.9),
            train_accuracy=seeded(1.0, 0.95),
            test_accuracy=seeded(0.8, 0.9),
            memorised=seeded(0.9, 0.2),
            sparsity=seeded(0.4, 0.7),
            co_adaptation=seeded(0.3, 0.1),
        ),
        bagging=Bagging(
            rate=0.5,
            single=quality(0.8),
            dropout=quality(0.9),
            monte_carlo=quality(0.91),
            bag=quality(0.85),
            long_bag=quality(0.86),
            member=quality(0.79),
            shared=0.0,
            co_adaptation=np.array([0.3, 0.31, 0.29]),
        ),
        batch_sizes=BatchSizes(
            plain=seeded(0.88, 0.89),
            running=seeded(0.6, 0.9),
            batch=seeded(0.4, 0.9),
            train=seeded(0.7, 1.0),
            large_then_small=seeded(0.4, 0.89),
            large_then_running=np.full((SEEDS, 2), 0.9),
        ),
        gradients=Gradients(
            normalised, plain, plain, Descent(normalised, seeded(0.5, 0.6)), Descent(plain, seeded(0.7, 1.5))
        ),
        step_times=StepTimes((1.2, 1.3, 1.25), (1.0, 1.1, 1.0)),
        variance_shift=(
            VarianceShift(
                rate=0.5,
                ratio=np.stack([seeded(1.0, 2.5, 1.6, 1.0)] * 2, -1),
                accuracy=seeded(0.92, 0.7, 0.8, 0.9),
                corrected=seeded(0.92, 0.75, 0.84, 0.9),
                plain_accuracy=seeded(0.9, 0.85, 0.86, 0.895),
            ),
        ),
    )


def changed(results, part, **values):
    """The results with other values in one part."""
    return results._replace(**{part: getattr(results, part)._replace(**values)})
