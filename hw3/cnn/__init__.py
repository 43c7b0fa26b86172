"""Convolutional networks: described by a line of words, trained, kept and looked into."""

from hw3.cnn.networks import (
    CNN,
    Convolution,
    Dense,
    MaxPool,
    Params,
    Softmax,
    activations,
    check_finite,
    init,
    layer_rows,
    predictor,
    table,
)
from hw3.cnn.notation import NETWORKS, Layer, layer_names, parse

__all__ = [
    "CNN",
    "NETWORKS",
    "Convolution",
    "Dense",
    "Layer",
    "MaxPool",
    "Params",
    "Softmax",
    "activations",
    "check_finite",
    "init",
    "layer_names",
    "layer_rows",
    "parse",
    "predictor",
    "table",
]
