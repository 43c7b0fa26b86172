"""Convolutional networks as Flax modules with a tap on every layer; `hw3.cnn.notation` describes them."""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from hw3.classifiers import Predict
from hw3.cnn import fast_layers, geometry
from hw3.cnn.notation import Layer, layer_names
from hw3.compilation import DRAWING
from hw3.errors import InvalidInput

Params = Any  # a nested dict of arrays, as `flax.linen.Module.init` makes it


class Convolution(nn.Module):
    """Convolution, stride 1, no padding, then ReLU: what a Keras `Conv2D(activation="relu")` row stands for."""

    features: int
    window: int

    @nn.compact
    def __call__(
        self,
        x: jax.Array,
        train: bool = False,
        pool: int | None = None,
        gradient_bytes: int = fast_layers.GRADIENT_BYTES,
    ) -> jax.Array:
        """[batch, height, width, channels] -> [batch, height - window + 1, width - window + 1, features].

        With `pool`, in training only, the max pooling that follows is done here as well; `gradient_bytes` as there.
        """
        linear = nn.Conv(self.features, (self.window, self.window), padding="VALID", name="linear")
        if not train:
            return nn.relu(linear(x))
        kernel, bias = (linear.variables["params"][name] for name in ("kernel", "bias"))
        if pool:
            return fast_layers.convolve_pool_relu(x, kernel, bias, pool, gradient_bytes)
        return fast_layers.convolve_relu(x, kernel, bias, gradient_bytes)


class MaxPool(nn.Module):
    """Max pooling whose stride is its window."""

    window: int

    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """[batch, height, width, channels] -> [batch, height // window, width // window, channels]."""
        window = (self.window, self.window)
        return fast_layers.max_pool(x, self.window) if train else nn.max_pool(x, window, window)


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
    def __call__(
        self, images: jax.Array, train: bool = False, gradient_bytes: int = fast_layers.GRADIENT_BYTES
    ) -> jax.Array:
        """Logits [batch, classes] of images float32 [batch, height, width, channels] in [0, 1]; dropout if `train`.

        `gradient_bytes`, in training, as in `hw3.cnn.fast_layers`.
        """
        x = images
        pool = None  # the window of a pooling that its convolution does as well
        for index, (name, layer) in enumerate(zip(layer_names(self.layers), self.layers, strict=True)):
            if layer.kind == "conv":
                following = self.layers[index + 1] if train and index + 1 < len(self.layers) else None
                pool = following.window if following and following.kind == "maxpool" else None
                x = Convolution(layer.features, layer.window, name=name)(x, train, pool, gradient_bytes)
            elif layer.kind == "maxpool":
                x, pool = x if pool else MaxPool(layer.window, name=name)(x, train), None
            elif layer.kind == "dense":
                x = Dense(layer.features, name=name)(x)
            else:
                x = nn.Dropout(layer.rate, deterministic=not train, name=name)(x)
        return Dense(self.classes, relu=False, name="logits")(x)


def init(model: CNN, key: jax.Array, image_shape: tuple[int, int, int]) -> Params:
    """Fresh parameters of `model` for images of `image_shape` (height, width, channels).

    Raises ValueError if a layer would be left with no pixels.
    """
    geometry.shapes(model.layers, image_shape)
    if isinstance(key, jax.core.Tracer):
        return _init(model, image_shape, key)
    return _compiled_init(model, image_shape, jax.ShapeDtypeStruct(key.shape, key.dtype))(key)


def _init(model: CNN, image_shape: tuple[int, int, int], key: jax.Array) -> Params:
    return model.init(key, jnp.zeros((1, *image_shape), jnp.float32))["params"]


@functools.lru_cache
def _compiled_init(model: CNN, image_shape: tuple[int, int, int], key: jax.ShapeDtypeStruct) -> jax.stages.Compiled:
    """`_init`, compiled quickly: at the usual level the random numbers alone take seconds, and are the same."""
    lowered = jax.jit(functools.partial(_init, model, image_shape)).lower(key)
    return lowered.compile(compiler_options=DRAWING)


def check_finite(params: Params) -> None:
    """Raises ValueError naming the first layer whose parameters hold NaN or infinity; traced ones are not looked at.

    The outputs alone do not tell: XLA on CPU makes 0 of NaN in a ReLU, and the network goes on as if it were one.
    """
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        if not isinstance(leaf, jax.core.Tracer) and not np.isfinite(leaf).all():
            name = jax.tree_util.keystr(path, simple=True, separator="/")
            raise InvalidInput(f"the network's parameters {name} hold NaN or infinity")


def predictor(model: CNN, params: Params) -> Predict:
    """The classifier `predict(images) -> probabilities` [batch, classes] of a trained network.

    It is a `jax.tree_util.Partial`, a pytree with the parameters as leaves, so functions jitted over it do not compile
    again for other parameters. Errors as `check_finite`.
    """
    check_finite(params)
    return jax.tree_util.Partial(Softmax(model), params)


class Softmax(NamedTuple):
    """The probabilities of a network; equal for equal networks, so that jit finds what it has compiled."""

    model: CNN

    def __call__(self, params: Params, images: jax.Array) -> jax.Array:
        """[batch, height, width, channels] -> [batch, classes]."""
        return _probabilities(self.model)(params, images)


@functools.lru_cache(maxsize=64)
def _probabilities(model: CNN) -> Callable[[Params, jax.Array], jax.Array]:
    """The same function for equal networks, so that what traces it again and again finds it traced."""
    return jax.jit(lambda params, images: jax.nn.softmax(model.apply({"params": params}, images)))


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
    """Each layer's name, output shape without the batch, and number of parameters."""
    params = jax.eval_shape(lambda key: init(model, key, image_shape), jax.random.key(0))
    images = jax.ShapeDtypeStruct((1, *image_shape), jnp.float32)
    taps = jax.eval_shape(lambda p, x: activations(model, p, x), params, images)
    return [
        (name, tap.shape[1:], sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params.get(name, {}))))
        for name in (*layer_names(model.layers), "logits")
        if (tap := taps.get(name)) is not None
    ]
