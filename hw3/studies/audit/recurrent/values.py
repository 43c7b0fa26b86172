"""The quantities that the documents print, under each of the conventions and mistakes that are tried."""

import functools
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.recurrent import lstm, rnn
from hw3.studies import given

Values = dict[str, np.ndarray]
LOSSES = {
    "last": rnn.Loss(),
    "summed": rnn.Loss(every_step=True),
    "mirrored": rnn.Loss(squared=1, logged=0),
}


class Setting(NamedTuple):
    """How a document may have computed; the defaults are the assignment's own words.

    `gradient` is the one that the step of gradient descent takes: unrolled; the central difference in its
    place; or unrolled after a central difference that did not put b2 - epsilon back to b2.
    """

    loss: str = "last"
    learning_rate: float = 0.002
    direction: str = "down"
    gradient: str = "unrolled"
    epsilon: float = given.EPSILON


CHOICES: dict[str, tuple[Any, ...]] = {
    "loss": ("last", "summed", "mirrored"),
    "learning_rate": (0.002, 0.01),
    "direction": ("down", "up"),
    "gradient": ("unrolled", "differences", "b2 not put back"),
    "epsilon": (given.EPSILON, 5e-4, 1e-3, 1e-5),
}
# A document states these once for a whole problem; the other two choices may differ from number to number.
STATED = ("loss", "learning_rate", "direction")
PLAIN = Setting()
STATEMENTS = {
    ("loss", "summed"): "the loss summed over the steps",
    ("loss", "mirrored"): "the mirrored loss, (y2 - 0.5)^2 - log y1",
    ("learning_rate", 0.01): "learning rate 0.01",
    ("direction", "up"): "a step up the gradient instead of down",
    ("gradient", "differences"): "the central difference in place of the unrolled gradient",
    (
        "gradient",
        "b2 not put back",
    ): "gradient taken at b2 - epsilon: b2 not put back after the central difference",
    ("epsilon", 5e-4): "epsilon 0.0005",
    ("epsilon", 1e-3): "epsilon 0.001",
    ("epsilon", 1e-5): "epsilon 0.00001",
}
MISTAKES = {("gradient", "b2 not put back")}  # the other statements are conventions


def settings(names: tuple[str, ...] = Setting._fields) -> list[Setting]:
    """Every combination of the choices with these names, the fewest departures from the assignment first."""
    found = [
        Setting(**dict(zip(names, combination, strict=True)))
        for combination in itertools.product(*(CHOICES[name] for name in names))
    ]
    return sorted(found, key=lambda setting: len(departures(setting)))


def departures(setting: Setting) -> list[tuple[str, Any]]:
    """The (name, choice) pairs in which a setting departs from the assignment."""
    return [(name, value) for name, value in setting._asdict().items() if value != getattr(PLAIN, name)]


_unroll = jax.jit(rnn.unroll)
_unroll_lstm = jax.jit(lstm.unroll)
_loss = jax.jit(rnn.sequence_loss)
_step_losses = jax.jit(rnn.step_losses)


def _with_b(b: Any) -> rnn.RNNParams:
    return given.RNN_PARAMS._replace(b=jnp.asarray(b))


def _after_step(gradient: Any, setting: Setting) -> dict[str, Any]:
    """The new b and everything that the documents print about it."""
    sign = 1 if setting.direction == "down" else -1
    new = rnn.descend_biases(given.RNN_PARAMS, gradient, sign * setting.learning_rate)
    result = _unroll(new, given.SEQUENCE, None, LOSSES[setting.loss])
    each = _step_losses(result.forward.o, LOSSES[setting.loss])
    return {
        "new_b": new.b,
        "new_y_hat": result.forward.y_hat,
        "new_loss": result.loss,
        "new_step_losses": each,
    }


@functools.cache
def values(setting: Setting) -> Values:
    """Every printed quantity by name, steps and entries counted from 0; call it with `jax.enable_x64(True)`.

    The names are those of `rnn.Unrolled`; the other ones are: differences `[2]`, loss_plus and loss_minus
    `[2]` (the loss at b_i +- epsilon), step_losses `[T]`, through_a `[2, 2]` (dL/da_i da_i/db_k in the last
    step), dy_dh, dh_da as a matrix, new_... after the step on b, lstm_... (document 004's LSTM), given_....
    """
    loss, xs = LOSSES[setting.loss], given.SEQUENCE
    b = jnp.asarray(given.RNN_PARAMS.b)
    result = _unroll(_with_b(b), xs, None, loss)
    shifts = setting.epsilon * jnp.eye(2)
    plus, minus = (jnp.stack([_loss(_with_b(b + sign * row), xs, None, loss) for row in shifts]) for sign in (1, -1))
    differences = (plus - minus) / (2 * setting.epsilon)
    gradient = {
        "unrolled": lambda: result.gradient.b,
        "differences": lambda: differences,
        "b2 not put back": lambda: _unroll(_with_b(b - shifts[1]), xs, None, loss).gradient.b,
    }[setting.gradient]()
    cell = _unroll_lstm(given.DOCUMENT_004_LSTM, xs, None, given.DOCUMENT_004_STATE, loss)
    found = {
        **{name: getattr(result, name) for name in result._fields if name not in ("forward", "gradient")},
        "y_hat": result.forward.y_hat,
        "step_losses": _step_losses(result.forward.o, loss),
        "loss_plus": plus,
        "loss_minus": minus,
        "differences": differences,
        "gradient": gradient,
        "shares": result.shares,
        "through_a": result.dL_da_direct[-1][:, None] * result.da_db[-1],
        "dy_dh": result.dy_do @ result.do_dh,
        "dh_da_matrix": result.dh_da[:, :, None] * jnp.eye(2)[None],
        **_after_step(gradient, setting),
        "lstm_y_hat": cell.forward.y_hat,
        "lstm_loss": cell.loss,
        "lstm_shares": cell.shares,
        "lstm_gradient": cell.gradient.gates.forget.b,
        **{f"given_{name}": value for name, value in given.RNN_PARAMS._asdict().items()},
        "given_x": xs,
        "given_learning_rate": setting.learning_rate,
        "given_epsilon": setting.epsilon,
        "given_s0": given.DOCUMENT_004_STATE,
    }
    return {name: np.asarray(value) for name, value in found.items()}


@functools.cache
def mistakes(setting: Setting) -> tuple[tuple[str, Values], ...]:
    """Wrong computations, tried where no convention gives the digits: (what was done, what comes out)."""
    parts = (_mistakes_in_the_recursion, _mistakes_in_the_sum, _mistakes_in_the_lstm)
    return tuple(itertools.chain.from_iterable(part(setting) for part in parts))


def _mistakes_in_the_recursion(setting: Setting) -> Iterator[tuple[str, Values]]:
    """da/db and what follows from it with a wrong derivative of tanh or a wrong recursion."""
    params, xs = given.RNN_PARAMS, given.SEQUENCE
    right = _unroll(params, xs, None, LOSSES[setting.loss])
    a, h = np.asarray(right.forward.a), np.asarray(right.forward.h)
    c_for_b = np.asarray(_unroll(_with_b(params.c), xs).dh_da)
    sigma = 1 / (1 + np.exp(-a))
    slopes = {
        "1 - h in place of 1 - h^2": 1 - h,
        "(1 - h)^2 in place of 1 - h^2": (1 - h) ** 2,
        "1 + h^2 in place of 1 - h^2": 1 + h**2,
        "h (1 - h) in place of 1 - h^2": h * (1 - h),
        "sigmoid' in place of tanh'": sigma * (1 - sigma),
        "tanh' taken at h instead of at a": 1 - np.tanh(h) ** 2,
        "tanh' left out": np.ones_like(h),
        "c in the place of b": c_for_b,
    }
    recursions = {
        "": params.W,
        "W transposed": params.W.T,
        "the recursion left out (truncated)": 0 * params.W,
    }
    for (slope_said, dh_da), (W_said, W) in itertools.product(
        {"": np.asarray(right.dh_da), **slopes}.items(), recursions.items()
    ):
        if slope_said or W_said:
            da_db, dh_db, before = [], [], np.zeros((2, 2))
            for slope in dh_da:
                da_db.append(np.eye(2) + W @ before)
                before = slope[:, None] * da_db[-1]
                dh_db.append(before)
            direct = np.asarray(right.dL_dh_direct) * dh_da
            through = np.einsum("ti,tik->tk", direct, np.array(da_db))
            yield (
                ", ".join(filter(None, (slope_said, W_said))),
                {
                    "dh_da": dh_da,
                    "da_db": np.array(da_db),
                    "dh_db": np.array(dh_db),
                    "dL_da_direct": direct,
                    "dL_db_direct": through,
                    "through_a": direct[-1][:, None] * da_db[-1],
                    **_with_gradient(through.sum(0), setting),
                },
            )


def _mistakes_in_the_sum(setting: Setting) -> Iterator[tuple[str, Values]]:
    result = _unroll(given.RNN_PARAMS, given.SEQUENCE, None, LOSSES[setting.loss])
    shares = np.asarray(result.shares)
    yield "only the last step's share", _with_gradient(shares[-1], setting)
    yield "the first step's share left out", _with_gradient(shares[1:].sum(0), setting)
    yield (
        "shares of later steps counted again in each earlier one",
        _with_gradient(shares[::-1].cumsum(0).sum(0), setting),
    )
    yield "da/db added up over the steps", {"da_db": np.asarray(result.da_db).cumsum(0)}


def _with_gradient(gradient: np.ndarray, setting: Setting) -> Values:
    return {
        "gradient": gradient,
        **{name: np.asarray(value) for name, value in _after_step(gradient, setting).items()},
    }


def _mistakes_in_the_lstm(setting: Setting) -> Iterator[tuple[str, Values]]:
    """Document 004's formulas: h^(t-1) reaches h^(t) through the forget gate alone; and three more slips."""
    result = _unroll_lstm(given.DOCUMENT_004_LSTM, given.SEQUENCE, None, given.DOCUMENT_004_STATE, LOSSES[setting.loss])
    W = np.asarray(given.RNN_PARAMS.W)
    run = jax.tree.map(np.asarray, result.forward)
    slopes = {"": 1 - np.tanh(run.s) ** 2, "1 - h^2 in place of tanh'(s) = 1 - tanh(s)^2": 1 - run.h**2}
    gates = {"": run.q, "the output gate q left out of dh/ds": np.ones_like(run.q)}
    sigma_slope = np.asarray(result.d_da.forget)
    for (slope_said, slope), (gate_said, gate), as_vector in itertools.product(
        slopes.items(), gates.items(), (False, True)
    ):
        said = ["only the path through the forget gate"]
        said += [text for text in (gate_said, slope_said) if text]
        said += ["W_f sigma' taken as a matrix times a vector, not W_f with its rows scaled"] if as_vector else []
        dh_df = gate * slope * np.asarray(result.ds_df)
        dL_dh = np.asarray(result.dL_dh_direct)[-1]
        shares: list[np.ndarray] = []
        for t in reversed(range(len(dh_df))):
            shares.insert(0, dL_dh * dh_df[t] * sigma_slope[t])
            if as_vector:
                dL_dh = dL_dh * dh_df[t] * (W @ sigma_slope[t])
            else:
                dL_dh = (dL_dh * dh_df[t] * sigma_slope[t]) @ W
        yield "; ".join(said), {"lstm_shares": np.array(shares), "lstm_gradient": np.sum(shares, 0)}
