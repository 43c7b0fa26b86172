"""Problem 4 (2) and (3): RNN, LSTM and echo state network learn to classify long protein-like sequences.

    python scripts/classify_sequences.py
    python scripts/classify_sequences.py --quick
    python scripts/classify_sequences.py --lengths=3000 --learners="LSTM, forget bias log T" --outdir=out_3000
    python scripts/classify_sequences.py --lengths=60,10000 --seeds=1 --updates=50 --substitution=0.2

The class is set by motifs planted in the first residues (--early); the longer the sequence, the longer it has to be
remembered. Beside every learner stand chance and the matched filter, which knows the motifs: the best possible.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from common import console, machine, output, program, shared_flags

from hw3.datasets import proteins
from hw3.datasets.proteins import Task
from hw3.recurrent import echo_state, learning
from hw3.studies.long_sequences import figures

FLAGS = flags.FLAGS
DEFAULTS = Task(length=1000)
RECIPE = learning.Recipe()
flags.DEFINE_bool("quick", False, "Shorter sequences, fewer updates and seeds.")
flags.DEFINE_list("lengths", None, "Lengths in residues; 50,100,300,1000,3000 by default, 50,100,200 with --quick.")
flags.DEFINE_integer("seeds", None, "Runs of each learner; 3 by default, 2 with --quick.", lower_bound=1)
flags.DEFINE_integer("updates", None, "Of each network; 200 by default, 100 with --quick.", lower_bound=1)
flags.DEFINE_integer("batch_size", RECIPE.batch, "Sequences in an update.", lower_bound=1)
flags.DEFINE_float("learning_rate", RECIPE.learning_rate, "Step size of Adam.")
flags.DEFINE_float("clip", 1.0, "Largest norm of the gradient for the RNN that clips it.")
flags.DEFINE_integer("hidden", 32, "Units of RNN and LSTM.", lower_bound=1)
flags.DEFINE_integer("reservoir", 200, "Units of the echo state networks.", lower_bound=2)
flags.DEFINE_integer("test_sequences", 500, "New sequences to test each seed on.", lower_bound=1)
flags.DEFINE_bool("tanh_candidate", True, "The usual tanh for the LSTM's candidate; the book's sigmoid if not.")
flags.DEFINE_integer("classes", DEFAULTS.classes, "Classes, each with a motif of its own.")
flags.DEFINE_integer("motif_length", DEFAULTS.motif_length, "Residues of a motif.")
flags.DEFINE_integer("copies", DEFAULTS.copies, "Times that a sequence holds its motif.")
flags.DEFINE_integer("early", DEFAULTS.early, "Residues at the beginning that hold the motifs.")
flags.DEFINE_float("substitution", DEFAULTS.substitution, "Probability that a motif's residue is replaced.")
flags.DEFINE_integer("seed", 0, "Of motifs, networks and sequences.", lower_bound=0, upper_bound=2**32 - 1)
LEARNERS = (
    "RNN",
    "RNN, clipped",
    "LSTM, forget bias 0",
    "LSTM, forget bias 1",
    "LSTM, forget bias log T",
    "echo state, leak 1",
    "echo state, leak 0.01",
    "echo state, mean of states",
)
flags.DEFINE_string("learners", ";".join(LEARNERS), "Which ones to train, with semicolons between.")
shared_flags.define_outdir_flag()

ECHO_RADIUS = 0.99
FIT_SEQUENCES = 1000  # for a readout


def main() -> None:
    """Trains every learner at every length, draws, writes and prints what came out."""
    machine.use_all_cores()
    wanted = [name.strip() for name in FLAGS.learners.split(";")]
    if unknown := [name for name in wanted if name not in LEARNERS]:
        raise ValueError(f"--learners: no learner is called {unknown[0]!r}; there are {'; '.join(LEARNERS)}")
    for name, value in (("learning_rate", FLAGS.learning_rate), ("clip", FLAGS.clip)):
        if not 0 < value < float("inf"):
            raise ValueError(f"--{name} is {value}; it must be positive and finite")
    lengths = [50, 100, 200] if FLAGS.quick else [50, 100, 300, 1000, 3000]
    if FLAGS.lengths is not None:
        lengths = sorted(set(shared_flags.numbers("lengths", int)))
    tasks = [task_of(length) for length in lengths]
    for task in tasks:
        try:
            proteins.check(task)
        except ValueError as error:
            raise ValueError(f"--lengths={task.length}: {error}") from None
    with output.results_folder("sequences") as folder:
        results = compute(tasks, wanted)
        output.write_figure(folder / "accuracy.png", figures.accuracy_by_length(results))
        output.write_json(folder / "results.json", {"command": output.command(), **results})
    show(results)
    print(f"figure and numbers: {FLAGS.outdir}/sequences")


def task_of(length: int) -> Task:
    """The task of the flags at this length."""
    return Task(length, **{name: getattr(FLAGS, name) for name in Task._fields[1:]})


def recipe_of(learner: str) -> learning.Recipe:
    """The recipe of the flags for a network."""
    return learning.Recipe(
        updates=FLAGS.updates or (100 if FLAGS.quick else RECIPE.updates),
        batch=FLAGS.batch_size,
        learning_rate=FLAGS.learning_rate,
        clip=FLAGS.clip if learner == "RNN, clipped" else None,
        tanh_candidate=FLAGS.tanh_candidate,
    )


def initial_of(learner: str, keys: jax.Array, length: int) -> learning.Params:
    """How a network begins, for every seed."""
    sizes = (FLAGS.hidden, FLAGS.classes)
    if learner.startswith("RNN"):
        return learning.initial_rnns(keys, *sizes)
    if learner.endswith("log T"):
        biases = learning.chrono_biases(keys, FLAGS.hidden, length)
    else:
        biases = jnp.full((len(keys), FLAGS.hidden), float(learner.split()[-1]), jnp.float32)
    return learning.initial_lstms(keys, *sizes, biases, -biases if learner.endswith("log T") else 0 * biases)


def compute(tasks: list[Task], wanted: list[str]) -> dict[str, Any]:
    """Everything as plain lists and numbers."""
    seeds = FLAGS.seeds or (2 if FLAGS.quick else 3)
    keys = learning.seed_keys(seeds, FLAGS.seed)
    reservoir = functools.partial(
        echo_state.random_reservoir,
        hidden=FLAGS.reservoir,
        inputs=learning.INPUTS,
        radius=ECHO_RADIUS,
        dtype=jnp.float32,
    )
    reservoirs = jax.jit(jax.vmap(reservoir))(keys.initial)
    rows, bounds = [], []
    networks = [name for name in wanted if not name.startswith("echo")]
    work = sum(task.length for task in tasks) * seeds * len(networks) * recipe_of("").updates * FLAGS.batch_size
    with console.progress("learning", max(work, 1), "residues") as advance:
        for task in tasks:
            sets = learning.draw_sets(keys, task, FIT_SEQUENCES, FLAGS.test_sequences)
            bound = learning.baselines(task, sets)
            bounds.append({"length": task.length, **{k: v.tolist() for k, v in bound._asdict().items()}})
            if len(networks) < len(wanted):
                echo_states(sets, reservoirs)  # compiles
            read: dict[float, tuple[learning.EchoStateAccuracy, float]] = {}  # by leak: both readouts, seconds
            for learner in wanted:
                clock = [time.monotonic()]
                row: dict[str, Any] = {"learner": learner, "length": task.length}
                if learner in networks:
                    recipe = recipe_of(learner)
                    start = initial_of(learner, keys.initial, task.length)
                    told = functools.partial(tell, advance, clock, task.length)
                    learned = learning.train(keys, task, sets, recipe, start, told)
                    norms = learned.gradient_norms
                    row["accuracies"] = learned.accuracy.tolist()
                    row["losses"] = learned.losses[:, ::10].tolist()
                    row["gradient_norms"] = [norms.min(1).tolist(), np.median(norms, 1).tolist(), norms.max(1).tolist()]
                    row["above_clip"] = (norms > FLAGS.clip).mean(1).tolist()
                    row["seconds"] = float(np.median(np.diff(clock))) * recipe.updates
                else:
                    leak = 0.01 if learner.endswith("0.01") else 1.0
                    if leak not in read:
                        leaks = jnp.full(seeds, leak, jnp.float32)
                        read[leak] = echo_states(sets, reservoirs._replace(leak=leaks)), time.monotonic() - clock[0]
                    found, row["seconds"] = read[leak]
                    row["accuracies"] = np.asarray(found.mean if "mean" in learner else found.last).tolist()
                rows.append(row)
    return {
        "task": tasks[0]._asdict(),
        "classes": FLAGS.classes,
        "lengths": [task.length for task in tasks],
        "seeds": list(range(seeds)),
        "seed": FLAGS.seed,
        "recipe": recipe_of("RNN")._asdict(),
        "clip": FLAGS.clip,
        "hidden": FLAGS.hidden,
        "reservoir": {
            "hidden": FLAGS.reservoir,
            "inputs": learning.INPUTS,
            "radius": ECHO_RADIUS,
            "sequences": FIT_SEQUENCES,
        },
        "test_sequences": FLAGS.test_sequences,
        "learners": wanted,
        "baselines": bounds,
        "rows": rows,
    }


def tell(advance: Callable[[int], None], clock: list[float], length: int, count: int) -> None:
    """Counts residues, for longer sequences take longer, and notes when an update ended."""
    clock.append(time.monotonic())
    advance(length * count)


def echo_states(sets: learning.Sets, reservoirs: echo_state.Reservoir) -> learning.EchoStateAccuracy:
    """The accuracy of echo state networks, waited for."""
    return jax.block_until_ready(learning.echo_state_accuracy(reservoirs, sets, FLAGS.classes))


def show(results: dict[str, Any]) -> None:
    """Prints accuracies and times."""

    def cells(learner: str, entry: Callable[[dict[str, Any]], str]) -> list[str]:
        return [entry(row) for row in results["rows"] if row["learner"] == learner]

    heads = ["", *(f"T = {length:,}" for length in results["lengths"])]
    bounds = [
        [title, *(spread(row[name]) for row in results["baselines"])]
        for title, name in (("matched filter", "matched_filter"), ("last residues only", "last_residues"))
    ]
    console.print_table(
        f"Accuracy on new sequences, mean and standard deviation over {len(results['seeds'])} seeds; "
        f"chance is {1 / results['classes']:.3f}",
        heads,
        [[name, *cells(name, lambda row: spread(row["accuracies"]))] for name in results["learners"]] + bounds,
    )
    console.print_table(
        "Seconds of learning for all seeds, without compiling",
        heads,
        [[name, *cells(name, lambda row: f"{row['seconds']:.3g}")] for name in results["learners"]],
    )


def spread(values: list[float]) -> str:
    """Mean and standard deviation; of one value itself."""
    return f"{np.mean(values):.3f}" + (f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else "")


if __name__ == "__main__":
    program.run(main)
