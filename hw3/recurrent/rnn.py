"""The recurrent network of equations (10.8)-(10.11) and its gradient, unrolled through time by hand.

Goodfellow, Bengio, Courville, Deep Learning, chapter 10: hidden size n, input size d, output size m, T steps.

    a^(t) = b + W h^(t-1) + U x^(t)    (10.8)        o^(t) = c + V h^(t)           (10.10)
    h^(t) = tanh(a^(t))                (10.9)        y_hat^(t) = softmax(o^(t))    (10.11)

Nothing in `unroll` is automatic differentiation. Everything is computed in the precision of the parameters, whose
numbers may come in any form that `hw3.recurrent.arrays` takes.
"""

import functools
import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput
from hw3.recurrent import arrays

# Accelerators round float32 products to fewer bits unless told not to; here every digit is looked at.
matmul = functools.partial(jnp.matmul, precision=jax.lax.Precision.HIGHEST)


class RNNParams(NamedTuple):
    """The parameters: b `[n]`, c `[m]`, W `[n, n]`, U `[n, d]`, V `[m, n]`."""

    b: Any
    c: Any
    W: Any
    U: Any
    V: Any


class Loss(NamedTuple):
    """(y_hat_squared - 0.5)^2 - log(y_hat_logged) of the last step, or summed over all (every_step).

    The two outputs are counted from 0.
    """

    squared: int = 0
    logged: int = 1
    every_step: bool = False


DEFAULT_LOSS = Loss()


class Forward(NamedTuple):
    """All steps of (10.8)-(10.11): a `[T, n]`, h `[T, n]`, o `[T, m]`, y_hat `[T, m]`."""

    a: jax.Array
    h: jax.Array
    o: jax.Array
    y_hat: jax.Array


class Unrolled(NamedTuple):
    """Every intermediate result of back-propagation through time, step by step, and the gradient.

    "direct" is what reaches a quantity through the output of its own step alone; without that word all later
    steps are counted too. Both add up to the gradient.
    """

    forward: Forward
    loss: jax.Array  # []
    dL_dy: jax.Array  # [T, m]; zero for a step whose output is not in the loss
    dy_do: jax.Array  # [T, m, m]
    dL_do: jax.Array  # [T, m]
    do_dh: jax.Array  # [m, n], which is V
    dL_dh_direct: jax.Array  # [T, n]
    dh_da: jax.Array  # [T, n], the diagonal of the Jacobian
    dL_da_direct: jax.Array  # [T, n]
    da_db: jax.Array  # [T, n, n]; row i, column k: da_i^(t) / db_k through all earlier steps
    dh_db: jax.Array  # [T, n, n]
    dL_db_direct: jax.Array  # [T, n], the gradient of step t's term of the loss
    dh_dh: jax.Array  # [T, n, n]; dh^(t) / dh^(t-1)
    dL_dh: jax.Array  # [T, n]
    dL_da: jax.Array  # [T, n]
    gradient: RNNParams

    @property
    def shares(self) -> jax.Array:
        """dL/db^(t) `[T, n]`: what the use of b in step t adds to the gradient, which is dL/da^(t)."""
        return self.dL_da

    def _repr_html_(self) -> str | None:
        """The steps side by side and the gradient, for Jupyter; None, which gives plain text, for batches."""
        from hw3.report import notebook  # here, or importing hw3 would load matplotlib

        return notebook.unrolled("Recurrent network", self._asdict())


def check(params: RNNParams, xs: Any, h0: Any = None, loss: Loss | None = None) -> None:
    """Raises ValueError if shapes don't fit together or the loss names an output that isn't there."""
    for name in ("b", "c"):
        shape = arrays.shape_of(getattr(params, name), name)
        if len(shape) != 1 or not shape[0]:
            raise InvalidInput(f"{name} has shape {shape}; it must be a vector with at least one entry")
    xs_shape = arrays.shape_of(xs, "the sequence")
    if len(xs_shape) != 2 or 0 in xs_shape:
        raise InvalidInput(f"the sequence has shape {xs_shape}; it must be [steps, inputs], both at least 1")
    n, m, d = np.shape(params.b)[0], np.shape(params.c)[0], xs_shape[1]
    for name, wanted in {"W": (n, n), "U": (n, d), "V": (m, n)}.items():
        shape = arrays.shape_of(getattr(params, name), name)
        if shape != wanted:
            raise InvalidInput(
                f"{name} has shape {shape}; for {n} entries in b, {m} in c, {d} inputs it must be {wanted}"
            )
    if h0 is not None and (shape := arrays.shape_of(h0, "h0")) != (n,):
        raise InvalidInput(f"h0 has shape {shape}; it must be ({n},) like b")
    if loss is not None:
        for name in ("squared", "logged"):
            arrays.check_index(getattr(loss, name), m, f"the loss's {name} output")


def forward(params: RNNParams, xs: Any, h0: Any = None) -> Forward:
    """Runs (10.8)-(10.11) over xs `[T, d]` from h^(0) = h0 `[n]` (zero if None); errors as `check`."""
    check(params, xs, h0)
    b, c, W, U, V = arrays.floats(params)
    xs = arrays.like(xs, b.dtype)
    start = jnp.zeros_like(b) if h0 is None else arrays.like(h0, b.dtype)
    driven = b[None, :] + matmul(xs, U.T)  # the part that needs no recursion: one product for all steps

    def step(h: jax.Array, driven_t: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        a = driven_t + matmul(W, h)
        h = jnp.tanh(a)
        return h, (a, h)

    _, (a, h) = jax.lax.scan(step, start, driven)
    o = c[None, :] + matmul(h, V.T)
    return Forward(a, h, o, jax.nn.softmax(o))


def step_losses(o: jax.Array, loss: Loss = DEFAULT_LOSS) -> jax.Array:
    """The loss of each step's output alone `[T]`, from o `[T, m]`."""
    # The logarithm of the softmax, not of its result: a probability that underflows still has a logarithm.
    squared, logged = _output(jax.nn.softmax(o), loss.squared), _output(jax.nn.log_softmax(o), loss.logged)
    return (squared - 0.5) ** 2 - logged


def _output(values: jax.Array, index: Any) -> jax.Array:
    """Column `index` `[T]` of values `[T, m]`; NaN if it is traced, which `check` cannot see, and there is none."""
    if not arrays.is_traced(index):
        return values[:, operator.index(index)]
    beyond = jnp.where((index >= 0) & (index < values.shape[1]), 0, jnp.nan).astype(values.dtype)
    return values[:, index] + beyond


def counted(steps: int, loss: Loss, dtype: Any) -> jax.Array:
    """1 for each step whose output is in the loss, else 0 `[T]`: the last one, or all."""
    return jnp.where(loss.every_step, jnp.ones(steps, dtype), jnp.zeros(steps, dtype).at[-1].set(1))


def sequence_loss(params: RNNParams, xs: Any, h0: Any = None, loss: Loss = DEFAULT_LOSS) -> jax.Array:
    """The loss of a whole sequence `[]`: the function for autodiff and differences; errors as `check`."""
    check(params, xs, h0, loss)
    o = forward(params, xs, h0).o
    return jnp.sum(step_losses(o, loss) * counted(o.shape[0], loss, o.dtype))


def through_softmax(y_hat: jax.Array, loss: Loss) -> tuple[jax.Array, jax.Array, jax.Array]:
    """dL/dy `[T, m]`, dy/do `[T, m, m]` and dL/do `[T, m]` of the loss, from y_hat `[T, m]`.

    dL/do is the product of the other two with 1/y_hat cancelled and 1 -
    y_hat taken as the sum of the other outputs: no digit is lost where the softmax saturates.
    """
    steps, m = y_hat.shape
    mask = counted(steps, loss, y_hat.dtype)[:, None]
    e_squared = jax.nn.one_hot(loss.squared, m, dtype=y_hat.dtype)[None, :]
    e_logged = jax.nn.one_hot(loss.logged, m, dtype=y_hat.dtype)[None, :]
    squared = _output(y_hat, loss.squared)[:, None]
    slope = 2 * (squared - 0.5)
    dL_dy = jnp.where(mask > 0, slope * e_squared - jnp.where(e_logged > 0, 1 / y_hat, 0), 0)
    dy_do = y_hat[:, :, None] * (jnp.eye(m, dtype=y_hat.dtype)[None] - y_hat[:, None, :])

    def less_output(e: jax.Array) -> jax.Array:
        others = y_hat * (1 - e)
        return e * others.sum(1, keepdims=True) - others  # e - y_hat

    dL_do = mask * (slope * squared * less_output(e_squared) - less_output(e_logged))
    return dL_dy, dy_do, dL_do


def unroll(params: RNNParams, xs: Any, h0: Any = None, loss: Loss = DEFAULT_LOSS) -> Unrolled:
    """Back-propagation through time by hand: xs `[T, d]`, h0 `[n]`; linear in T; errors as `check`.

    Backwards (equations 10.20-10.28 of the book with this loss), and forwards through
    da^(t)/db = I + W dh^(t-1)/db, dh^(t)/db = (1 - h^2) da^(t)/db.
    """
    check(params, xs, h0, loss)
    b, _, W, _, V = params = arrays.floats(params)
    run = forward(params, xs, h0)
    xs = arrays.like(xs, b.dtype)
    start = jnp.zeros_like(b) if h0 is None else arrays.like(h0, b.dtype)
    before = jnp.concatenate([start[None, :], run.h[:-1]])  # h^(t-1)
    dL_dy, dy_do, dL_do = through_softmax(run.y_hat, loss)
    dL_dh_direct = matmul(dL_do, V)
    dh_da = 1 - run.h**2

    def backwards(dL_da_next: jax.Array, now: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, Any]:
        dL_dh_t, dh_da_t = now
        dL_dh_t = dL_dh_t + matmul(dL_da_next, W)
        dL_da_t = dL_dh_t * dh_da_t
        return dL_da_t, (dL_dh_t, dL_da_t)

    _, (dL_dh, dL_da) = jax.lax.scan(backwards, jnp.zeros_like(b), (dL_dh_direct, dh_da), reverse=True)

    identity = jnp.eye(b.shape[0], dtype=b.dtype)

    def forwards(dh_db_before: jax.Array, dh_da_t: jax.Array) -> tuple[jax.Array, Any]:
        da_db_t = identity + matmul(W, dh_db_before)
        dh_db_t = dh_da_t[:, None] * da_db_t
        return dh_db_t, (da_db_t, dh_db_t)

    _, (da_db, dh_db) = jax.lax.scan(forwards, jnp.zeros_like(identity), dh_da)
    dL_da_direct = dL_dh_direct * dh_da
    steps = counted(run.o.shape[0], loss, b.dtype)
    return Unrolled(
        forward=run,
        loss=jnp.sum(step_losses(run.o, loss) * steps),
        dL_dy=dL_dy,
        dy_do=dy_do,
        dL_do=dL_do,
        do_dh=V,
        dL_dh_direct=dL_dh_direct,
        dh_da=dh_da,
        dL_da_direct=dL_da_direct,
        da_db=da_db,
        dh_db=dh_db,
        dL_db_direct=matmul(dL_da_direct[:, None, :], da_db)[:, 0],
        dh_dh=dh_da[:, :, None] * W[None],
        dL_dh=dL_dh,
        dL_da=dL_da,
        gradient=RNNParams(
            b=dL_da.sum(0),
            c=dL_do.sum(0),
            W=matmul(dL_da.T, before),
            U=matmul(dL_da.T, xs),
            V=matmul(dL_do.T, run.h),
        ),
    )


def descend_biases(params: RNNParams, dL_db: Any, learning_rate: Any) -> RNNParams:
    """One step of gradient descent on b `[n]` alone: b - learning_rate * dL/db."""
    params = arrays.floats(params)
    b = params.b
    return params._replace(b=b - arrays.like(learning_rate, b.dtype) * arrays.like(dL_db, b.dtype))


def array_from(record: Mapping[str, Any], name: str) -> np.ndarray:
    """The numbers under `name` of a parsed JSON object as float64.

    Raises ValueError if they are missing, ragged, not numbers or not finite.
    """
    if name not in record:
        raise InvalidInput(f"{name!r} is missing")
    try:
        array = np.array(record[name], dtype=object)
        numbers = array.astype(np.float64)
    except OverflowError:
        raise InvalidInput(f"{name!r} holds a number beyond the range of float64") from None
    except (ValueError, TypeError):
        raise InvalidInput(f"{name!r} must be numbers in rows of equal length") from None
    if any(isinstance(entry, bool | str) for entry in array.flat):
        raise InvalidInput(f"{name!r} must hold numbers only")
    if not np.isfinite(numbers).all():
        raise InvalidInput(f"{name!r} holds a value that is not finite")
    return numbers


def known_keys(record: Any, known: tuple[str, ...]) -> None:
    """Raises ValueError if a parsed JSON value isn't an object or has a key that isn't in `known`."""
    if not isinstance(record, Mapping):
        raise InvalidInput(f"the file must hold one JSON object with the keys {', '.join(known)}")
    for key in record:
        if key not in known:
            raise InvalidInput(f"unknown key {key!r}; the keys are {', '.join(known)}")


def from_record(record: Any) -> tuple[RNNParams, np.ndarray, np.ndarray]:
    """Parameters, sequence `[T, d]` and h0 `[n]` from a parsed JSON object.

    Keys: b, c, W, U, V, x, and h0, which is zero where it is left out. Raises ValueError for a wrong or missing one,
    as `array_from` and as `check`.
    """
    known_keys(record, (*RNNParams._fields, "x", "h0"))
    params = RNNParams(*(array_from(record, name) for name in RNNParams._fields))
    xs = array_from(record, "x")
    h0 = array_from(record, "h0") if "h0" in record else np.zeros_like(params.b)
    check(params, xs, h0)
    return params, xs, h0
