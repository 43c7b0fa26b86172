"""Problem 3: the RNN of equations (10.8)-(10.11) by hand: outputs, loss, gradient, one step of descent.

    python scripts/unroll_rnn.py
    python scripts/unroll_rnn.py --input=mine.json --learning_rate=0.01 --every_step

The JSON file may hold any of b, c, W, U, V, x (one row for each step) and h0; what it leaves out is the
homework's.
"""

from absl import flags
from common import folders, output, program, unroll_flags

from hw3.studies.unrolling import rnn

FLAGS = flags.FLAGS
unroll_flags.define_flags("b")


def main() -> None:
    """Computes, prints and writes everything that problem 3 asks for."""
    settings = rnn.FULL._replace(task=unroll_flags.task())
    if FLAGS.input is not None:
        settings = rnn.with_record(settings, output.read_json(FLAGS.input))
    folders.ready(rnn.NAME)
    output.keep(rnn, rnn.measure(settings))


if __name__ == "__main__":
    program.run(main)
