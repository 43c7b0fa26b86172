"""Problem 5: the LSTM of equations (10.40)-(10.44) by hand: outputs, loss, forget-gate gradient.

    python scripts/unroll_lstm.py
    python scripts/unroll_lstm.py --document_004
    python scripts/unroll_lstm.py --input=mine.json --tanh_candidate

The JSON file may hold any of forget, input, output, candidate (each with any of b, U, W), c, V, x (one row
for each step), h0 and s0; what it leaves out is the homework's: U and W of problem 3 for all four, chosen
biases, zero states.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from common import console, output, program, shared_flags

from hw3.recurrent import gradients, lstm, rnn
from hw3.studies.unrolling import figures

FLAGS = flags.FLAGS
flags.DEFINE_bool("document_004", False, "Document 004's case: b of problem 3 everywhere, s0 = 0.1, mirrored loss.")
flags.DEFINE_bool("tanh_candidate", False, "The usual tanh for the candidate in (10.41), not the book's sigmoid.")
shared_flags.define_unroll_flags("the forget-gate biases")

STEPS_PRINTED = 5
INTERMEDIATES = {
    "dL_dy": "dL/dy",
    "dL_do": "dL/do",
    "dL_dh_direct": "dL/dh direct",
    "dL_dh": "dL/dh",
    "dh_dq": "dh/dq = tanh s",
    "dh_ds": "dh/ds",
    "dL_ds": "dL/ds",
    "ds_df": "ds/df = s(t-1)",
    "ds_dg": "ds/dg = k",
    "ds_dk": "ds/dk = g",
    "ds_ds": "ds(t)/ds(t-1) = f",
}


def main() -> None:
    """Computes, prints and writes everything that problem 5 asks for."""
    if not np.isfinite(FLAGS.learning_rate):
        raise ValueError(f"--learning_rate is {FLAGS.learning_rate}; it must be finite")
    gradients.checked_epsilon(FLAGS.epsilon)
    if FLAGS.document_004:
        if FLAGS.input is not None:
            raise ValueError("--input and --document_004 exclude each other")
        params, xs, h0, s0 = lstm.DOCUMENT_004, rnn.HOMEWORK_SEQUENCE, np.zeros(2), lstm.DOCUMENT_004_STATE
        loss = rnn.Loss(squared=1, logged=0)
    else:
        params, xs, h0, s0 = lstm.from_record({} if FLAGS.input is None else output.read_json(FLAGS.input))
        loss = rnn.Loss(FLAGS.squared - 1, FLAGS.logged - 1, FLAGS.every_step)
    lstm.check(params, xs, h0, s0, loss)
    with jax.enable_x64(FLAGS.precision == "float64"):
        params, xs, h0, s0 = jax.tree.map(jnp.asarray, (params, xs, h0, s0))
        results = compute(params, xs, h0, s0, loss, FLAGS.tanh_candidate, FLAGS.epsilon, FLAGS.learning_rate)
    results["settings"] = {
        "squared": loss.squared + 1,
        "logged": loss.logged + 1,
        "every_step": loss.every_step,
        "tanh_candidate": FLAGS.tanh_candidate,
        "precision": FLAGS.precision,
    }
    with output.results_folder("lstm") as folder:
        for name, figure in draw(results).items():
            output.write_figure(folder / name, figure)
        output.write_json(folder / "results.json", {"command": output.command(), **results})
    show(results)
    print(f"figures and numbers: {FLAGS.outdir}/lstm")


def compute(
    params: lstm.LSTMParams,
    xs: Any,
    h0: Any,
    s0: Any,
    loss: rnn.Loss,
    tanh_candidate: bool,
    epsilon: float,
    rate: float,
) -> dict[str, Any]:
    """Everything as plain lists and numbers. Raises ValueError if the loss or its gradient is not finite."""

    @jax.jit
    def loss_of(p: lstm.LSTMParams) -> jax.Array:
        return lstm.sequence_loss(p, xs, h0, s0, loss, tanh_candidate=tanh_candidate)

    result = jax.jit(lambda p: lstm.unroll(p, xs, h0, s0, loss, tanh_candidate=tanh_candidate))(params)
    if not all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves((result.loss, result.gradient))):
        raise ValueError("the loss or its gradient is not finite: the numbers given are too large for the precision")
    found = gradients.routes(loss_of, params, result.gradient, epsilon)
    rows = gradients.side_by_side(found, "autodiff")
    b = params.gates.forget.b

    def with_forget(bias: Any) -> lstm.LSTMParams:
        return params._replace(gates=params.gates._replace(forget=params.gates.forget._replace(b=bias)))

    gradient = result.gradient.gates.forget.b
    epsilons = np.array(gradients.EPSILONS)
    errors = gradients.error_curve(lambda bias: loss_of(with_forget(bias)), b, gradient)
    gates_of = jax.jit(lambda bias: lstm.forward(with_forget(bias), xs, h0, s0, tanh_candidate=tanh_candidate).f)
    biases = np.linspace(-4, 4, 81)
    choices = {"as given": b, "0": jnp.zeros_like(b), "1": jnp.ones_like(b)}
    if b.shape == rnn.HOMEWORK_PARAMS.b.shape:
        choices["b of problem 3"] = jnp.asarray(rnn.HOMEWORK_PARAMS.b, b.dtype)
    as_lists = functools.partial(jax.tree.map, lambda leaf: np.asarray(leaf).tolist())
    return {
        "params": {
            "gates": {name: gate._asdict() for name, gate in as_lists(params.gates)._asdict().items()},
            "c": as_lists(params.c),
            "V": as_lists(params.V),
        },
        "x": as_lists(xs),
        "h0": as_lists(h0),
        "s0": as_lists(s0),
        **{name: as_lists(value) for name, value in result.forward._asdict().items()},
        "step_losses": as_lists(rnn.step_losses(result.forward.o, loss)),
        "loss": float(result.loss),
        "epsilon": epsilon,
        "differences": as_lists(found["differences"].gates.forget.b),
        "forget_gradient": as_lists(gradient),
        "shares": as_lists(result.shares),
        "gradient": {
            "gates": {name: gate._asdict() for name, gate in as_lists(result.gradient.gates)._asdict().items()},
            "c": as_lists(result.gradient.c),
            "V": as_lists(result.gradient.V),
        },
        "intermediates": {
            **{name: as_lists(getattr(result, name)) for name in INTERMEDIATES},
            **{f"d{symbol}_da": as_lists(value) for symbol, value in zip("fgqk", result.d_da, strict=True)},
            **{f"dL_da_{symbol}": as_lists(value) for symbol, value in zip("fgqk", result.dL_da, strict=True)},
        },
        "routes": list(found),
        "side_by_side": [[row.entry, *row.values, *row.relative_errors] for row in rows],
        "largest_errors": dict(zip(found, np.max([row.relative_errors for row in rows], 0).tolist(), strict=True)),
        "curve": {"epsilons": epsilons.tolist(), "errors": errors.tolist()},
        "best_epsilon": float(epsilons[errors.argmin()]),
        "best_error": float(errors.min()),
        "learning_rate": rate,
        "new_forget_b": as_lists(b - rate * gradient),
        "new_loss": float(loss_of(with_forget(b - rate * gradient))),
        "forget_choices": {
            name: {
                "b": as_lists(bias),
                "f": as_lists(gates_of(bias)),
                "loss": float(loss_of(with_forget(bias))),
            }
            for name, bias in choices.items()
        },
        "kept": {
            "biases": biases.tolist(),
            "kept": [as_lists(gates_of(jnp.full_like(b, bias)).prod(0)) for bias in biases],
        },
    }


def draw(results: dict[str, Any]) -> dict[str, Any]:
    """The figures by file name."""
    now = {name: np.array(value) for name, value in results["intermediates"].items()}
    value = {name: np.array(results[name]) for name in ("x", "f", "g", "q", "k", "s", "h", "o", "y_hat")}
    derivative = {
        symbol: now["dL_ds"] * now[name] for symbol, name in zip("fgk", ("ds_df", "ds_dg", "ds_dk"), strict=True)
    }
    derivative["q"] = now["dL_dh"] * now["dh_dq"]
    quantity = figures.Quantity
    layers = [
        figures.Layer([quantity("x", value["x"])]),
        figures.Layer([quantity(symbol, value[symbol], derivative[symbol]) for symbol in "fgkq"], "U, sigma"),
        figures.Layer([quantity("s", value["s"], now["dL_ds"])], "f s + g k"),
        figures.Layer([quantity("h", value["h"], now["dL_dh"])], "q tanh"),
        figures.Layer([quantity("o", value["o"], now["dL_do"])], "V"),
        figures.Layer([quantity("ŷ", value["y_hat"], now["dL_dy"])], "softmax"),
    ]
    # The bias that was given is drawn once: the homework's own is among the ones it is compared with.
    choices = {
        name if name[0].isalpha() else f"b_f = {name}": np.array(choice["f"])
        for name, choice in results["forget_choices"].items()
        if name != "as given"
        or choice["b"] not in [other["b"] for other in list(results["forget_choices"].values())[1:]]
    }
    return {
        "unrolled.png": figures.unrolled_graph(
            layers, [(2, 2, "f"), (3, 1, "W")], f"LSTM unrolled in time, L = {results['loss']:.8g}"
        ),
        "shares.png": figures.share_bars(
            np.array(results["shares"]),
            "b_f",
            "What each step's use of the forget gate's bias adds to the gradient",
        ),
        "epsilon.png": figures.epsilon_curve(
            np.array(results["curve"]["epsilons"]),
            {"central differences of L in b_f": np.array(results["curve"]["errors"])},
            results["epsilon"],
            "Central differences against the unrolled gradient",
        ),
        "forget.png": figures.forget_gates(
            choices, np.array(results["kept"]["biases"]), np.array(results["kept"]["kept"])
        ),
    }


def show(results: dict[str, Any]) -> None:
    """Prints the answers in the order of the assignment's question."""
    steps = range(max(0, len(results["x"]) - STEPS_PRINTED), len(results["x"]))
    heads = [f"t={t + 1}" for t in steps]

    def rows(heading: str, values: Any) -> list[list[str]]:
        values = np.array(values)
        return [
            [f"{heading} [{k + 1}]", *(f"{values[t, k] + 0.0:.8g}" for t in steps)]
            for k in range(min(values.shape[1], 9))
        ]

    print("Biases: " + "; ".join(f"{name} {gate['b']}" for name, gate in results["params"]["gates"].items()))
    forward = [row for name in ("f", "g", "q", "k", "s", "h", "o") for row in rows(name, results[name])]
    console.print_table("Gates, state and output", ["", *heads], forward)
    console.print_table("Outputs", ["", *heads], rows("y", results["y_hat"]))
    print(f"loss: {results['loss']!r}\n")
    table = [row for name, heading in INTERMEDIATES.items() for row in rows(heading, results["intermediates"][name])]
    table += [row for symbol in "fgqk" for row in rows(f"d{symbol}/da", results["intermediates"][f"d{symbol}_da"])]
    table += [row for symbol in "fgqk" for row in rows(f"dL/da_{symbol}", results["intermediates"][f"dL_da_{symbol}"])]
    console.print_table("Unfolded through time: intermediate results", ["", *heads], table)
    print("Gradient with respect to the biases of the forget gate, the sum of dL/da_f over the steps:")
    pairs = zip(results["forget_gradient"], results["differences"], strict=True)
    for k, (value, difference) in enumerate(pairs):
        print(f"dL/db_f{k + 1} = {value!r}   (central difference: {difference!r})")
    routes = results["routes"]
    errors = [[name, f"{results['largest_errors'][name]:.1e}"] for name in routes]
    console.print_table("All parameters: largest relative error", ["route", "error"], errors)
    choices = [
        [
            name,
            str(choice["b"]),
            *(", ".join(f"{f:.3f}" for f in choice["f"][t][:3]) for t in steps),
            f"{choice['loss']:.8f}",
        ]
        for name, choice in results["forget_choices"].items()
    ]
    console.print_table("What the forget gate's bias does: f in each step", ["bias", "b_f", *heads, "loss"], choices)
    print(f"One step down the gradient on b_f, learning rate {results['learning_rate']:g}:")
    print(f"loss {results['new_loss']!r}, before {results['loss']!r}\n")


if __name__ == "__main__":
    program.run(main)
