"""Tries to fool a trained CNN: black patches, windows onto other digits, patches cut from them: problem 2 (3).

python scripts/find_overlays.py
python scripts/find_overlays.py --digit=6 --donors=3 --patch_sizes=3,5,7 --cut_stride=2 --paste_stride=1
python scripts/find_overlays.py --classifier=mine:predict --images=photos --stride=8 --patch_sizes=32 --cut_stride=32 \
    --paste_stride=16                                         # a classifier and pictures of your own
"""

from absl import flags
from common import classifier_flags, console, folders, output, program, shared_flags

from hw3.studies.robustness import pasting
from hw3.studies.robustness.pasting import FULL

classifier_flags.define_flags()
DIGIT = flags.DEFINE_string(
    "digit", None, "Class of the image to be fooled with, by number or name; 6 by default, or the first image's."
)
INDEX = flags.DEFINE_integer(
    "index", FULL.nth, "Take the n-th (from 0) correctly classified test image of it.", lower_bound=0
)
flags.DEFINE_integer("black", FULL.black, "Side of the black patch in pixels.", lower_bound=1)
flags.DEFINE_integer("window", FULL.window, "Side of the window that shows another digit, in pixels.", lower_bound=1)
flags.DEFINE_integer("stride", FULL.stride, "Pixels between places of these two.", lower_bound=1)
flags.DEFINE_integer("donors", FULL.donors, "Images of each other class to cut patches from.", lower_bound=1)
flags.DEFINE_list("patch_sizes", list(map(str, FULL.patch_sizes)), "Sides of the pasted patches in pixels.")
flags.DEFINE_integer("cut_stride", FULL.cut_stride, "Pixels between places of the cut.", lower_bound=1)
flags.DEFINE_integer("paste_stride", FULL.paste_stride, "Pixels between places of the paste.", lower_bound=1)
flags.DEFINE_integer("batch_size", FULL.batch_size, "Candidates classified at once: bounds the memory.", lower_bound=1)
shared_flags.define_outdir_flag()


def main() -> None:
    """Tries the three, draws, writes and prints what was found."""
    named = [name for name in FULL._fields if name not in ("digit", "nth", "score")]
    settings = shared_flags.settings_from(FULL._replace(nth=INDEX.value), named)
    given = classifier_flags.load()
    settings = settings._replace(digit=classifier_flags.label_of(DIGIT.value, given.dataset), score=given.score)
    folders.ready(pasting.NAME)
    results = pasting.measure(settings, given.predict, given.dataset, progress=console.progress)
    output.keep(pasting, results, pasting.files(results))


if __name__ == "__main__":
    program.run(main)
