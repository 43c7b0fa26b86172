"""Options of the compiler: what they may change, and what not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3 import compilation

OPTIONS = {name: getattr(compilation, name) for name in ("QUICKLY", "ONCE", "LIGHTLY", "DRAWING")}
KEY = jax.random.key(0)


@pytest.mark.parametrize("name", OPTIONS)
def test_whole_numbers_and_random_bits_are_the_same(name):
    def draw(key):
        return jax.random.bits(key, (50,)), jax.random.uniform(key, (50,)), jnp.argsort(jax.random.bits(key, (50,)))

    for found, usual in zip(jax.jit(draw, compiler_options=OPTIONS[name])(KEY), jax.jit(draw)(KEY), strict=True):
        np.testing.assert_array_equal(found, usual)


@pytest.mark.parametrize("name", OPTIONS)
def test_sums_are_the_same_to_rounding(name):
    def loss(x):
        return jnp.tanh(x @ x.T).sum() + jnp.log1p(jnp.exp(x)).mean()

    x = jax.random.normal(KEY, (8, 8))
    found, usual = (jax.jit(jax.grad(loss), compiler_options=options)(x) for options in (OPTIONS[name], {}))
    np.testing.assert_allclose(found, usual, rtol=1e-5, atol=1e-6)
