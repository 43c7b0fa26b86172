"""Networks as a line of words, in the notation of the VGG paper (Simonyan and Zisserman, arXiv:1409.1556, table 1).

`conv5-32` is a 5x5 convolution with 32 filters, stride 1, no padding ('VALID'), then ReLU; `maxpool2` is 2x2 max
pooling with stride 2; `dense100` is a dense layer with 100 units, then ReLU; `dropout0.2` drops each value with
probability 0.2 in training. The first dense layer or the classifier flattens; the classifier (a dense layer, one
logit a class) comes last and is not written down.
"""

import re
from typing import NamedTuple

from hw3.errors import InvalidInput

NETWORKS = {
    "wide": "conv5-32 conv5-32 maxpool2 conv3-64 conv3-64 maxpool2 dense100",
    "narrow": "conv3-12 maxpool2 conv3-12 maxpool2 conv3-8 maxpool2 dropout0.1",
    "small_kernels": "conv3-32 maxpool2 conv3-32 maxpool2 conv3-32",
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
        description = NETWORKS[description]
    layers = []
    if not description.strip():
        raise InvalidInput(f"a network needs at least one layer; networks by name: {', '.join(NETWORKS)}")
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
            raise InvalidInput(
                f"unknown network or layer {word!r}; networks: {', '.join(NETWORKS)}; layers: conv5-32, maxpool2, "
                "dense100, dropout0.2 and the like, separated by spaces"
            )
    kinds = [layer.kind for layer in layers]
    if "dense" in kinds and {"conv", "maxpool"} & set(kinds[kinds.index("dense") :]):
        raise InvalidInput(f"{description!r}: a convolution or pooling cannot follow a dense layer, which flattens")
    return tuple(layers)


def layer_names(layers: tuple[Layer, ...]) -> tuple[str, ...]:
    """The layers' names, counted by kind: conv1, conv2, maxpool1, ..."""
    kinds = [layer.kind for layer in layers]
    return tuple(f"{kind}{kinds[: index + 1].count(kind)}" for index, kind in enumerate(kinds))
