"""Document 004's problem 1: what it claims of dropout, bagging and batch normalisation, our verdicts, and the numbers.

Takes the `results.json` of `compare_regularizers.py` as a dict.
"""

import numpy as np

from hw3.report.page import Answer, Figure, Results, Table
from hw3.report.words import enumerated, percent
from hw3.studies.claim_words import RULE, answer, mean, spread
from hw3.studies.verdicts import effect


def dropout(results: Results) -> Answer:
    """Problem 1 (1)."""
    found = results["dropout"]
    rates = found["rates"]
    return answer(
        results,
        ("1 (1)", "1 (2) 1", "1 (2) 2"),
        "1 (1)",
        "What are the side effects of dropout?",
        f"Networks with two hidden layers on {results['train_images']:,} images, {results['seeds']} for each rate. "
        f"From rate 0 to rate {rates[-1]:g} the random labels that they memorise fall from "
        f"{percent(mean(found['memorised'], 0), 1)} to {percent(mean(found['memorised'], -1), 1)}, the hidden "
        f"activations that are zero rise from {percent(mean(found['sparsity'], 0), 1)} to "
        f"{percent(mean(found['sparsity'], -1), 1)}, and the mean absolute correlation of two hidden units goes from "
        f"{mean(found['co_adaptation'], 0):.3f} to {mean(found['co_adaptation'], -1):.3f}. {RULE}",
        [Figure("regularizers/dropout.png", "Means over seeds with 95% intervals.")],
    )


def bagging(results: Results) -> Answer:
    """Problem 1 (2)."""
    found = results["bagging"]
    names = {
        "single": "single network",
        "dropout": f"dropout {found['rate']:g}",
        "monte_carlo": f"dropout {found['rate']:g}, {found['masks']} masks averaged",
        "bagging": f"bagging, {found['members']} networks at the cost of one",
        "bagging_long": f"bagging, {found['members']} networks at {found['members']} times the cost",
        "member": "one network of that bag",
    }
    quality = found["quality"]

    def against(first: str, second: str, measure: str) -> str:
        """The difference of two contenders in percentage points, with its interval, and whether it is one at all."""
        values = (100 * np.asarray(quality[name][measure]) for name in (first, second))
        difference = effect(*values)
        told = "" if difference.holds or difference.opposite else ", which is within the spread"
        return f"{difference.mean:+.2f} ± {difference.half_width:.2f}{told}"

    duels = [
        f"{names[first]} against {names[second]}: test images right {against(first, second, 'accuracy')}; calibration "
        f"error {against(first, second, 'calibration_error')}"
        for first, second in (("dropout", "bagging"), ("monte_carlo", "bagging"), ("monte_carlo", "dropout"))
    ]
    return answer(
        results,
        ("1 (2) 3", "1 (2) 4", "1 (2) 5"),
        "1 (2)",
        "How do bagging and dropout compare?",
        f"Two networks of a bag share {percent(found['shared'])} of their weights; it is the thinned networks of "
        f"dropout that share all of them. At equal training cost, in percentage points with 95% intervals: "
        f"{'. '.join(duels)}.",
        [Figure("regularizers/bagging.png", "Every seed in grey, means with 95% intervals in blue.")],
        [
            Table(
                f"Means over {results['seeds']} seeds with 95% intervals, {results['train_images']:,} training images",
                ("contender", "test images right (%)", "calibration error (%)", "log loss (nats)"),
                [
                    (label, *(spread(quality[name][measure], scale, digits) for measure, scale, digits in
                              (("accuracy", 100, 1), ("calibration_error", 100, 1), ("log_loss", 1, 3))))
                    for name, label in names.items()
                ],
            )
        ],
    )  # fmt: skip


def batch_normalization(results: Results) -> Answer:
    """Problem 1 (3)."""
    found, sizes = results["gradients"], results["batch_sizes"]
    initial, trained = found["initial"], found["trained"]
    timing = results["timing"]["seconds"]
    slower = np.mean(np.asarray(timing["normalised"]) / np.asarray(timing["plain"]))
    return answer(
        results,
        ("1 (3)",),
        "1 (3)",
        "What are the side effects of batch normalisation?",
        f"In a fresh network of {initial['depths'][-1]} layers the gradient's norm grows by a factor of "
        f"{mean(initial['normalised'], -1):.3f} per layer on the way down ({mean(initial['plain'], -1):.3f} without "
        f"normalisation; theory for wide layers and large batches: {found['theory']:.3f}); after {trained['steps']} "
        f"steps of SGD the factor at {trained['depths'][-1]} layers is {mean(trained['normalised'], -1):.3f} and the "
        f"loss {mean(trained['normalised_loss'], -1):.2f} ({mean(trained['plain_loss'], -1):.2f} without). With "
        f"batches of {sizes['sizes'][0]} images {percent(mean(sizes['running'], 0), 1)} of the test images are "
        f"right, without normalisation {percent(mean(sizes['plain'], 0), 1)}; with batches of {sizes['sizes'][-1]} "
        f"{percent(mean(sizes['running'], -1), 1)} and {percent(mean(sizes['plain'], -1), 1)}. A step takes "
        f"{slower:.2f} times as long with normalisation.",
        [
            Figure("regularizers/gradients.png", "Open markers: after training."),
            Figure("regularizers/batch_sizes.png", "Learning rates are proportional to the batch's size."),
        ],
    )


def test_batches(results: Results) -> Answer:
    """Problem 1 (4)."""
    found = results["batch_sizes"]
    sizes = found["sizes"]
    same = all(small == large for small, large in found["large_then_running"])
    return answer(
        results,
        ("1 (4)",),
        "1 (4)",
        "Why may the test result be worse than that of training if batches are small?",
        f"A network trained with batches of {sizes[-1]} gets {percent(mean(found['large_then_small'], 0), 1)} of the "
        f"test images right if batches of {sizes[0]} are normalised by their own statistics, and "
        f"{percent(mean(found['large_then_running'], 0), 1)} with the running statistics of training"
        + (", on which the test batch has no influence" if same else "")
        + ". The right half of the last figure of 1 (3) shows it.",
        [],
    )


def variance_shift(results: Results) -> Answer:
    """Problem 1 (5)."""
    found = results["variance_shift"]
    run = found["runs"][-1]
    ratio = np.asarray(run["ratio"])
    lines = [
        f"{place} {ratio[:, i].max(-1).mean():.2f}" for i, place in enumerate(found["placements"])
    ]  # the worst layer
    return answer(
        results,
        ("1 (5)",),
        "1 (5)",
        "Why do dropout and batch normalisation not go together?",
        f"At rate {run['rate']:g} the variance that a normalisation sees in training is, in the worst layer, so many "
        f"times that at test time: {enumerated(lines)}. With dropout before every normalisation "
        f"{percent(mean(run['accuracy'], 1), 1)} of the test images are right, {percent(mean(run['corrected'], 1), 1)} "
        "if the running statistics are measured anew without dropout and nothing else is changed, "
        f"{percent(mean(run['plain_accuracy'], 1), 1)} with the same dropout and no normalisation, and "
        f"{percent(mean(run['accuracy'], 0), 1)} without dropout.",
        [Figure("regularizers/variance_shift.png", "The ratio of variances by layer, and what it costs.")],
    )


def answers(results: Results) -> list[Answer]:
    """The answers in the order of the document."""
    return [part(results) for part in (dropout, bagging, batch_normalization, test_batches, variance_shift)]
