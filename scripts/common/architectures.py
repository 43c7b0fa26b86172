"""Large image classifiers in Flax and their twins in PyTorch with the same weights, for benchmark.py.

Random weights serve: what a network computes costs the same whatever it says. The twins take the weights in the order
in which both sides make their layers. Not a program itself.

ResNet: He and others (arXiv:1512.03385); VGG: Simonyan and Zisserman (arXiv:1409.1556); MobileNetV2: Sandler and others
(arXiv:1801.04381); DenseNet: Huang and others (arXiv:1608.06993).
"""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

NAMES = ("resnet18", "resnet50", "vgg16", "mobilenet", "densenet")
CLASSES = 1000
SIDE = 224

MOBILENET = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
RESNETS = {"resnet18": ((2, 2, 2, 2), False), "resnet50": ((3, 4, 6, 3), True)}
VGG = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


class Network(nn.Module):
    """One of `NAMES`, from images [batch, SIDE, SIDE, 3] to probabilities [batch, CLASSES]."""

    name_of: str

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[batch, height, width, 3] -> [batch, CLASSES]."""
        return nn.softmax(describe(self.name_of, Flax(), x))


class Flax:
    """The layers that `describe` asks for, on arrays; to be used inside a compact module."""

    def conv(self, x: jax.Array, features: int, size: int, stride: int = 1, groups: int = 1, bias: bool = False) -> Any:
        """Convolution padded by half its size."""
        pad = ((size // 2, size // 2),) * 2
        return nn.Conv(features, (size, size), (stride, stride), pad, feature_group_count=groups, use_bias=bias)(x)

    def norm(self, x: jax.Array) -> jax.Array:
        """Batch normalisation by running averages."""
        return nn.BatchNorm(use_running_average=True)(x)

    def relu(self, x: jax.Array) -> jax.Array:
        """ReLU."""
        return nn.relu(x)

    def relu6(self, x: jax.Array) -> jax.Array:
        """ReLU up to 6."""
        return nn.relu6(x)

    def max_pool(self, x: jax.Array, size: int, stride: int, pad: int = 0) -> jax.Array:
        """Max pooling."""
        return nn.max_pool(x, (size, size), (stride, stride), ((pad, pad),) * 2)

    def avg_pool(self, x: jax.Array) -> jax.Array:
        """Average pooling of 2x2."""
        return nn.avg_pool(x, (2, 2), (2, 2))

    def mean(self, x: jax.Array) -> jax.Array:
        """The mean over all pixels: [batch, channels]."""
        return x.mean((1, 2))

    def flatten(self, x: jax.Array) -> jax.Array:
        """All values in a row: [batch, values]."""
        return x.reshape(len(x), -1)

    def concatenate(self, xs: Sequence[jax.Array]) -> jax.Array:
        """Along the channels."""
        return jnp.concatenate(xs, -1)

    def dense(self, x: jax.Array, features: int) -> jax.Array:
        """Dense layer."""
        return nn.Dense(features)(x)

    def channels(self, x: jax.Array) -> int:
        """How many channels."""
        return x.shape[-1]


def describe(name: str, on: Any, x: Any) -> Any:
    """Logits of a network of `NAMES`, by the layers of `on`."""
    if name in RESNETS:
        return _resnet(on, x, *RESNETS[name])
    return {"vgg16": _vgg, "mobilenet": _mobilenet, "densenet": _densenet}[name](on, x)


def _resnet(on: Any, x: Any, sizes: tuple[int, ...], bottleneck: bool) -> Any:
    x = on.max_pool(on.relu(on.norm(on.conv(x, 64, 7, 2))), 3, 2, 1)
    for stage, blocks in enumerate(sizes):
        for block in range(blocks):
            features, stride = 64 * 2**stage, 2 if block == 0 and stage > 0 else 1
            if bottleneck:
                y = on.relu(on.norm(on.conv(x, features, 1)))
                y = on.relu(on.norm(on.conv(y, features, 3, stride)))
                y = on.norm(on.conv(y, 4 * features, 1))
            else:
                y = on.relu(on.norm(on.conv(x, features, 3, stride)))
                y = on.norm(on.conv(y, features, 3))
            if stride > 1 or on.channels(x) != on.channels(y):
                x = on.norm(on.conv(x, on.channels(y), 1, stride))
            x = on.relu(y + x)
    return on.dense(on.mean(x), CLASSES)


def _vgg(on: Any, x: Any) -> Any:
    for features, layers in VGG:
        for _ in range(layers):
            x = on.relu(on.conv(x, features, 3, bias=True))
        x = on.max_pool(x, 2, 2)
    x = on.flatten(x)
    for _ in range(2):
        x = on.relu(on.dense(x, 4096))
    return on.dense(x, CLASSES)


def _mobilenet(on: Any, x: Any) -> Any:
    x = on.relu6(on.norm(on.conv(x, 32, 3, 2)))
    for widening, features, blocks, first_stride in MOBILENET:
        for block in range(blocks):
            wide, stride = widening * on.channels(x), first_stride if block == 0 else 1
            y = on.relu6(on.norm(on.conv(x, wide, 1))) if widening > 1 else x
            y = on.relu6(on.norm(on.conv(y, wide, 3, stride, groups=wide)))
            y = on.norm(on.conv(y, features, 1))
            x = x + y if stride == 1 and on.channels(x) == features else y
    x = on.relu6(on.norm(on.conv(x, 1280, 1)))
    return on.dense(on.mean(x), CLASSES)


def _densenet(on: Any, x: Any) -> Any:
    x = on.max_pool(on.relu(on.norm(on.conv(x, 64, 7, 2))), 3, 2, 1)
    for stage, layers in enumerate((6, 12, 24, 16)):
        for _ in range(layers):
            y = on.conv(on.relu(on.norm(x)), 128, 1)
            x = on.concatenate([x, on.conv(on.relu(on.norm(y)), 32, 3)])
        if stage < 3:
            x = on.avg_pool(on.conv(on.relu(on.norm(x)), on.channels(x) // 2, 1))
    return on.dense(on.mean(on.relu(on.norm(x))), CLASSES)


@functools.cache
def variables(name: str) -> Any:
    """Random weights of a network of `NAMES`, the same for the same name."""
    shapes = jax.eval_shape(Network(name).init, jax.random.key(0), jnp.zeros((1, SIDE, SIDE, 3)))
    rng = np.random.default_rng(0)

    def random(path: Any, leaf: jax.ShapeDtypeStruct) -> np.ndarray:
        kind = path[-1].key
        if kind == "kernel":
            scale = np.sqrt(2 / np.prod(leaf.shape[:-1]))
            return (scale * rng.standard_normal(leaf.shape, np.float32)).astype(np.float32)
        values = rng.uniform(-0.1, 0.1, leaf.shape).astype(np.float32)
        return values + 1 if kind in ("scale", "var") else values

    return jax.tree_util.tree_map_with_path(random, shapes)


def predictor(name: str) -> Any:
    """The classifier in JAX: images [batch, SIDE, SIDE, 3] -> probabilities. Jitted, and so traced by Flax once."""
    return jax.tree_util.Partial(jax.jit(Network(name).apply), variables(name))


def twin(name: str) -> Any:
    """The same classifier as a `torch.nn.Module` of images [batch, 3, SIDE, SIDE]. Raises ImportError."""
    import torch
    from torch.nn import functional

    weights = variables(name)
    order: dict[str, int] = {"Conv": 0, "BatchNorm": 0, "Dense": 0}

    def tensor(array: np.ndarray) -> Any:
        return torch.nn.Parameter(torch.tensor(np.ascontiguousarray(array)), requires_grad=False)

    def following(kind: str) -> dict[str, Any]:
        layer = f"{kind}_{order[kind]}"
        order[kind] += 1
        found = {**weights["params"][layer], **weights.get("batch_stats", {}).get(layer, {})}
        return {each: np.asarray(value) for each, value in found.items()}

    class Layers(Flax):
        """Makes PyTorch's layers at the first pass, and finds them again at the others."""

        def __init__(self) -> None:
            self.made: list[Any] = []
            self.at = 0

        def _next(self, make: Any) -> Any:
            if self.at == len(self.made):
                self.made.append(make())
            self.at += 1
            return self.made[self.at - 1]

        def conv(self, x: Any, features: int, size: int, stride: int = 1, groups: int = 1, bias: bool = False) -> Any:
            def make() -> tuple[Any, Any]:
                found = following("Conv")
                kernel = tensor(found["kernel"].transpose(3, 2, 0, 1))
                kernel = torch.nn.Parameter(kernel.contiguous(memory_format=torch.channels_last), requires_grad=False)
                return kernel, tensor(found["bias"]) if bias else None

            return functional.conv2d(x, *self._next(make), stride, size // 2, groups=groups)

        def norm(self, x: Any) -> Any:
            def make() -> list[Any]:
                found = following("BatchNorm")
                return [tensor(found[each]) for each in ("mean", "var", "scale", "bias")]

            mean, var, scale, bias = self._next(make)
            return functional.batch_norm(x, mean, var, scale, bias, eps=1e-5)

        def relu(self, x: Any) -> Any:
            return functional.relu(x)

        def relu6(self, x: Any) -> Any:
            return functional.relu6(x)

        def max_pool(self, x: Any, size: int, stride: int, pad: int = 0) -> Any:
            return functional.max_pool2d(x, size, stride, pad)

        def avg_pool(self, x: Any) -> Any:
            return functional.avg_pool2d(x, 2, 2)

        def mean(self, x: Any) -> Any:
            return x.mean((2, 3))

        def flatten(self, x: Any) -> Any:
            return x.permute(0, 2, 3, 1).flatten(1)  # Flax's order

        def concatenate(self, xs: Any) -> Any:
            return torch.cat(list(xs), 1)

        def dense(self, x: Any, features: int) -> Any:
            def make() -> tuple[Any, Any]:
                found = following("Dense")
                return tensor(found["kernel"].T), tensor(found["bias"])

            return functional.linear(x, *self._next(make))

        def channels(self, x: Any) -> int:
            return x.shape[1]

    layers = Layers()

    class Twin(torch.nn.Module):
        """The network."""

        def forward(self, x: Any) -> Any:
            layers.at = 0
            return functional.softmax(describe(name, layers, x.to(memory_format=torch.channels_last)), -1)

    return Twin()
