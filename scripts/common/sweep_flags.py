"""The flags of the programs that move a patch over images, and what they stand for. Not a program itself."""

from typing import Any

import numpy as np
from absl import flags

from common import shared_flags
from hw3 import occlusion
from hw3.errors import InvalidInput
from hw3.occlusion import ways
from hw3.studies import fills

PATCH_SIZE = flags.DEFINE_list("patch_size", ["8"], "Pixels, one number or height,width.")
STRIDE = flags.DEFINE_list("stride", ["1"], "Pixels, one number or vertical,horizontal.")
FILL = flags.DEFINE_string("fill", "0", "Grey value of the patch in [0, 1] (0 is black), or mean, or blur.")
REACH_EDGE = flags.DEFINE_bool(
    "reach_edge", False, "Add the last row and column of positions if the stride misses them."
)
BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", None, "Occluded images classified at once: bounds the memory.", lower_bound=1
)
METHOD = flags.DEFINE_enum(
    "method",
    "auto",
    ways.METHODS,
    "dense: whole occluded images; incremental: only what patches change, the same to rounding; auto: the faster.",
)


def filling(images: np.ndarray) -> Any:
    """What --fill describes, for `occlusion.sweep` of these images."""
    return fills.filling(FILL.value, images)


def options(image_shape: tuple[int, ...]) -> dict[str, Any]:
    """What the flags but --fill say, for `occlusion.sweep` of images of this shape (height, width, ...).

    Raises ValueError naming the flag for a patch that isn't one or doesn't fit.
    """
    patch, stride = (shared_flags.pixels(flag.name, flag.value) for flag in (PATCH_SIZE, STRIDE))
    height, width = image_shape[:2]
    if patch[0] > height or patch[1] > width:
        raise InvalidInput(
            f"--patch_size={','.join(PATCH_SIZE.value)}: larger than the images, {height}x{width} pixels"
        )
    return {
        "patch_size": patch,
        "stride": stride,
        "reach_edge": REACH_EDGE.value,
        "batch_size": BATCH_SIZE.value,
        "method": METHOD.value,
    }


def places(image_shape: tuple[int, ...], options: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Top rows and left columns of the patch, as `occlusion.sweep` takes them with these options."""
    rows, cols = (
        occlusion.positions(size, length, step, options["reach_edge"])
        for size, length, step in zip(image_shape[:2], options["patch_size"], options["stride"], strict=True)
    )
    return rows, cols
