import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.recurrent import gradients, lstm, rnn
from hw3.studies.given import LSTM_PARAMS, RNN_PARAMS, SEQUENCE


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def homework_loss(params):
    return rnn.sequence_loss(params, SEQUENCE)


def homework_loss_of_b(b):
    return homework_loss(jax.tree.map(lambda leaf: jnp.asarray(leaf, b.dtype), RNN_PARAMS)._replace(b=b))


def test_central_differences_of_a_cubic_have_the_error_that_theory_gives():
    point = {"p": jnp.array([2.0, -1.0]), "q": jnp.array([[0.5]])}
    found = gradients.central_differences(lambda x: sum(jnp.sum(v**3) for v in x.values()), point, 1e-3)
    for key, value in point.items():  # (x + e)^3 - (x - e)^3 = 2 e (3 x^2 + e^2)
        np.testing.assert_allclose(found[key], 3 * value**2 + 1e-6, rtol=0, atol=1e-11)


def test_the_homework_by_differences(optimized):
    found = gradients.central_differences(homework_loss_of_b, jnp.asarray(RNN_PARAMS.b), 1e-4)
    # Document 002; the loss has about 4e-16 of round-off, which the division by 2e-4 makes 4e-12.
    np.testing.assert_allclose(found, [-0.009961388396373394, 0.43400995503928286], rtol=0, atol=4e-12)


def test_every_route_gives_the_gradient_and_complex_steps_to_round_off():
    params = jax.tree.map(jnp.asarray, RNN_PARAMS)
    unrolled = jax.jit(rnn.unroll)(params, SEQUENCE).gradient
    found = gradients.routes(homework_loss, params, unrolled, 1e-4)
    rows = gradients.side_by_side(found, reference="unrolled")
    worst = dict(zip(found, np.max([row.relative_errors for row in rows], 0), strict=True))
    assert worst["unrolled"] == 0
    assert worst["autodiff"] < 1e-14
    assert worst["complex step"] < 1e-13
    assert 1e-12 < worst["differences"] < 1e-7
    assert [row.entry for row in rows[:5]] == ["b[1]", "b[2]", "c[1]", "c[2]", "W[1,1]"]


def test_entries_of_nested_parameters_are_named():
    gradient = jax.jit(lstm.unroll)(LSTM_PARAMS, SEQUENCE).gradient
    names = [row.entry for row in gradients.side_by_side({"unrolled": gradient}, "unrolled")]
    assert names[0] == "gates.forget.b[1]"
    assert "gates.output.W[2,1]" in names
    assert len(names) == 4 * (2 + 4 + 4) + 2 + 4


def test_the_relative_error_of_a_wrong_entry_is_relative_to_its_parameter():
    exact = {"w": np.array([0.0, 2.0])}
    rows = gradients.side_by_side({"exact": exact, "wrong": {"w": np.array([0.5, 2.0])}}, "exact")
    assert [row.relative_errors[1] for row in rows] == [0.25, 0.0]


def test_the_error_is_a_v():
    b = jnp.asarray(RNN_PARAMS.b)
    exact = jax.jit(rnn.unroll)(RNN_PARAMS, SEQUENCE).gradient.b
    epsilons = np.array(gradients.EPSILONS)
    errors = gradients.error_curve(homework_loss_of_b, b, exact)
    assert (epsilons[0], epsilons[-1]) == pytest.approx((1e-1, 1e-12))
    # Left of the V's foot, where truncation rules: a tenth of epsilon is a hundredth of the error.
    assert errors[4] / errors[8] == pytest.approx(100, rel=0.03)
    best = epsilons[errors.argmin()]
    assert 1e-6 < best < 1e-4
    assert errors.min() < 1e-10 < 1e-6 < errors[-1]


@pytest.mark.parametrize("epsilon", [0, -1e-4, float("nan"), float("inf")])
def test_an_epsilon_that_cannot_be(epsilon):
    with pytest.raises(ValueError, match="epsilon"):
        gradients.central_differences(homework_loss_of_b, jnp.ones(2), epsilon)
    with pytest.raises(ValueError, match="epsilon"):
        gradients.error_curve(homework_loss_of_b, jnp.ones(2), jnp.ones(2), [1e-3, epsilon])


def test_float32_stays_float32():
    b = jnp.asarray(RNN_PARAMS.b, jnp.float32)
    for route in (
        lambda p: gradients.central_differences(homework_loss_of_b, p, 1e-2),
        lambda p: gradients.complex_steps(homework_loss_of_b, p),
    ):
        found = jax.jit(route)(b)
        assert found.dtype == jnp.float32
        np.testing.assert_allclose(found, [-0.00996139, 0.43400995], atol=2e-4)
