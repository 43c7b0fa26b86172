"""Numbers in whatever form a user has them give the same results, or one clear line."""

import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.recurrent import arrays, batched, gradient_flow, gradients, lstm, rnn
from hw3.recurrent.lstm import Affine, Gates, LSTMParams
from hw3.recurrent.rnn import Loss, RNNParams

WHOLE = RNNParams(b=[-1, 1], c=[1, 0], W=[[1, -1], [0, 2]], U=[[-1, 0], [1, -2]], V=[[-2, 1], [-1, 0]])
SEQUENCE = [[1, 0], [0, 1], [1, 1]]
FORMS = {
    "lists": lambda value: value,
    "tuples": lambda value: tuple(map(tuple, value)) if isinstance(value[0], list) else tuple(value),
    "int64": lambda value: np.array(value, np.int64),
    "uint8 and so on": lambda value: np.array(value, np.int8),
    "jax integers": lambda value: jnp.asarray(value, jnp.int32),
    "float32": lambda value: np.array(value, np.float32),
}


def formed(form, params):
    return jax.tree.map(FORMS[form], params, is_leaf=lambda node: isinstance(node, list))


def floats(params):
    return jax.tree.map(lambda v: jnp.asarray(v, jnp.float32), params, is_leaf=lambda node: isinstance(node, list))


@functools.cache
def unrolled(h0, loss):
    """What floating-point numbers give."""
    return rnn.unroll(floats(WHOLE), jnp.asarray(SEQUENCE, jnp.float32), h0 and jnp.array(h0), loss)


def equal(found, wanted):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), found, wanted)


@pytest.mark.parametrize("form", FORMS)
def test_numbers_in_any_form_give_the_same_results(form):
    params, xs, h0 = formed(form, WHOLE), FORMS[form](SEQUENCE), FORMS[form]([1, 0])
    found = rnn.unroll(params, xs, h0)
    equal(found, unrolled((1.0, 0.0), Loss()))
    assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {jnp.dtype(jnp.float32)}
    equal(rnn.descend_biases(params, found.gradient.b, 0.5).b, floats(WHOLE).b - 0.5 * found.gradient.b)


def test_gates_batches_and_flows_take_them_too():
    params, xs, h0 = WHOLE, SEQUENCE, [1, 0]
    exact, exact_xs, exact_h0 = floats(WHOLE), jnp.asarray(SEQUENCE, jnp.float32), jnp.array([1.0, 0.0])
    gated = LSTMParams(Gates(*[Affine(params.b, params.U, params.W)] * 4), params.c, params.V)
    exact_gated = LSTMParams(Gates(*[Affine(exact.b, exact.U, exact.W)] * 4), exact.c, exact.V)
    equal(lstm.unroll(gated, xs, h0, h0), lstm.unroll(exact_gated, exact_xs, exact_h0, exact_h0))
    equal(batched.logits(params, [SEQUENCE]), rnn.forward(exact, exact_xs).o[-1:])
    equal(gradient_flow.rnn_flow(params, xs), gradient_flow.rnn_flow(exact, exact_xs))
    equal(gradient_flow.lstm_shares(gated, xs, h0, h0), gradient_flow.lstm_shares(exact_gated, exact_xs, h0, h0))


def test_with_x64_whole_numbers_are_float64_and_mixed_precisions_the_wider():
    with jax.enable_x64(True):
        assert rnn.forward(WHOLE, SEQUENCE).h.dtype == jnp.float64
        assert rnn.forward(formed("float32", WHOLE), SEQUENCE).h.dtype == jnp.float32
        mixed = formed("float32", WHOLE)._replace(b=np.array(WHOLE.b, np.float64), W=WHOLE.W)
        assert rnn.forward(mixed, SEQUENCE).h.dtype == jnp.float64


def test_double_precision_without_x64_is_said():
    doubles = jax.tree.map(np.float64, WHOLE, is_leaf=lambda node: isinstance(node, list))
    for call in (rnn.forward, rnn.unroll):
        with pytest.warns(UserWarning, match="double precision are computed with in single precision: call within"):
            call(doubles, SEQUENCE)
    with warnings.catch_warnings(action="error"):
        rnn.forward(WHOLE, SEQUENCE)
        rnn.forward(WHOLE._replace(b=[0.5, 0.5]), SEQUENCE)  # Python has no other floats
        with jax.enable_x64(True):
            rnn.forward(doubles, SEQUENCE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"W": [[1, -1], [0]]}, "W must be numbers in rows of equal length"),
        ({"b": ["one", "two"]}, "parameters and sequences must be numbers, not <U3"),
        ({"b": [True, False]}, "parameters and sequences must be numbers, not bool"),
        ({"b": [None, 1]}, "parameters and sequences must be numbers, not object"),
        ({"b": [[1], [1, 2]]}, "b must be numbers in rows of equal length"),
    ],
)
def test_what_is_no_number_is_one_line(changes, message):
    with pytest.raises(ValueError, match=message):
        rnn.forward(WHOLE._replace(**changes), SEQUENCE)
    gates = Gates(*[Affine(WHOLE.b, WHOLE.U, WHOLE.W)] * 4)
    broken = Affine(*(WHOLE._replace(**changes)._asdict()[name] for name in ("b", "U", "W")))
    with pytest.raises(ValueError, match=message):
        lstm.forward(LSTMParams(gates._replace(input=broken), WHOLE.c, WHOLE.V), SEQUENCE)
    with pytest.raises(ValueError, match="the sequence must be numbers in rows of equal length"):
        rnn.forward(WHOLE, [[1, 0], [1]])
    with pytest.raises(ValueError, match="the sequences must be numbers in rows of equal length"):
        batched.last_state(WHOLE, [SEQUENCE, SEQUENCE[:2]])


INDICES = [np.int64, np.int32, np.uint8, jnp.int32, lambda index: np.array(index)]


@pytest.mark.parametrize("kind", INDICES)
def test_the_losss_outputs_may_be_any_whole_numbers_that_are_there(kind):
    params = floats(WHOLE)
    equal(rnn.unroll(params, SEQUENCE, None, Loss(kind(1), kind(0))), unrolled(None, Loss(1, 0)))
    for wrong in (Loss(kind(5), kind(0)), Loss(kind(0), kind(7))):
        with pytest.raises(ValueError, match=r"the loss's \w+ output is number [68], but there are 2"):
            rnn.sequence_loss(params, SEQUENCE, None, wrong)
        with pytest.raises(ValueError, match=r"the loss's \w+ output is number [68], but there are 2"):
            rnn.unroll(params, SEQUENCE, None, wrong)


@pytest.mark.parametrize("wrong", [np.int64(-1), -1, 0.0, np.float64(1), True, None, "1"])
def test_other_outputs_are_refused(wrong):
    for loss in (Loss(squared=wrong), Loss(logged=wrong)):
        with pytest.raises(ValueError, match=r"the loss's (squared|logged) output is "):
            rnn.unroll(floats(WHOLE), SEQUENCE, None, loss)


def test_traced_outputs_that_are_not_there_give_no_number():
    value = jax.jit(jax.value_and_grad(rnn.sequence_loss))
    params = floats(WHOLE)
    equal(
        value(params, SEQUENCE, None, Loss(1, 0)),
        jax.value_and_grad(rnn.sequence_loss)(params, SEQUENCE, None, Loss(1, 0)),
    )
    for loss in (Loss(5, 0), Loss(0, 2), Loss(-1, 0)):
        assert np.isnan(value(params, SEQUENCE, None, loss)[0])
        by_hand = jax.jit(rnn.unroll)(params, SEQUENCE, None, loss)
        assert np.isnan(by_hand.loss)


@pytest.mark.parametrize("point", [np.array([3, -2]), jnp.array([3, -2]), [3, -2], np.array([3, -2], np.int8)])
def test_differences_at_whole_numbers(point):
    """The gradient of x^2 y in (3, -2) is (2xy, x^2) = (-12, 9)."""

    def function(p):
        return p[0] ** 2 * p[1]

    # The function is a cubic, so a large step costs little and round-off is small in float32 too.
    np.testing.assert_allclose(gradients.central_differences(function, point, 1e-2), [-12, 9], rtol=1e-3)
    np.testing.assert_allclose(gradients.complex_steps(function, point), [-12, 9], rtol=1e-6)
    found = gradients.routes(function, point, None, 1e-2)
    np.testing.assert_allclose(found["autodiff"], [-12, 9], rtol=1e-6)


def test_ranges_are_checked_where_they_can_be():
    arrays.check_range(np.array([0.5, 1.0]), "leak", 0.1, 1, "fine")
    jax.jit(lambda leak: arrays.check_range(leak, "leak", 0.1, 1, "fine"))(5.0)
    for wrong in (0, 1.5, float("nan"), np.array([0.5, 2.0])):
        with pytest.raises(ValueError, match=r"leak is .*; it must be fine"):
            arrays.check_range(wrong, "leak", 0.1, 1, "fine")
