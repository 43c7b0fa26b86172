"""The study of gradient flow: its networks against autodiff, its rules, tables, figures, and the way to disk."""

import jax
import numpy as np
import pytest
from kept import assert_kept

from hw3.datasets import proteins
from hw3.recurrent import initializers, rnn
from hw3.studies.long_sequences import gradient_flow
from hw3.studies.long_sequences.gradient_flow import Settings, claims, measure

SETTINGS = Settings(
    hidden=3, initialisations=2, steps=60, map_steps=60, radii=(0.5, 2.0), forget_biases=(-1.0, 4.0), seed=3
)


@pytest.fixture(scope="module")
def results():
    return measure(SETTINGS)


@pytest.fixture(scope="module")
def drawn():
    """Keys of the networks, the sequence and h0 of `SETTINGS`."""
    with jax.enable_x64(True):
        sequence, state, _, networks = jax.random.split(jax.random.key(3), 4)
        xs = proteins.one_hot(proteins.background(sequence, (60,))).astype(float)
        return jax.random.split(networks, 2), xs, jax.random.normal(state, (3,), float)


def log_norms(jacobians):
    return np.log(np.linalg.norm(jacobians, axis=(1, 2)) / np.sqrt(3))


def test_the_rnns_have_the_radius_and_scale_asked_for(results, drawn):
    keys, xs, h0 = drawn

    @jax.jit
    @jax.vmap
    def jacobian(key):
        params = initializers.random_rnn(key, 3, 20, 4, 2.0, SETTINGS.input_scale)
        return jax.jacrev(lambda start: rnn.forward(params, xs, start).h[-1])(h0)

    with jax.enable_x64(True):
        last = log_norms(jacobian(keys))
    assert results.lags[-1] == 60
    curve = results.rnn[1].dh_dh
    assert curve.log_norm.median[-1] == pytest.approx(np.median(last), rel=1e-9)
    assert curve.log_norm.low[-1] == pytest.approx(np.quantile(last, 0.1), rel=1e-9)
    assert curve.log_norm.median[0] == 0
    assert curve.extremes[0] <= last.min() + 1e-9
    assert last.max() - 1e-9 <= curve.extremes[1]


def test_the_lstms_have_the_bias_and_radius_asked_for(results):
    grid = results.lstm_grid
    # With hardly any W the gradient is what the forget gate, a sigmoid of its bias, leaves of it.
    left = -np.log1p(np.exp(-np.array(grid.forget_biases)))
    np.testing.assert_allclose(grid.growth[0][:7], left[:7], rtol=0.35)
    for curves in results.lstm:
        assert curves.forget.growth.median == pytest.approx(-np.log1p(np.exp(-curves.forget_bias)), rel=0.35)
    of_bias = grid.forget_biases.index(4.0)
    same = grid.growth[grid.radii.index(1.0)][of_bias]
    assert results.lstm[1].whole.growth.median == pytest.approx(same, abs=0.02)


def test_grids_agree_with_what_is_known(results):
    assert results.slider_lags[0] == 0
    assert results.slider_lags[-1] == SETTINGS.map_steps
    still, *driven = results.rnn_grids
    assert still.input_scale == 0
    assert all(grid.input_scale > 0 for grid in driven)
    small = [(r, g.median) for r, g in zip(still.radii, still.growth, strict=True) if r <= 0.5]
    np.testing.assert_allclose(*np.array([(np.log(r), median) for r, median in small]).T, atol=0.02)
    grid = results.lstm_grid
    assert grid.log_norm.shape == (len(grid.radii), len(grid.forget_biases), len(results.slider_lags))
    assert not grid.log_norm[..., 0].any()
    growth = np.array(grid.growth)
    assert growth[0, 0] < growth[0, -1]  # an open forget gate holds more
    late = (grid.log_norm[..., -1] - grid.log_norm[..., 0]) / SETTINGS.map_steps
    assert np.corrcoef(late.ravel(), growth.ravel())[0, 1] > 0.99


def test_shares_fall_with_the_lag_and_the_output_has_none(results):
    assert results.share_lags == (0, 10)
    assert claims.far(results) == (10, 1)
    assert claims.reaching_back(results) == ("b", "W", "U")
    for share in (results.rnn_shares.W, results.lstm_shares[-1].forget.U):
        assert 1 > share.medians[0] > share.medians[1] > 0
        assert share.band.median.shape == (len(results.lags) - 1,)
    assert results.rnn_shares.V.medians == results.lstm_shares[0].c.medians == (0, 0)
    assert results.lstm_shares[0].forget is results.lstm_shares[0].gates[0]
    best = claims.reach(results)
    assert best.lstm == max(shares.forget.W.medians[1] for shares in results.lstm_shares)


def test_every_cell_has_one_fate(results):
    cells = claims.cells(results)
    assert len(cells) == results.lstm_grid.log_norm[..., 0].size
    first = claims.Cell(0.1, -2.0, claims.VANISHES)
    assert cells[0] == first
    assert claims.fate(claims.LIMIT) == claims.fate(-claims.LIMIT) == claims.HOLDS


def test_tables_figures_and_the_way_to_disk_and_back(results, tmp_path):
    growth, gates, shares, lstm_shares = gradient_flow.tables(results)
    assert [row[0] for row in growth.rows] == ["0.5", "2"]
    assert growth.rows[0][1] == f"{results.rnn[0].dh_dh.growth.median:+.4f}"
    assert [row[0] for row in gates.rows] == ["-1", "4"]
    assert [row[0] for row in shares.rows] == ["b", "c", "W", "U", "V"]
    assert lstm_shares.rows[2][:2] == ["0", "forget W"]
    assert len(lstm_shares.rows) == 3 * (4 * 3 + 2)
    assert set(gradient_flow.figures(results)) == {"rnn.png", "lstm.png", "map.png", "shares.png"}
    assert_kept(gradient_flow, results, tmp_path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"radii": (0.5, 0.0)}, r"radii must be positive and finite, not \(0.5, 0.0\)"),
        ({"radii": ()}, "radii must be"),
        ({"forget_biases": (float("nan"),)}, "forget_biases must be finite numbers"),
        ({"input_scale": -1.0}, "input_scale must be finite and not negative, not -1"),
    ],
)
def test_bad_settings(wrong, message):
    with pytest.raises(ValueError, match=message):
        measure(SETTINGS._replace(**wrong))
