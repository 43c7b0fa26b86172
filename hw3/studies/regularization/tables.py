"""What became of the claims, and the numbers behind them, as tables for the console, the page and files."""

import numpy as np

from hw3.report.page import Table
from hw3.studies.claim_words import effects_file, spread, verdict_table
from hw3.studies.regularization.bagging import Bagging, contenders
from hw3.studies.regularization.claims import claims
from hw3.studies.regularization.measure import Results
from hw3.studies.regularization.settings import Settings
from hw3.studies.regularization.variance_shift import PLACEMENTS, VarianceShift
from hw3.studies.verdicts import effect

CLAIMS = "claims.csv"


def tables(results: Results) -> list[Table]:
    """The verdicts, and who competes how well and what a shift of variance costs where that was measured."""
    found = [verdict_table(claims(results))]
    if results.bagging:
        found += [contender_table(results.settings, results.bagging), duel_table(results.settings, results.bagging)]
    if results.variance_shift:
        found.append(shift_table(results.variance_shift))
    return found


def files(results: Results) -> dict[str, Table]:
    """Every effect, by file name."""
    return {CLAIMS: effects_file(claims(results))}


def contender_table(settings: Settings, found: Bagging) -> Table:
    """Accuracy, calibration and log loss of all that compete."""
    return Table(
        f"Means over {settings.seeds} seeds with 95% intervals, {settings.train_images:,} training images",
        ("contender", "test images right (%)", "calibration error (%)", "log loss (nats)"),
        [
            (
                contender.name,
                spread(contender.quality.accuracy, 100),
                spread(contender.quality.calibration_error, 100),
                spread(contender.quality.log_loss, digits=3),
            )
            for contender in contenders(found, settings)
        ],
    )


def duel_table(settings: Settings, found: Bagging) -> Table:
    """Who is better than whom at equal training cost."""
    _, dropped, masked, bag, *_ = contenders(found, settings)
    duels = ((dropped, bag), (masked, bag), (masked, dropped))
    return Table(
        "At equal training cost: differences in percentage points, paired by seed, with 95% intervals",
        ("contenders", "test images right", "calibration error"),
        [
            (
                f"{first.name} against {second.name}",
                _difference(first.quality.accuracy, second.quality.accuracy),
                _difference(first.quality.calibration_error, second.quality.calibration_error),
            )
            for first, second in duels
        ],
    )


def _difference(first: np.ndarray, second: np.ndarray) -> str:
    """Of fractions [seeds], in percentage points."""
    found = effect(100 * first, 100 * second)
    return f"{found.mean:+.2f} ± {found.half_width:.2f}"


def shift_table(runs: tuple[VarianceShift, ...]) -> Table:
    """The ratio of variances and the accuracies for every rate and place of the dropout."""
    return Table(
        "Dropout and batch normalisation, means over seeds: the variance in training over that at test time, and test "
        "images right (%)",
        ("dropout", "variance, worst layer", "normalised", "statistics measured anew", "without normalisation"),
        [
            (
                f"rate {run.rate:g}, {placement}",
                f"{run.ratio[:, i].max(-1).mean():.2f}",
                *(f"{100 * of[:, i].mean():.1f}" for of in (run.accuracy, run.corrected, run.plain_accuracy)),
            )
            for run in runs
            for i, placement in enumerate(PLACEMENTS)
        ],
    )
