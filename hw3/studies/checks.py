"""What the settings of several studies must keep to."""

import itertools
from collections.abc import Sequence

from hw3.errors import InvalidInput


def ascending(name: str, values: Sequence[float], lowest: float, highest: float, at_least: int = 1) -> None:
    """Raises ValueError, naming the setting, unless so many `values` ascend within [lowest, highest]."""
    inside = bool(values) and lowest <= min(values) <= max(values) <= highest
    if len(values) < at_least or not inside or any(a >= b for a, b in itertools.pairwise(values)):
        many = {1: "", 2: "at least two "}.get(at_least, f"at least {at_least} ")
        kind = "whole numbers" if all(isinstance(bound, int) for bound in (lowest, highest)) else "numbers"
        given = ",".join(f"{value:g}" for value in values)
        raise InvalidInput(f"{name}={given}: must be {many}ascending {kind} in {lowest}..{highest}")


def experiments(only: Sequence[str], known: Sequence[str]) -> None:
    """Raises ValueError unless `only` names some of the `known` experiments."""
    if not only or not set(only) <= set(known):
        raise InvalidInput(f"only={','.join(only)}: must be some of {', '.join(known)}")


def seeds(count: int) -> None:
    """Raises ValueError unless there are enough seeds to see a spread."""
    if count < 2:
        raise InvalidInput(f"seeds={count}: a spread over seeds needs at least 2 of them")
