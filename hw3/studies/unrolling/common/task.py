"""What is asked of a network that is unrolled, and its numbers as they stand in settings and results."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput
from hw3.recurrent import gradients
from hw3.recurrent.rnn import Loss
from hw3.studies import given

Vector = tuple[float, ...]  # [entries]
Matrix = tuple[Vector, ...]  # [rows, columns], or [steps, entries]

PRECISIONS = ("float64", "float32")


class Task(NamedTuple):
    """The loss, how its gradient is checked, and the step down it; at the assignment's own case."""

    squared: int = given.LOSS.squared + 1  # which output the loss squares, counted from 1
    logged: int = given.LOSS.logged + 1  # which output the loss takes the logarithm of, counted from 1
    every_step: bool = given.LOSS.every_step  # sum the loss over the steps rather than take the last
    epsilon: float = given.EPSILON  # of the central differences
    learning_rate: float = given.LEARNING_RATE  # of the step on the biases
    precision: str = PRECISIONS[0]  # of everything

    @property
    def loss(self) -> Loss:
        """The loss as `hw3.recurrent` takes it."""
        return Loss(self.squared - 1, self.logged - 1, self.every_step)

    def in_loss(self, step: int, steps: int) -> bool:
        """Whether the output of a step (from 0) of so many is in the loss."""
        return self.every_step or step == steps - 1


def check(task: Task) -> None:
    """Raises ValueError if a number of the task can't be; whether there are such outputs depends on the network."""
    if not math.isfinite(task.learning_rate):
        raise InvalidInput(f"learning_rate is {task.learning_rate}; it must be finite")
    gradients.checked_epsilon(task.epsilon)
    if task.precision not in PRECISIONS:
        raise InvalidInput(f"precision is {task.precision!r}; it must be {' or '.join(PRECISIONS)}")


def check_finite(loss: jax.Array, gradient: Any) -> None:
    """Raises ValueError unless a loss and all of its gradient are finite."""
    if not all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves((loss, gradient))):
        raise InvalidInput("the loss or its gradient is not finite: the numbers given are too large for the precision")


def as_tuples(values: Any) -> Any:
    """An array as a float or as tuples of tuples of floats, one level a dimension."""

    def frozen(part: Any) -> Any:
        return tuple(map(frozen, part)) if isinstance(part, list) else float(part)

    return frozen(np.asarray(values).tolist())
