"""A sweep as arrays whose axes have names and coordinates, for xarray."""

from typing import Any

import numpy as np

AXES = {1: ("sample",), 2: ("row", "col"), 3: ("depth", "row", "col")}


def dataset(result: Any) -> Any:
    """A `hw3.occlusion.Sweep` as an `xarray.Dataset`, with the names of `hw3.occlusion.storage` on disk.

    Along `image`, the places of the patch (`row` and `col`; `sample` of signals; `depth`, `row`, `col` of volumes;
    coordinates are the patch's first pixels) and `class`: probabilities float32 [image, row, col, class], clean
    float32 [image, class], and the maps true_probability, highest_probability and predicted [image, row, col]. `label`
    int [image] is a coordinate. Where only some classes were kept, probabilities have the axis `kept` instead and
    `kept_class` int [image, kept] says which they are. Attributes: patch and image_shape, in pixels.

    Raises ImportError where xarray is not installed.
    """
    try:
        import xarray
    except ImportError as error:
        raise ImportError("to_xarray needs the package xarray: pip install xarray") from error
    places = AXES[len(result.axes)]
    last = "class" if result.kept is None else "kept"
    coordinates: dict[str, Any] = {
        "image": np.arange(len(result.labels)),
        "label": ("image", result.labels, {"long_name": "true label"}),
        "class": np.arange(result.clean.shape[-1]),
    }
    for name, starts in zip(places, result.axes, strict=True):
        coordinates[name] = (name, starts, {"long_name": f"first {name} of the patch", "units": "pixel"})
    if result.kept is not None:
        coordinates["kept_class"] = (("image", "kept"), result.kept)
    return xarray.Dataset(
        {
            "probabilities": (("image", *places, last), result.probabilities),
            "clean": (("image", "class"), result.clean),
            "true_probability": (("image", *places), result.true_probability),
            "highest_probability": (("image", *places), result.highest_probability),
            "predicted": (("image", *places), result.predicted),
        },
        coordinates,
        {"patch": list(result.patch), "image_shape": list(result.image_shape)},
    )
