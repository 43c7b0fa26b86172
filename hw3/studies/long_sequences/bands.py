"""Medians with their bands over many networks, and the looks of their lines."""

from typing import Any

import numpy as np
from matplotlib import colormaps

from hw3.recurrent.gradient_flow import Band
from hw3.report import style
from hw3.report.style import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

TEN = np.log(10.0)  # curves are drawn in powers of ten
LOOKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (PURPLE, ":"), (ORANGE, "-"), (SKY, "--"), ("black", "-."))


def shades(count: int) -> list[Any]:
    """Colours for an ordered setting: from dark to light, without the palest."""
    return [colormaps[style.SEQUENTIAL](value) for value in np.linspace(0, 0.88, count)]


def draw_band(ax: Any, x: Any, band: Band, colour: Any, label: str = "", line: str = "-", unit: float = 1) -> None:
    """A median with its band over x; `unit` is what the values are divided by."""
    low, median, high = (np.asarray(values) / unit for values in band)
    ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(x, median, color=colour, linestyle=line, linewidth=1.2, label=label or None)
