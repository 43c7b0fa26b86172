"""Curves over many steps: which steps they are kept at, medians with bands over many networks, looks of lines."""

from typing import Any

import numpy as np
from matplotlib import colormaps

from hw3.recurrent.gradient_flow import Band
from hw3.report import style
from hw3.report.style import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

TEN = np.log(10.0)  # curves are drawn in powers of ten
LOOKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (PURPLE, ":"), (ORANGE, "-"), (SKY, "--"), ("black", "-."))


def thinned(steps: int, points: int) -> np.ndarray:
    """Some of the steps 0..steps: so many evenly on a log scale and as many evenly; int, ascending."""
    both = np.concatenate([np.geomspace(1, steps, points), np.linspace(0, steps, points)])
    return np.unique(both.round().astype(int))


def shades(count: int) -> list[Any]:
    """Colours for an ordered setting: from dark to light, without the palest."""
    return [colormaps[style.SEQUENTIAL](value) for value in np.linspace(0, 0.88, count)]


def draw_band(ax: Any, x: Any, band: Band, colour: Any, label: str = "", line: str = "-", unit: float = 1) -> None:
    """A median with its band over x; `unit` is what the values are divided by."""
    low, median, high = (np.asarray(values) / unit for values in band)
    ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(x, median, color=colour, linestyle=line, linewidth=1.2, label=label or None)
