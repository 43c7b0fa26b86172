"""The LSTM cell of equations (10.40)-(10.44) and its gradient, unrolled through time by hand.

Goodfellow, Bengio, Courville, Deep Learning, section 10.10.1; n cells, d inputs, m outputs, T steps:

    f^(t) = sigma(b_f + U_f x^(t) + W_f h^(t-1))                       forget gate (10.40)
    s^(t) = f^(t) s^(t-1) + g^(t) k^(t),                               state (10.41)
        k^(t) = sigma(b + U x^(t) + W h^(t-1))                         its candidate
    g^(t) = sigma(b_g + U_g x^(t) + W_g h^(t-1))                       external input gate (10.42)
    h^(t) = tanh(s^(t)) q^(t)                                          output (10.43)
    q^(t) = sigma(b_o + U_o x^(t) + W_o h^(t-1))                       output gate (10.44)

and o^(t) = c + V h^(t), y_hat^(t) = softmax(o^(t)), the loss as in `rnn`. The book's candidate k is a
sigmoid; the usual tanh is an option. Nothing in `unroll` is automatic differentiation.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput
from hw3.recurrent import arrays, rnn
from hw3.recurrent.rnn import DEFAULT_LOSS, Loss, RNNParams, matmul


class Affine(NamedTuple):
    """What a gate looks through: b `[n]`, U `[n, d]`, W `[n, n]`."""

    b: Any
    U: Any
    W: Any


class Gates(NamedTuple):
    """One of each: forget gate, external input gate, output gate, candidate (b, U, W without index)."""

    forget: Any
    input: Any
    output: Any
    candidate: Any


class LSTMParams(NamedTuple):
    """The parameters: gates of `Affine`, and the output's c `[m]`, V `[m, n]`."""

    gates: Gates
    c: Any
    V: Any


class LSTMForward(NamedTuple):
    """All steps of (10.40)-(10.44); f, g, q, k, s, h `[T, n]`, o, y_hat `[T, m]`."""

    f: jax.Array
    g: jax.Array
    q: jax.Array
    k: jax.Array
    s: jax.Array
    h: jax.Array
    o: jax.Array
    y_hat: jax.Array


class LSTMUnrolled(NamedTuple):
    """Every intermediate result of back-propagation through time, step by step, and the gradient.

    dL/d(...) counts this step's output and all later steps; "direct" only this step's output.
    """

    forward: LSTMForward
    loss: jax.Array  # []
    dL_dy: jax.Array  # [T, m]
    dy_do: jax.Array  # [T, m, m]
    dL_do: jax.Array  # [T, m]
    do_dh: jax.Array  # [m, n], which is V
    dL_dh_direct: jax.Array  # [T, n]
    dL_dh: jax.Array  # [T, n]
    dh_dq: jax.Array  # [T, n], tanh(s)
    dh_ds: jax.Array  # [T, n], q (1 - tanh(s)^2)
    dL_ds: jax.Array  # [T, n]
    ds_df: jax.Array  # [T, n], s^(t-1)
    ds_dg: jax.Array  # [T, n], k
    ds_dk: jax.Array  # [T, n], g
    ds_ds: jax.Array  # [T, n], ds^(t)/ds^(t-1) along the state itself, which is f
    d_da: Gates  # of [T, n]: each gate's derivative with respect to its own pre-activation a
    dL_da: Gates  # of [T, n]; its sum over the steps is the gradient of that gate's bias
    gradient: LSTMParams

    @property
    def shares(self) -> jax.Array:
        """dL/db_f^(t) `[T, n]`: what the use of the forget gate's bias in step t adds to its gradient."""
        return self.dL_da.forget

    def _repr_html_(self) -> str | None:
        """The steps side by side and the gradient, for Jupyter; None, which gives plain text, for batches."""
        from hw3.report import notebook  # here, or importing hw3 would load matplotlib

        return notebook.unrolled("LSTM", self._asdict())


def tied(params: RNNParams, biases: Gates) -> LSTMParams:
    """An LSTM with the U and W of an RNN for all four, its c and V as they are, and these biases `[n]`."""
    return LSTMParams(Gates(*(Affine(b, params.U, params.W) for b in biases)), params.c, params.V)


def check(params: LSTMParams, xs: Any, h0: Any = None, s0: Any = None, loss: Loss | None = None) -> None:
    """Raises ValueError if shapes don't fit together or the loss names an output that isn't there."""
    b0 = arrays.shape_of(params.gates.forget.b, "forget: b")
    for name, gate in zip(Gates._fields, params.gates, strict=True):
        if (shape := arrays.shape_of(gate.b, f"{name}: b")) != b0:
            raise InvalidInput(f"{name}: b has shape {shape}; it must be {b0} as in the forget gate")
        try:
            rnn.check(RNNParams(gate.b, params.c, gate.W, gate.U, params.V), xs, h0, loss)
        except ValueError as error:
            raise InvalidInput(f"{name}: {error}") from None
    if s0 is not None and (shape := arrays.shape_of(s0, "s0")) != b0:
        raise InvalidInput(f"s0 has shape {shape}; it must be {b0} like b")


def _candidate(a: jax.Array, tanh_candidate: bool) -> jax.Array:
    return jnp.tanh(a) if tanh_candidate else jax.nn.sigmoid(a)


def forward(
    params: LSTMParams, xs: Any, h0: Any = None, s0: Any = None, *, tanh_candidate: bool = False
) -> LSTMForward:
    """Runs (10.40)-(10.44) over xs `[T, d]` from h^(0), s^(0) `[n]` (zero if None); errors as `check`."""
    check(params, xs, h0, s0)
    params = arrays.floats(params)
    b, U, W = (jnp.concatenate(parts) for parts in zip(*params.gates, strict=True))  # [4n], [4n, d], [4n, n]
    xs = arrays.like(xs, b.dtype)
    nothing = jnp.zeros_like(params.gates.forget.b)
    h_start, s_start = (nothing if state is None else arrays.like(state, b.dtype) for state in (h0, s0))
    driven = b[None, :] + matmul(xs, U.T)

    def step(state: tuple[jax.Array, jax.Array], driven_t: jax.Array) -> tuple[tuple[jax.Array, jax.Array], Any]:
        h, s = state
        a_f, a_g, a_q, a_k = jnp.split(driven_t + matmul(W, h), 4)
        f, g, q = jax.nn.sigmoid(a_f), jax.nn.sigmoid(a_g), jax.nn.sigmoid(a_q)
        k = _candidate(a_k, tanh_candidate)
        s = f * s + g * k
        h = jnp.tanh(s) * q
        return (h, s), (f, g, q, k, s, h)

    _, (f, g, q, k, s, h) = jax.lax.scan(step, (h_start, s_start), driven)
    o = params.c[None, :] + matmul(h, params.V.T)
    return LSTMForward(f, g, q, k, s, h, o, jax.nn.softmax(o))


def sequence_loss(
    params: LSTMParams,
    xs: Any,
    h0: Any = None,
    s0: Any = None,
    loss: Loss = DEFAULT_LOSS,
    *,
    tanh_candidate: bool = False,
) -> jax.Array:
    """The loss of a whole sequence `[]`, for autodiff and differences."""
    check(params, xs, h0, s0, loss)
    o = forward(params, xs, h0, s0, tanh_candidate=tanh_candidate).o
    return jnp.sum(rnn.step_losses(o, loss) * rnn.counted(o.shape[0], loss, o.dtype))


def unroll(
    params: LSTMParams,
    xs: Any,
    h0: Any = None,
    s0: Any = None,
    loss: Loss = DEFAULT_LOSS,
    *,
    tanh_candidate: bool = False,
) -> LSTMUnrolled:
    """Back-propagation through time by hand; linear in T; errors as `check`.

    dL/dh^(t) = V^T dL/do^(t) + sum over the four of W^T dL/da^(t+1)
    dL/ds^(t) = dL/dh^(t) q^(t) (1 - tanh(s^(t))^2) + dL/ds^(t+1) f^(t+1)
    dL/df^(t) = dL/ds^(t) s^(t-1), and so on for g, q, k; then through each one's sigmoid (or tanh) to its a.
    """
    check(params, xs, h0, s0, loss)
    params = arrays.floats(params)
    run = forward(params, xs, h0, s0, tanh_candidate=tanh_candidate)
    W = jnp.concatenate([gate.W for gate in params.gates])  # [4n, n]
    nothing = jnp.zeros_like(params.gates.forget.b)
    xs = arrays.like(xs, nothing.dtype)
    h_start, s_start = (nothing if state is None else arrays.like(state, nothing.dtype) for state in (h0, s0))
    h_before = jnp.concatenate([h_start[None, :], run.h[:-1]])
    s_before = jnp.concatenate([s_start[None, :], run.s[:-1]])

    dL_dy, dy_do, dL_do = rnn.through_softmax(run.y_hat, loss)
    dL_dh_direct = matmul(dL_do, params.V)
    dh_dq = jnp.tanh(run.s)
    dh_ds = run.q * (1 - dh_dq**2)
    d_da = Gates(
        forget=run.f * (1 - run.f),
        input=run.g * (1 - run.g),
        output=run.q * (1 - run.q),
        candidate=1 - run.k**2 if tanh_candidate else run.k * (1 - run.k),
    )

    def backwards(carry: tuple[jax.Array, jax.Array], now: Any) -> tuple[tuple[jax.Array, jax.Array], Any]:
        dL_dh_from_later, dL_ds_from_later = carry
        direct, dh_dq_t, dh_ds_t, s_before_t, k_t, g_t, f_t, d_da_t = now
        dL_dh_t = direct + dL_dh_from_later
        dL_ds_t = dL_dh_t * dh_ds_t + dL_ds_from_later
        dL_da_t = Gates(
            forget=dL_ds_t * s_before_t * d_da_t.forget,
            input=dL_ds_t * k_t * d_da_t.input,
            output=dL_dh_t * dh_dq_t * d_da_t.output,
            candidate=dL_ds_t * g_t * d_da_t.candidate,
        )
        earlier = (matmul(jnp.concatenate(dL_da_t), W), dL_ds_t * f_t)
        return earlier, (dL_dh_t, dL_ds_t, dL_da_t)

    steps = (dL_dh_direct, dh_dq, dh_ds, s_before, run.k, run.g, run.f, d_da)
    _, (dL_dh, dL_ds, dL_da) = jax.lax.scan(backwards, (nothing, nothing), steps, reverse=True)
    mask = rnn.counted(run.o.shape[0], loss, run.o.dtype)
    return LSTMUnrolled(
        forward=run,
        loss=jnp.sum(rnn.step_losses(run.o, loss) * mask),
        dL_dy=dL_dy,
        dy_do=dy_do,
        dL_do=dL_do,
        do_dh=params.V,
        dL_dh_direct=dL_dh_direct,
        dL_dh=dL_dh,
        dh_dq=dh_dq,
        dh_ds=dh_ds,
        dL_ds=dL_ds,
        ds_df=s_before,
        ds_dg=run.k,
        ds_dk=run.g,
        ds_ds=run.f,
        d_da=d_da,
        dL_da=dL_da,
        gradient=LSTMParams(
            gates=Gates(*(Affine(da.sum(0), matmul(da.T, xs), matmul(da.T, h_before)) for da in dL_da)),
            c=dL_do.sum(0),
            V=matmul(dL_do.T, run.h),
        ),
    )


def from_record(record: Any) -> tuple[LSTMParams, np.ndarray, np.ndarray, np.ndarray]:
    """Parameters, sequence `[T, d]`, h0 and s0 `[n]` from a parsed JSON object.

    Keys: forget, input, output, candidate (each an object with b, U, W), c, V, x, and h0 and s0, which are zero where
    they are left out. Raises ValueError for a wrong or missing one, as `rnn.array_from` and as `check`.
    """
    rnn.known_keys(record, (*Gates._fields, "c", "V", "x", "h0", "s0"))
    params = LSTMParams(
        Gates(*(_affine_from(record, name) for name in Gates._fields)),
        rnn.array_from(record, "c"),
        rnn.array_from(record, "V"),
    )
    xs = rnn.array_from(record, "x")
    h0, s0 = (
        rnn.array_from(record, name) if name in record else np.zeros(np.shape(params.gates.forget.b))
        for name in ("h0", "s0")
    )
    check(params, xs, h0, s0)
    return params, xs, h0, s0


def _affine_from(record: Any, name: str) -> Affine:
    if name not in record:
        raise InvalidInput(f"{name!r} is missing")
    try:
        rnn.known_keys(record[name], Affine._fields)
        return Affine(*(rnn.array_from(record[name], key) for key in Affine._fields))
    except ValueError as error:
        raise InvalidInput(f"{name}: {error}") from None
