"""How far back a gradient reaches: norms of products of Jacobians of the networks in `rnn` and `lstm`.

The derivative of the last state in an earlier one is a product of one Jacobian for each step between,

    dh^(T)/dh^(t) = J^(T) J^(T-1) ... J^(t+1),    J^(t) = diag(1 - tanh^2 a^(t)) W    (RNN, from (10.8), (10.9)),

and its norm grows or falls exponentially with the lag T - t (Hochreiter 1991; Bengio, Simard and Frasconi, IEEE Trans.
Neural Networks 5, 1994). Here it is followed for any number of steps in one pass: the product is carried with its
largest entry brought to 1, and the logarithm of what was divided out beside it, so nothing overflows or underflows.
Norms are Frobenius norms over that of the identity: 0 at lag 0, and exp(log norm) is by how much a random direction
grows (root mean square). Everything is computed in the precision of the parameters and can be vmapped over them.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput
from hw3.recurrent import arrays, lstm, rnn
from hw3.recurrent.lstm import Affine, Gates, LSTMParams
from hw3.recurrent.rnn import DEFAULT_LOSS, Loss, RNNParams, matmul


class LSTMFlow(NamedTuple):
    """Log norms against the lag k = 0..T, each `[T + 1]`, of derivatives at step T in those at step T - k.

    h and s of one step count as independent coordinates, as (10.40)-(10.44) carry both from step to step.
    """

    dh_dh: jax.Array
    ds_ds: jax.Array
    whole: jax.Array  # of d(h, s)^(T) / d(h, s)^(T-k)
    forget: jax.Array  # of diag(f^(T) f^(T-1) ... f^(T-k+1)), which is ds^(T)/ds^(T-k) with every W at 0


class Band(NamedTuple):
    """Over many initialisations: the 10% quantile, the median and the 90% quantile."""

    low: np.ndarray
    median: np.ndarray
    high: np.ndarray


class Scaled(NamedTuple):
    """A matrix as exp(log_scale) * entries, the largest entry 1; a zero matrix has log_scale -inf."""

    entries: Any
    log_scale: jax.Array

    @property
    def log_norm(self) -> jax.Array:
        """The logarithm of the Frobenius norm."""
        return self.log_scale + 0.5 * jnp.log(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(self.entries)))


def _scaled(entries: Any, log_scale: Any = 0.0) -> Scaled:
    largest = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in jax.tree.leaves(entries)]))
    divisor = jnp.where(largest > 0, largest, 1)
    return Scaled(jax.tree.map(lambda leaf: leaf / divisor, entries), jnp.log(largest) + log_scale)


def _from_lag_0(log_norms: jax.Array) -> jax.Array:
    """Log norms in the order of the steps, as a reverse scan leaves them, by lag and with lag 0's in front."""
    return jnp.concatenate([jnp.zeros(1, log_norms.dtype), log_norms[::-1]])


def _slope_of_tanh(a: jax.Array) -> jax.Array:
    """1 - tanh^2(a), with all its digits where tanh saturates."""
    return 4 * jax.nn.sigmoid(2 * a) * jax.nn.sigmoid(-2 * a)


def rnn_flow(params: RNNParams, xs: Any, h0: Any = None, rows: Any = None) -> jax.Array:
    """The log norm of dh^(T)/dh^(T-k) for k = 0..T `[T + 1]`, from xs `[T, d]`, h0 `[n]`; errors as `rnn.check`.

    With rows `[r, n]` the log norm of rows dh^(T)/dh^(T-k), relative to that of the rows: a few random ones give the
    same slope as the whole matrix for a fraction of the work.
    """
    rnn.check(params, xs, h0)
    params = arrays.floats(params)
    run = rnn.forward(params, xs, h0)
    W = params.W
    start = _scaled(jnp.eye(W.shape[0], dtype=W.dtype) if rows is None else jnp.asarray(rows, W.dtype))

    def back(product: Scaled, dh_da: jax.Array) -> tuple[Scaled, jax.Array]:
        product = _scaled(matmul(product.entries * dh_da[None, :], W), product.log_scale)
        return product, product.log_norm - start.log_norm

    return _from_lag_0(jax.lax.scan(back, start, _slope_of_tanh(run.a), reverse=True)[1])


def _lstm_slopes(run: lstm.LSTMForward, s0: Any, tanh_candidate: bool) -> tuple[Gates, jax.Array]:
    """What a cotangent is multiplied by on its way to each gate's a (of `[T, n]`), and dh/ds `[T, n]`.

    To the output gate from h, to the other three from s.
    """
    before = jnp.concatenate([arrays.like(s0, run.s.dtype)[None, :], run.s[:-1]])
    squashed = jnp.tanh(run.s)
    slopes = Gates(
        forget=before * run.f * (1 - run.f),
        input=run.k * run.g * (1 - run.g),
        output=squashed * run.q * (1 - run.q),
        candidate=run.g * (1 - run.k**2 if tanh_candidate else run.k * (1 - run.k)),
    )
    return slopes, run.q * _slope_of_tanh(run.s)


def _lstm_back(rows: Any, now: Any, W: jax.Array) -> tuple[Any, Gates]:
    """Cotangents of (h, s), each `[r, n]`, taken from step t to t - 1; and those of the gates' a on the way."""
    (M_h, M_s), (slopes, dh_ds, f) = rows, now
    M_s = M_s + M_h * dh_ds[None, :]
    to_gates = Gates(*((M_h if name == "output" else M_s) * getattr(slopes, name)[None, :] for name in Gates._fields))
    return (matmul(jnp.concatenate(to_gates, axis=1), W), M_s * f[None, :]), to_gates


def lstm_flow(
    params: LSTMParams, xs: Any, h0: Any = None, s0: Any = None, rows: Any = None, *, tanh_candidate: bool = False
) -> LSTMFlow:
    """The log norms by lag from xs `[T, d]`, h0, s0 `[n]`; errors as `lstm.check`.

    With rows `[r, 2n]`, cotangents of (h, s), `whole` is that of their product as in `rnn_flow`; `dh_dh` and `ds_ds`
    then are nan beyond lag 0.
    """
    lstm.check(params, xs, h0, s0)
    params = arrays.floats(params)
    run = lstm.forward(params, xs, h0, s0, tanh_candidate=tanh_candidate)
    n = run.h.shape[1]
    slopes, dh_ds = _lstm_slopes(run, jnp.zeros(n) if s0 is None else s0, tanh_candidate)
    W = jnp.concatenate([gate.W for gate in params.gates])  # [4n, n]
    first = jnp.eye(2 * n, dtype=W.dtype) if rows is None else jnp.asarray(rows, W.dtype)
    start = _scaled((first[:, :n], first[:, n:]))

    def back(product: Scaled, now: Any) -> tuple[Scaled, tuple[jax.Array, ...]]:
        product = _scaled(_lstm_back(product.entries, now, W)[0], product.log_scale)
        M_h, M_s = product.entries
        dh_dh, ds_ds = (Scaled(block, product.log_scale).log_norm for block in (M_h[:n], M_s[n:]))
        return product, (dh_dh, ds_ds, product.log_norm - start.log_norm)

    _, (dh_dh, ds_ds, whole) = jax.lax.scan(back, start, (slopes, dh_ds, run.f), reverse=True)
    identity = 0.5 * jnp.log(jnp.asarray(n, W.dtype))
    if rows is not None:
        dh_dh = ds_ds = jnp.full_like(whole, jnp.nan)
    kept = 2 * jnp.cumsum(jnp.log(run.f)[::-1], axis=0)  # of the squares
    forget = 0.5 * (jax.nn.logsumexp(kept, axis=1) - jnp.log(jnp.asarray(n, W.dtype)))
    return LSTMFlow(
        dh_dh=_from_lag_0(dh_dh - identity),
        ds_ds=_from_lag_0(ds_ds - identity),
        whole=_from_lag_0(whole),
        forget=jnp.concatenate([jnp.zeros(1, W.dtype), forget]),
    )


def lyapunov_exponent(log_norms: Any, burn_in: float = 0.2) -> np.ndarray:
    """The slope of log norms `[..., T + 1]` against the lag, fitted by least squares `[...]`, in nats a step.

    The first part of the lags is left out: there the product still turns towards its fastest direction. The largest
    Lyapunov exponent: gradients vanish below 0, explode above. Raises ValueError with fewer than two lags to fit.
    """
    log_norms = np.asarray(log_norms, np.float64)
    lags = np.arange(int(burn_in * log_norms.shape[-1]), log_norms.shape[-1])
    if len(lags) < 2:
        raise InvalidInput(
            f"{log_norms.shape[-1]} lags with a burn-in of {burn_in:g} leave {len(lags)} to fit a slope to"
        )
    centred = lags - lags.mean()
    return log_norms[..., lags] @ centred / (centred @ centred)


def band(values: Any) -> Band:
    """The band over the first axis."""
    return Band(*np.quantile(np.asarray(values, np.float64), (0.1, 0.5, 0.9), axis=0))


def _shares(log_sizes: Any) -> Any:
    """From the logs of what each step adds, leaves `[T]`, the share that comes from more than k steps back."""
    leaves, structure = jax.tree.flatten(log_sizes)
    by_lag = jnp.stack(leaves)[:, ::-1]
    from_lag = jax.lax.cumlogsumexp(by_lag, axis=1, reverse=True)
    beyond = jnp.concatenate([from_lag[:, 1:], jnp.full((len(leaves), 1), -jnp.inf, by_lag.dtype)], axis=1)
    return jax.tree.unflatten(structure, list(jnp.exp(beyond - from_lag[:, :1])))


def _log_norms(vectors: jax.Array) -> jax.Array:
    return jnp.log(jnp.linalg.norm(vectors, axis=-1))


def _at_the_end(log_size: jax.Array, steps: int) -> jax.Array:
    return jnp.full(steps, -jnp.inf, log_size.dtype).at[-1].set(log_size)


def rnn_shares(params: RNNParams, xs: Any, h0: Any = None, loss: Loss = DEFAULT_LOSS) -> RNNParams:
    """How much of each parameter's gradient comes from far back: shares `[T]` in the places of the parameters.

    Step t adds dL/da^(t) h^(t-1)^T to dL/dW and so on (10.26); its size is the norm of that. Entry k is the share of
    all sizes that steps before T - k have. The loss counts the last step alone, whatever its `every_step`, and is
    taken as a sum of logs, so nothing under- or overflows. Errors as `rnn.check`.
    """
    rnn.check(params, xs, h0, loss)
    params = arrays.floats(params)
    run = rnn.forward(params, xs, h0)
    W, V = params.W, params.V
    xs, steps = arrays.like(xs, W.dtype), run.h.shape[0]
    start = jnp.zeros(W.shape[0]) if h0 is None else h0
    before = jnp.concatenate([arrays.like(start, W.dtype)[None, :], run.h[:-1]])
    dL_do = rnn.through_softmax(run.y_hat[-1:], loss)[2]  # [1, m]

    def back(dL_dh: Scaled, dh_da: jax.Array) -> tuple[Scaled, jax.Array]:
        dL_da = _scaled(dL_dh.entries * dh_da[None, :], dL_dh.log_scale)
        return Scaled(matmul(dL_da.entries, W), dL_da.log_scale), dL_da.log_norm

    _, log_da = jax.lax.scan(back, _scaled(matmul(dL_do, V)), _slope_of_tanh(run.a), reverse=True)
    log_do = _log_norms(dL_do)[0]
    sizes = RNNParams(
        b=log_da,
        c=_at_the_end(log_do, steps),
        W=log_da + _log_norms(before),
        U=log_da + _log_norms(xs),
        V=_at_the_end(log_do + _log_norms(run.h[-1]), steps),
    )
    return _shares(sizes)


def lstm_shares(
    params: LSTMParams,
    xs: Any,
    h0: Any = None,
    s0: Any = None,
    loss: Loss = DEFAULT_LOSS,
    *,
    tanh_candidate: bool = False,
) -> LSTMParams:
    """The same for the LSTM, gate by gate; errors as `lstm.check`."""
    lstm.check(params, xs, h0, s0)
    params = arrays.floats(params)
    run = lstm.forward(params, xs, h0, s0, tanh_candidate=tanh_candidate)
    (steps, n), dtype = run.h.shape, run.h.dtype
    nothing = jnp.zeros(n, dtype)
    h_start, s_start = (nothing if state is None else arrays.like(state, dtype) for state in (h0, s0))
    slopes, dh_ds = _lstm_slopes(run, s_start, tanh_candidate)
    W = jnp.concatenate([gate.W for gate in params.gates])
    dL_do = rnn.through_softmax(run.y_hat[-1:], loss)[2]

    def back(rows: Scaled, now: Any) -> tuple[Scaled, Gates]:
        earlier, to_gates = _lstm_back(rows.entries, now, W)
        # Scaled one by one: a gate that is shut may have a size whose square is no float64.
        sizes = Gates(*(_scaled(gate, rows.log_scale).log_norm for gate in to_gates))
        return _scaled(earlier, rows.log_scale), sizes

    start = _scaled((matmul(dL_do, params.V), nothing[None, :]))
    _, log_da = jax.lax.scan(back, start, (slopes, dh_ds, run.f), reverse=True)
    before = _log_norms(jnp.concatenate([h_start[None, :], run.h[:-1]]))
    log_x = _log_norms(arrays.like(xs, dtype))
    log_do = _log_norms(dL_do)[0]
    sizes = LSTMParams(
        Gates(*(Affine(da, da + log_x, da + before) for da in log_da)),
        c=_at_the_end(log_do, steps),
        V=_at_the_end(log_do + _log_norms(run.h[-1]), steps),
    )
    return _shares(sizes)
