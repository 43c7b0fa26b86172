"""The audit of every number that the five documents print: right, misprinted or wrong, and why.

python scripts/audit_published.py
python scripts/audit_published.py --document=004 --problem=3 --verbose
"""

from absl import flags
from common import console, folders, output, program, shared_flags

from hw3.studies import audit

FLAGS = flags.FLAGS
flags.DEFINE_enum("document", None, audit.DOCUMENTS, "Audit one document only.")
flags.DEFINE_enum("problem", None, list(map(str, audit.PROBLEMS)), "Audit one problem of the assignment only.")
flags.DEFINE_bool("verbose", False, "Print every number, also the ones that are reproduced as they stand.")
flags.DEFINE_string(
    "checkpoint",
    None,
    "Folder of a training run, whose network looks for the test image most like the published maps; not done if none.",
)
flags.DEFINE_integer("images", None, "Let it look at so many test images of a 6 only.", lower_bound=1)
shared_flags.define_dataset_flags()
shared_flags.define_outdir_flag()


def main() -> None:
    """Audits, writes everything and prints what is not simply right."""
    settings = audit.Settings(
        (int(FLAGS.problem),) if FLAGS.problem else audit.PROBLEMS,
        (FLAGS.document,) if FLAGS.document else audit.DOCUMENTS,
        FLAGS.images,
    )
    predict = images = None
    if FLAGS.checkpoint:
        checkpoint, images = shared_flags.load_classifier()
        predict = checkpoint.predictor()
    folders.ready(audit.NAME)
    results = audit.measure(settings, predict, images, progress=console.progress)
    where = output.keep(audit, results, audit.files(results))
    if FLAGS.verbose:
        console.show(audit.every_number(results))
    if results.left_out:
        print(f"no test image like the published maps was looked for: {results.left_out}")
    print(f"every number with its verdict: {where / audit.EVERY_NUMBER}")


if __name__ == "__main__":
    program.run(main)
