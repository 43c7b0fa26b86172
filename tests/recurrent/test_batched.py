"""The fast networks for batches are those of `rnn` and `lstm`, their gradients those of autodiff through them."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.recurrent import batched, lstm, rnn
from hw3.recurrent.initializers import random_lstm, random_rnn

CASES = {
    "rnn": (random_rnn, rnn.forward, {}),
    "lstm": (random_lstm, functools.partial(lstm.forward, tanh_candidate=True), {}),
    "lstm of the book": (random_lstm, lstm.forward, {"tanh_candidate": False}),
}


@pytest.mark.parametrize(
    ("name", "hidden", "inputs", "outputs", "batch", "steps"),
    [*((name, 5, 3, 2, 4, 9) for name in CASES), ("lstm", 1, 1, 3, 2, 1)],
)
def test_logits_and_gradients_are_those_of_one_sequence_at_a_time(name, hidden, inputs, outputs, batch, steps):
    make, forward, options = CASES[name]
    with jax.enable_x64(True):
        rng = np.random.default_rng(0)
        params = jax.jit(make, static_argnums=(1, 2, 3))(jax.random.key(0), hidden, inputs, outputs, 1.2, 0.8)
        params = jax.tree.map(lambda leaf: np.asarray(leaf) + 0.1, params)  # biases that matter
        xs, weights = rng.normal(size=(batch, steps, inputs)), rng.normal(size=(batch, outputs))

        @functools.partial(jax.value_and_grad, argnums=(0, 1), has_aux=True)
        def fast(params, xs):
            o = batched.logits(params, xs, **options)
            return jnp.sum(o * weights), o

        @functools.partial(jax.value_and_grad, argnums=(0, 1), has_aux=True)
        def plain(params, xs):
            o = jax.vmap(lambda x: forward(params, x).o[-1])(xs)
            return jnp.sum(o * weights), o

        (_, found), gradient = jax.jit(fast)(params, xs)
        (_, expected), autodiff = jax.jit(plain)(params, xs)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        for ours, theirs in zip(jax.tree.leaves(gradient), jax.tree.leaves(autodiff), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)


def test_sequences_that_do_not_fit_are_refused():
    params = rnn.RNNParams(jnp.zeros(2), jnp.zeros(2), jnp.zeros((2, 2)), jnp.zeros((2, 3)), jnp.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"have shape \(4, 5, 2\); they must be \[batch, steps, 3\]"):
        batched.logits(params, jnp.zeros((4, 5, 2)))
    with pytest.raises(ValueError, match="must be"):
        batched.logits(params, jnp.zeros((4, 0, 3)))
