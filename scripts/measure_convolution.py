"""Document 004's claims on convolution, pooling and receptive fields, each measured; needs a trained network.

python scripts/measure_convolution.py
python scripts/measure_convolution.py --quick --checkpoint=out/train_wide
python scripts/measure_convolution.py --only=pooling --distances=1,2,3 --canvas_sizes=20,28,40 --seeds=5
"""

from absl import flags
from common import console, folders, output, program, shared_flags

from hw3.studies import convolution
from hw3.studies.convolution import EXPERIMENTS, FULL, QUICK

FLAGS = flags.FLAGS
shared_flags.define_checkpoint_flag()
flags.DEFINE_bool("quick", False, "A first look: fewer seeds, sizes, images and epochs.")
flags.DEFINE_integer("seeds", None, f"Networks for each setting; {FULL.seeds}, with --quick {QUICK.seeds}.")
flags.DEFINE_integer("train_images", FULL.train_images, "Images that each small network is trained on.", lower_bound=1)
flags.DEFINE_integer(
    "epochs", None, f"Of the small networks; {FULL.epochs}, with --quick {QUICK.epochs}.", lower_bound=1
)
flags.DEFINE_list("distances", None, "Pixels by which digits are moved; 1 to 4.")
flags.DEFINE_list("canvas_sizes", None, "Sides of canvases in pixels; with --quick 28 and 44.")
flags.DEFINE_list("depths", None, "Layers of stacks of convolutions; 4 to 32, with --quick 4 and 16.")
flags.DEFINE_list("only", None, f"Run only these measurements: {', '.join(EXPERIMENTS)}.")
flags.DEFINE_integer("seed", FULL.seed, "Of all that is random.", lower_bound=0, upper_bound=2**32 - 1)
shared_flags.define_dataset_flags()
shared_flags.define_outdir_flag()


def main() -> None:
    """Runs the measurements, writes and prints what became of the claims."""
    settings = shared_flags.settings_from(
        QUICK if FLAGS.quick else FULL,
        ("seeds", "train_images", "epochs", "distances", "canvas_sizes", "depths", "only", "seed"),
    )
    checkpoint, dataset = shared_flags.load_classifier()
    folders.ready(convolution.NAME)
    results = convolution.measure(settings, checkpoint, dataset, progress=console.progress)
    output.keep(convolution, results, convolution.files(results))


if __name__ == "__main__":
    program.run(main)
