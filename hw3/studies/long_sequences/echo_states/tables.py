"""Where forgetting ends and how much is remembered, as tables for the console and the page."""

import statistics

import numpy as np

from hw3.report.page import Table
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
                [f"{left.input_scale:g}", *(f"{np.nanquantile(left.last_radii, q):g}" for q in (0, 0.5, 1))]
                for left in results.left
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
