"""Problem 4 (1) and (3): how far back gradients reach in the RNN and the LSTM, over many random initialisations.

    python scripts/flow_gradients.py
    python scripts/flow_gradients.py --quick
    python scripts/flow_gradients.py --hidden=64 --steps=3000 --radii=0.9,1.1 --forget_biases=0,5

The networks read a protein-like sequence; norms of products of their Jacobians are followed over all lags.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from common import console, output, program, shared_flags

from hw3.datasets import proteins
from hw3.recurrent import gradient_flow, initializers
from hw3.recurrent.lstm import Gates, LSTMParams
from hw3.recurrent.rnn import RNNParams
from hw3.studies.long_sequences import flow_figures as figures

FLAGS = flags.FLAGS
flags.DEFINE_bool("quick", False, "Fewer units and initialisations: half a minute less.")
flags.DEFINE_integer("hidden", None, "Units; 32 by default, 16 with --quick.", lower_bound=1)
flags.DEFINE_integer(
    "initialisations", None, "Random networks of each kind; 16 by default, 8 with --quick.", lower_bound=1
)
flags.DEFINE_integer("steps", 10_000, "Steps of the sequence, the longest lag.", lower_bound=10)
flags.DEFINE_integer(
    "map_steps", 2_000, "The same for the maps over spectral radius and forget-gate bias.", lower_bound=10
)
flags.DEFINE_list("radii", "0.1,0.5,0.9,1.1,1.5,2,3", "Spectral radii of the RNN's W.")
flags.DEFINE_list("forget_biases", "-1,0,1,2,4,6", "Biases of the LSTM's forget gate.")
flags.DEFINE_float("input_scale", 0.3, "Standard deviation of U's entries.")
flags.DEFINE_bool("tanh_candidate", True, "The usual tanh for the LSTM's candidate; the book's sigmoid if not.")
flags.DEFINE_integer("seed", 0, "Of the sequence and the networks.", lower_bound=0, upper_bound=2**32 - 1)
shared_flags.define_outdir_flag()

OUTPUTS = 4
INPUT_SCALES = (0.0, 0.1, 1.0)  # of the exponents against the spectral radius
EXPONENT_RADII = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0)
MAP_RADII = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
MAP_BIASES = (-2.0, 0.0, 1.0, 2.0, 4.0, 6.0, 8.0)
LSTM_RADIUS = 1.0
SHARE_BIASES = (0.0, 1.0, 6.0)
SHARE_LAGS = (0, 10, 100, 1000)
DRAWN = 150  # points of a curve


def main() -> None:
    """Follows the gradients, draws them, writes and prints the numbers."""
    radii, biases = (shared_flags.numbers(name) for name in ("radii", "forget_biases"))
    for name, values in (("radii", radii), ("input_scale", [FLAGS.input_scale])):
        if min(values) < 0 or (name == "radii" and min(values) == 0):
            raise ValueError(f"--{name} is {FLAGS[name].value}; it must not be {'0 or ' * (name == 'radii')}negative")
    with jax.enable_x64(True), output.results_folder("flow") as folder:
        results = compute(radii, biases)
        for name, figure in draw(results).items():
            output.write_figure(folder / name, figure)
        output.write_json(folder / "results.json", {"command": output.command(), **results})
    show(results)
    print(f"figures and numbers: {FLAGS.outdir}/flow")


def compute(radii: list[float], biases: list[float]) -> dict[str, Any]:
    """Everything as plain lists and numbers."""
    hidden = FLAGS.hidden or (16 if FLAGS.quick else 32)
    count = FLAGS.initialisations or (8 if FLAGS.quick else 16)
    sequence_key, state_key, row_key, network_key = jax.random.split(jax.random.key(FLAGS.seed), 4)
    xs = proteins.one_hot(proteins.background(sequence_key, (FLAGS.steps,))).astype(float)
    short = xs[: FLAGS.map_steps]
    h0 = jax.random.normal(state_key, (hidden,), float)
    rows = jax.random.normal(row_key, (1, 2 * hidden), float)
    keys = jax.random.split(network_key, count)
    tanh = FLAGS.tanh_candidate

    # Drawn once, with radius and scales 1, which are set later: drawing and eigenvalues take long to compile.
    sizes = (hidden, xs.shape[1], OUTPUTS, 1.0)
    rnns = jax.jit(jax.vmap(lambda key: initializers.random_rnn(key, *sizes)))(keys)
    lstms = jax.jit(jax.vmap(lambda key: initializers.random_lstm(key, *sizes, forget_bias=0.0)))(keys)

    def over(networks: Any, inputs: jax.Array, one: Callable[..., Any]) -> Callable[..., Any]:
        """`one(network, inputs, ...)` for every network, compiled once for all settings, which are traced numbers."""
        # Networks and inputs are arguments: what is closed over would be worked out by the compiler, slowly.
        run = jax.jit(lambda all_, xs, *settings: jax.vmap(lambda network: one(network, xs, *settings))(all_))
        return lambda *settings: jax.block_until_ready(
            run(networks, inputs, *(jnp.asarray(value, float) for value in settings))
        )

    def rnn(drawn: RNNParams, radius: jax.Array, scale: jax.Array) -> RNNParams:
        return drawn._replace(W=radius * drawn.W, U=scale * drawn.U)

    def lstm(drawn: LSTMParams, radius: jax.Array, bias: jax.Array) -> LSTMParams:
        gates = [gate._replace(W=radius * gate.W, U=FLAGS.input_scale * gate.U) for gate in drawn.gates]
        set_gates = Gates(*gates)
        return drawn._replace(gates=set_gates._replace(forget=gates[0]._replace(b=gates[0].b + bias)))

    rnn_flow = over(rnns, xs, lambda drawn, xs, *r: gradient_flow.rnn_flow(rnn(drawn, *r), xs, h0))
    rnn_slope = over(
        rnns, short, lambda drawn, xs, *r: gradient_flow.rnn_flow(rnn(drawn, *r), xs, h0, rows[:, :hidden])
    )
    rnn_share = over(rnns, xs, lambda drawn, xs, *r: gradient_flow.rnn_shares(rnn(drawn, *r), xs, h0))
    lstm_flow = over(lstms, xs, lambda drawn, xs, *r: gradient_flow.lstm_flow(lstm(drawn, *r), xs, tanh_candidate=tanh))
    lstm_slope = over(
        lstms,
        short,
        lambda drawn, xs, *r: gradient_flow.lstm_flow(lstm(drawn, *r), xs, rows=rows, tanh_candidate=tanh).whole,
    )
    lstm_share = over(
        lstms, xs, lambda drawn, xs, *r: gradient_flow.lstm_shares(lstm(drawn, *r), xs, tanh_candidate=tanh)
    )

    total = len(radii) + len(INPUT_SCALES) * len(EXPONENT_RADII) + len(biases) + len(MAP_RADII) * len(MAP_BIASES) + 4
    with console.progress("gradient flow", total * count, "networks") as advance:

        def told(value: Any) -> Any:
            advance(count)
            return value

        rnn_curves = [curve(told(rnn_flow(radius, FLAGS.input_scale)), radius) for radius in radii]
        lstm_curves = []
        for bias in biases:
            flow = told(lstm_flow(LSTM_RADIUS, bias))
            lstm_curves.append({name: curve(value, bias) for name, value in flow._asdict().items()})
        exponents = {
            str(scale): [
                bands(gradient_flow.lyapunov_exponent(told(rnn_slope(radius, scale)))) for radius in EXPONENT_RADII
            ]
            for scale in INPUT_SCALES
        }
        lstm_map = [
            [float(np.median(gradient_flow.lyapunov_exponent(told(lstm_slope(radius, bias))))) for bias in MAP_BIASES]
            for radius in MAP_RADII
        ]
        shares = {"RNN": share_curves(told(rnn_share(1.0, FLAGS.input_scale)))}
        for bias in SHARE_BIASES:
            shares[f"LSTM, forget bias {bias:g}"] = share_curves(told(lstm_share(LSTM_RADIUS, bias)))
    return {
        "hidden": hidden,
        "initialisations": count,
        "steps": FLAGS.steps,
        "map_steps": FLAGS.map_steps,
        "input_scale": FLAGS.input_scale,
        "tanh_candidate": tanh,
        "seed": FLAGS.seed,
        "lags": drawn_lags().tolist(),
        "rnn": rnn_curves,
        "lstm": lstm_curves,
        "lstm_radius": LSTM_RADIUS,
        "exponent_radii": EXPONENT_RADII,
        "exponents": exponents,
        "map": {"radii": MAP_RADII, "biases": MAP_BIASES, "exponents": lstm_map},
        "share_lags": [lag for lag in SHARE_LAGS if lag < FLAGS.steps],
        "shares": shares,
    }


def drawn_lags() -> np.ndarray:
    """Some of the lags 0..T, for curves."""
    return np.unique(
        np.concatenate([np.geomspace(1, FLAGS.steps, DRAWN), np.linspace(0, FLAGS.steps, DRAWN)]).round().astype(int)
    )


def bands(values: Any) -> dict[str, Any]:
    """A band over initialisations as lists."""
    return {name: value.tolist() for name, value in gradient_flow.band(values)._asdict().items()}


def curve(log_norms: Any, setting: float) -> dict[str, Any]:
    """Log norms `[initialisations, T + 1]` of one setting: the band at the drawn lags, and that of the exponents."""
    values = np.asarray(log_norms)
    if not np.isfinite(values).all():
        raise ValueError(f"a derivative is exactly 0 at setting {setting:g}: the weights are too large for float64")
    return {
        "setting": setting,
        "log_norm": bands(values[:, drawn_lags()]),
        "exponent": bands(gradient_flow.lyapunov_exponent(values)),
        "extremes": [float(values.min()), float(values.max())],
    }


def share_curves(shares: Any) -> dict[str, Any]:
    """Shares by parameter, named by their path: the band at all drawn lags but the last, and medians in a table."""
    lags = drawn_lags()[:-1]
    named = {
        jax.tree_util.keystr(p, simple=True, separator=" "): v for p, v in jax.tree_util.tree_leaves_with_path(shares)
    }
    table = [lag for lag in SHARE_LAGS if lag < FLAGS.steps]
    return {
        name.removeprefix("gates "): {
            "band": bands(np.asarray(value)[:, lags]),
            "medians": np.median(np.asarray(value)[:, table], 0).tolist(),
        }
        for name, value in named.items()
    }


def draw(results: dict[str, Any]) -> dict[str, Any]:
    """The figures by file name."""
    return {
        "rnn.png": figures.rnn(results),
        "lstm.png": figures.lstm(results),
        "map.png": figures.exponent_map(results),
        "shares.png": figures.shares(results),
    }


def show(results: dict[str, Any]) -> None:
    """Prints the exponents and the shares."""

    def exponent(found: dict[str, Any]) -> list[str]:
        b = found["exponent"]
        return [f"{b['median']:+.4f}", f"{b['low']:+.4f} to {b['high']:+.4f}"]

    said = f"{results['initialisations']} networks of {results['hidden']} units, {results['steps']:,} steps"
    console.print_table(
        f"RNN: growth of |dh(T)/dh(t)| a step (nats), {said}",
        ["spectral radius", "median", "80% of them"],
        [[f"{row['setting']:g}", *exponent(row)] for row in results["rnn"]],
    )
    console.print_table(
        "LSTM: the same for ds(T)/ds(t), and for the product of forget gates",
        ["forget bias", "ds/ds", "80% of them", "gates alone", "80% of them"],
        [
            [f"{row['ds_ds']['setting']:g}", *exponent(row["ds_ds"]), *exponent(row["forget"])]
            for row in results["lstm"]
        ],
    )
    rows = [
        [network, parameter, *(f"{value:.1e}" for value in found["medians"])]
        for network, parameters in results["shares"].items()
        for parameter, found in parameters.items()
    ]
    console.print_table(
        "Share of the gradient that comes from more than k steps back (median)",
        ["network", "parameter", *(f"k = {lag:,}" for lag in results["share_lags"])],
        rows,
    )


if __name__ == "__main__":
    program.run(main)
