"""Echo states: the network of `rnn`, Ridge of scikit-learn, Jaeger's bound, and when differences are forgotten."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from hw3.recurrent import echo_state, initializers, rnn
from hw3.recurrent.echo_state import Reservoir
from hw3.recurrent.initializers import spectral_radius


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


random_reservoir = jax.jit(echo_state.random_reservoir, static_argnums=(1, 2, 4))
states = jax.jit(echo_state.states)
ridge = jax.jit(echo_state.ridge)


@pytest.fixture
def reservoir():
    return random_reservoir(jax.random.key(0), 20, 3, 0.9, 0.3, input_scale=0.5)


def test_a_reservoir_has_the_spectral_radius_density_and_scale_asked_for(reservoir):
    assert float(spectral_radius(reservoir.W)) == pytest.approx(0.9, rel=1e-12)
    assert np.mean(reservoir.W != 0) == pytest.approx(0.3, abs=0.1)
    assert 0.4 < np.abs(reservoir.U).max() <= 0.5
    for density in (0, 1.1):
        with pytest.raises(ValueError, match=f"density is {density}; it must be above 0 and at most 1"):
            echo_state.random_reservoir(jax.random.key(0), 20, 3, 0.9, density)


def test_without_leak_it_is_the_network_of_10_8_and_10_9(reservoir):
    rng = np.random.default_rng(1)
    xs, h0 = rng.normal(size=(15, 3)), rng.normal(size=20)
    same = rnn.RNNParams(reservoir.b, np.zeros(2), reservoir.W, reservoir.U, np.zeros((2, 20)))
    np.testing.assert_allclose(states(reservoir, xs, h0), jax.jit(rnn.forward)(same, xs, h0).h, rtol=1e-12)


def test_a_leak_keeps_the_rest_of_the_state_and_summaries_are_of_all_states(reservoir):
    leaky = reservoir._replace(leak=jnp.asarray(0.25))
    xs = np.random.default_rng(1).normal(size=(2, 15, 3))
    h = np.stack([states(leaky, x, np.zeros(20)) for x in xs])
    a = h[:, :-1] @ np.asarray(leaky.W).T + xs[:, 1:] @ np.asarray(leaky.U).T
    np.testing.assert_allclose(h[:, 1:], 0.75 * h[:, :-1] + 0.25 * np.tanh(a), rtol=1e-12)
    last, mean = jax.jit(echo_state.summaries)(leaky, xs)
    np.testing.assert_allclose(last, h[:, -1], rtol=1e-12)
    np.testing.assert_allclose(mean, h.mean(1), rtol=1e-12)


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
def test_the_readout_is_scikit_learns_ridge(penalty):
    rng = np.random.default_rng(0)
    features, targets, new = rng.normal(2, 1, (60, 7)), rng.normal(size=(60, 3)), rng.normal(size=(5, 7))
    readout = ridge(features, targets, penalty)
    theirs = Ridge(alpha=penalty, solver="svd").fit(features, targets)
    np.testing.assert_allclose(readout.V, theirs.coef_, rtol=1e-8)
    np.testing.assert_allclose(readout.c, theirs.intercept_, rtol=1e-8)
    np.testing.assert_allclose(echo_state.read(readout, new), theirs.predict(new), rtol=1e-8)


def test_states_forget_their_difference_below_a_spectral_radius_and_not_above():
    xs = np.zeros((500, 1))
    two = np.random.default_rng(3).uniform(-1, 1, (2, 20))
    drawn = random_reservoir(jax.random.key(0), 20, 1, 1.0, 0.3)
    distances = jax.jit(echo_state.distances)
    left = [distances(drawn._replace(W=radius * drawn.W), xs, *two) for radius in (0.5, 0.9, 2.0)]
    assert left[0][0] == 1
    assert left[0][-1] < left[1][-1] < 1e-10
    assert left[2][-1] > 0.01
    ends = np.array([[d[-1], 1.0] for d in left])  # and a reservoir that never forgets
    last = echo_state.last_forgetting_radius(np.array([0.5, 0.9, 2.0]), ends, 1e-6)
    assert last[0] == 0.9
    assert np.isnan(last[1])


def test_memory_capacity_of_a_delay_line_and_of_random_reservoirs_keeps_to_the_bound():
    n = 12
    line = Reservoir(
        jnp.zeros(n), jnp.eye(n, k=-1), 1e-4 * jnp.eye(n, 1), jnp.asarray(1.0)
    )  # h_i is x of i - 1 steps ago
    key = jax.random.key(5)
    capacity = jax.jit(echo_state.memory_capacity, static_argnums=(2, 3))
    found = capacity(line, key, 2 * n, 2000)
    np.testing.assert_allclose(found.by_delay[: n - 1], 1, atol=1e-6)
    assert found.by_delay[n - 1 :].max() < 0.01
    small = random_reservoir(jax.random.key(0), n, 1, 0.9, 0.5)
    total = float(capacity(small, key, 2 * n, 2000).total)
    assert 3 < total < n
    with pytest.raises(ValueError, match="washout is 10 steps; it must be at least the 24 delays"):
        echo_state.memory_capacity(small, key, 2 * n, 2000, washout=10)


@pytest.mark.parametrize(("hidden", "density"), [(1, 0.1), (5, 0.1)])
def test_sparse_matrices_always_have_the_spectral_radius_asked_for(hidden, density):
    """Half of those of 5 units at this density are nilpotent: no factor would bring them to a radius."""
    keys = jax.random.split(jax.random.key(0), 200)
    draw = jax.jit(jax.vmap(lambda key: echo_state.random_reservoir(key, hidden, 1, 0.9, density)))
    W = np.asarray(draw(keys).W)
    radii = np.abs(np.linalg.eigvals(W)).max(-1)
    np.testing.assert_allclose(radii, 0.9, rtol=1e-9)
    powers = np.stack([np.linalg.matrix_power((w != 0).astype(int), hidden) for w in W])
    assert powers.any((1, 2)).all()


def test_what_is_no_circle_of_units_is_known():
    rng = np.random.default_rng(0)
    for hidden in (1, 2, 3, 8, 9):
        edges = rng.random((100, hidden, hidden)) < 1.2 / hidden
        circles = np.linalg.matrix_power(edges.astype(float), hidden).any((1, 2))
        np.testing.assert_array_equal(jax.jit(jax.vmap(echo_state._has_circle))(edges), circles)
        assert 0 < circles.sum() < 100 or hidden == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"radius": -0.9}, r"the spectral radius is -0.9; it must be finite and not negative"),
        ({"radius": np.array([0.5, -1])}, r"the spectral radius is \[ 0.5 -1. \]; it must be finite"),
        ({"radius": float("inf")}, "the spectral radius is inf; it must be finite"),
        ({"radius": float("nan")}, "the spectral radius is nan; it must be finite"),
        ({"leak": 1.5}, "leak is 1.5; it must be above 0 and at most 1"),
        ({"leak": 0.0}, "leak is 0.0; it must be above 0"),
        ({"leak": -0.1}, "leak is -0.1; it must be above 0"),
        ({"density": 1e-6}, "hidden is 5 at density 1e-06; their product must be at least 0.01"),
        ({"hidden": 0}, "hidden is 0 at density 0.5"),
    ],
)
def test_reservoirs_that_cannot_be_are_refused(arguments, message):
    settings = {"hidden": 5, "inputs": 1, "radius": 0.9, "density": 0.5} | arguments
    with pytest.raises(ValueError, match=message):
        echo_state.random_reservoir(jax.random.key(0), **settings)


def test_a_leak_set_later_is_checked_where_it_is_used(reservoir):
    leaky = reservoir._replace(leak=jnp.asarray(1.5))
    xs = jnp.zeros((4, 3))
    for call in (
        lambda: echo_state.states(leaky, xs),
        lambda: echo_state.summaries(leaky, xs[None]),
        lambda: echo_state.distances(leaky, xs, jnp.zeros(20), jnp.ones(20)),
    ):
        with pytest.raises(ValueError, match=r"leak is 1.5; it must be above 0 and at most 1"):
            call()


@pytest.mark.parametrize("samples", [5, 7, 8, 30])
def test_without_a_penalty_the_readout_is_the_smallest_of_the_best(samples):
    """As many samples as states and fewer leave a choice; so does a state that repeats another."""
    rng = np.random.default_rng(0)
    features, targets = rng.normal(2, 1, (samples, 7)), rng.normal(size=(samples, 3))
    features[:, 6] = features[:, 5]
    readout = jax.jit(echo_state.ridge, static_argnums=2)(features, targets, 0)
    V = np.linalg.lstsq(features - features.mean(0), targets - targets.mean(0), rcond=1e-10)[0].T
    np.testing.assert_allclose(readout.V, V, atol=1e-10)
    nearly = ridge(features, targets, 1e-9)
    np.testing.assert_allclose(readout.V, nearly.V, atol=1e-5)
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"penalty is {wrong}; it must be finite and not negative"):
            echo_state.ridge(features, targets, wrong)


def test_a_matrix_without_an_eigenvalue_is_not_scaled():
    zeros = jax.nn.initializers.zeros
    with pytest.raises(
        ValueError, match=r"the W of 4 units that was drawn has spectral radius 0.0; it cannot be scaled"
    ):
        initializers.recurrent(jax.random.key(0), 4, 0.9, zeros)
    with pytest.raises(ValueError, match="the spectral radius is -1; it must be finite and not negative"):
        initializers.random_rnn(jax.random.key(0), 4, 2, 2, -1)
    assert not initializers.recurrent(jax.random.key(0), 4, 0).any()
