"""Products of Jacobians against autodiff and known cases; nothing over- or underflows; shares against the unrolling."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.recurrent import gradient_flow, lstm, rnn
from hw3.recurrent.initializers import random_lstm, random_rnn, spectral_radius

N, D, M, STEPS = 5, 3, 2, 12


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


rnn_flow = jax.jit(gradient_flow.rnn_flow)
rnn_unroll = jax.jit(rnn.unroll)
lstm_unroll = jax.jit(lstm.unroll, static_argnames="tanh_candidate")
lstm_flow = jax.jit(gradient_flow.lstm_flow, static_argnames="tanh_candidate")


@functools.cache
def case(make):
    """Parameters, inputs and states, drawn in one compiled program."""

    @jax.jit
    def draw():
        network, rest = jax.random.split(jax.random.key(0))
        xs, states = jnp.split(jax.random.normal(rest, (STEPS + 2, N)), [STEPS])
        return make(network, N, D, M, 1.3, 0.7), xs[:, :D], *states

    return draw()


def log_norm(jacobian):
    return float(np.log(np.linalg.norm(jacobian) / math.sqrt(N)))


def test_the_rnns_product_is_the_derivative_that_autodiff_finds():
    params, xs, h0, _ = case(random_rnn)
    found, unrolled = rnn_flow(params, xs, h0), rnn_unroll(params, xs, h0)
    jacobian = jax.jit(jax.jacrev(lambda start: rnn.forward(params, xs, start).h[-1]))(h0)
    assert found[0] == 0
    assert found[1] == pytest.approx(log_norm(unrolled.dh_dh[-1]), rel=1e-12)
    assert found[STEPS] == pytest.approx(log_norm(jacobian), rel=1e-12)


@pytest.mark.parametrize("tanh_candidate", [False, True])
def test_the_lstms_products_are_the_derivatives_that_autodiff_finds(tanh_candidate):
    params, xs, h0, s0 = case(random_lstm)
    flow = lstm_flow(params, xs, h0, s0, tanh_candidate=tanh_candidate)

    def last(h, s):
        run = lstm.forward(params, xs, h, s, tanh_candidate=tanh_candidate)
        return run.h[-1], run.s[-1]

    (hh, hs), (sh, ss) = jax.jit(jax.jacrev(last, (0, 1)))(h0, s0)
    assert flow.dh_dh[-1] == pytest.approx(log_norm(hh), rel=1e-12)
    assert flow.ds_ds[-1] == pytest.approx(log_norm(ss), rel=1e-12)
    whole = log_norm(np.block([[hh, hs], [sh, ss]])) - math.log(2) / 2
    assert flow.whole[-1] == pytest.approx(whole, rel=1e-12)
    assert flow.dh_dh[0] == flow.ds_ds[0] == flow.whole[0] == flow.forget[0] == 0


def test_without_recurrent_weights_the_state_keeps_the_product_of_its_forget_gates():
    params, xs, h0, s0 = case(random_lstm)
    gates = lstm.Gates(*(gate._replace(W=np.zeros((N, N))) for gate in params.gates))
    params = params._replace(gates=gates)
    flow = lstm_flow(params, xs, h0, s0, tanh_candidate=False)
    np.testing.assert_allclose(flow.ds_ds, flow.forget, rtol=1e-12)
    f = lstm_unroll(params, xs, h0, s0).forward.f
    assert flow.forget[3] == pytest.approx(math.log(np.sqrt(np.mean(np.prod(f[-3:], axis=0) ** 2))), rel=1e-12)
    assert flow.dh_dh[1] == -np.inf


def test_log_norms_stay_finite_over_10000_steps_where_the_norms_themselves_could_not():
    radii = np.array([0.1, 0.5, 1, 2, 3])
    xs = np.random.default_rng(1).normal(size=(10_000, D))
    drawn, gated = (
        jax.jit(make, static_argnums=(1, 2, 3))(jax.random.key(2), 8, D, M, 1.0, 0.1)
        for make in (random_rnn, random_lstm)
    )
    assert float(spectral_radius(drawn.W)) == pytest.approx(1, rel=1e-12)

    @jax.jit
    @jax.vmap
    def flows(radius):
        params = drawn._replace(W=radius * drawn.W)
        state = gated._replace(gates=lstm.Gates(*(gate._replace(W=6 * radius * gate.W) for gate in gated.gates)))
        rows = jnp.ones((1, 16))
        return (
            gradient_flow.rnn_flow(params, xs),
            gradient_flow.rnn_flow(params, 0 * xs),
            gradient_flow.lstm_flow(state, xs, tanh_candidate=True).whole,
            gradient_flow.lstm_flow(state, xs, rows=rows, tanh_candidate=True).whole,
        )

    driven, still, whole, one_row = (np.asarray(found) for found in flows(radii))
    assert all(np.isfinite(found).all() for found in (driven, still, whole, one_row))
    # Without inputs tanh stays straight and every Jacobian is W: up to 3^10000, far beyond float64.
    np.testing.assert_allclose(gradient_flow.lyapunov_exponent(still), np.log(radii), rtol=1e-5, atol=1e-6)
    assert driven[0, -1] < math.log(np.finfo(float).tiny)
    exponents = gradient_flow.lyapunov_exponent(whole)
    assert exponents[0] < 0 < exponents[-1]
    # A single direction grows at the rate of them all.
    np.testing.assert_allclose(gradient_flow.lyapunov_exponent(one_row), exponents, atol=1e-3)


def naive_shares(sizes):
    """Of sizes `[T]` the share that comes from more than k steps back."""
    return np.array([sizes[: len(sizes) - 1 - k].sum() for k in range(len(sizes))]) / sizes.sum()


def test_shares_are_those_of_the_gradient_unrolled_by_hand():
    params, xs, h0, _ = case(random_rnn)
    found = jax.jit(gradient_flow.rnn_shares)(params, xs, h0)
    unrolled = rnn_unroll(params, xs, h0)
    da, before = np.asarray(unrolled.dL_da), np.concatenate([h0[None], unrolled.forward.h[:-1]])
    for name, other in {"b": np.ones((STEPS, 1)), "W": before, "U": np.asarray(xs)}.items():
        sizes = np.array([np.linalg.norm(np.outer(a, z)) for a, z in zip(da, other, strict=True)])
        np.testing.assert_allclose(getattr(found, name), naive_shares(sizes), rtol=1e-10, atol=1e-15)
    assert not np.any(found.c)
    assert not np.any(found.V)


def test_shares_of_every_gate_are_those_of_the_gradient_unrolled_by_hand():
    params, xs, h0, s0 = case(random_lstm)
    found = jax.jit(gradient_flow.lstm_shares)(params, xs, h0, s0)
    unrolled = lstm_unroll(params, xs, h0, s0)
    before = np.concatenate([h0[None], unrolled.forward.h[:-1]])
    for name, da in unrolled.dL_da._asdict().items():
        sizes = np.linalg.norm(da, axis=1)
        gate = getattr(found.gates, name)
        for share, other in ((gate.b, 1), (gate.W, before), (gate.U, xs)):
            length = other if isinstance(other, int) else np.linalg.norm(other, axis=1)
            np.testing.assert_allclose(share, naive_shares(sizes * length), rtol=1e-10, atol=1e-15)
    assert not np.any(found.V)


def test_a_slope_needs_two_lags():
    with pytest.raises(ValueError, match="leave 1 to fit"):
        gradient_flow.lyapunov_exponent(np.zeros(1))
    assert gradient_flow.lyapunov_exponent(3 - 0.25 * np.arange(50)) == pytest.approx(-0.25)
    assert gradient_flow.band(np.arange(11)[:, None]).low == [1]
