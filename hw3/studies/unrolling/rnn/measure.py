"""The RNN of equations (10.8)-(10.11) by hand: outputs, loss, gradient, one step of descent on b."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.recurrent import rnn
from hw3.recurrent.rnn import RNNParams
from hw3.studies import given
from hw3.studies.unrolling.common.task import Matrix, Task, Vector, as_tuples, check, check_finite
from hw3.studies.unrolling.common.verification import Verification, verify

COMPARED_RATES = (0.002, 0.01, -0.01)  # learning rates that are tried beside the one given; negative: up the gradient


class Parameters(NamedTuple):
    """b `[n]`, c `[m]`, W `[n, n]`, U `[n, d]`, V `[m, n]`, or the loss's derivatives in them."""

    b: Vector
    c: Vector
    W: Matrix
    U: Matrix
    V: Matrix


class Settings(NamedTuple):
    """What fixes every number, at the homework's own case."""

    params: Parameters = Parameters(*map(as_tuples, given.RNN_PARAMS))
    x: Matrix = as_tuples(given.SEQUENCE)  # [T, d]
    h0: Vector | None = None  # [n]; zero if None
    task: Task = Task()


FULL = Settings()


class Forward(NamedTuple):
    """All steps of (10.8)-(10.11)."""

    a: Matrix  # [T, n]
    h: Matrix  # [T, n]
    o: Matrix  # [T, m]
    y_hat: Matrix  # [T, m]


class Intermediates(NamedTuple):
    """The derivation step by step; names and meaning as in `hw3.recurrent.rnn.Unrolled`."""

    dL_dy: Matrix  # [T, m]
    dy_do: tuple[Matrix, ...]  # [T, m, m]
    dL_do: Matrix  # [T, m]
    dL_dh_direct: Matrix  # [T, n]
    dh_da: Matrix  # [T, n]
    dL_da_direct: Matrix  # [T, n]
    da_db: tuple[Matrix, ...]  # [T, n, n]
    dh_db: tuple[Matrix, ...]  # [T, n, n]
    dL_db_direct: Matrix  # [T, n]
    dh_dh: tuple[Matrix, ...]  # [T, n, n]
    dL_dh: Matrix  # [T, n]
    dL_da: Matrix  # [T, n], the share of the step in dL/db


class Step(NamedTuple):
    """The loss after a step down the gradient on b."""

    learning_rate: float
    loss: float


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    forward: Forward
    step_losses: Vector  # [T], of each step's output alone
    loss: float
    loss_plus: Vector  # [n], with epsilon added to one entry of b
    loss_minus: Vector  # [n], with epsilon taken from it
    gradient: Parameters  # unrolled by hand
    intermediates: Intermediates
    verification: Verification
    new_b: Vector  # [n], after the step
    new_loss: float
    steps: tuple[Step, ...]  # with this and other learning rates, ascending
    line: tuple[Step, ...]  # many learning rates, evenly spaced


def with_record(settings: Settings, record: Any) -> Settings:
    """Settings with what a parsed JSON object gives: any of b, c, W, U, V, x (a row a step) and h0.

    Raises ValueError for a wrong one, as `hw3.recurrent.rnn.from_record`.
    """
    whole = {**_as_record(settings), **record} if isinstance(record, Mapping) else record
    params, xs, h0 = rnn.from_record(whole)
    return settings._replace(params=Parameters(*map(as_tuples, params)), x=as_tuples(xs), h0=as_tuples(h0))


def _as_record(settings: Settings) -> dict[str, Any]:
    start = {} if settings.h0 is None else {"h0": settings.h0}
    return {**settings.params._asdict(), "x": settings.x, **start}


def measure(settings: Settings = FULL) -> Results:
    """Everything that problem 3 asks for, in the precision of the task.

    Raises ValueError if shapes don't fit together, a number of the task can't be, or the loss or its gradient is not
    finite.
    """
    check(settings.task)
    params, xs, h0 = rnn.from_record(_as_record(settings))
    rnn.check(params, xs, h0, settings.task.loss)
    with jax.enable_x64(settings.task.precision == "float64"):
        return _measure(settings, *jax.tree.map(jnp.asarray, (params, xs, h0)))


def _measure(settings: Settings, params: RNNParams, xs: jax.Array, h0: jax.Array) -> Results:
    task = settings.task
    loss, epsilon, rate = task.loss, task.epsilon, task.learning_rate

    @jax.jit
    def loss_of(p: RNNParams) -> jax.Array:
        return rnn.sequence_loss(p, xs, h0, loss)

    result = jax.jit(rnn.unroll)(params, xs, h0, loss)
    check_finite(result.loss, result.gradient)
    gradient = result.gradient.b

    def after(learning_rate: float) -> Step:
        return Step(learning_rate, float(loss_of(rnn.descend_biases(params, gradient, learning_rate))))

    shifts = epsilon * jnp.eye(len(params.b), dtype=params.b.dtype)
    return Results(
        settings,
        forward=Forward(*map(as_tuples, result.forward)),
        step_losses=as_tuples(rnn.step_losses(result.forward.o, loss)),
        loss=float(result.loss),
        loss_plus=tuple(float(loss_of(params._replace(b=params.b + shift))) for shift in shifts),
        loss_minus=tuple(float(loss_of(params._replace(b=params.b - shift))) for shift in shifts),
        gradient=Parameters(*map(as_tuples, result.gradient)),
        intermediates=Intermediates(*(as_tuples(getattr(result, name)) for name in Intermediates._fields)),
        verification=verify(loss_of, params, result.gradient, lambda p: p.b, lambda b: params._replace(b=b), epsilon),
        new_b=as_tuples(rnn.descend_biases(params, gradient, rate).b),
        new_loss=after(rate).loss,
        steps=tuple(map(after, sorted({rate, *COMPARED_RATES}))),
        line=tuple(map(after, (np.linspace(-1.2, 2, 65) * max(abs(rate), 0.01)).tolist())),
    )
