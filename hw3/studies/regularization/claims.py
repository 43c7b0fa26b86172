"""Document 004's claims on dropout, bagging and batch normalisation (its problem 1) as effects to be judged.

Takes the numbers that `compare_regularizers.py` measured, arrays with the seeds first.
"""

import re
from typing import Any

import numpy as np

from hw3.report.page import Results
from hw3.studies.regularization.variance_shift import PLACEMENTS
from hw3.studies.verdicts import Claim, Effect, effect, exact

POINTS = "percentage points"


def _points(larger: Any, smaller: Any = 0.0) -> Effect:
    """The effect between fractions, in percentage points."""
    return effect(100 * np.asarray(larger), 100 * np.asarray(smaller))


def dropout(found: Results) -> list[Claim]:
    """Problem 1 (1)."""
    rates = found["rates"]
    values = {name: np.asarray(found[name]) for name in found if name != "rates"}

    def against_none(name: str, sign: int = 1, scale: float = 1.0) -> dict[str, Effect]:
        change = sign * scale * (values[name] - values[name][:, :1])
        return {f"rate {rate:g}": effect(change[:, i]) for i, rate in enumerate(rates) if i}

    gap = values["train_accuracy"] - values["test_accuracy"]
    return [
        Claim(
            "1 (1) 1",
            "lower convergence speed",
            "epochs more than without dropout until 95% of the training images are right, the last and one more where "
            "they never are",
            "epochs",
            against_none("epochs"),
        ),
        Claim(
            "1 (1) 2",
            "reduce the capacity the network during training",
            "random labels fewer memorised than without dropout",
            POINTS,
            against_none("memorised", -1, 100),
        ),
        Claim(
            "1 (1) 3",
            "learn a sparse representation",
            "hidden activations more that are zero on test images than without dropout",
            POINTS,
            against_none("sparsity", scale=100),
        ),
        Claim(
            "1 (2) 1",
            "the neurons could not rely on one input totally, which cause the representations in the network to be "
            "more distributed",
            "how much lower the mean absolute correlation of two hidden units is than without dropout",
            "",
            against_none("co_adaptation", -1),
        ),
        Claim(
            "1 (2) 2",
            "and avoid overfit",
            "how much smaller the gap between training and test accuracy is than without dropout",
            POINTS,
            {f"rate {rate:g}": _points(gap[:, 0], gap[:, i]) for i, rate in enumerate(rates) if i},
        ),
    ]


def bagging(found: Results, dropped: Results) -> list[Claim]:
    """Problem 1 (2)."""
    quality, members = found["quality"], found["members"]
    by_rate = np.asarray(dropped["test_accuracy"])

    def gain(name: str) -> Effect:
        return _points(quality[name]["accuracy"], quality["single"]["accuracy"])

    return [
        Claim(
            "1 (2) 3",
            "Bagging and dropout are both the ways to improve the generalization accuracy.",
            "test images more that are right than with a single network without dropout, trained as long",
            POINTS,
            {
                **{f"dropout {rate:g}": _points(by_rate[:, i], by_rate[:, 0])
                   for i, rate in enumerate(dropped["rates"]) if i},
                f"dropout {found['rate']:g}, averaged over {found['masks']} masks": gain("monte_carlo"),
                f"bagging, {members} networks at the cost of one": gain("bagging"),
                f"bagging, {members} networks at {members} times the cost": gain("bagging_long"),
            },
        ),
        Claim(
            "1 (2) 4",
            "bagging is to ensemble several networks equally with shared weights",
            "weights that two networks of a bag share",
            POINTS,
            {"weights equal": exact(100 * found["shared"])},
        ),
        Claim(
            "1 (2) 5",
            "through dropout [...] more distributed [...]. Bagging does not have this feature",
            "how much lower the mean absolute correlation of two hidden units is with dropout than within the networks "
            "of a bag",
            "",
            {f"dropout {rate:g}": effect(found["co_adaptation"], np.asarray(dropped["co_adaptation"])[:, i])
             for i, rate in enumerate(dropped["rates"]) if i},
        ),
    ]  # fmt: skip


def batch_sizes(found: Results) -> list[Claim]:
    """Problem 1 (3), 2 and (4)."""
    sizes = found["sizes"]
    values = {name: np.asarray(found[name]) for name in found if name != "sizes"}
    small, large = values["large_then_running"].T
    tested = large[:, None] - values["large_then_small"]
    return [
        Claim(
            "1 (3) 2",
            "unstable if batch size is small",
            "test images fewer that are right with normalisation than without it, trained with batches as small",
            POINTS,
            {f"batches of {size}": _points(values["plain"][:, i], values["running"][:, i])
             for i, size in enumerate(sizes[:-1])},
        ),
        Claim(
            "1 (4)",
            "The test result might be worse than training performance if the batch size is not enough for testing.",
            f"test images that small test batches lose, for a network trained with batches of {sizes[-1]}",
            POINTS,
            {
                **{f"statistics of test batches of {size}": _points(tested[:, i])
                   for i, size in enumerate(sizes[:-1])},
                f"running statistics, test batches of {sizes[0]}": _points(large, small),
            },
        ),
    ]  # fmt: skip


def gradients(found: Results, timing: Results) -> list[Claim]:
    """Problem 1 (3), 1 and 3."""

    def faster(rows: Results, after: str) -> dict[str, Effect]:
        normalised, plain = (100 * (np.asarray(rows[name]) - 1) for name in ("normalised", "plain"))
        return {
            f"{depth} layers, {after}": effect(normalised[:, i], plain[:, i]) for i, depth in enumerate(rows["depths"])
        }

    per_step = {name: np.asarray(seconds) / timing["steps"] for name, seconds in timing["seconds"].items()}
    slower = 100 * (per_step["normalised"] / per_step["plain"] - 1)
    return [
        Claim(
            "1 (3) 1",
            "it would explode gradients due to the repeated re-scaling",
            "growth of the gradient's norm per layer on the way down, more than in the same network without "
            "normalisation",
            "%",
            faster(found["initial"], "at initialisation")
            | faster(found["trained"], f"after {found['trained']['steps']} steps"),
        ),
        Claim(
            "1 (3) 3",
            "increase training time per iteration",
            "time of a training step, more than without normalisation (spread over repetitions)",
            "%",
            {f"batches of {timing['batch_size']}": effect(slower)},
        ),
    ]  # fmt: skip


def variance_shift(found: Results) -> list[Claim]:
    """Problem 1 (5)."""
    none, before, _, last = range(4)
    shift: dict[str, Effect] = {}
    cost: dict[str, Effect] = {}
    together: dict[str, Effect] = {}
    order: dict[str, Effect] = {}
    for run in found["runs"]:
        ratio, accuracy, corrected, plain = (
            np.asarray(run[name]) for name in ("ratio", "accuracy", "corrected", "plain_accuracy")
        )
        for i, placement in enumerate(PLACEMENTS):
            if i != none:
                name = f"rate {run['rate']:g}, {placement}"
                shift[name] = effect(ratio[:, i].max(-1) - ratio[:, none].max(-1))
                # Statistics of all images at once may be better than running ones even where nothing is dropped.
                cost[name] = _points(corrected[:, i] - accuracy[:, i], corrected[:, none] - accuracy[:, none])
                together[name] = _points(accuracy[:, none] - accuracy[:, i], plain[:, none] - plain[:, i])
        order[f"rate {run['rate']:g}"] = _points(accuracy[:, last], accuracy[:, before])
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
    found: list[Claim] = []
    if "dropout" in results:
        found += dropout(results["dropout"]) + bagging(results["bagging"], results["dropout"])
    if "batch_sizes" in results:
        found += batch_sizes(results["batch_sizes"])
    if "gradients" in results:
        found += gradients(results["gradients"], results["timing"])
    if "variance_shift" in results:
        found += variance_shift(results["variance_shift"])
    return sorted(found, key=lambda claim: re.findall(r"\d", claim.part))
