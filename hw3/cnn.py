"""Convolutional networks by name or by description, as Flax modules with a tap on every layer.

A network is a line of words in the notation of the VGG paper (Simonyan and Zisserman, arXiv:1409.1556, table 1):
`conv5-32` is a 5x5 convolution with 32 filters, stride 1, no padding ('VALID'), then ReLU; `maxpool2` is 2x2 max
pooling with stride 2; `dense100` is a dense layer with 100 units, then ReLU; `dropout0.2` drops each value with
probability 0.2 in training. The first dense layer or the classifier flattens; the classifier (a dense layer, one
logit a class) comes last and is not written down.
"""

import functools
import math
import re
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from hw3 import training_layers
from hw3.classifiers import Predict

Params = Any  # a nested dict of arrays, as `flax.linen.Module.init` makes it


class Network(NamedTuple):
    """A named network and what was published about it."""

    layers: str  # in the notation above
    document: str  # where the network was published
    test_accuracy: float | None  # published, in [0, 1]
    chosen: str  # what the document leaves open and is therefore our choice


NETWORKS = {
    "wide": Network(
        "conv5-32 conv5-32 maxpool2 conv3-64 conv3-64 maxpool2 dense100",
        "001",
        0.9942,
        "nothing: the document's tables give the whole network",
    ),
    "narrow": Network(
        "conv3-12 maxpool2 conv3-12 maxpool2 conv3-8 maxpool2 dropout0.1",
        "004",
        0.9592,
        "the dropout rate, 0.1",
    ),
    "small_kernels": Network(
        "conv3-32 maxpool2 conv3-32 maxpool2 conv3-32",
        "000",
        None,
        "pooling, the number of filters in the second and third layer (32, as in the first), the dense head",
    ),
}


class Layer(NamedTuple):
    """One word of a description: `kind` is conv, maxpool, dense or dropout."""

    kind: str
    window: int = 0  # side of the kernel or of the pooling window, in pixels
    features: int = 0  # filters of a convolution or units of a dense layer
    rate: float = 0.0  # probability to be dropped


def parse(description: str) -> tuple[Layer, ...]:
    """Reads a network's name or its description in the notation at the head of this module.

    Raises ValueError naming the word that is not understood.

    >>> parse("conv5-32 maxpool2 dense100")[0]
    Layer(kind='conv', window=5, features=32, rate=0.0)
    """
    if description in NETWORKS:
        description = NETWORKS[description].layers
    layers = []
    if not description.strip():
        raise ValueError(f"a network needs at least one layer; networks by name: {', '.join(NETWORKS)}")
    for word in description.split():
        if match := re.fullmatch(r"conv([1-9]\d*)-([1-9]\d*)", word):
            layers.append(Layer("conv", window=int(match[1]), features=int(match[2])))
        elif match := re.fullmatch(r"maxpool([1-9]\d*)", word):
            layers.append(Layer("maxpool", window=int(match[1])))
        elif match := re.fullmatch(r"dense([1-9]\d*)", word):
            layers.append(Layer("dense", features=int(match[1])))
        elif match := re.fullmatch(r"dropout(0(?:\.\d+)?)", word):
            layers.append(Layer("dropout", rate=float(match[1])))
        else:
            raise ValueError(
                f"unknown network or layer {word!r}; networks: {', '.join(NETWORKS)}; layers: conv5-32, maxpool2, "
                "dense100, dropout0.2 and the like, separated by spaces"
            )
    kinds = [layer.kind for layer in layers]
    if "dense" in kinds and {"conv", "maxpool"} & set(kinds[kinds.index("dense") :]):
        raise ValueError(f"{description!r}: a convolution or pooling cannot follow a dense layer, which flattens")
    return tuple(layers)


class Convolution(nn.Module):
    """Convolution, stride 1, no padding, then ReLU: what a Keras `Conv2D(activation="relu")` row stands for."""

    features: int
    window: int

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False, pool: int | None = None) -> jax.Array:
        """[batch, height, width, channels] -> [batch, height - window + 1, width - window + 1, features].

        With `pool`, in training only, the max pooling that follows is done here as well.
        """
        linear = nn.Conv(self.features, (self.window, self.window), padding="VALID", name="linear")
        if not train:
            return nn.relu(linear(x))
        kernel, bias = (linear.variables["params"][name] for name in ("kernel", "bias"))
        if pool:
            return training_layers.convolve_pool_relu(x, kernel, bias, pool)
        return training_layers.convolve_relu(x, kernel, bias)


class MaxPool(nn.Module):
    """Max pooling whose stride is its window."""

    window: int

    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """[batch, height, width, channels] -> [batch, height // window, width // window, channels]."""
        window = (self.window, self.window)
        return training_layers.max_pool(x, self.window) if train else nn.max_pool(x, window, window)


class Dense(nn.Module):
    """Dense layer on the flattened input, with ReLU unless it is the classifier."""

    features: int
    relu: bool = True

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[batch, ...] -> [batch, features]."""
        x = nn.Dense(self.features, name="linear")(x.reshape(x.shape[0], -1))
        return nn.relu(x) if self.relu else x


class CNN(nn.Module):
    """A stack of layers and a classifier; `layers` as `parse` gives them. Layers are named conv1, maxpool1, conv2,
    ..."""

    layers: tuple[Layer, ...]
    classes: int = 10

    @nn.compact
    def __call__(self, images: jax.Array, train: bool = False) -> jax.Array:
        """Logits [batch, classes] of images float32 [batch, height, width, channels] in [0, 1]; dropout if `train`."""
        x = images
        pool = None  # the window of a pooling that its convolution does as well
        for index, (name, layer) in enumerate(zip(layer_names(self.layers), self.layers, strict=True)):
            if layer.kind == "conv":
                following = self.layers[index + 1] if train and index + 1 < len(self.layers) else None
                pool = following.window if following and following.kind == "maxpool" else None
                x = Convolution(layer.features, layer.window, name=name)(x, train, pool)
            elif layer.kind == "maxpool":
                x, pool = x if pool else MaxPool(layer.window, name=name)(x, train), None
            elif layer.kind == "dense":
                x = Dense(layer.features, name=name)(x)
            else:
                x = nn.Dropout(layer.rate, deterministic=not train, name=name)(x)
        return Dense(self.classes, relu=False, name="logits")(x)


def layer_names(layers: tuple[Layer, ...]) -> tuple[str, ...]:
    """The layers' names, counted by kind: conv1, conv2, maxpool1, ..."""
    kinds = [layer.kind for layer in layers]
    return tuple(f"{kind}{kinds[: index + 1].count(kind)}" for index, kind in enumerate(kinds))


def init(model: CNN, key: jax.Array, image_shape: tuple[int, int, int]) -> Params:
    """Fresh parameters of `model` for images of `image_shape` (height, width, channels).

    Raises ValueError if a layer would be left with no pixels.
    """
    height, width = image_shape[:2]
    for name, layer in zip(layer_names(model.layers), model.layers, strict=True):
        if layer.kind == "conv":
            height, width = height - layer.window + 1, width - layer.window + 1
        elif layer.kind == "maxpool":
            height, width = height // layer.window, width // layer.window
        if height < 1 or width < 1:
            raise ValueError(f"images of {image_shape[0]}x{image_shape[1]} pixels are too small for layer {name}")
    if isinstance(key, jax.core.Tracer):
        return _init(model, image_shape, key)
    return _compiled_init(model, image_shape, jax.ShapeDtypeStruct(key.shape, key.dtype))(key)


def _init(model: CNN, image_shape: tuple[int, int, int], key: jax.Array) -> Params:
    return model.init(key, jnp.zeros((1, *image_shape), jnp.float32))["params"]


@functools.lru_cache
def _compiled_init(model: CNN, image_shape: tuple[int, int, int], key: jax.ShapeDtypeStruct) -> jax.stages.Compiled:
    """`_init`, compiled quickly: at the usual level the random numbers alone take seconds, and are the same."""
    lowered = jax.jit(functools.partial(_init, model, image_shape)).lower(key)
    return lowered.compile(compiler_options={"xla_backend_optimization_level": "1"})


def predictor(model: CNN, params: Params) -> Predict:
    """The classifier `predict(images) -> probabilities` [batch, classes] of a trained network.

    It is a `jax.tree_util.Partial`, a pytree with the parameters as leaves, so functions jitted over it do not compile
    again for other parameters.
    """
    return jax.tree_util.Partial(Softmax(model), params)


class Softmax(NamedTuple):
    """The probabilities of a network; equal for equal networks, so that jit finds what it has compiled."""

    model: CNN

    def __call__(self, params: Params, images: jax.Array) -> jax.Array:
        """[batch, height, width, channels] -> [batch, classes]."""
        return jax.nn.softmax(self.model.apply({"params": params}, images))


def activations(model: CNN, params: Params, images: jax.Array) -> dict[str, jax.Array]:
    """Output of every layer by name, in order (a convolution's after its ReLU), `logits` last; shapes [batch, ...]."""
    _, state = model.apply(
        {"params": params},
        images,
        capture_intermediates=lambda module, _: isinstance(module, Convolution | MaxPool | Dense),
        mutable=["intermediates"],
    )
    taps = state["intermediates"]
    return {name: taps[name]["__call__"][0] for name in (*layer_names(model.layers), "logits") if name in taps}


def table(model: CNN, image_shape: tuple[int, int, int], width: int = 100) -> str:
    """The table of layers, output shapes and parameter counts, as `flax.linen.tabulate` prints it."""
    images = jnp.zeros((1, *image_shape), jnp.float32)
    return nn.tabulate(
        model,
        jax.random.key(0),
        depth=1,
        console_kwargs={"width": width, "force_terminal": False},
        column_kwargs={},
        compute_flops=False,
    )(images)


def layer_rows(model: CNN, image_shape: tuple[int, int, int]) -> list[tuple[str, tuple[int, ...], int]]:
    """Each layer's name, output shape without the batch, and number of parameters, as the documents list them."""
    params = jax.eval_shape(lambda key: init(model, key, image_shape), jax.random.key(0))
    images = jax.ShapeDtypeStruct((1, *image_shape), jnp.float32)
    taps = jax.eval_shape(lambda p, x: activations(model, p, x), params, images)
    return [
        (name, tap.shape[1:], sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params.get(name, {}))))
        for name in (*layer_names(model.layers), "logits")
        if (tap := taps.get(name)) is not None
    ]
