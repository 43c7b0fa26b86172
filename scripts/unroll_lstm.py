"""Problem 5: the LSTM of equations (10.40)-(10.44) by hand: outputs, loss, forget-gate gradient.

    python scripts/unroll_lstm.py
    python scripts/unroll_lstm.py --document_004
    python scripts/unroll_lstm.py --input=mine.json --tanh_candidate

The JSON file may hold any of forget, input, output, candidate (each with any of b, U, W), c, V, x (one row
for each step), h0 and s0; what it leaves out is the homework's: U and W of problem 3 for all four, chosen
biases, zero states.
"""

from absl import flags
from common import folders, output, program, unroll_flags

from hw3.errors import InvalidInput
from hw3.studies.unrolling import lstm

FLAGS = flags.FLAGS
flags.DEFINE_bool("document_004", False, "Document 004's case: b of problem 3 everywhere, s0 = 0.1, mirrored loss.")
flags.DEFINE_bool("tanh_candidate", False, "The usual tanh for the candidate in (10.41), not the book's sigmoid.")
unroll_flags.define_flags("the forget-gate biases")


def main() -> None:
    """Computes, prints and writes everything that problem 5 asks for."""
    task = unroll_flags.task()
    if FLAGS.document_004:
        if FLAGS.input is not None:
            raise InvalidInput("--input and --document_004 exclude each other")
        mirrored = lstm.DOCUMENT_004.task
        settings = lstm.DOCUMENT_004._replace(
            task=task._replace(squared=mirrored.squared, logged=mirrored.logged, every_step=mirrored.every_step)
        )
    else:
        settings = lstm.FULL._replace(task=task)
        if FLAGS.input is not None:
            settings = lstm.with_record(settings, output.read_json(FLAGS.input))
    folders.ready(lstm.NAME)
    output.keep(lstm, lstm.measure(settings._replace(tanh_candidate=FLAGS.tanh_candidate)))


if __name__ == "__main__":
    program.run(main)
