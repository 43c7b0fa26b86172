"""Problem 4 (2) and (3): RNN, LSTM and echo state network learn to classify long protein-like sequences.

    python scripts/classify_sequences.py
    python scripts/classify_sequences.py --quick
    python scripts/classify_sequences.py --lengths=3000 --learners="LSTM, forget bias log T" --outdir=out_3000
    python scripts/classify_sequences.py --lengths=60,10000 --seeds=1 --updates=50 --substitution=0.2

The class is set by motifs planted in the first residues (--early); the longer the sequence, the longer it has to be
remembered. Beside every learner stand chance and the matched filter, which knows the motifs: the best possible.
"""

from absl import flags
from common import console, folders, machine, output, program, shared_flags

from hw3.studies.long_sequences import learning
from hw3.studies.long_sequences.learning import FULL, LEARNERS, QUICK

FLAGS = flags.FLAGS
flags.DEFINE_bool("quick", False, "Shorter sequences, fewer updates and seeds.")
flags.DEFINE_list(
    "lengths",
    None,
    f"Lengths in residues; {','.join(map(str, FULL.lengths))} by default, {','.join(map(str, QUICK.lengths))} with "
    "--quick.",
)
flags.DEFINE_integer(
    "seeds", None, f"Runs of each learner; {FULL.seeds} by default, {QUICK.seeds} with --quick.", lower_bound=1
)
flags.DEFINE_integer(
    "updates", None, f"Of each network; {FULL.updates} by default, {QUICK.updates} with --quick.", lower_bound=1
)
flags.DEFINE_integer("batch_size", FULL.batch_size, "Sequences in an update.", lower_bound=1)
flags.DEFINE_float("learning_rate", FULL.learning_rate, "Step size of Adam.")
flags.DEFINE_float("clip", FULL.clip, "Largest norm of the gradient for the RNN that clips it.")
flags.DEFINE_integer("hidden", FULL.hidden, "Units of RNN and LSTM.", lower_bound=1)
flags.DEFINE_integer("reservoir", FULL.reservoir, "Units of the echo state networks.", lower_bound=2)
flags.DEFINE_integer("test_sequences", FULL.test_sequences, "New sequences to test each seed on.", lower_bound=1)
flags.DEFINE_bool(
    "tanh_candidate", FULL.tanh_candidate, "The usual tanh for the LSTM's candidate; the book's sigmoid if not."
)
flags.DEFINE_integer("classes", FULL.classes, "Classes, each with a motif of its own.")
flags.DEFINE_integer("motif_length", FULL.motif_length, "Residues of a motif.")
flags.DEFINE_integer("copies", FULL.copies, "Times that a sequence holds its motif.")
flags.DEFINE_integer("early", FULL.early, "Residues at the beginning that hold the motifs.")
flags.DEFINE_float("substitution", FULL.substitution, "Probability that a motif's residue is replaced.")
flags.DEFINE_integer("seed", FULL.seed, "Of motifs, networks and sequences.", lower_bound=0, upper_bound=2**32 - 1)
flags.DEFINE_string(
    "learners",
    ";".join(learner.name for learner in LEARNERS),
    "Which ones to train, with semicolons between.",
)
shared_flags.define_outdir_flag()


def main() -> None:
    """Trains every learner at every length, draws, writes and prints what came out."""
    machine.use_all_cores()
    own = [name for name in FULL._fields if name != "learners"]
    settings = shared_flags.settings_from(QUICK if FLAGS.quick else FULL, own)
    settings = settings._replace(
        lengths=tuple(sorted(set(settings.lengths))),
        learners=learning.learners_named([name.strip() for name in FLAGS.learners.split(";")]),
    )
    folders.ready(learning.NAME)
    output.keep(learning, learning.measure(settings, progress=console.progress))


if __name__ == "__main__":
    program.run(main)
