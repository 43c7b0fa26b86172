"""Layers, shapes and parameter counts as they follow from what a network is made of."""

import functools
import math
from collections.abc import Iterator, Sequence

from hw3 import cnn
from hw3.cnn import networks
from hw3.cnn.notation import Layer
from hw3.studies import given
from hw3.studies.audit.findings import MISPRINTED, POSSIBLE, REPRODUCED, WRONG
from hw3.studies.audit.images.rules import CLASSES, NAN, Verdict, exactly, possible
from hw3.studies.audit.images.transcription import Block

IMAGE = (given.IMAGE, given.IMAGE, 1)


def description(block: Block, network: str) -> Iterator[Verdict]:
    """A table of units, kernels and strides."""
    expected: list[float] = []
    for layer in cnn.parse(network):
        if layer.kind == "conv":
            expected += [layer.features, layer.window, layer.window, 1, 1]
        elif layer.kind == "maxpool":
            expected += [layer.window] * 4
        else:
            expected.append(layer.features)
    return _each(block, [*expected, CLASSES])


def summary(block: Block, network: str) -> Iterator[Verdict]:
    """A table of output shapes and parameter counts."""
    return _each(block, [value for shape, count in _rows(network) for value in (*shape, count)])


def totals(block: Block, network: str) -> Iterator[Verdict]:
    """Parameters in all, those that are trained, those that are not."""
    total = sum(count for _, count in _rows(network))
    return _each(block, [total, total, 0])


def filters(block: Block, network: str) -> Iterator[Verdict]:
    """Numbers of filters of the convolutions in order, as many as are printed."""
    convolutions = _convolutions(network)
    return _each(block, [layer.features for layer in convolutions[: len(block.numbers)]])


def filters_and_channels(block: Block, network: str) -> Iterator[Verdict]:
    """The first layer's number of filters, then filters and channels of the ones behind it."""
    first, *others = [layer.features for layer in _convolutions(network)]
    expected = [first]
    for before, features in zip([first, *others], others, strict=False):
        expected += [features, before]
    return _each(block, expected)


def feature_maps(block: Block, network: str) -> Iterator[Verdict]:
    """How many maps the third convolution has, wherever it is said."""
    return _each(block, [_convolutions(network)[2].features] * len(block.numbers))


def depth(block: Block, network: str) -> Iterator[Verdict]:
    """How many convolutions there are."""
    return _each(block, [len(_convolutions(network))])


def kernel_shapes(block: Block) -> Iterator[Verdict]:
    """Height, width, channels and filters of successive convolutions: each has a channel for every filter before it."""
    channels, before = 1.0, None
    for start in range(0, len(block.numbers), 4):
        *size, depth, filters = block.numbers[start : start + 4]
        yield from (possible(number, number.value >= 1, "no size of a kernel") for number in size)
        if depth.value == channels:
            yield Verdict(channels, REPRODUCED)
        elif before is not None and depth.value == before:
            words = f"the number of the layer before stands here; it should read {channels:g}, the filters before it"
            yield Verdict(channels, MISPRINTED, words)
        else:
            yield Verdict(channels, WRONG, f"there are {channels:g} channels")
        yield Verdict(NAN, POSSIBLE)
        channels, before = filters.value, depth.value


def cells(block: Block, network: str) -> Iterator[Verdict]:
    """Places (row, column) in the third convolution's maps, and how many there are."""
    *places, count = block.numbers
    third = [shape for shape, _ in _rows(network) if len(shape) == 3 and shape[2] == _convolutions(network)[2].features]
    side = third[0][0]
    for number in places:
        yield possible(number, number.value < side, f"the maps have rows and columns 0 to {side - 1}")
    yield exactly(count, len(places) // 2)


def _each(block: Block, expected: Sequence[float]) -> Iterator[Verdict]:
    return (exactly(number, value) for number, value in zip(block.numbers, expected, strict=True))


def _convolutions(network: str) -> list[Layer]:
    return [layer for layer in cnn.parse(network) if layer.kind == "conv"]


@functools.cache
def _rows(network: str) -> list[tuple[tuple[int, ...], int]]:
    """Output shape and number of parameters of each layer, with the flattening and the dropout that Keras lists."""
    layers = cnn.parse(network)
    rows = [(shape, count) for _, shape, count in networks.layer_rows(cnn.CNN(layers, CLASSES), IMAGE)]
    maps = [row for row in rows if len(row[0]) == 3]
    flat = ((math.prod(maps[-1][0]),), 0)
    dropouts = [flat for layer in layers if layer.kind == "dropout"]
    return [*maps, flat, *dropouts, *rows[len(maps) :]]
