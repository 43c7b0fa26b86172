"""Draws have the distribution asked for, and a network's fresh variables the scale that its layers ask for."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw3.ensembles import sampling

KEY = jax.random.key(3)


def test_drawn_kernels_have_the_variance_asked_for():
    first, second = sampling.draw(KEY, [(50, 40), (3, 30, 30)], [50, 30], gain=2.0)
    assert first.var() == pytest.approx(2 / 50, rel=0.1)
    assert second.var() == pytest.approx(2 / 30, rel=0.1)
    assert abs(second.mean()) < 0.02


@given(st.integers(0, 2**32 - 1))
def test_permutations_hold_every_number_once(seed):
    order = sampling.permutation(jax.random.key(seed), 30)
    assert order.dtype == np.int32
    assert sorted(order.tolist()) == list(range(30))


def test_no_order_is_preferred():
    firsts = [sampling.permutation(key, 30)[0] for key in jax.random.split(KEY, 100)]
    assert np.mean(firsts) == pytest.approx(14.5, abs=3)
    assert len(set(firsts)) > 20


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 7, 10]))
def test_whole_numbers_lie_below_their_bound(seed, high):
    numbers = sampling.integers(jax.random.key(seed), 300, high)
    assert numbers.dtype == np.int32
    assert set(numbers.tolist()) == set(range(high)), "300 draws of at most ten"


def test_the_largest_uniform_number_is_no_exception(monkeypatch):
    """Rounding could otherwise give the bound itself."""
    monkeypatch.setattr(
        sampling, "_uniform", lambda key, count: np.array([-1, np.nextafter(np.float32(1), 0)], np.float32)
    )
    assert sampling.integers(KEY, 2, 10).tolist() == [0, 9]


class Both(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Conv(16, (3, 3))(x)
        self.sow("taps", "x", x)
        return nn.Dense(50)(nn.BatchNorm(True)(x).reshape(len(x), -1))


def test_fresh_variables_are_those_of_the_network_one_set_a_key():
    keys, image = jax.random.split(KEY, 3), jnp.zeros((1, 6, 6, 4))
    found = sampling.fresh_variables(Both(), keys, image)
    shapes = jax.eval_shape(lambda: Both().init(KEY, image))
    expected = {name: jax.tree.map(lambda leaf: (3, *leaf.shape), shapes[name]) for name in ("params", "batch_stats")}
    assert jax.tree.map(np.shape, found) == expected
    convolution, dense = found["params"]["Conv_0"]["kernel"], found["params"]["Dense_0"]["kernel"]
    assert convolution.var() == pytest.approx(2 / (3 * 3 * 4), rel=0.1), "the inputs of a place are its window's"
    assert dense.var() == pytest.approx(2 / (6 * 6 * 16), rel=0.1)
    assert not np.array_equal(dense[0], dense[1])
    assert (found["batch_stats"]["BatchNorm_0"]["var"] == 1).all()
    assert (found["params"]["BatchNorm_0"]["scale"] == 1).all()
    assert (found["batch_stats"]["BatchNorm_0"]["mean"] == 0).all()
    assert (found["params"]["Dense_0"]["bias"] == 0).all()
