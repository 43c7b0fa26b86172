"""Random parameters for the networks of `rnn` and `lstm`: any size, spectral radius, input scale, forget-gate bias."""

import jax
import jax.numpy as jnp
import numpy as np

from hw3.errors import InvalidInput
from hw3.recurrent import arrays
from hw3.recurrent.lstm import Affine, Gates, LSTMParams
from hw3.recurrent.rnn import RNNParams

GAUSSIAN = jax.nn.initializers.normal(1.0)


def spectral_radius(W: jax.Array) -> jax.Array:
    """The largest modulus of an eigenvalue of W `[..., n, n]`."""
    return jnp.max(jnp.abs(jnp.linalg.eigvals(W)), axis=-1)


def recurrent(
    key: jax.Array,
    hidden: int,
    radius: float | jax.Array,
    initializer: jax.nn.initializers.Initializer = GAUSSIAN,
    dtype: jax.typing.DTypeLike = float,
) -> jax.Array:
    """W `[hidden, hidden]` from any of JAX's initializers, scaled to the spectral radius.

    Raises ValueError for a negative or infinite radius, and for a W without an eigenvalue other than 0, which no factor
    brings to a radius; under `jit` that W becomes NaN.
    """
    check_radius(radius)
    W = initializer(key, (hidden, hidden), dtype)
    found = spectral_radius(W)
    if not arrays.is_traced(found) and not found > 0:
        raise InvalidInput(f"the W of {hidden} units that was drawn has spectral radius {found}; it cannot be scaled")
    return W * (jnp.asarray(radius, W.dtype) / found)


def check_radius(radius: float | jax.Array) -> None:
    """Raises ValueError for a spectral radius that is negative, infinite or NaN."""
    arrays.check_range(radius, "the spectral radius", 0, np.finfo(np.float64).max, "finite and not negative")


def random_rnn(
    key: jax.Array,
    hidden: int,
    inputs: int,
    outputs: int,
    radius: float | jax.Array,
    input_scale: float | jax.Array = 1.0,
    initializer: jax.nn.initializers.Initializer = GAUSSIAN,
    dtype: jax.typing.DTypeLike = float,
) -> RNNParams:
    """b = c = 0, W as `recurrent`, U normal with standard deviation input_scale, V with 1/sqrt(hidden)."""
    W_key, U_key, V_key = jax.random.split(key, 3)
    W = recurrent(W_key, hidden, radius, initializer, dtype)
    return RNNParams(
        b=jnp.zeros(hidden, W.dtype),
        c=jnp.zeros(outputs, W.dtype),
        W=W,
        U=jax.random.normal(U_key, (hidden, inputs), W.dtype) * jnp.asarray(input_scale, W.dtype),
        V=jax.random.normal(V_key, (outputs, hidden), W.dtype) / jnp.sqrt(jnp.asarray(hidden, W.dtype)),
    )


def random_lstm(
    key: jax.Array,
    hidden: int,
    inputs: int,
    outputs: int,
    radius: float | jax.Array,
    input_scale: float | jax.Array = 1.0,
    forget_bias: float | jax.Array = 1.0,
    input_bias: float | jax.Array = 0.0,
    initializer: jax.nn.initializers.Initializer = GAUSSIAN,
    dtype: jax.typing.DTypeLike = float,
) -> LSTMParams:
    """Four gates with W and U drawn independently as in `random_rnn`; all biases 0 but those given."""
    keys = jax.random.split(key, len(Gates._fields))

    def gate(key: jax.Array) -> RNNParams:
        return random_rnn(key, hidden, inputs, outputs, radius, input_scale, initializer, dtype)

    drawn = jax.vmap(gate)(keys)
    gates = Gates(*(Affine(*part) for part in zip(drawn.b, drawn.U, drawn.W, strict=True)))
    gates = gates._replace(
        forget=gates.forget._replace(b=gates.forget.b + jnp.asarray(forget_bias, gates.forget.b.dtype)),
        input=gates.input._replace(b=gates.input.b + jnp.asarray(input_bias, gates.input.b.dtype)),
    )
    return LSTMParams(gates, drawn.c[0], drawn.V[0])
