"""Document 004's problem 1: what it claims of dropout, bagging and batch normalisation, and our verdicts."""

from collections.abc import Callable

import numpy as np

from hw3.report.page import Answer, Figure, See
from hw3.report.words import percent
from hw3.studies.claim_words import RULE, change, effect_table, mean, published, summary, way
from hw3.studies.regularization import claims as of_document
from hw3.studies.regularization.bagging import Bagging
from hw3.studies.regularization.batch_sizes import BatchSizes
from hw3.studies.regularization.dropout import Dropout
from hw3.studies.regularization.figures import BAGGING, BATCH_SIZES, DROPOUT, GRADIENTS, VARIANCE_SHIFT
from hw3.studies.regularization.gradients import THEORETICAL_GROWTH, Gradients
from hw3.studies.regularization.measure import Results
from hw3.studies.regularization.settings import NAME, Settings
from hw3.studies.regularization.step_times import StepTimes
from hw3.studies.regularization.tables import contender_table, duel_table, shift_table
from hw3.studies.regularization.variance_shift import BEFORE, NONE, VarianceShift
from hw3.studies.verdicts import effect


def tenth(fraction: float) -> str:
    """A fraction as a percentage with one digit behind the point."""
    return percent(fraction, 1)


def dropout(settings: Settings, found: Dropout) -> Answer:
    """Problem 1 (1)."""
    claims = of_document.dropout(settings, found)
    names = ("slower learning", "less capacity", "sparser units", "less correlated units", "less overfitting")

    def from_none(values: np.ndarray, show: Callable[[float], str] = tenth) -> str:
        return change(values[:, 0], values[:, -1], show)

    return Answer(
        "004: 1 (1)",
        "What are the side effects of dropout?",
        summary(claims, names),
        f"Networks with {len(settings.widths)} hidden layers on {settings.train_images:,} images, {settings.seeds} for "
        f"each rate. From rate 0 to rate {settings.rates[-1]:g} the share of random labels that they memorise "
        f"{from_none(found.memorised)}, that of hidden activations that are zero {from_none(found.sparsity)}, and the "
        f"mean absolute correlation of two hidden units {from_none(found.co_adaptation, '{:.3f}'.format)}. {RULE}",
        [Figure(f"{NAME}/{DROPOUT}", "Means over seeds with 95% intervals.")],
        [effect_table(claims)],
        published(claims),
        (NAME,),
    )


def bagging(settings: Settings, found: Bagging, dropped: Dropout) -> Answer:
    """Problem 1 (2)."""
    claims = of_document.bagging(settings, found, dropped)
    ours, theirs = found.dropout.accuracy, found.bag.accuracy
    more = way(effect(ours, theirs), "more test images right than", "fewer test images right than", "")
    outcome = more or "as many test images right, within the spread, as"
    return Answer(
        "004: 1 (2)",
        "How do bagging and dropout compare?",
        f"At equal training cost dropout {found.rate:g} gets {outcome} a bag of "
        f"{settings.members} networks: {tenth(mean(ours))} against {tenth(mean(theirs))}.",
        f"Two networks of a bag share {percent(found.shared)} of their weights"
        + ("; those that dropout thins out have one set of weights by construction. " if not found.shared else ". ")
        + "The second table sets the contenders against each other.",
        [Figure(f"{NAME}/{BAGGING}", "Every seed in grey, means with 95% intervals in blue.")],
        [contender_table(settings, found), duel_table(settings, found), effect_table(claims)],
        published(claims),
        (NAME,),
    )


def grows(factors: np.ndarray) -> str:
    """What becomes of a norm that is multiplied by `factors` [seeds] in every layer."""
    by = f"{mean(factors):.3f}"
    return way(
        effect(factors - 1),
        f"grows by a factor of {by}",
        f"shrinks by a factor of {by}",
        f"keeps its size within the spread ({by})",
    )


def batch_normalization(settings: Settings, found: Gradients, sizes: BatchSizes, times: StepTimes) -> Answer:
    """Problem 1 (3)."""
    slower = of_document.slower_steps(settings, times)
    claims = [of_document.exploding_gradients(settings, found), of_document.small_batches(settings, sizes), slower]
    trained, plain = found.trained_normalised, found.trained_plain
    smallest, largest = settings.batch_sizes[0], settings.batch_sizes[-1]
    ratio = np.mean(np.asarray(times.normalised) / np.asarray(times.plain))
    within = "" if any(e.holds or e.opposite for e in slower.effects.values()) else ", which is within the spread"
    return Answer(
        "004: 1 (3)",
        "What are the side effects of batch normalisation?",
        f"Down a fresh network of {settings.depths[-1]} layers the gradient's norm "
        f"{grows(found.normalised.growth[:, -1])} per layer with normalisation; without, it "
        f"{grows(found.plain.growth[:, -1])}.",
        f"Theory for wide layers and large batches says {THEORETICAL_GROWTH:.3f}. After {settings.descent_steps} steps "
        f"of SGD at {settings.trained_depths[-1]} layers it {grows(trained.norms.growth[:, -1])}, and the loss is "
        f"{mean(trained.loss, -1):.2f} ({mean(plain.loss, -1):.2f} without normalisation). With batches of {smallest} "
        f"images {tenth(mean(sizes.running, 0))} of the test images are right, without normalisation "
        f"{tenth(mean(sizes.plain, 0))}; with batches of {largest} {tenth(mean(sizes.running, -1))} and "
        f"{tenth(mean(sizes.plain, -1))}. A step takes {ratio:.2f} times as long with normalisation{within}.",
        [Figure(f"{NAME}/{GRADIENTS}", "Open markers: after training.")],
        [effect_table(claims)],
        published(claims),
        (NAME,),
        see=[See("004: 1 (4)", "accuracy against the size of the batches, in a figure")],
    )


def test_batches(settings: Settings, found: BatchSizes) -> Answer:
    """Problem 1 (4)."""
    claims = [of_document.small_test_batches(settings, found)]
    small, large = found.large_then_running.T
    nothing = ", on which the test batch has no influence" if (small == large).all() else ""
    smallest, largest = settings.batch_sizes[0], settings.batch_sizes[-1]
    return Answer(
        "004: 1 (4)",
        "Why may the test result be worse than that of training if batches are small?",
        f"Trained with batches of {largest}, a network gets {tenth(mean(found.large_then_small, 0))} of the test "
        f"images right in batches of {smallest} normalised by themselves, {tenth(mean(small))} with running "
        "statistics.",
        f"The running statistics are those of training{nothing}. The right half of the figure shows it.",
        [Figure(f"{NAME}/{BATCH_SIZES}", "Learning rates are proportional to the batch's size.")],
        [effect_table(claims)],
        published(claims),
        (NAME,),
    )


def variance_shift(runs: tuple[VarianceShift, ...]) -> Answer:
    """Problem 1 (5)."""
    claims = of_document.variance_shift(runs)
    names = (
        "a shift of variance",
        "dropout dearer with normalisation",
        "dearest in front of it",
        "accuracy lost to the shift",
    )
    run = runs[-1]
    ratio = run.ratio[:, BEFORE].max(-1).mean()
    return Answer(
        "004: 1 (5)",
        "Why do dropout and batch normalisation not go together?",
        f"Dropout {run.rate:g} before every normalisation makes variances in training {ratio:.2f} times those at test "
        f"time in the worst layer; {tenth(mean(run.accuracy, BEFORE))} of the test images are right, "
        f"{tenth(mean(run.accuracy, NONE))} without dropout.",
        f"{summary(claims, names)} If the running statistics are measured anew without dropout and nothing else is "
        f"changed, {tenth(mean(run.corrected, BEFORE))} are right; with the same dropout and no normalisation "
        f"{tenth(mean(run.plain_accuracy, BEFORE))}.",
        [Figure(f"{NAME}/{VARIANCE_SHIFT}", "The ratio of variances by layer, and what it costs.")],
        [shift_table(runs), effect_table(claims)],
        published(claims),
        (NAME,),
    )


def answers(results: Results) -> list[Answer]:
    """The answers to what was measured, in the order of the document."""
    settings = results.settings
    found = []
    if results.dropout:
        found.append(dropout(settings, results.dropout))
    if results.dropout and results.bagging:
        found.append(bagging(settings, results.bagging, results.dropout))
    if results.gradients and results.batch_sizes and results.step_times:
        found.append(batch_normalization(settings, results.gradients, results.batch_sizes, results.step_times))
    if results.batch_sizes:
        found.append(test_batches(settings, results.batch_sizes))
    if results.variance_shift:
        found.append(variance_shift(results.variance_shift))
    return found
