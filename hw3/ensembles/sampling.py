"""Random numbers for many small experiments: initial weights, orders of images, samples.

XLA compiles a program for every shape that is drawn, and `jax.random.permutation` is among the slowest to compile. What
is drawn here is cut out of one array of uniform numbers in NumPy, which takes a fraction of that.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from hw3.compilation import LIGHTLY


@partial(jax.jit, static_argnums=1, compiler_options=LIGHTLY)
def _uniform(key: jax.Array, count: int) -> jax.Array:
    return jax.random.uniform(key, (count,), minval=-1.0)


def draw(
    key: jax.Array, shapes: Sequence[tuple[int, ...]], inputs: Sequence[int], gain: float = 2.0
) -> list[np.ndarray]:
    """Arrays uniform around 0 with variance `gain` over their number of inputs (2: He et al. 2015; 1: LeCun)."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    parts = np.split(np.asarray(_uniform(key, int(ends[-1]))), ends[:-1])
    return [
        part.reshape(shape) * np.float32(math.sqrt(3 * gain / fan_in))
        for part, shape, fan_in in zip(parts, shapes, inputs, strict=True)
    ]


def fresh_variables(network: nn.Module, keys: jax.Array, *arguments: Any) -> Any:
    """Variables of `network(*arguments)` for each of the keys, leaves [keys, ...]: kernels as `draw` gives them, scales
    and variances 1, everything else 0."""
    shapes = jax.eval_shape(lambda: network.init(jax.random.key(0), *arguments))
    leaves, tree = jax.tree.flatten_with_path({name: values for name, values in shapes.items() if name != "taps"})
    kernels = [leaf.shape for path, leaf in leaves if path[-1].key == "kernel"]
    inputs = [math.prod(shape[:-1]) for shape in kernels]
    drawn = iter(zip(*(draw(key, kernels, inputs) for key in keys), strict=True))
    constants = {"scale": 1.0, "var": 1.0}
    values = [
        np.stack(next(drawn))
        if path[-1].key == "kernel"
        else np.full((len(keys), *leaf.shape), constants.get(path[-1].key, 0.0), np.float32)
        for path, leaf in leaves
    ]
    return jax.tree.unflatten(tree, values)


def permutation(key: jax.Array, count: int) -> np.ndarray:
    """The numbers below `count` in random order, int32 [count]: the order of as many uniform numbers."""
    return np.argsort(np.asarray(_uniform(key, count)), kind="stable").astype(np.int32)


def integers(key: jax.Array, count: int, high: int) -> np.ndarray:
    """`count` whole numbers from 0 to `high - 1`, equally likely, int32."""
    return np.minimum((np.asarray(_uniform(key, count)) + 1) / 2 * high, high - 1).astype(np.int32)
