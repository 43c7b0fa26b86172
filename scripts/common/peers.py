"""The network `wide` in other libraries, with the same weights, for benchmark.py. Not a program itself.

Each function returns what is to be timed, by kind of work and contender, or raises ImportError.
"""

import os
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from hw3.errors import InvalidInput

Calls = dict[str, Callable[[], Any]]


def _kernels(params: Any, kind: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel and bias of each layer whose name begins with `kind`, in order."""
    return [
        (np.asarray(params[name]["linear"]["kernel"]), np.asarray(params[name]["linear"]["bias"]))
        for name in sorted(params)
        if name.startswith(kind)
    ]


def check_equal(found: Any, expected: Any, name: str) -> None:
    """Raises ValueError unless a contender gives the same logits: then its timing would mean nothing."""
    worst = float(np.abs(np.asarray(found) - np.asarray(expected)).max())
    if not worst < 1e-4:
        raise InvalidInput(f"{name} gives other logits than hw3 for the same weights: they differ by {worst:.2g}")


def pytorch(params: Any, images: np.ndarray, labels: np.ndarray, logits: np.ndarray, threads: int) -> dict[str, Calls]:
    """PyTorch, channels_last, inference mode outside training; with it Captum and MONAI as far as they are there."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.set_num_threads(threads)

    class Wide(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            shapes = [(1, 32, 5), (32, 32, 5), (32, 64, 3), (64, 64, 3)]
            self.convs = nn.ModuleList(nn.Conv2d(*shape) for shape in shapes)
            self.dense = nn.ModuleList([nn.Linear(576, 100), nn.Linear(100, 10)])
            with torch.no_grad():
                for conv, (kernel, bias) in zip(self.convs, _kernels(params, "conv"), strict=True):
                    conv.weight.copy_(torch.tensor(kernel.transpose(3, 2, 0, 1).copy()))
                    conv.bias.copy_(torch.tensor(bias))
                both = _kernels(params, "dense") + _kernels(params, "logits")
                for layer, (kernel, bias) in zip(self.dense, both, strict=True):
                    layer.weight.copy_(torch.tensor(kernel.T.copy()))
                    layer.bias.copy_(torch.tensor(bias))

        def forward(self, x: Any) -> Any:
            for index, conv in enumerate(self.convs):
                x = functional.relu(conv(x))
                x = functional.max_pool2d(x, 2) if index % 2 else x
            x = x.permute(0, 2, 3, 1).flatten(1)  # Flax's order of the flattened features
            return self.dense[1](functional.relu(self.dense[0](x)))

    net = Wide().to(memory_format=torch.channels_last)
    x = torch.tensor(images.transpose(0, 3, 1, 2).copy()).to(memory_format=torch.channels_last)
    y = torch.tensor(labels.astype(np.int64))
    optimiser = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, nesterov=True)

    def forward() -> Any:
        with torch.inference_mode():
            return net(x)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        functional.cross_entropy(net(x[:128]), y[:128]).backward()
        optimiser.step()

    def sweep(count: int) -> Callable[[], Any]:
        def run() -> None:
            with torch.inference_mode():
                for image in x[:count]:
                    occluded = image.expand(441, -1, -1, -1).clone(memory_format=torch.channels_last)
                    for position in range(441):
                        row, col = divmod(position, 21)
                        occluded[position, :, row : row + 8, col : col + 8] = 0
                    functional.softmax(net(occluded), -1)

        return run

    check_equal(forward(), logits, "PyTorch")
    calls = {"forward": {"PyTorch": forward}, "step": {"PyTorch": step}}
    calls |= {f"sweep {count}": {"PyTorch, batches of 441": sweep(count)} for count in (1, 16)}
    try:
        from captum.attr import Occlusion

        occlusion = Occlusion(net)

        def attribute(count: int) -> Any:
            options = {"strides": (1, 1, 1), "target": y[:count], "perturbations_per_eval": 441 // count}
            return occlusion.attribute(x[:count], (1, 8, 8), **options)

        for count in (1, 16):
            calls[f"sweep {count}"]["Captum, 441 at once"] = partial(attribute, count)
    except ImportError:
        calls["skipped"] = {"Captum": lambda: None}
    try:
        from monai.visualize import OcclusionSensitivity

        warnings.filterwarnings("ignore", module="monai")  # of what PyTorch will do differently one day
        sensitivity = OcclusionSensitivity(net, mask_size=8, n_batch=441, mode=0.0, overlap=0.875, verbose=False)
        for count in (1, 16):
            one_by_one = partial(lambda images: [sensitivity(image[None]) for image in images], x[:count])
            calls[f"sweep {count}"]["MONAI, 441 at once"] = one_by_one
    except ImportError:
        calls.setdefault("skipped", {})["MONAI"] = lambda: None
    return calls


def large_sweep(net: Any, image: np.ndarray, patch: int, label: int, expected: Any) -> Calls:
    """Captum on the twin of a large network, at its best settings, with a stride of half the patch.

    Args: image: float32 [1, height, width, 3]; expected: the twin's probabilities of it. Raises ImportError.
    """
    import torch
    from captum.attr import Occlusion

    torch.set_num_threads(os.cpu_count() or 1)
    x = torch.tensor(image.transpose(0, 3, 1, 2).copy())

    def attribute(at_once: int) -> Any:
        with torch.inference_mode():
            options = {"strides": (3, patch // 2, patch // 2), "target": label, "perturbations_per_eval": at_once}
            return Occlusion(net).attribute(x, (3, patch, patch), **options)

    with torch.inference_mode():
        check_equal(net(x), expected, "PyTorch")
    return {f"Captum, {at_once} at once": partial(attribute, at_once) for at_once in (16, 32)}


def recurrent_step(kind: str, xs: np.ndarray, labels: np.ndarray) -> Callable[[], Any]:
    """An update of `torch.nn.RNN` or `torch.nn.LSTM` with 64 hidden units and a classifier of 4, by Adam."""
    import torch
    from torch import nn

    net = getattr(nn, kind)(xs.shape[2], 64)
    classifier = nn.Linear(64, 4)
    optimiser = torch.optim.Adam([*net.parameters(), *classifier.parameters()], lr=3e-3)
    x, y = torch.tensor(xs.transpose(1, 0, 2).copy()), torch.tensor(labels.astype(np.int64))

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(classifier(net(x)[0][-1]), y).backward()
        optimiser.step()

    return step


def keras_on_jax(params: Any, images: np.ndarray, labels: np.ndarray, logits: np.ndarray) -> dict[str, Calls]:
    """Keras 3 on its JAX backend."""
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 5, activation="relu"),
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Dense(10),
        ]
    )
    weights = _kernels(params, "conv") + _kernels(params, "dense") + _kernels(params, "logits")
    net.set_weights([array for pair in weights for array in pair])
    check_equal(net.predict_on_batch(images), logits, "Keras")
    net.compile(
        keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return {
        "forward": {"Keras on JAX": lambda: net.predict_on_batch(images)},
        "step": {"Keras on JAX": lambda: net.train_on_batch(images[:128], labels[:128])},
    }
