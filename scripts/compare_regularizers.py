"""Document 004's claims on dropout, bagging and batch normalisation, each tested on many small networks.

python scripts/compare_regularizers.py
python scripts/compare_regularizers.py --quick
python scripts/compare_regularizers.py --only=dropout --rates=0,0.3,0.6 --seeds=5
"""

from absl import flags
from common import console, folders, output, program, shared_flags

from hw3 import datasets
from hw3.studies import regularization
from hw3.studies.regularization import EXPERIMENTS, FULL, QUICK

FLAGS = flags.FLAGS
flags.DEFINE_bool("quick", False, "A first look: fewer seeds, rates, sizes and epochs.")
flags.DEFINE_integer("seeds", None, f"Networks for each setting; {FULL.seeds}, with --quick {QUICK.seeds}.")
flags.DEFINE_integer("train_images", FULL.train_images, "Images that each network is trained on.", lower_bound=1)
flags.DEFINE_integer(
    "epochs",
    None,
    f"Of the longest training, the others in proportion; {FULL.epochs}, with --quick {QUICK.epochs}.",
    lower_bound=4,
)
flags.DEFINE_list("rates", None, "Dropout rates, 0 first; 0 to 0.8, with --quick three of them.")
flags.DEFINE_list("batch_sizes", None, "Batch sizes, ascending; 2 to 256, with --quick three of them.")
flags.DEFINE_list("depths", None, "Numbers of layers of deep networks; 4 to 64, with --quick 4 and 32.")
flags.DEFINE_list("only", None, f"Run only these experiments: {', '.join(EXPERIMENTS)}.")
flags.DEFINE_integer("seed", FULL.seed, "Of all that is random.", lower_bound=0, upper_bound=2**32 - 1)
shared_flags.define_dataset_flags()
shared_flags.define_outdir_flag()


def main() -> None:
    """Runs the experiments, writes and prints what became of the claims."""
    settings = shared_flags.settings_from(
        QUICK if FLAGS.quick else FULL,
        ("seeds", "train_images", "epochs", "rates", "batch_sizes", "depths", "only", "seed"),
    )
    dataset = datasets.load(FLAGS.dataset or "mnist", FLAGS.data_dir)
    folders.ready(regularization.NAME)
    results = regularization.measure(settings, dataset, progress=console.progress)
    output.keep(regularization, results, regularization.files(results))


if __name__ == "__main__":
    program.run(main)
