"""What shows through a patch, described in a word."""

from typing import Any

import numpy as np

from hw3 import occlusion
from hw3.errors import InvalidInput


def filling(fill: str, images: np.ndarray) -> Any:
    """What `fill` describes, for `hw3.occlusion.sweep` of images float32 [n, height, width, channels].

    Args: fill: a grey value in [0, 1] (0 is black), or mean, or blur: each image's own mean, or the image blurred.
    Raises ValueError for anything else.
    """
    if fill in ("mean", "blur"):
        return (occlusion.mean_fill if fill == "mean" else occlusion.blur_fill)(images)
    try:
        value = float(fill)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise InvalidInput(f"fill={fill}: must be a number in [0, 1], mean or blur")
    return value
