"""Echo state networks: a random recurrent network that is never trained, read out by ridge regression.

    h^(t) = (1 - leak) h^(t-1) + leak tanh(b + W h^(t-1) + U x^(t)),    o^(t) = c + V h^(t)

which at leak 1 is the network of `rnn`, (10.8)-(10.10). W, U and b stay as drawn; V and c have a closed form.

H. Jaeger, The "echo state" approach to analysing and training recurrent neural networks, GMD Report 148, 2001, and
Short term memory in echo state networks, GMD Report 152, 2001 (memory capacity); M. Lukosevicius, A practical guide to
applying echo state networks, 2012 (leak, sparsity, scales).
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput
from hw3.recurrent import arrays, initializers

LEAST_CYCLES = 0.01  # expected units that feed themselves, so that a W with an eigenvalue other than 0 is drawn soon


class Reservoir(NamedTuple):
    """The fixed part: b `[n]`, W `[n, n]`, U `[n, d]`, leak `[]` in (0, 1]."""

    b: jax.Array
    W: jax.Array
    U: jax.Array
    leak: jax.Array


class Readout(NamedTuple):
    """The learned part, as in (10.10): c `[m]`, V `[m, n]`."""

    c: jax.Array
    V: jax.Array


class MemoryCapacity(NamedTuple):
    """MC_k `[K]`, the squared correlation with the input k = 1..K steps back, and their sum, the capacity `[]`."""

    by_delay: jax.Array
    total: jax.Array


def random_reservoir(
    key: jax.Array,
    hidden: int,
    inputs: int,
    radius: float | jax.Array,
    density: float = 0.1,
    leak: float | jax.Array = 1.0,
    input_scale: float | jax.Array = 0.1,
    dtype: jax.typing.DTypeLike = float,
) -> Reservoir:
    """W Gaussian with this share of entries other than 0 and this spectral radius, U uniform in +-input_scale, b = 0.

    A sparse W whose units feed each other in no circle is nilpotent: its spectral radius is 0 and no factor changes
    that. Where it comes out so, it is drawn again. Raises ValueError unless the density lies in (0, 1] and leaves a
    chance of circles, the leak lies in (0, 1] and the radius is finite and not negative.
    """
    if not 0 < density <= 1:
        raise InvalidInput(f"density is {density}; it must be above 0 and at most 1")
    if hidden < 1 or hidden * density < LEAST_CYCLES:
        raise InvalidInput(f"hidden is {hidden} at density {density}; their product must be at least {LEAST_CYCLES}")
    initializers.check_radius(radius)
    check_leak(leak)
    W_key, kept_key, U_key = jax.random.split(key, 3)

    def kept(key: jax.Array) -> jax.Array:
        return jax.random.bernoulli(key, density, (hidden, hidden))

    kept_key = jax.lax.while_loop(
        lambda key: ~_has_circle(kept(key)), functools.partial(jax.random.fold_in, data=0), kept_key
    )

    def sparse(key: jax.Array, shape: Any, dtype: Any = float, out_sharding: Any = None) -> jax.Array:
        return jnp.where(kept(kept_key), jax.random.normal(key, shape, dtype), 0)

    W = initializers.recurrent(W_key, hidden, radius, sparse, dtype)
    U = jax.random.uniform(U_key, (hidden, inputs), W.dtype, -1, 1) * jnp.asarray(input_scale, W.dtype)
    return Reservoir(jnp.zeros(hidden, W.dtype), W, U, jnp.asarray(leak, W.dtype))


def _has_circle(edges: jax.Array) -> jax.Array:
    """Whether a graph of n nodes, bool `[n, n]`, has a circle: then and only then walks of n steps or more."""
    for _ in range(max(1, (edges.shape[0] - 1).bit_length())):  # each time walks of twice as many steps
        edges = jnp.matmul(edges.astype(jnp.float32), edges.astype(jnp.float32)) > 0
    return edges.any()


def check_leak(leak: float | jax.Array) -> None:
    """Raises ValueError for a leak outside (0, 1]."""
    arrays.check_range(leak, "leak", np.finfo(np.float64).tiny, 1, "above 0 and at most 1")


def step(reservoir: Reservoir, h: jax.Array, x: jax.Array) -> jax.Array:
    """h^(t) `[..., n]` from h^(t-1) `[..., n]` and x^(t) `[..., d]`."""
    b = reservoir.b.reshape((1,) * (h.ndim - 1) + (-1,))
    return (1 - reservoir.leak) * h + reservoir.leak * jnp.tanh(b + h @ reservoir.W.T + x @ reservoir.U.T)


def states(reservoir: Reservoir, xs: jax.Array, h0: jax.Array | None = None) -> jax.Array:
    """h^(1)..h^(T) `[T, n]` from xs `[T, d]`, starting at h0 `[n]` (0 if None); ValueError as `check_leak`."""
    check_leak(reservoir.leak)

    def advance(h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = step(reservoir, h, x)
        return h, h

    return jax.lax.scan(advance, jnp.zeros_like(reservoir.b) if h0 is None else h0, xs)[1]


def summaries(reservoir: Reservoir, xs: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The last state and the mean of all states, each `[batch, n]`, from xs `[batch, T, d]`.

    A readout of the mean is the mean of the readouts of every step: it need not remember to the end. Errors as
    `check_leak`.
    """
    check_leak(reservoir.leak)
    start = jnp.zeros((xs.shape[0], reservoir.b.shape[0]), reservoir.b.dtype)

    def advance(carry: tuple[jax.Array, jax.Array], x: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
        h, total = carry
        h = step(reservoir, h, x)
        return (h, total + h), None

    (last, total), _ = jax.lax.scan(advance, (start, start), jnp.swapaxes(xs, 0, 1))
    return last, total / xs.shape[1]


def ridge(features: jax.Array, targets: jax.Array, penalty: float | jax.Array) -> Readout:
    """Minimises |targets - c - features V^T|^2 + penalty |V|^2 in closed form; c is not penalised.

    Args: features `[samples, n]`, targets `[samples, m]`, penalty >= 0. With 0 that is not traced, V is the smallest
    of all that minimise, if dependent features leave a choice; a traced 0 needs independent features.

    Raises ValueError for a negative or infinite penalty.
    """
    arrays.check_range(penalty, "penalty", 0, np.finfo(np.float64).max, "finite and not negative")
    centre, offset = features.mean(0), targets.mean(0)
    X, Y = features - centre[None, :], targets - offset[None, :]
    if not arrays.is_traced(penalty) and not np.any(penalty):
        V = jnp.linalg.lstsq(X, Y)[0].T
        return Readout(offset - V @ centre, V)
    gram = X.T @ X + jnp.asarray(penalty, X.dtype) * jnp.eye(X.shape[1], dtype=X.dtype)
    V = jax.scipy.linalg.solve(gram, X.T @ Y, assume_a="pos").T
    return Readout(offset - V @ centre, V)


def read(readout: Readout, features: jax.Array) -> jax.Array:
    """o = c + V h `[samples, m]` for features `[samples, n]` (10.10)."""
    return readout.c[None, :] + features @ readout.V.T


def distances(reservoir: Reservoir, xs: jax.Array, h0: jax.Array, other: jax.Array) -> jax.Array:
    """|h^(t) - h'^(t)| / |h^(0) - h'^(0)| for t = 0..T `[T + 1]` under the same xs `[T, d]` from two states `[n]`.

    The echo state property is that this tends to 0 from every pair: the state then depends on the inputs alone.
    Errors as `check_leak`.
    """
    check_leak(reservoir.leak)

    def advance(pair: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        pair = step(reservoir, pair, jnp.broadcast_to(x, (2, *x.shape)))
        return pair, jnp.linalg.norm(pair[0] - pair[1])

    _, later = jax.lax.scan(advance, jnp.stack([h0, other]), xs)
    return jnp.concatenate([jnp.ones(1, later.dtype), later / jnp.linalg.norm(h0 - other)])


def last_forgetting_radius(radii: np.ndarray, left: np.ndarray, forgotten: float) -> np.ndarray:
    """The largest radius up to which a difference is forgotten, for each reservoir `[reservoirs]`.

    Args: radii `[R]` ascending, left `[R, reservoirs]` what is left of the difference, forgotten: the most that
    counts as none. nan where even the first radius does not forget.
    """
    forgets = np.logical_and.accumulate(left <= forgotten, axis=0).sum(0)
    return np.where(forgets > 0, np.asarray(radii)[np.maximum(forgets, 1) - 1], np.nan)


def memory_capacity(
    reservoir: Reservoir,
    key: jax.Array,
    delays: int,
    samples: int = 4000,
    washout: int = 200,
    penalty: float | jax.Array = 1e-12,
) -> MemoryCapacity:
    """Jaeger's memory capacity of a reservoir with one input, which is uniform in [-1, 1] and independent.

    For each delay k a readout is trained to say x^(t-k); MC_k is its squared correlation with it over as many new
    samples. The sum over all delays is at most n, whatever the reservoir (GMD Report 152, proposition 2). Errors as
    float64 allows: in float32 small MC_k drown. An estimate from finite samples lies above 0 by about 1/samples a
    delay where there is no memory. Raises ValueError if washout is shorter than the delays.
    """
    if washout < delays:
        raise InvalidInput(f"washout is {washout} steps; it must be at least the {delays} delays")
    dtype = reservoir.b.dtype
    signal = jax.random.uniform(key, (washout + 2 * samples, 1), dtype, -1, 1)
    features = states(reservoir, signal)[washout:]
    at = np.arange(washout, washout + 2 * samples)[:, None] - np.arange(1, delays + 1)[None, :]
    targets = signal[at, 0]
    said = read(ridge(features[:samples], targets[:samples], penalty), features[samples:])

    def centred(values: jax.Array) -> jax.Array:
        return values - values.mean(0)[None, :]

    a, b = centred(said), centred(targets[samples:])
    squares = (a**2).sum(0) * (b**2).sum(0)
    by_delay = jnp.where(squares > 0, (a * b).sum(0) ** 2 / jnp.where(squares > 0, squares, 1), 0)
    return MemoryCapacity(by_delay, by_delay.sum())
