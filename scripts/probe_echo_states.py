"""Problem 4 (2): what an echo state network forgets, what it remembers and for how long.

    python scripts/probe_echo_states.py
    python scripts/probe_echo_states.py --quick
    python scripts/probe_echo_states.py --hidden=200 --radii=0.8,0.9,1,1.1 --capacity_radii=0.95

Two copies of a reservoir start in different states and read the same sequence: below some spectral radius of W they
forget the difference. And readouts are trained to repeat the input of k steps ago: Jaeger's memory capacity.
"""

import functools
from typing import Any

import jax
import numpy as np
from absl import flags
from common import program, shared_flags

from hw3.datasets import proteins
from hw3.recurrent import echo_state, gradient_flow
from hw3.studies.long_sequences import figures

FLAGS = flags.FLAGS
flags.DEFINE_bool("quick", False, "Fewer reservoirs and steps.")
flags.DEFINE_integer("hidden", 50, "Units of a reservoir, the bound of its memory capacity.", lower_bound=2)
flags.DEFINE_integer("reservoirs", None, "Random reservoirs; 16 by default, 6 with --quick.", lower_bound=1)
flags.DEFINE_integer("steps", 1_000, "Steps after which a difference is measured.", lower_bound=10)
flags.DEFINE_list("radii", None, "Spectral radii for forgetting, ascending; 0.5 to 3 by default.")
flags.DEFINE_list("capacity_radii", "0.5,0.9,0.99", "Spectral radii for the memory capacity.")
flags.DEFINE_integer(
    "samples", None, "Steps that fit a readout; 8,000 by default, 4,000 with --quick.", lower_bound=100
)
flags.DEFINE_integer("seed", 0, "Of reservoirs, states and inputs.", lower_bound=0, upper_bound=2**32 - 1)
shared_flags.define_outdir_flag()

DENSITY = 0.2
INPUT_SCALES = (0.0, 0.3, 1.0)  # of U for the protein-like sequence; 0 leaves the reservoir to itself
FORGOTTEN = 1e-6  # what may be left of a difference
DEFAULT_RADII = (*np.arange(0.5, 1.5, 0.05).round(2).tolist(), *np.arange(1.5, 3.01, 0.25).tolist())
DRAWN_RADII = (0.5, 0.9, 1.1, 1.5, 2.5)
CAPACITY_INPUT_SCALE = 0.1  # little, so that tanh is almost linear: non-linearity costs memory


def main() -> None:
    """Probes the reservoirs, draws, writes and prints what was found."""
    radii = np.array(DEFAULT_RADII if FLAGS.radii is None else shared_flags.numbers("radii"))
    if (np.diff(radii) <= 0).any() or radii[0] <= 0:
        raise ValueError(f"--radii is {','.join(FLAGS.radii or [])!r}; it must be positive and ascending")
    capacity_radii = shared_flags.numbers("capacity_radii")
    if min(capacity_radii) <= 0:
        raise ValueError(f"--capacity_radii is {','.join(FLAGS.capacity_radii)!r}; it must be positive")
    with jax.enable_x64(True), program.results_folder("echo") as folder:
        results = compute(radii, capacity_radii)
        program.write_figure(folder / "forgetting.png", figures.forgetting(results))
        program.write_figure(folder / "capacity.png", figures.capacity(results))
        program.write_json(folder / "results.json", {"command": program.command(), **results})
    show(results)
    print(f"figures and numbers: {FLAGS.outdir}/echo")


def compute(radii: np.ndarray, capacity_radii: list[float]) -> dict[str, Any]:
    """Everything as plain lists and numbers."""
    hidden = FLAGS.hidden
    count = FLAGS.reservoirs or (6 if FLAGS.quick else 16)
    samples = FLAGS.samples or (4_000 if FLAGS.quick else 8_000)
    delays = 2 * hidden
    keys = jax.random.split(jax.random.key(FLAGS.seed), 4)
    xs = proteins.one_hot(proteins.background(keys[0], (FLAGS.steps,))).astype(float)
    two = jax.random.uniform(keys[1], (2, hidden), float, -1, 1)
    reservoir_keys = jax.random.split(keys[2], count)

    # Drawn once, with radius and scale 1, which are set later: drawing and eigenvalues take long to compile.
    def draw(inputs: int) -> echo_state.Reservoir:
        @jax.jit
        @jax.vmap
        def one(key: jax.Array) -> echo_state.Reservoir:
            return echo_state.random_reservoir(key, hidden, inputs, 1.0, DENSITY, input_scale=1.0, dtype=float)

        return one(reservoir_keys)

    readers, repeaters = draw(xs.shape[1]), draw(1)

    # What is closed over would be worked out by the compiler, slowly: reservoirs and inputs are arguments.
    @jax.jit
    def distances_in(drawn: echo_state.Reservoir, inputs: jax.Array, radius: Any, scale: Any) -> jax.Array:
        def one(drawn: echo_state.Reservoir) -> jax.Array:
            return echo_state.distances(drawn._replace(W=radius * drawn.W, U=scale * drawn.U), inputs, *two)

        return jax.vmap(one)(drawn)

    @jax.jit
    def capacity_of(drawn: echo_state.Reservoir, radius: Any) -> echo_state.MemoryCapacity:
        def one(drawn: echo_state.Reservoir) -> echo_state.MemoryCapacity:
            reservoir = drawn._replace(W=radius * drawn.W, U=CAPACITY_INPUT_SCALE * drawn.U)
            return echo_state.memory_capacity(reservoir, keys[3], delays, samples, washout=max(500, delays))

        return jax.vmap(one)(drawn)

    distances = functools.partial(distances_in, readers, xs)
    capacity = functools.partial(capacity_of, repeaters)

    total = len(INPUT_SCALES) * len(radii) + len(DRAWN_RADII) + len(capacity_radii)
    with program.progress("echo states", total * count, "reservoirs") as advance:

        def told(value: Any) -> Any:
            advance(count)
            return jax.tree.map(np.asarray, value)

        left = {}
        for scale in INPUT_SCALES:
            ends = np.stack([told(distances(radius, scale))[:, -1] for radius in radii])  # [radii, reservoirs]
            last = echo_state.last_forgetting_radius(radii, ends, FORGOTTEN)
            left[str(scale)] = {"band": as_lists(gradient_flow.band(ends.T)), "last_radii": last.tolist()}
        curves = [
            {"radius": radius, "band": as_lists(gradient_flow.band(told(distances(radius, INPUT_SCALES[1]))))}
            for radius in DRAWN_RADII
        ]
        capacities = []
        for radius in capacity_radii:
            found = told(capacity(radius))
            capacities.append(
                {
                    "radius": radius,
                    "by_delay": as_lists(gradient_flow.band(found.by_delay)),
                    "totals": found.total.tolist(),
                }
            )
    return {
        "hidden": hidden,
        "reservoirs": count,
        "steps": FLAGS.steps,
        "samples": samples,
        "delays": delays,
        "forgotten": FORGOTTEN,
        "density": DENSITY,
        "input_scale": INPUT_SCALES[1],
        "radii": radii.tolist(),
        "left": left,
        "curves": curves,
        "capacities": capacities,
    }


def as_lists(band: gradient_flow.Band) -> dict[str, list[float]]:
    """A band for the results."""
    return {name: value.tolist() for name, value in band._asdict().items()}


def show(results: dict[str, Any]) -> None:
    """Prints where forgetting ends and how much is remembered."""
    rows = []
    for scale, found in results["left"].items():
        last = np.array(found["last_radii"])
        rows.append([f"{float(scale):g}", *(f"{np.nanquantile(last, q):g}" for q in (0, 0.5, 1))])
    program.print_table(
        f"Largest spectral radius up to which two states forget their difference in {results['steps']:,} steps "
        f"({results['reservoirs']} reservoirs of {results['hidden']})",
        ["input scale", "smallest", "median", "largest"],
        rows,
    )
    program.print_table(
        f"Memory capacity (bound: {results['hidden']})",
        ["spectral radius", "mean", "smallest", "largest"],
        [
            [f"{row['radius']:g}", *(f"{pick(row['totals']):.2f}" for pick in (np.mean, min, max))]
            for row in results["capacities"]
        ],
    )


if __name__ == "__main__":
    program.run(main)
