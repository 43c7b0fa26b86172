import inspect
import subprocess
import sys
import time

import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from hw3.recurrent import rnn
from hw3.recurrent.rnn import Loss, RNNParams
from hw3.studies.given import RNN_PARAMS, SEQUENCE

# Compiled as a whole: operation by operation, each new size would cost seconds.
unroll = jax.jit(rnn.unroll)
value_and_grad = jax.jit(jax.value_and_grad(rnn.sequence_loss))
sequence_loss = jax.jit(rnn.sequence_loss)

LOSSES = [
    Loss(),
    Loss(every_step=True),
    Loss(squared=1, logged=0),
    Loss(squared=1, logged=0, every_step=True),
]

SIZES = (3, 2, 4, 5)  # n, d, m, T, where any will do
STEPS = SIZES[-1]


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def random_case(rng, n, d, m, steps):
    """Parameters, a sequence and a state of ordinary size, so that neither tanh nor softmax saturates.

    Where the softmax does, autodiff loses the digits that are compared here (see the test of saturation).
    """
    params = RNNParams(
        b=rng.normal(size=n),
        c=rng.normal(size=m),
        W=rng.normal(size=(n, n)) / np.sqrt(n),
        U=rng.normal(size=(n, d)),
        V=rng.normal(size=(m, n)) / np.sqrt(n),
    )
    return params, rng.normal(size=(steps, d)), rng.normal(size=n)


def relative_error(found, exact):
    """The largest error of any parameter, each relative to its own largest entry."""
    return max(
        float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-300))
        for a, b in zip(*(map(np.asarray, jax.tree.leaves(tree)) for tree in (found, exact)), strict=True)
    )


def by_hand_in_python(params, xs, h0, loss):
    """(10.8)-(10.11) and the loss with loops over NumPy scalars: an independent transcription."""
    b, c, W, U, V = map(np.asarray, params)
    h, losses = np.asarray(h0), []
    for x in np.asarray(xs):
        a = np.array([b[i] + sum(W[i] * h) + sum(U[i] * x) for i in range(len(b))])
        h = np.tanh(a)
        o = np.array([c[k] + sum(V[k] * h) for k in range(len(c))])
        y = np.exp(o) / np.exp(o).sum()
        losses.append((y[loss.squared] - 0.5) ** 2 - np.log(y[loss.logged]))
    return sum(losses) if loss.every_step else losses[-1]


def test_the_homework_gives_the_published_loss_gradient_and_step():
    result = unroll(RNN_PARAMS, SEQUENCE)
    assert float(result.loss) == pytest.approx(3.007207986556634, rel=1e-15)
    np.testing.assert_allclose(result.gradient.b, [-0.009961388329, 0.434009953634], atol=5e-13)
    new = rnn.descend_biases(RNN_PARAMS, result.gradient.b, 0.002)
    np.testing.assert_allclose(new.b, [-0.99998008, 0.99913198], atol=5e-9)
    np.testing.assert_array_equal(new.W, RNN_PARAMS.W)
    assert float(sequence_loss(new, SEQUENCE)) == pytest.approx(3.00683080, abs=5e-9)


@hypothesis.given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 8),
    d=st.integers(1, 8),
    m=st.integers(2, 8),
    steps=st.integers(1, 64),
    loss=st.sampled_from(LOSSES),
)
# Every example compiles anew, so a failure is reported as found rather than shrunk.
@hypothesis.settings(max_examples=5, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate])
def test_unrolled_is_autodiff(seed, n, d, m, steps, loss):
    params, xs, h0 = random_case(np.random.default_rng(seed), n, d, m, steps)
    result = jax.tree.map(np.asarray, unroll(params, xs, h0, loss))
    value, gradient = value_and_grad(params, xs, h0, loss)
    assert float(value) == pytest.approx(float(result.loss), rel=1e-14)
    assert relative_error(result.gradient, gradient) < 1e-12
    # Both layouts of the intermediate results add up to the gradient.
    scale = np.abs(result.dL_db_direct).max()
    np.testing.assert_allclose(result.shares.sum(0), gradient.b, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(result.dL_db_direct.sum(0), gradient.b, rtol=0, atol=1e-12 * scale)


@hypothesis.given(seed=st.integers(0, 2**32 - 1), loss=st.sampled_from(LOSSES))
@hypothesis.settings(max_examples=6)
def test_the_loss_is_that_of_plain_python(seed, loss):
    params, xs, h0 = random_case(np.random.default_rng(seed), *SIZES)
    expected = by_hand_in_python(params, xs, h0, loss)
    assert float(sequence_loss(params, xs, h0, loss)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("loss", LOSSES[::3])
def test_differences_agree_to_second_order(loss):
    params, xs, h0 = random_case(np.random.default_rng(7), *SIZES)
    check_grads(lambda p: sequence_loss(p, xs, h0, loss), (params,), order=1, modes=["fwd", "rev"], rtol=1e-7)


@pytest.mark.parametrize("loss", LOSSES[::3])
def test_intermediate_results_are_the_derivatives_that_they_are_called(loss):
    params, xs, h0 = random_case(np.random.default_rng(3), *SIZES)
    result = jax.tree.map(np.asarray, unroll(params, xs, h0, loss))
    y_hat, o, h, a = result.forward.y_hat, result.forward.o, result.forward.h, result.forward.a

    def of_outputs(y):
        each = (y[:, loss.squared] - 0.5) ** 2 - jnp.log(y[:, loss.logged])
        return each.sum() if loss.every_step else each[-1]

    close = {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(result.dL_dy, jax.jit(jax.grad(of_outputs))(y_hat), **close)
    np.testing.assert_allclose(result.dy_do, jax.jit(jax.vmap(jax.jacfwd(jax.nn.softmax)))(o), **close)
    np.testing.assert_allclose(result.dL_do, np.einsum("tj,tjk->tk", result.dL_dy, result.dy_do), **close)
    np.testing.assert_allclose(result.do_dh, params.V)
    np.testing.assert_allclose(result.dL_dh_direct, result.dL_do @ params.V, **close)
    np.testing.assert_allclose(result.dh_da, 1 / np.cosh(a) ** 2, **close)
    np.testing.assert_allclose(result.dL_da_direct, result.dL_dh_direct * result.dh_da, **close)
    np.testing.assert_allclose(result.dL_da, result.dL_dh * result.dh_da, **close)

    def with_b(b):
        run = rnn.forward(params._replace(b=b), xs, h0)
        return run.a, run.h

    da_db, dh_db = jax.jit(jax.jacfwd(with_b))(params.b)
    np.testing.assert_allclose(result.da_db, da_db, **close)
    np.testing.assert_allclose(result.dh_db, dh_db, **close)

    def next_h(h_before, x):
        return jnp.tanh(params.b + params.W @ h_before + params.U @ x)

    before = np.concatenate([h0[None], h[:-1]])
    np.testing.assert_allclose(result.dh_dh, jax.jit(jax.vmap(jax.jacfwd(next_h)))(before, xs), **close)

    def from_step_two(h_now):  # the state after step 2 decides the later steps, and o of step 2
        later = rnn.forward(params, xs[2:], h_now).o
        o_now = params.c + params.V @ h_now
        return jnp.sum(
            rnn.step_losses(jnp.concatenate([o_now[None], later]), loss) * rnn.counted(STEPS, loss, o.dtype)[1:]
        )

    np.testing.assert_allclose(result.dL_dh[1], jax.jit(jax.grad(from_step_two))(h[1]), **close)


def test_jitted_and_vmapped_are_the_same_numbers():
    rng = np.random.default_rng(11)
    cases = [random_case(rng, *SIZES) for _ in range(3)]
    plain = [rnn.unroll(*case, LOSSES[1]) for case in cases]
    for case, expected in zip(cases, plain, strict=True):
        assert relative_error(unroll(*case, LOSSES[1]), expected) < 1e-14
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *cases)
    batched = jax.jit(jax.vmap(lambda case: rnn.unroll(*case, LOSSES[1])))(stacked)
    looped = jax.tree.map(lambda *leaves: np.stack(leaves), *plain)
    assert relative_error(batched, looped) < 1e-14


def test_no_autodiff_in_the_unrolled_gradient():
    for function in (rnn.unroll, rnn.through_softmax, rnn.forward, rnn.counted, rnn.step_losses):
        source = inspect.getsource(function)
        assert not any(name in source for name in ("grad(", "vjp(", "jvp(", "jac", "linearize"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("grad", "value_and_grad", "vjp", "jvp", "jacfwd", "jacrev", "linearize"):
            patch.setattr(jax, name, None)
        jax.jit(rnn.unroll)(RNN_PARAMS, SEQUENCE[:2])  # traced anew


def test_ten_thousand_steps_take_well_under_a_second():
    xs = np.random.default_rng(0).normal(size=(10_000, 2))
    first = jax.block_until_ready(unroll(RNN_PARAMS, xs))
    start = time.perf_counter()
    jax.block_until_ready(unroll(RNN_PARAMS, xs))
    assert time.perf_counter() - start < 0.5  # measured: 0.004 to 0.02 s
    assert first.shares.shape == (10_000, 2)
    assert np.isfinite(first.shares).all()


def test_saturation_costs_no_digits():
    # One step and a hidden unit that does nothing, so o = c. The logged output is 1 - exp(-35) - exp(-40),
    # and dL/do = (about 0, -y_3, y_3): subtracting the output from 1 would leave one digit of it.
    c = np.array([0.0, 40.0, 5.0])
    params = RNNParams(np.zeros(1), c, np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((3, 1)))
    found = unroll(params, np.ones((1, 1))).gradient.c
    np.testing.assert_allclose(found[1:], [-np.exp(-35.0), np.exp(-35.0)], rtol=1e-12)
    assert abs(float(found[0])) < 1e-15 * np.exp(-40.0)


def test_an_output_that_underflows_leaves_a_finite_gradient():
    params = RNN_PARAMS._replace(c=np.array([2000.0, -2000.0]))
    result = unroll(params, SEQUENCE)
    _, gradient = value_and_grad(params, SEQUENCE)
    assert float(result.forward.y_hat[-1, 1]) == 0.0
    assert np.isfinite(float(result.loss))
    assert relative_error(result.gradient, gradient) < 1e-12


def test_float32_in_float32_out_also_with_x64_on():
    for x64 in (True, False):
        with jax.enable_x64(x64):
            params = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), RNN_PARAMS)
            result = unroll(params, SEQUENCE)
            assert {leaf.dtype for leaf in jax.tree.leaves(result)} == {jnp.dtype("float32")}
            np.testing.assert_allclose(result.gradient.b, [-0.00996139, 0.43400995], rtol=2e-5)


def test_importing_leaves_the_precision_setting_alone():
    program = "import jax, hw3.recurrent.gradients, hw3.studies.given; assert not jax.config.jax_enable_x64"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"W": np.ones((3, 2))}, "W has shape"),
        ({"U": np.ones((2, 3))}, "U has shape"),
        ({"V": np.ones((3, 2))}, "V has shape"),
        ({"b": np.ones((2, 1))}, "b has shape"),
        ({"c": np.ones(0)}, "c has shape"),
    ],
)
def test_shapes_that_do_not_fit(change, words):
    with pytest.raises(ValueError, match=words):
        rnn.forward(RNN_PARAMS._replace(**change), SEQUENCE)


def test_other_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="sequence has shape"):
        rnn.forward(RNN_PARAMS, np.ones((0, 2)))
    with pytest.raises(ValueError, match="h0 has shape"):
        rnn.unroll(RNN_PARAMS, SEQUENCE, np.zeros(3))
    with pytest.raises(ValueError, match="logged output is number 3, but there are 2"):
        rnn.sequence_loss(RNN_PARAMS, SEQUENCE, loss=Loss(logged=2))


RECORD = {**{name: value.tolist() for name, value in RNN_PARAMS._asdict().items()}, "x": [[1, 2]]}


def test_records():
    params, xs, h0 = rnn.from_record(RECORD)
    np.testing.assert_array_equal(params.W, RNN_PARAMS.W)
    np.testing.assert_array_equal(xs, [[1, 2]])
    assert h0.tolist() == [0, 0]
    assert rnn.from_record({**RECORD, "h0": [1, 2]})[2].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"x": [[1, 0], [1]]}, "'x' must be numbers in rows of equal length"),
        ({"b": ["1", "2"]}, "numbers only"),
        ({"b": [True, False]}, "numbers only"),
        ({"b": [1, None]}, "'b' holds a value that is not finite"),
        ({"b": [1, float("nan")]}, "not finite"),
        ({"B": [1, 2]}, "unknown key 'B'"),
        ({"b": [1, 2, 3]}, "W has shape"),
        ({"h0": [1]}, "h0 has shape"),
    ],
)
def test_records_that_are_wrong(record, words):
    with pytest.raises(ValueError, match=words):
        rnn.from_record({**RECORD, **record})


def test_records_that_are_no_objects_or_lack_something():
    with pytest.raises(ValueError, match="one JSON object"):
        rnn.from_record([1, 2])
    with pytest.raises(ValueError, match="'c' is missing"):
        rnn.from_record({name: value for name, value in RECORD.items() if name != "c"})
