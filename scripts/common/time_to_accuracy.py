"""How long training `wide` on MNIST takes to an accuracy, here and in PyTorch, for benchmark.py."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from hw3 import cnn, datasets
from hw3.cnn import training
from hw3.datasets import Dataset
from hw3.studies import given

GOAL = 0.994  # of the test images


class Reached(NamedTuple):
    """When a contender reached the goal, or that it had not when its recipe ended."""

    seconds: float
    epochs: int
    accuracy: float  # in the end


def contenders() -> dict[str, Callable[[int], Reached]]:
    """What is timed: functions of a seed. Each looks at the test images after every epoch, within its time."""
    dataset = datasets.load("mnist")
    ours, published = training.Recipe(), given.RECIPE
    found: dict[str, Callable[[int], Reached]] = {
        "hw3": lambda seed: _timed(_hw3(dataset, ours, seed)),
        "hw3, document 001's recipe": lambda seed: _timed(_hw3(dataset, published, seed)),
    }
    try:
        import torch
    except ImportError:
        print("skipped: PyTorch (not installed)")
        return found
    torch.set_num_threads(os.cpu_count() or 1)
    found["PyTorch, document 001's recipe"] = lambda seed: _timed(_pytorch(dataset, published, seed))
    if hasattr(torch.optim, "Muon"):
        found["PyTorch, hw3's recipe"] = lambda seed: _timed(_pytorch(dataset, ours, seed))
    return found


def _timed(accuracies: Iterator[float]) -> Reached:
    start, epochs, accuracy = time.perf_counter(), 0, 0.0
    for accuracy in accuracies:
        epochs += 1
        if accuracy >= GOAL:
            break
    return Reached(time.perf_counter() - start, epochs, accuracy)


def _hw3(dataset: Dataset, recipe: training.Recipe, seed: int) -> Iterator[float]:
    """The accuracies on the test images after each epoch."""
    model = cnn.CNN(cnn.parse("wide"))
    init_key, key = jax.random.split(jax.random.key(seed))
    state = training.initial_state(model, recipe, dataset, init_key)
    for trained in training.states(model, recipe, dataset, key, state):
        yield training.evaluate(model, trained.params, dataset.test_images, dataset.test_labels).accuracy


def _pytorch(dataset: Dataset, recipe: training.Recipe, seed: int) -> Iterator[float]:
    """The same of `wide` in PyTorch, channels_last, by the same recipe; Muon's kernels are matrices there too."""
    import torch
    from torch.nn import functional

    random = torch.Generator().manual_seed(seed)
    shapes = [(32, 1, 5, 5), (32, 32, 5, 5), (64, 32, 3, 3), (64, 64, 3, 3), (100, 576), (10, 100)]
    kernels = [
        (torch.randn(shape[0], int(np.prod(shape[1:])), generator=random) / np.prod(shape[1:]) ** 0.5).requires_grad_()
        for shape in shapes
    ]
    biases = [torch.zeros(shape[0], requires_grad=True) for shape in shapes]
    images, test = (
        torch.tensor(np.moveaxis(datasets.as_float(each), -1, 1)).contiguous(memory_format=torch.channels_last)
        for each in (dataset.train_images, dataset.test_images)
    )
    labels = torch.tensor(dataset.train_labels.astype(np.int64))
    expected = torch.tensor(dataset.test_labels.astype(np.int64))

    def forward(x: Any) -> Any:
        for place, (kernel, bias, shape) in enumerate(zip(kernels[:4], biases, shapes, strict=False)):
            x = functional.relu(functional.conv2d(x, kernel.view(shape), bias))
            x = functional.max_pool2d(x, 2) if place % 2 else x
        x = functional.relu(functional.linear(x.flatten(1), kernels[4], biases[4]))
        return functional.linear(x, kernels[5], biases[5])

    def moved(x: Any) -> Any:
        if not recipe.max_shift:
            return x
        padded = functional.pad(x, [recipe.max_shift] * 4)
        rows, cols = (
            torch.randint(2 * recipe.max_shift + 1, (len(x), 1), generator=random) + torch.arange(28) for _ in range(2)
        )
        return padded[torch.arange(len(x))[:, None, None], 0, rows[:, :, None], cols[:, None]][:, None]

    rate, momentum = recipe.learning_rate, recipe.momentum
    parts: list[Any]
    if recipe.optimizer == "muon":
        parts = [torch.optim.Muon(kernels, rate, 0.0, momentum, recipe.nesterov), torch.optim.Adam(biases, rate)]
    else:
        parts = [torch.optim.SGD([*kernels, *biases], rate, momentum, nesterov=recipe.nesterov)]
    steps = recipe.epochs * training.steps_per_epoch(len(images), recipe.batch_size)
    # The schedule, from the optimizer itself: SGD's step on a gradient of -1 without momentum is the rate.
    plain = training.optimizer(recipe._replace(optimizer="sgd", momentum=0.0, nesterov=False, weight_decay=0.0), steps)
    state = plain.init(np.float32(0))
    update = jax.jit(lambda state: plain.update(np.float32(-1), state, np.float32(0)))
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(len(images), generator=random).split(recipe.batch_size):
            now, state = update(state)
            for part in parts:
                part.param_groups[0]["lr"] = float(now)
                part.zero_grad(set_to_none=True)
            functional.cross_entropy(forward(moved(images[chosen])), labels[chosen]).backward()
            for part in parts:
                part.step()
        with torch.inference_mode():
            right = sum(
                int((forward(x).argmax(1) == y).sum())
                for x, y in zip(test.split(1000), expected.split(1000), strict=True)
            )
        yield right / len(expected)
