"""How a study tells how far it is, without knowing who listens."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

Advance = Callable[[int], None]  # called with a number of units whenever so many more are done

# `with progress("sweeping", 441, "images") as advance:` a piece of work, its units in all, and their name
Progress = Callable[[str, int, str], AbstractContextManager[Advance]]


@contextlib.contextmanager
def quiet(description: str, total: int, unit: str) -> Iterator[Advance]:
    """Tells nobody."""
    yield lambda count: None
