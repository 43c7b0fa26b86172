"""The networks of `rnn` and `lstm` on batches of long sequences, fast enough to train: the last state alone.

Same equations, other layout. With P = [W U b] and z^(t) = [h^(t-1); x^(t); 1], (10.8) is a^(t) = P z^(t); the four
gates of (10.40)-(10.44) are one such product, their rows under each other. Sequences lie side by side in columns, so
that the rows of one gate are one piece of memory.

The gradient is unrolled by hand as in `rnn.unroll` and `lstm.unroll`, for autodiff of the scan keeps and moves more
than it needs. dL/dP is summed step by step while dL/da^(t) is in the cache; the LSTM's gates are computed again from
h and s on the way back, for that is quicker than writing and reading them.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from hw3.errors import InvalidInput
from hw3.recurrent import arrays
from hw3.recurrent.lstm import LSTMParams
from hw3.recurrent.rnn import RNNParams


def last_state(params: RNNParams | LSTMParams, xs: jax.Array, *, tanh_candidate: bool = True) -> jax.Array:
    """h^(T) `[batch, n]` from xs `[batch, T, d]`, starting at zero; differentiable once, in params and xs.

    `tanh_candidate` is the LSTM's, as in `lstm.forward` (the book's sigmoid if False). Raises ValueError unless xs
    fits U.
    """
    params = arrays.floats(params)
    gates = params.gates if isinstance(params, LSTMParams) else (params,)
    shape, d = arrays.shape_of(xs, "the sequences"), gates[0].U.shape[1]
    if len(shape) != 3 or shape[2] != d or not shape[1]:
        raise InvalidInput(f"the sequences have shape {shape}; they must be [batch, steps, {d}]")
    P = jnp.concatenate([jnp.concatenate([gate.W, gate.U, gate.b[:, None]], axis=1) for gate in gates])
    columns = jnp.transpose(arrays.like(xs, P.dtype), (1, 2, 0))
    run = functools.partial(_lstm, tanh_candidate) if isinstance(params, LSTMParams) else _rnn
    return run(P, columns).T


def logits(params: RNNParams | LSTMParams, xs: jax.Array, *, tanh_candidate: bool = True) -> jax.Array:
    """o^(T) = c + V h^(T) `[batch, m]` (10.10) from xs `[batch, T, d]`; as `last_state`."""
    params = arrays.floats(params)
    return params.c[None, :] + last_state(params, xs, tanh_candidate=tanh_candidate) @ params.V.T


def _with_inputs(h: jax.Array, x: jax.Array) -> jax.Array:
    """z = [h; x; 1] in columns."""
    return jnp.concatenate([h, x, jnp.ones((1, x.shape[1]), x.dtype)])


@jax.custom_vjp
def _rnn(P: jax.Array, xs: jax.Array) -> jax.Array:
    """h^(T) `[n, batch]` from P `[n, n + d + 1]`, xs `[T, d, batch]`."""
    return _rnn_forward(P, xs)[0]


def _rnn_forward(P: jax.Array, xs: jax.Array) -> tuple[jax.Array, Any]:
    def step(h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jnp.tanh(P @ _with_inputs(h, x)), h

    start = jnp.zeros((P.shape[0], xs.shape[2]), P.dtype)
    last, before = jax.lax.scan(step, start, xs)
    return last, (P, xs, last, before)


def _rnn_backward(kept: Any, dL_dh: jax.Array) -> tuple[jax.Array, jax.Array]:
    P, xs, last, before = kept
    n = P.shape[0]
    W_T, U_T = P[:, :n].T, P[:, n:-1].T

    def step(carry: Any, now: Any) -> tuple[Any, jax.Array]:
        dL_dh, h, dL_dP_T = carry
        h_before, x = now
        dL_da = dL_dh * (1 - h * h)
        dL_dP_T = dL_dP_T + _with_inputs(h_before, x) @ dL_da.T
        return (W_T @ dL_da, h_before, dL_dP_T), U_T @ dL_da

    (_, _, dL_dP_T), dL_dx = jax.lax.scan(step, (dL_dh, last, jnp.zeros_like(P.T)), (before, xs), reverse=True)
    return dL_dP_T.T, dL_dx


_rnn.defvjp(_rnn_forward, _rnn_backward)


def _halved(P: jax.Array, tanh_candidate: bool) -> jax.Array:
    """P with the rows of sigmoids halved: sigma(a) = (1 + tanh(a / 2)) / 2, so that one tanh does all four gates."""
    rows, halved = P.shape[0], P.shape[0] * 3 // 4 if tanh_candidate else P.shape[0]
    return P * jnp.where(jnp.arange(rows) < halved, 0.5, 1).astype(P.dtype)[:, None]


def _gates(halved: jax.Array, z: jax.Array, tanh_candidate: bool) -> list[jax.Array]:
    """f, g, q, k `[n, batch]` from z and P `[4n, n + d + 1]` as `_halved` returns it."""
    f, g, q, k = jnp.split(jnp.tanh(halved @ z), 4)
    return [0.5 + 0.5 * f, 0.5 + 0.5 * g, 0.5 + 0.5 * q, k if tanh_candidate else 0.5 + 0.5 * k]


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _lstm(tanh_candidate: bool, P: jax.Array, xs: jax.Array) -> jax.Array:
    """h^(T) `[n, batch]` from P `[4n, n + d + 1]` (rows in the order of `lstm.Gates`), xs `[T, d, batch]`."""
    return _lstm_forward(tanh_candidate, P, xs)[0]


def _lstm_forward(tanh_candidate: bool, P: jax.Array, xs: jax.Array) -> tuple[jax.Array, Any]:
    halved = _halved(P, tanh_candidate)

    def step(state: tuple[jax.Array, jax.Array], x: jax.Array) -> tuple[tuple[jax.Array, jax.Array], Any]:
        h, s = state
        f, g, q, k = _gates(halved, _with_inputs(h, x), tanh_candidate)
        s_new = f * s + g * k
        return (q * jnp.tanh(s_new), s_new), state

    start = jnp.zeros((P.shape[0] // 4, xs.shape[2]), P.dtype)
    (last, s_last), before = jax.lax.scan(step, (start, start), xs)
    return last, (P, xs, s_last, before)


def _lstm_backward(tanh_candidate: bool, kept: Any, dL_dh: jax.Array) -> tuple[jax.Array, jax.Array]:
    P, xs, s_last, before = kept
    n = P.shape[0] // 4
    W_T, U_T, halved = P[:, :n].T, P[:, n:-1].T, _halved(P, tanh_candidate)

    def step(carry: Any, now: Any) -> tuple[Any, jax.Array]:
        dL_dh, dL_ds, s, dL_dP_T = carry
        (h_before, s_before), x = now
        z = _with_inputs(h_before, x)
        f, g, q, k = _gates(halved, z, tanh_candidate)
        squashed = jnp.tanh(s)
        dL_ds = dL_ds + dL_dh * q * (1 - squashed * squashed)
        dk_da = 1 - k * k if tanh_candidate else k * (1 - k)
        dL_da = jnp.concatenate(
            [
                dL_ds * s_before * f * (1 - f),
                dL_ds * k * g * (1 - g),
                dL_dh * squashed * q * (1 - q),
                dL_ds * g * dk_da,
            ]
        )
        dL_dP_T = dL_dP_T + z @ dL_da.T
        return (W_T @ dL_da, dL_ds * f, s_before, dL_dP_T), U_T @ dL_da

    start = (dL_dh, jnp.zeros_like(dL_dh), s_last, jnp.zeros_like(P.T))
    (_, _, _, dL_dP_T), dL_dx = jax.lax.scan(step, start, (before, xs), reverse=True)
    return dL_dP_T.T, dL_dx


_lstm.defvjp(_lstm_forward, _lstm_backward)
