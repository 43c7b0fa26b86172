"""Problem 4 (2): what an echo state network forgets, what it remembers and for how long.

    python scripts/probe_echo_states.py
    python scripts/probe_echo_states.py --quick
    python scripts/probe_echo_states.py --hidden=200 --radii=0.8,0.9,1,1.1 --capacity_radii=0.95

Two copies of a reservoir start in different states and read the same sequence: below some spectral radius of W they
forget the difference. And readouts are trained to repeat the input of k steps ago: Jaeger's memory capacity.
"""

from absl import flags
from common import console, folders, output, program, shared_flags

from hw3.studies.long_sequences import echo_states
from hw3.studies.long_sequences.echo_states import FULL, QUICK

FLAGS = flags.FLAGS
flags.DEFINE_bool("quick", False, "Fewer reservoirs and steps.")
flags.DEFINE_integer("hidden", FULL.hidden, "Units of a reservoir, the bound of its memory capacity.", lower_bound=2)
flags.DEFINE_integer(
    "reservoirs",
    None,
    f"Random reservoirs; {FULL.reservoirs} by default, {QUICK.reservoirs} with --quick.",
    lower_bound=1,
)
flags.DEFINE_integer("steps", FULL.steps, "Steps after which a difference is measured.", lower_bound=10)
flags.DEFINE_list("radii", None, "Spectral radii for forgetting, ascending; 0.5 to 3 by default.")
flags.DEFINE_list("capacity_radii", None, "Spectral radii for the memory capacity; 0.5, 0.9 and 0.99 by default.")
flags.DEFINE_integer(
    "samples",
    None,
    f"Steps that fit a readout; {FULL.samples:,} by default, {QUICK.samples:,} with --quick.",
    lower_bound=100,
)
flags.DEFINE_integer("seed", FULL.seed, "Of reservoirs, states and inputs.", lower_bound=0, upper_bound=2**32 - 1)
shared_flags.define_outdir_flag()


def main() -> None:
    """Probes the reservoirs, draws, writes and prints what was found."""
    settings = shared_flags.settings_from(
        QUICK if FLAGS.quick else FULL, ("hidden", "reservoirs", "steps", "radii", "capacity_radii", "samples", "seed")
    )
    folders.ready(echo_states.NAME)
    output.keep(echo_states, echo_states.measure(settings, progress=console.progress))


if __name__ == "__main__":
    program.run(main)
