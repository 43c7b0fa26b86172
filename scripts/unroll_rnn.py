"""Problem 3: the RNN of equations (10.8)-(10.11) by hand: outputs, loss, gradient, one step of descent.

    python scripts/unroll_rnn.py
    python scripts/unroll_rnn.py --input=mine.json --learning_rate=0.01 --every_step

The JSON file may hold any of b, c, W, U, V, x (one row for each step) and h0; what it leaves out is the
homework's.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from common import console, output, program, shared_flags

from hw3.recurrent import gradients, rnn
from hw3.studies.unrolling import figures

FLAGS = flags.FLAGS
shared_flags.define_unroll_flags("b")

STEPS_PRINTED = 5
# Names in results.json and headings in the printed table, in the order of the derivation.
INTERMEDIATES = {
    "dL_dy": "dL/dy",
    "dy_do": "dy/do",
    "dL_do": "dL/do",
    "dL_dh_direct": "dL/dh direct",
    "dh_da": "dh/da",
    "dL_da_direct": "dL/da direct",
    "da_db": "da/db",
    "dh_db": "dh/db",
    "dL_db_direct": "dL/db direct",
    "dh_dh": "dh(t)/dh(t-1)",
    "dL_dh": "dL/dh",
    "dL_da": "dL/da, the share",
}


def main() -> None:
    """Computes, prints and writes everything that problem 3 asks for."""
    if not np.isfinite(FLAGS.learning_rate):
        raise ValueError(f"--learning_rate is {FLAGS.learning_rate}; it must be finite")
    gradients.checked_epsilon(FLAGS.epsilon)
    record = {} if FLAGS.input is None else output.read_json(FLAGS.input)
    params, xs, h0 = rnn.from_record(record)
    loss = rnn.Loss(FLAGS.squared - 1, FLAGS.logged - 1, FLAGS.every_step)
    rnn.check(params, xs, h0, loss)
    with jax.enable_x64(FLAGS.precision == "float64"):
        params, xs, h0 = jax.tree.map(jnp.asarray, (params, xs, h0))
        results = compute(params, xs, h0, loss, FLAGS.epsilon, FLAGS.learning_rate)
    results["settings"] = {name: FLAGS[name].value for name in ("squared", "logged", "every_step", "precision")}
    with output.results_folder("rnn") as folder:
        for name, figure in draw(results).items():
            output.write_figure(folder / name, figure)
        output.write_json(folder / "results.json", {"command": output.command(), **results})
    show(results)
    print(f"figures and numbers: {FLAGS.outdir}/rnn")


def compute(params: rnn.RNNParams, xs: Any, h0: Any, loss: rnn.Loss, epsilon: float, rate: float) -> dict[str, Any]:
    """Everything as plain lists and numbers. Raises ValueError if the loss or its gradient is not finite."""

    @jax.jit
    def loss_of(p: rnn.RNNParams) -> jax.Array:
        return rnn.sequence_loss(p, xs, h0, loss)

    result = jax.jit(rnn.unroll)(params, xs, h0, loss)
    if not all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves((result.loss, result.gradient))):
        raise ValueError("the loss or its gradient is not finite: the numbers given are too large for the precision")
    found = gradients.routes(loss_of, params, result.gradient, epsilon)
    rows = gradients.side_by_side(found, "autodiff")
    epsilons = np.array(gradients.EPSILONS)
    errors = gradients.error_curve(lambda b: loss_of(params._replace(b=b)), params.b, result.gradient.b)

    def after(step: Any) -> jax.Array:
        return loss_of(rnn.descend_biases(params, result.gradient.b, step))

    line = np.linspace(-1.2, 2, 65) * max(abs(rate), 0.01)
    rates = sorted({rate, 0.002, 0.01, -0.01})
    shift = epsilon * jnp.eye(len(params.b), dtype=params.b.dtype)
    as_lists = functools.partial(jax.tree.map, lambda leaf: np.asarray(leaf).tolist())
    return {
        "params": as_lists(params._asdict()),
        "x": as_lists(xs),
        "h0": as_lists(h0),
        **{name: as_lists(value) for name, value in result.forward._asdict().items()},
        "step_losses": as_lists(rnn.step_losses(result.forward.o, loss)),
        "loss": float(result.loss),
        "epsilon": epsilon,
        "loss_plus": [float(loss_of(params._replace(b=params.b + row))) for row in shift],
        "loss_minus": [float(loss_of(params._replace(b=params.b - row))) for row in shift],
        "differences": as_lists(found["differences"].b),
        "gradient": as_lists(result.gradient._asdict()),
        "do_dh": as_lists(result.do_dh),
        "intermediates": {name: as_lists(getattr(result, name)) for name in INTERMEDIATES},
        "routes": list(found),
        "side_by_side": [[row.entry, *row.values, *row.relative_errors] for row in rows],
        "largest_errors": dict(zip(found, np.max([row.relative_errors for row in rows], 0).tolist(), strict=True)),
        "curve": {"epsilons": epsilons.tolist(), "errors": errors.tolist()},
        "best_epsilon": float(epsilons[errors.argmin()]),
        "best_error": float(errors.min()),
        "learning_rate": rate,
        "new_b": as_lists(rnn.descend_biases(params, result.gradient.b, rate).b),
        "new_loss": float(after(rate)),
        "losses_after": [[step, float(after(step))] for step in rates],
        "line": {"rates": line.tolist(), "losses": [float(after(step)) for step in line]},
    }


def draw(results: dict[str, Any]) -> dict[str, Any]:
    """The figures by file name."""
    now = {name: np.array(value) for name, value in results["intermediates"].items()}
    layers = [
        figures.Layer([figures.Quantity("x", np.array(results["x"]))]),
        figures.Layer([figures.Quantity("a", np.array(results["a"]), now["dL_da"])], "U"),
        figures.Layer([figures.Quantity("h", np.array(results["h"]), now["dL_dh"])], "tanh"),
        figures.Layer([figures.Quantity("o", np.array(results["o"]), now["dL_do"])], "V"),
        figures.Layer([figures.Quantity("ŷ", np.array(results["y_hat"]), now["dL_dy"])], "softmax"),
    ]
    marks = {"before": (0.0, results["loss"])}
    marks |= {f"rate {step:g}": (step, loss) for step, loss in results["losses_after"][:4]}
    return {
        "unrolled.png": figures.unrolled_graph(
            layers, [(2, 1, "W")], f"RNN unrolled in time, L = {results['loss']:.8g}"
        ),
        "shares.png": figures.share_bars(now["dL_da"], "b", "What each step's use of b adds to the gradient"),
        "epsilon.png": figures.epsilon_curve(
            np.array(results["curve"]["epsilons"]),
            {"central differences of L in b": np.array(results["curve"]["errors"])},
            results["epsilon"],
            "Central differences against the unrolled gradient",
        ),
        "descent.png": figures.loss_along_gradient(
            np.array(results["line"]["rates"]),
            np.array(results["line"]["losses"]),
            marks,
            "One step on b: the loss before and after",
        ),
    }


def show(results: dict[str, Any]) -> None:
    """Prints the answers in the order of the assignment's questions."""
    steps = range(max(0, len(results["x"]) - STEPS_PRINTED), len(results["x"]))
    heads = [f"t={t + 1}" for t in steps]
    y_hat = np.array(results["y_hat"])
    rows = [[f"y{k + 1}", *(f"{y_hat[t, k]:.8f}" for t in steps)] for k in range(y_hat.shape[1])]
    console.print_table(
        "(1) Outputs",
        ["output", *heads],
        [*rows, ["loss of the step", *(f"{results['step_losses'][t]:.8f}" for t in steps)]],
    )
    print(f"loss: {results['loss']!r}\n")
    print(f"(2) Central differences, epsilon = {results['epsilon']:g}")
    pairs = zip(results["loss_plus"], results["loss_minus"], results["differences"], strict=True)
    for k, (plus, minus, value) in enumerate(pairs):
        print(f"dL/db{k + 1} = ({plus!r} - {minus!r}) / (2 epsilon) = {value:.8f}")
    print(f"smallest error, {results['best_error']:.1e}, at epsilon = {results['best_epsilon']:.2g}\n")
    print("(3) Unfolded through time")
    for k, value in enumerate(results["gradient"]["b"]):
        print(f"dL/db{k + 1} = {value!r}")
    title = "Intermediate results (direct: through the step's own output; otherwise all later steps too)"
    console.print_table(title, ["", *heads], list(intermediate_rows(results, steps)))
    routes = results["routes"]
    console.print_table(
        "The gradient by every route; error: the largest, relative, against autodiff",
        ["", *routes],
        [[row[0], *(f"{value:.8g}" for value in row[1 : 1 + len(routes)])] for row in results["side_by_side"][:30]]
        + [["error", *(f"{results['largest_errors'][name]:.1e}" for name in routes)]],
    )
    print(f"(4) One step of gradient descent on b, learning rate {results['learning_rate']:g}")
    print("new b: " + ", ".join(f"{value:.8f}" for value in results["new_b"]) + "\n")
    print(f"(5) loss with the new b: {results['new_loss']:.8f} ({results['new_loss']!r})")
    print(f"    before: {results['loss']:.8f}\n")


def intermediate_rows(results: dict[str, Any], steps: range) -> Any:
    """A row for each entry of each intermediate result that is small enough to read."""
    for name, heading in INTERMEDIATES.items():
        value = np.array(results["intermediates"][name])
        if value[0].size > 9:
            yield [f"{heading}: {value[0].size} entries, see results.json", *("" for _ in steps)]
            continue
        for index in np.ndindex(value.shape[1:]):
            yield [
                f"{heading} [{','.join(str(i + 1) for i in index)}]",
                *(f"{value[(t, *index)] + 0.0:.8g}" for t in steps),
            ]


if __name__ == "__main__":
    program.run(main)
