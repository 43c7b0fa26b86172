"""Moves a patch over a test image and maps what the network then says: problem 2 (1) and (2).

python scripts/sweep_occlusion.py --digit=6
python scripts/sweep_occlusion.py --digit=3 --index=4 --patch_size=6,10 --stride=2 --fill=blur
python scripts/sweep_occlusion.py --fragility_images=20       # and mean maps of so many images of each class
"""

from absl import flags
from common import console, folders, output, program, shared_flags, sweep_flags

from hw3.studies.robustness import covering
from hw3.studies.robustness.covering import FULL

shared_flags.define_checkpoint_flag()
DIGIT = flags.DEFINE_integer("digit", FULL.digit, "Class of the image.")
INDEX = flags.DEFINE_integer(
    "index", FULL.nth, "Take the n-th (from 0) correctly classified test image of it.", lower_bound=0
)
FRAGILITY_IMAGES = flags.DEFINE_integer(
    "fragility_images",
    FULL.fragility_images,
    "Also average over the first so many correctly classified images of each class.",
    lower_bound=0,
)
shared_flags.define_dataset_flags()
shared_flags.define_outdir_flag()


def main() -> None:
    """Sweeps one image and, if asked, many of every class; draws, writes and prints what was found."""
    checkpoint, dataset = shared_flags.load_classifier()
    patch = sweep_flags.options(dataset.test_images.shape[1:])
    settings = covering.Settings(DIGIT.value, INDEX.value, FRAGILITY_IMAGES.value, fill=sweep_flags.FILL.value, **patch)
    folders.ready(covering.NAME)
    results = covering.measure(settings, checkpoint.predictor(), dataset, progress=console.progress)
    output.keep(covering, results, covering.files(results))


if __name__ == "__main__":
    program.run(main)
