"""Problem 4 (1) and (3): how far back gradients reach in the RNN and the LSTM, over many random initialisations.

    python scripts/flow_gradients.py
    python scripts/flow_gradients.py --quick
    python scripts/flow_gradients.py --hidden=64 --steps=3000 --radii=0.9,1.1 --forget_biases=0,5

The networks read a protein-like sequence; norms of products of their Jacobians are followed over all lags.
"""

from absl import flags
from common import console, folders, output, program, shared_flags

from hw3.studies.long_sequences import gradient_flow
from hw3.studies.long_sequences.gradient_flow import FULL, QUICK

FLAGS = flags.FLAGS
flags.DEFINE_bool("quick", False, "Fewer units and initialisations: half a minute less.")
flags.DEFINE_integer("hidden", None, f"Units; {FULL.hidden} by default, {QUICK.hidden} with --quick.", lower_bound=1)
flags.DEFINE_integer(
    "initialisations",
    None,
    f"Random networks of each kind; {FULL.initialisations} by default, {QUICK.initialisations} with --quick.",
    lower_bound=1,
)
flags.DEFINE_integer("steps", FULL.steps, "Steps of the sequence, the longest lag.", lower_bound=10)
flags.DEFINE_integer(
    "map_steps", FULL.map_steps, "The same for the maps over spectral radius and forget-gate bias.", lower_bound=10
)
flags.DEFINE_list("radii", [f"{radius:g}" for radius in FULL.radii], "Spectral radii of the RNN's W.")
flags.DEFINE_list("forget_biases", [f"{bias:g}" for bias in FULL.forget_biases], "Biases of the LSTM's forget gate.")
flags.DEFINE_float("input_scale", FULL.input_scale, "Standard deviation of U's entries.")
flags.DEFINE_bool(
    "tanh_candidate", FULL.tanh_candidate, "The usual tanh for the LSTM's candidate; the book's sigmoid if not."
)
flags.DEFINE_integer("seed", FULL.seed, "Of the sequence and the networks.", lower_bound=0, upper_bound=2**32 - 1)
shared_flags.define_outdir_flag()


def main() -> None:
    """Follows the gradients, draws them, writes and prints the numbers."""
    settings = shared_flags.settings_from(QUICK if FLAGS.quick else FULL, FULL._fields)
    folders.ready(gradient_flow.NAME)
    output.keep(gradient_flow, gradient_flow.measure(settings, progress=console.progress))


if __name__ == "__main__":
    program.run(main)
