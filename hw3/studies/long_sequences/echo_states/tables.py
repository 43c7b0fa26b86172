"""Where forgetting ends and how much is remembered, as tables for the console and the page."""

import statistics

from hw3.report.page import Table
from hw3.studies.long_sequences.echo_states.claims import forgetting
from hw3.studies.long_sequences.echo_states.measure import Results


def tables(results: Results) -> list[Table]:
    """Largest radii up to which states forget, and memory capacities."""
    settings = results.settings
    return [
        Table(
            f"Largest spectral radius up to which two states forget their difference in {settings.steps:,} steps "
            f"({settings.reservoirs} reservoirs of {settings.hidden})",
            ("input scale", "smallest", "median", "largest"),
            [
                [
                    f"{left.input_scale:g}",
                    *("never" if r is None else f"{r:g}" for r in (found.smallest, found.median, found.largest)),
                ]
                for left in results.left
                for found in (forgetting(left),)
            ],
        ),
        Table(
            f"Memory capacity (bound: {settings.hidden})",
            ("spectral radius", "mean", "smallest", "largest"),
            [
                [f"{row.radius:g}", *(f"{pick(row.totals):.2f}" for pick in (statistics.mean, min, max))]
                for row in results.capacities
            ],
        ),
    ]
