"""What follows from the measured echo states, each by a rule."""

import math
import statistics
from typing import NamedTuple

from hw3.studies.long_sequences.echo_states.measure import Capacity, Left, Results


class Forgetting(NamedTuple):
    """The largest spectral radii up to which reservoirs forget the difference of two states; None if none does."""

    smallest: float | None
    median: float | None
    largest: float | None
    never: int  # reservoirs that forget at no radius; the other fields are of the others


def forgetting(left: Left) -> Forgetting:
    """At one scale of the inputs."""
    found = sorted(radius for radius in left.last_radii if not math.isnan(radius))
    never = len(left.last_radii) - len(found)
    if not found:
        return Forgetting(None, None, None, never)
    return Forgetting(found[0], statistics.median(found), found[-1], never)


def best_memory(results: Results) -> Capacity:
    """That of the spectral radius at which reservoirs remember most on average."""
    return max(results.capacities, key=lambda capacity: statistics.mean(capacity.totals))


def longest_memory(results: Results) -> float:
    """The largest capacity of any reservoir, in steps."""
    return max(max(capacity.totals) for capacity in results.capacities)
