"""A trained network's filters applied by hand: document 004's problem 2 (3)."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3 import cnn
from hw3.cnn.checkpoints import Checkpoint
from hw3.datasets import Dataset, as_float
from hw3.errors import InvalidInput


class HandComparison(NamedTuple):
    """A layer's feature maps against the same by hand, for one image; relative to the largest activation."""

    layer: str
    filters: int
    products: int  # in one activation
    float32: float  # largest difference from the network as it runs
    float64: float  # and from the network run in float64


class AppliedFilter(NamedTuple):
    """One filter of the first convolution on one image."""

    number: int  # among the layer's filters
    input: np.ndarray  # [height, width, channels]
    kernel: np.ndarray  # [window, window, channels]
    by_hand: np.ndarray  # its feature map, float64 [rows, columns]
    of_network: np.ndarray  # the same in the network as it runs, float32


class ByHand(NamedTuple):
    """What `measure` found."""

    layers: tuple[HandComparison, ...]
    strongest: AppliedFilter  # the filter with the largest sum of absolute weights


def feature_maps(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A convolution layer with ReLU in NumPy: the filters laid over every place of the input in turn, in float64.

    Args: x [height, width, channels]; kernel [window, window, channels, filters]; bias [filters].
    Returns [height - window + 1, width - window + 1, filters].
    """
    x, kernel, bias = (np.asarray(values, np.float64) for values in (x, kernel, bias))
    window = len(kernel)
    rows, columns = (size - window + 1 for size in x.shape[:2])
    out = np.empty((rows, columns, kernel.shape[-1]))
    for row in range(rows):
        for column in range(columns):
            seen = x[row : row + window, column : column + window]
            out[row, column] = (seen[..., None] * kernel).sum((0, 1, 2)) + bias
    return np.maximum(out, 0)


def measure(checkpoint: Checkpoint, dataset: Dataset) -> ByHand:
    """Every convolution of a trained network by hand, beside its feature maps as it runs on the first test image."""
    image = np.asarray(as_float(dataset.test_images[:1]))[0]
    return compare(checkpoint.model, jax.tree.map(np.asarray, checkpoint.state.params), image)


def compare(model: cnn.CNN, params: cnn.Params, image: np.ndarray) -> ByHand:
    """The same for any parameters. Args: image float32 [height, width, channels]."""
    taps = _taps(model, params, image, np.float32)
    with jax.enable_x64(True):
        wide = _taps(model, params, image, np.float64)
    layers, first = [], None
    for below, name in _convolutions(model):
        weights: Any = params[name]["linear"]
        window, _, channels, filters = weights["kernel"].shape
        differences = []
        for maps in (taps, wide):
            expected = feature_maps(maps[below], weights["kernel"], weights["bias"])
            largest = max(float(expected.max()), 1e-30)
            differences.append(float(np.abs(maps[name] - expected).max()) / largest)
            if first is None:
                strongest = int(np.abs(weights["kernel"]).sum((0, 1, 2)).argmax())
                of_filter = (weights["kernel"], expected, maps[name])
                first = AppliedFilter(strongest, maps[below], *(values[..., strongest] for values in of_filter))
        layers.append(HandComparison(name, filters, window**2 * channels, *differences))
    if first is None:
        raise InvalidInput("the network has no convolution to apply by hand")
    return ByHand(tuple(layers), first)


def _convolutions(model: cnn.CNN) -> list[tuple[str, str]]:
    """The names of each convolution's input, "image" or the layer below, and of itself."""
    names = cnn.layer_names(model.layers)
    return [pair for pair in zip(["image", *names], names, strict=False) if pair[1].startswith("conv")]


def _taps(model: cnn.CNN, params: cnn.Params, image: np.ndarray, dtype: Any) -> dict[str, np.ndarray]:
    """The image under the name "image" and every layer's output for it, computed by the network in one precision."""
    cast = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf), dtype), params)
    taps = jax.jit(partial(cnn.activations, model))(cast, jnp.asarray(image, dtype)[None])
    return {"image": np.asarray(image)} | {name: np.asarray(values)[0] for name, values in taps.items()}
