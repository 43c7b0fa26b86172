import time

import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from hw3.recurrent import lstm, rnn
from hw3.recurrent.lstm import Affine, Gates, LSTMParams
from hw3.recurrent.rnn import Loss
from hw3.studies.given import DOCUMENT_004_LSTM, DOCUMENT_004_STATE, LSTM_PARAMS, RNN_PARAMS, SEQUENCE

# Compiled as a whole: operation by operation, each new size would cost seconds.
unroll = jax.jit(lstm.unroll, static_argnames="tanh_candidate")
value_and_grad = jax.jit(jax.value_and_grad(lstm.sequence_loss), static_argnames="tanh_candidate")
sequence_loss = jax.jit(lstm.sequence_loss, static_argnames="tanh_candidate")

SIZES = (3, 2, 4, 5)  # n, d, m, T, where any will do
LOSSES = [Loss(), Loss(every_step=True), Loss(squared=1, logged=0)]


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def random_case(rng, n, d, m, steps):
    def gate():
        return Affine(rng.normal(size=n), rng.normal(size=(n, d)), rng.normal(size=(n, n)) / np.sqrt(n))

    params = LSTMParams(
        Gates(gate(), gate(), gate(), gate()), c=rng.normal(size=m), V=rng.normal(size=(m, n)) / np.sqrt(n)
    )
    states = rng.normal(size=n), rng.normal(size=n)
    return params, rng.normal(size=(steps, d)), *states


def relative_error(found, exact):
    """The largest error of any parameter, each relative to its own largest entry."""
    return max(
        float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-300))
        for a, b in zip(*(map(np.asarray, jax.tree.leaves(tree)) for tree in (found, exact)), strict=True)
    )


def in_python(params, xs, h0, s0, tanh_candidate):
    """(10.40)-(10.44) gate by gate in NumPy: an independent transcription. Returns y_hat of the last step."""

    def sigma(a):
        return 1 / (1 + np.exp(-a))

    h, s = np.asarray(h0), np.asarray(s0)
    gates = jax.tree.map(np.asarray, params.gates)
    for x in np.asarray(xs):
        a = {name: g.b + g.U @ x + g.W @ h for name, g in gates._asdict().items()}
        candidate = np.tanh(a["candidate"]) if tanh_candidate else sigma(a["candidate"])
        s = sigma(a["forget"]) * s + sigma(a["input"]) * candidate
        h = np.tanh(s) * sigma(a["output"])
    o = np.asarray(params.c) + np.asarray(params.V) @ h
    return np.exp(o) / np.exp(o).sum()


def test_document_004_outputs_and_loss_but_not_its_gradient():
    result = unroll(DOCUMENT_004_LSTM, SEQUENCE, None, DOCUMENT_004_STATE, Loss(1, 0))
    assert float(result.loss) == pytest.approx(0.2946636237723147, rel=2e-16)
    np.testing.assert_allclose(result.forward.y_hat[:, 0], [0.83367573, 0.86175934, 0.83104223], atol=5e-9)
    np.testing.assert_allclose(result.gradient.gates.forget.b, [2.36660220e-05, -4.40213063e-03], rtol=1e-8)


@hypothesis.given(
    tanh_candidate=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 8),
    d=st.integers(1, 8),
    m=st.integers(2, 8),
    steps=st.integers(1, 64),
    loss=st.sampled_from(LOSSES),
)
@hypothesis.example(tanh_candidate=True, seed=0, n=1, d=3, m=2, steps=1, loss=LOSSES[1])
# Every example compiles anew, so a failure is reported as found rather than shrunk.
@hypothesis.settings(max_examples=3, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
def test_unrolled_is_autodiff(tanh_candidate, seed, n, d, m, steps, loss):
    case = random_case(np.random.default_rng(seed), n, d, m, steps)
    result = jax.tree.map(np.asarray, unroll(*case, loss, tanh_candidate=tanh_candidate))
    value, gradient = value_and_grad(*case, loss, tanh_candidate=tanh_candidate)
    assert float(value) == pytest.approx(float(result.loss), rel=1e-14)
    assert relative_error(result.gradient, gradient) < 1e-12
    np.testing.assert_array_equal(result.shares.sum(0), result.gradient.gates.forget.b)


@pytest.mark.parametrize("tanh_candidate", [False, True])
def test_the_outputs_are_those_of_plain_python(tanh_candidate):
    case = random_case(np.random.default_rng(2), *SIZES)
    found = lstm.forward(*case, tanh_candidate=tanh_candidate).y_hat[-1]
    np.testing.assert_allclose(found, in_python(*case, tanh_candidate), rtol=1e-13)


@pytest.mark.parametrize("tanh_candidate", [False, True])
def test_differences_agree_to_second_order(tanh_candidate):
    params, *rest = random_case(np.random.default_rng(7), *SIZES)

    def loss_of(p):
        return sequence_loss(p, *rest, tanh_candidate=tanh_candidate)

    check_grads(loss_of, (params,), order=1, modes=["fwd", "rev"], rtol=1e-7)


def test_intermediate_results_are_the_derivatives_that_they_are_called():
    params, xs, h0, s0 = random_case(np.random.default_rng(3), *SIZES)
    result = jax.tree.map(np.asarray, unroll(params, xs, h0, s0))
    run = result.forward
    close = {"rtol": 1e-12, "atol": 1e-15}
    s_before = np.concatenate([s0[None], run.s[:-1]])
    np.testing.assert_allclose(run.s, result.ds_ds * s_before + result.ds_dg * result.ds_dk, **close)
    np.testing.assert_allclose(result.ds_df, s_before, **close)
    np.testing.assert_allclose(result.dh_dq * run.q, run.h, **close)
    np.testing.assert_allclose(result.dh_ds, run.q / np.cosh(run.s) ** 2, **close)
    np.testing.assert_allclose(result.dL_dh_direct, result.dL_do @ params.V, **close)

    def after_step_two(h_now, s_now):  # the last step's output is the loss, so the later steps are all there is
        return sequence_loss(params, xs[2:], h_now, s_now)

    # s^(2) acts through h^(2) too: its total is the state's own part and what goes through h^(2).
    through_h, through_s = jax.jit(jax.grad(after_step_two, (0, 1)))(run.h[1], run.s[1])
    np.testing.assert_allclose(result.dL_dh[1], through_h, **close)
    np.testing.assert_allclose(result.dL_ds[1], through_h * result.dh_ds[1] + through_s, **close)


def test_the_share_of_a_step_is_the_effect_of_the_bias_in_that_step_alone():
    # One set of parameters for each step: the gradient with respect to step t's own b_f is that step's share.
    params, xs, h0, s0 = random_case(np.random.default_rng(5), *SIZES)

    def with_biases(biases):
        h, s = h0, s0
        for t in range(SIZES[-1]):
            gates = params.gates._replace(forget=params.gates.forget._replace(b=biases[t]))
            run = lstm.forward(params._replace(gates=gates), xs[t : t + 1], h, s)
            h, s = run.h[0], run.s[0]
        return rnn.step_losses(run.o)[0]

    shares = jax.jit(jax.grad(with_biases))(np.stack([params.gates.forget.b] * SIZES[-1]))
    np.testing.assert_allclose(unroll(params, xs, h0, s0).shares, shares, rtol=1e-11)


def test_vmapped_is_looped_and_jitted_is_not_jitted():
    rng = np.random.default_rng(11)
    cases = [random_case(rng, *SIZES) for _ in range(3)]
    looped = [unroll(*case) for case in cases]
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *cases)
    batched = jax.jit(jax.vmap(lambda case: lstm.unroll(*case)))(stacked)
    assert relative_error(batched, jax.tree.map(lambda *leaves: np.stack(leaves), *looped)) < 1e-13
    assert relative_error(looped[0].forward, lstm.forward(*cases[0])) < 1e-13


def test_ten_thousand_steps_take_well_under_a_second():
    xs = np.random.default_rng(0).normal(size=(10_000, 2))
    jax.block_until_ready(unroll(LSTM_PARAMS, xs))
    start = time.perf_counter()
    jax.block_until_ready(unroll(LSTM_PARAMS, xs))
    assert time.perf_counter() - start < 0.5  # measured: 0.013 to 0.05 s


def test_float32_in_float32_out_also_with_x64_on():
    for x64 in (True, False):
        with jax.enable_x64(x64):
            params = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), DOCUMENT_004_LSTM)
            result = unroll(params, SEQUENCE, None, DOCUMENT_004_STATE, loss=Loss(1, 0))
            assert {leaf.dtype for leaf in jax.tree.leaves(result)} == {jnp.dtype("float32")}
            np.testing.assert_allclose(result.gradient.gates.forget.b, [2.36660e-05, -4.402131e-03], rtol=1e-5)


def test_the_chosen_biases_open_the_forget_gate():
    chosen = lstm.forward(LSTM_PARAMS, SEQUENCE).f
    closed = lstm.forward(lstm.tied(RNN_PARAMS, Gates(*[np.zeros(2)] * 4)), SEQUENCE).f
    assert (np.asarray(chosen) > np.asarray(closed)).all()


def test_wrong_shapes():
    gates = LSTM_PARAMS.gates
    broken = gates._replace(output=gates.output._replace(W=np.ones((3, 2))))
    with pytest.raises(ValueError, match="output: W has shape"):
        lstm.forward(LSTM_PARAMS._replace(gates=broken), SEQUENCE)
    with pytest.raises(ValueError, match="input: b has shape"):
        lstm.forward(LSTM_PARAMS._replace(gates=gates._replace(input=gates.input._replace(b=np.ones(3)))), [[1, 0]])
    with pytest.raises(ValueError, match="s0 has shape"):
        lstm.unroll(LSTM_PARAMS, SEQUENCE, s0=np.zeros(5))


GATE = {"b": [2, 3], "U": RNN_PARAMS.U.tolist(), "W": RNN_PARAMS.W.tolist()}
RECORD = {**dict.fromkeys(Gates._fields, GATE), "c": [0, 0], "V": RNN_PARAMS.V.tolist(), "x": [[1, 1]]}


def test_records():
    params, xs, h0, s0 = lstm.from_record({**RECORD, "s0": [0.1, 0.2]})
    np.testing.assert_array_equal(params.gates.forget.b, [2, 3])
    np.testing.assert_array_equal(params.gates.forget.W, LSTM_PARAMS.gates.forget.W)
    assert (xs.shape, h0.tolist(), s0.tolist()) == ((1, 2), [0, 0], [0.1, 0.2])


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"forget": {**GATE, "B": [1, 2]}}, "forget: unknown key 'B'"),
        ({"forget": {**GATE, "b": [1, 2, 3]}}, "forget: W has shape"),
        ({"input": {"b": [1, 2]}}, "input: 'U' is missing"),
        ({"output": 3}, "output: the file must hold one JSON object"),
        ({"peephole": {}}, "unknown key 'peephole'"),
        ({"s0": [float("inf"), 0]}, "'s0' holds a value that is not finite"),
    ],
)
def test_records_that_are_wrong(record, words):
    with pytest.raises(ValueError, match=words):
        lstm.from_record({**RECORD, **record})


def test_a_record_that_lacks_a_gate():
    with pytest.raises(ValueError, match="'output' is missing"):
        lstm.from_record({name: value for name, value in RECORD.items() if name != "output"})
