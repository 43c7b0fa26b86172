"""Accuracies, times and gradients of the learners, as tables for the console and the page."""

import statistics
from collections.abc import Callable, Sequence

from hw3.report.page import Table
from hw3.report.words import percent
from hw3.studies.long_sequences.learning.claims import chance
from hw3.studies.long_sequences.learning.measure import Outcome, Results


def tables(results: Results) -> list[Table]:
    """All tables of the study."""
    norms = gradient_norms(results)
    return [accuracies(results), seconds(results), *([norms] if norms.rows else [])]


def mean_and_range(values: Sequence[float]) -> str:
    """The mean over seeds with the lowest and the highest of them; of one value itself.

    >>> mean_and_range([0.5, 0.25]), mean_and_range([0.25])
    ('0.375 (0.250 to 0.500)', '0.250')
    """
    mean = f"{statistics.mean(values):.3f}"
    return f"{mean} ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else mean


def _by_length(results: Results, entry: Callable[[Outcome], str]) -> list[list[str]]:
    return [[learner.name, *map(entry, results.of(learner))] for learner in results.settings.learners]


def _header(results: Results) -> tuple[str, ...]:
    return ("", *(f"T = {length:,}" for length in results.settings.lengths))


def accuracies(results: Results) -> Table:
    """Of every learner at every length, and of the bounds."""
    return Table(
        f"Accuracy on new sequences, mean (lowest to highest) of {results.settings.seeds} seeds; "
        f"chance is {chance(results):.3f}",
        _header(results),
        [
            *_by_length(results, lambda outcome: mean_and_range(outcome.accuracies)),
            ["matched filter", *(mean_and_range(bound.matched_filter) for bound in results.bounds)],
            ["last residues only", *(mean_and_range(bound.last_residues) for bound in results.bounds)],
        ],
    )


def seconds(results: Results) -> Table:
    """How long learning takes."""
    return Table(
        "Seconds of learning for all seeds, without compiling",
        _header(results),
        _by_length(results, lambda outcome: f"{outcome.seconds:.3g}"),
    )


def gradient_norms(results: Results) -> Table:
    """What the gradients of the networks do in training."""
    return Table(
        f"Norm of the gradient in training, median of seeds; share of updates above {results.settings.clip:g}",
        ("", "T", "smallest", "median", "largest", "above"),
        [
            [
                outcome.learner.name,
                f"{outcome.length:,}",
                *(
                    f"{statistics.median(norms):.2g}"
                    for norms in (training.smallest_norms, training.median_norms, training.largest_norms)
                ),
                percent(statistics.median(training.above_clip), 0),
            ]
            for outcome in results.outcomes
            if (training := outcome.training)
        ],
    )
