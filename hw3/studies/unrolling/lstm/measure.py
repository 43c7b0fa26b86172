"""The LSTM of equations (10.40)-(10.44) by hand: gates, outputs, loss, its gradient in the forget gate's biases."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.recurrent import lstm
from hw3.recurrent.lstm import LSTMParams
from hw3.recurrent.rnn import step_losses
from hw3.studies import given
from hw3.studies.unrolling.common.task import Matrix, Task, Vector, as_tuples, check, check_finite
from hw3.studies.unrolling.common.verification import Verification, verify

KEPT_BIASES = tuple(np.linspace(-4, 4, 81).tolist())


class Affine(NamedTuple):
    """What a gate looks through, b `[n]`, U `[n, d]`, W `[n, n]`, or the loss's derivatives in it."""

    b: Vector
    U: Matrix
    W: Matrix


class Affines(NamedTuple):
    """One for each gate and the candidate."""

    forget: Affine
    input: Affine
    output: Affine
    candidate: Affine


class Parameters(NamedTuple):
    """What gates and candidate look through, c `[m]` and V `[m, n]`, or the loss's derivatives in them."""

    gates: Affines
    c: Vector
    V: Matrix


def _parameters(params: LSTMParams) -> Parameters:
    gates = Affines(*(Affine(*map(as_tuples, gate)) for gate in params.gates))
    return Parameters(gates, as_tuples(params.c), as_tuples(params.V))


class Settings(NamedTuple):
    """What fixes every number, at the homework's own case with our choice of the biases."""

    params: Parameters = _parameters(given.LSTM_PARAMS)
    x: Matrix = as_tuples(given.SEQUENCE)  # [T, d]
    h0: Vector | None = None  # [n]; zero if None
    s0: Vector | None = None  # [n]; zero if None
    tanh_candidate: bool = False  # the usual tanh for the candidate in (10.41), not the book's sigmoid
    task: Task = Task()


FULL = Settings()
DOCUMENT_004 = Settings(
    params=_parameters(given.DOCUMENT_004_LSTM),
    s0=as_tuples(given.DOCUMENT_004_STATE),
    task=Task(squared=given.MIRRORED_LOSS.squared + 1, logged=given.MIRRORED_LOSS.logged + 1),
)


class Forward(NamedTuple):
    """All steps of (10.40)-(10.44)."""

    f: Matrix  # [T, n], forget gate
    g: Matrix  # [T, n], external input gate
    q: Matrix  # [T, n], output gate
    k: Matrix  # [T, n], candidate
    s: Matrix  # [T, n], state
    h: Matrix  # [T, n]
    o: Matrix  # [T, m]
    y_hat: Matrix  # [T, m]


class PerGate(NamedTuple):
    """One of each `[T, n]`."""

    forget: Matrix
    input: Matrix
    output: Matrix
    candidate: Matrix


class Intermediates(NamedTuple):
    """The derivation step by step; names and meaning as in `hw3.recurrent.lstm.LSTMUnrolled`."""

    dL_dy: Matrix  # [T, m]
    dL_do: Matrix  # [T, m]
    dL_dh_direct: Matrix  # [T, n]
    dL_dh: Matrix  # [T, n]
    dh_dq: Matrix  # [T, n]
    dh_ds: Matrix  # [T, n]
    dL_ds: Matrix  # [T, n]
    ds_df: Matrix  # [T, n]
    ds_dg: Matrix  # [T, n]
    ds_dk: Matrix  # [T, n]
    ds_ds: Matrix  # [T, n]
    d_da: PerGate
    dL_da: PerGate  # that of the forget gate is the share of the step in dL/db_f


class ForgetBias(NamedTuple):
    """What one choice of the forget gate's biases does."""

    name: str
    b: Vector  # [n]
    f: Matrix  # [T, n], the gate in each step
    kept: Vector  # [n], the product of f over the steps: what is left of s0 in the last state
    loss: float


class Kept(NamedTuple):
    """What is left of s0 in the last state if all forget gates have one bias."""

    bias: float
    fractions: Vector  # [n]


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    forward: Forward
    step_losses: Vector  # [T], of each step's output alone
    loss: float
    gradient: Parameters  # unrolled by hand
    intermediates: Intermediates
    verification: Verification  # its differences and its curve are those in the forget gate's biases
    new_forget_b: Vector  # [n], after one step down the gradient in them
    new_loss: float
    choices: tuple[ForgetBias, ...]  # the one given first
    kept: tuple[Kept, ...]  # ascending in the bias


def with_record(settings: Settings, record: Any) -> Settings:
    """Settings with what a parsed JSON object gives.

    Keys: any of forget, input, output, candidate (each with any of b, U, W), c, V, x (a row a step), h0 and s0. Raises
    ValueError for a wrong one, as `hw3.recurrent.lstm.from_record`.
    """
    whole = record
    if isinstance(record, Mapping):
        whole = {**(known := _as_record(settings)), **record}
        for name in Affines._fields:
            if isinstance(whole[name], Mapping):
                whole[name] = {**known[name], **whole[name]}
    params, *rest = lstm.from_record(whole)
    xs, h0, s0 = map(as_tuples, rest)
    return settings._replace(params=_parameters(params), x=xs, h0=h0, s0=s0)


def _as_record(settings: Settings) -> dict[str, Any]:
    params = settings.params
    gates = {name: gate._asdict() for name, gate in params.gates._asdict().items()}
    states = {"h0": settings.h0, "s0": settings.s0}
    return {
        **gates,
        "c": params.c,
        "V": params.V,
        "x": settings.x,
        **{name: state for name, state in states.items() if state is not None},
    }


def measure(settings: Settings = FULL) -> Results:
    """Everything that problem 5 asks for, in the precision of the task.

    Raises ValueError if shapes don't fit together, a number of the task can't be, or the loss or its gradient is not
    finite.
    """
    check(settings.task)
    case = lstm.from_record(_as_record(settings))
    lstm.check(*case, settings.task.loss)
    with jax.enable_x64(settings.task.precision == "float64"):
        return _measure(settings, *jax.tree.map(jnp.asarray, case))


def _measure(settings: Settings, params: LSTMParams, xs: jax.Array, h0: jax.Array, s0: jax.Array) -> Results:
    task, tanh = settings.task, settings.tanh_candidate
    case = (xs, h0, s0)
    b = params.gates.forget.b

    def with_forget(biases: Any) -> LSTMParams:
        return params._replace(gates=params.gates._replace(forget=params.gates.forget._replace(b=biases)))

    @jax.jit
    def loss_of(p: LSTMParams) -> jax.Array:
        return lstm.sequence_loss(p, *case, task.loss, tanh_candidate=tanh)

    @jax.jit
    def forget_gates(biases: jax.Array) -> jax.Array:
        return lstm.forward(with_forget(biases), *case, tanh_candidate=tanh).f

    def choice(name: str, biases: jax.Array) -> ForgetBias:
        f = forget_gates(biases)
        loss = float(loss_of(with_forget(biases)))
        return ForgetBias(name, as_tuples(biases), as_tuples(f), as_tuples(f.prod(0)), loss)

    result = jax.jit(lambda p: lstm.unroll(p, *case, task.loss, tanh_candidate=tanh))(params)
    check_finite(result.loss, result.gradient)
    new_b = b - task.learning_rate * result.gradient.gates.forget.b
    others = {"0": jnp.zeros_like(b), "1": jnp.ones_like(b)}
    if b.shape == given.RNN_PARAMS.b.shape:
        others["b of problem 3"] = jnp.asarray(given.RNN_PARAMS.b, b.dtype)
    # The biases given may be one of those they are compared with: that one stands once.
    same = [f"{name}, as given" for name, biases in others.items() if (biases == b).all()]
    compared = {(same or ["as given"])[0]: b}
    compared |= {name: biases for name, biases in others.items() if not (biases == b).all()}
    plain = {name: as_tuples(getattr(result, name)) for name in Intermediates._fields[:-2]}
    return Results(
        settings,
        forward=Forward(*map(as_tuples, result.forward)),
        step_losses=as_tuples(step_losses(result.forward.o, task.loss)),
        loss=float(result.loss),
        gradient=_parameters(result.gradient),
        intermediates=Intermediates(
            **plain,
            d_da=PerGate(*map(as_tuples, result.d_da)),
            dL_da=PerGate(*map(as_tuples, result.dL_da)),
        ),
        verification=verify(loss_of, params, result.gradient, lambda p: p.gates.forget.b, with_forget, task.epsilon),
        new_forget_b=as_tuples(new_b),
        new_loss=float(loss_of(with_forget(new_b))),
        choices=tuple(choice(name, biases) for name, biases in compared.items()),
        kept=tuple(Kept(bias, as_tuples(forget_gates(jnp.full_like(b, bias)).prod(0))) for bias in KEPT_BIASES),
    )
