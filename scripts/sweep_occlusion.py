"""Moves a patch over a test image and maps what the network then says: problem 2 (1) and (2).

python scripts/sweep_occlusion.py --digit=6
python scripts/sweep_occlusion.py --digit=3 --index=4 --patch_size=6,10 --stride=2 --fill=blur
python scripts/sweep_occlusion.py --fragility_images=20       # and mean maps of so many images of each class
python scripts/sweep_occlusion.py --classifier=mine:predict --images=photos --class_names=cat,dog --digit=dog   # yours
"""

from absl import flags
from common import classifier_flags, console, folders, output, program, shared_flags, sweep_flags

from hw3.studies.robustness import covering
from hw3.studies.robustness.covering import FULL

classifier_flags.define_flags()
DIGIT = flags.DEFINE_string("digit", None, "Class of the image, by number or name; 6 by default, or the first image's.")
INDEX = flags.DEFINE_integer(
    "index", FULL.nth, "Take the n-th (from 0) correctly classified test image of it.", lower_bound=0
)
FRAGILITY_IMAGES = flags.DEFINE_integer(
    "fragility_images",
    FULL.fragility_images,
    "Also average over the first so many correctly classified images of each class.",
    lower_bound=0,
)
shared_flags.define_outdir_flag()


def main() -> None:
    """Sweeps one image and, if asked, many of every class; draws, writes and prints what was found."""
    given = classifier_flags.load()
    patch = sweep_flags.options(given.dataset.test_images.shape[1:])
    settings = covering.Settings(
        classifier_flags.label_of(DIGIT.value, given.dataset),
        INDEX.value,
        FRAGILITY_IMAGES.value,
        fill=sweep_flags.FILL.value,
        score=given.score,
        **patch,
    )
    folders.ready(covering.NAME)
    results = covering.measure(settings, given.predict, given.dataset, progress=console.progress)
    output.keep(covering, results, covering.files(results))


if __name__ == "__main__":
    program.run(main)
