"""Document 004's claims on dropout, bagging and batch normalisation (its problem 1) as effects to be judged."""

from typing import Any

import numpy as np

from hw3.studies.regularization.bagging import Bagging
from hw3.studies.regularization.batch_sizes import BatchSizes
from hw3.studies.regularization.dropout import Dropout
from hw3.studies.regularization.gradients import Gradients, Norms
from hw3.studies.regularization.measure import Results
from hw3.studies.regularization.settings import Settings
from hw3.studies.regularization.step_times import StepTimes
from hw3.studies.regularization.variance_shift import BEFORE, LAST, NONE, PLACEMENTS, VarianceShift
from hw3.studies.verdicts import Claim, Effect, effect, exact

POINTS = "percentage points"


def _points(larger: Any, smaller: Any = 0.0) -> Effect:
    """The effect between fractions, in percentage points."""
    return effect(100 * np.asarray(larger), 100 * np.asarray(smaller))


def dropout(settings: Settings, found: Dropout) -> list[Claim]:
    """Problem 1 (1), and the first two claims of (2)."""

    def against_none(values: np.ndarray, sign: int = 1, scale: float = 1.0) -> dict[str, Effect]:
        change = sign * scale * (values - values[:, :1])
        return {f"rate {rate:g}": effect(change[:, i]) for i, rate in enumerate(settings.rates) if i}

    return [
        Claim(
            "1 (1) 1",
            "lower convergence speed",
            "epochs more than without dropout until 95% of the training images are right, the last and one more where "
            "they never are",
            "epochs",
            against_none(found.epochs),
        ),
        Claim(
            "1 (1) 2",
            "reduce the capacity the network during training",
            "random labels fewer memorised than without dropout",
            POINTS,
            against_none(found.memorised, -1, 100),
        ),
        Claim(
            "1 (1) 3",
            "learn a sparse representation",
            "hidden activations more that are zero on test images than without dropout",
            POINTS,
            against_none(found.sparsity, scale=100),
        ),
        Claim(
            "1 (2) 1",
            "the neurons could not rely on one input totally, which cause the representations in the network to be "
            "more distributed",
            "how much lower the mean absolute correlation of two hidden units is than without dropout",
            "",
            against_none(found.co_adaptation, -1),
        ),
        Claim(
            "1 (2) 2",
            "and avoid overfit",
            "how much smaller the gap between training and test accuracy is than without dropout",
            POINTS,
            against_none(found.train_accuracy - found.test_accuracy, -1, 100),
        ),
    ]


def bagging(settings: Settings, found: Bagging, dropped: Dropout) -> list[Claim]:
    """The other claims of problem 1 (2)."""
    members, by_rate = settings.members, dropped.test_accuracy
    single = found.single.accuracy
    return [
        Claim(
            "1 (2) 3",
            "Bagging and dropout are both the ways to improve the generalization accuracy.",
            "test images more that are right than with a single network without dropout, trained as long",
            POINTS,
            {
                **{f"dropout {rate:g}": _points(by_rate[:, i], by_rate[:, 0])
                   for i, rate in enumerate(settings.rates) if i},
                f"dropout {found.rate:g}, averaged over {settings.masks} masks":
                    _points(found.monte_carlo.accuracy, single),
                f"bagging, {members} networks at the cost of one": _points(found.bag.accuracy, single),
                f"bagging, {members} networks at {members} times the cost": _points(found.long_bag.accuracy, single),
            },
        ),
        Claim(
            "1 (2) 4",
            "bagging is to ensemble several networks equally with shared weights",
            "weights that two networks of a bag share",
            POINTS,
            {"weights equal": exact(100 * found.shared)},
        ),
        Claim(
            "1 (2) 5",
            "through dropout [...] more distributed [...]. Bagging does not have this feature",
            "how much lower the mean absolute correlation of two hidden units is with dropout than within the networks "
            "of a bag",
            "",
            {f"dropout {rate:g}": effect(found.co_adaptation, dropped.co_adaptation[:, i])
             for i, rate in enumerate(settings.rates) if i},
        ),
    ]  # fmt: skip


def exploding_gradients(settings: Settings, found: Gradients) -> Claim:
    """Problem 1 (3), 1."""

    def faster(depths: tuple[int, ...], normalised: Norms, plain: Norms, after: str) -> dict[str, Effect]:
        return {
            f"{depth} layers, {after}": effect(100 * (normalised.growth[:, i] - 1), 100 * (plain.growth[:, i] - 1))
            for i, depth in enumerate(depths)
        }

    fresh = faster(settings.depths, found.normalised, found.plain, "at initialisation")
    trained = faster(
        settings.trained_depths,
        found.trained_normalised.norms,
        found.trained_plain.norms,
        f"after {settings.descent_steps} steps",
    )
    return Claim(
        "1 (3) 1",
        "it would explode gradients due to the repeated re-scaling",
        "growth of the gradient's norm per layer on the way down, more than in the same network without normalisation",
        "%",
        fresh | trained,
    )


def small_batches(settings: Settings, found: BatchSizes) -> Claim:
    """Problem 1 (3), 2."""
    return Claim(
        "1 (3) 2",
        "unstable if batch size is small",
        "test images fewer that are right with normalisation than without it, trained with batches as small",
        POINTS,
        {
            f"batches of {size}": _points(found.plain[:, i], found.running[:, i])
            for i, size in enumerate(settings.batch_sizes[:-1])
        },
    )


def slower_steps(settings: Settings, found: StepTimes) -> Claim:
    """Problem 1 (3), 3."""
    slower = 100 * (np.asarray(found.normalised) / np.asarray(found.plain) - 1)
    return Claim(
        "1 (3) 3",
        "increase training time per iteration",
        "time of a training step, more than without normalisation (spread over repetitions)",
        "%",
        {f"batches of {settings.normalised_recipe.batch_size}": effect(slower)},
    )


def small_test_batches(settings: Settings, found: BatchSizes) -> Claim:
    """Problem 1 (4)."""
    sizes = settings.batch_sizes
    small, large = found.large_then_running.T
    tested = large[:, None] - found.large_then_small
    return Claim(
        "1 (4)",
        "The test result might be worse than training performance if the batch size is not enough for testing.",
        f"test images that small test batches lose, for a network trained with batches of {sizes[-1]}",
        POINTS,
        {
            **{f"statistics of test batches of {size}": _points(tested[:, i]) for i, size in enumerate(sizes[:-1])},
            f"running statistics, test batches of {sizes[0]}": _points(large, small),
        },
    )


def variance_shift(runs: tuple[VarianceShift, ...]) -> list[Claim]:
    """Problem 1 (5)."""
    shift: dict[str, Effect] = {}
    cost: dict[str, Effect] = {}
    together: dict[str, Effect] = {}
    order: dict[str, Effect] = {}
    for run in runs:
        worst, accuracy, corrected, plain = run.ratio.max(-1), run.accuracy, run.corrected, run.plain_accuracy
        for i, placement in enumerate(PLACEMENTS):
            if i != NONE:
                name = f"rate {run.rate:g}, {placement}"
                shift[name] = effect(worst[:, i] - worst[:, NONE])
                # Statistics of all images at once may be better than running ones even where nothing is dropped.
                cost[name] = _points(corrected[:, i] - accuracy[:, i], corrected[:, NONE] - accuracy[:, NONE])
                together[name] = _points(accuracy[:, NONE] - accuracy[:, i], plain[:, NONE] - plain[:, i])
        order[f"rate {run.rate:g}"] = _points(accuracy[:, LAST], accuracy[:, BEFORE])
    return [
        Claim(
            "1 (5) 1",
            "the statistics used to normalize the activation of the prior layer may become noisy [...] This is called "
            "“variance shift”.",
            "the variance that a normalisation sees in training over that at test time, in the worst layer, more than "
            "without dropout",
            "",
            shift,
        ),
        Claim(
            "1 (5) 2",
            "Usually, we don’t use dropout and batch normalization together",
            "test images that dropout loses, more with normalisation than without it",
            POINTS,
            together,
        ),
        Claim(
            "1 (5) 3",
            "especially don’t use dropout before batch normalization",
            "test images more that are right with dropout behind the last normalisation than before every one",
            POINTS,
            order,
        ),
        Claim(
            "1 (5) 4",
            "[...] since the statistics used to normalize the activation of the prior layer may become noisy",
            "test images won back if nothing but these statistics is put right, measured anew without dropout; more "
            "than the same wins in networks without dropout",
            POINTS,
            cost,
        ),
    ]


def claims(results: Results) -> list[Claim]:
    """The claims on all that was measured, in the order of the document."""
    settings = results.settings
    found: list[Claim] = []
    if results.dropout and results.bagging:
        found += dropout(settings, results.dropout) + bagging(settings, results.bagging, results.dropout)
    if results.gradients:
        found.append(exploding_gradients(settings, results.gradients))
    if results.batch_sizes:
        found.append(small_batches(settings, results.batch_sizes))
    if results.step_times:
        found.append(slower_steps(settings, results.step_times))
    if results.batch_sizes:
        found.append(small_test_batches(settings, results.batch_sizes))
    if results.variance_shift:
        found += variance_shift(results.variance_shift)
    return found
