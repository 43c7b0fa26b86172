"""Looks inside a trained CNN: filters, feature maps, telling features, shifted digits: problem 1 (1) to (3).

python scripts/inspect_cnn.py
python scripts/inspect_cnn.py --layer=conv2 --classes=3,5 --channels=mean --shift_digit=7
"""

from absl import flags
from common import console, folders, output, program, shared_flags

from hw3.studies import inspection
from hw3.studies.inspection import FULL

shared_flags.define_checkpoint_flag()
flags.DEFINE_string("layer", None, "Convolution whose feature maps to look at; the third (or last) by default.")
flags.DEFINE_list("classes", list(map(str, FULL.classes)), "The two classes to compare.")
flags.DEFINE_enum("channels", FULL.channels, ["all", "mean"], "Filters for every input channel, or their mean.")
flags.DEFINE_integer("filter_layers", FULL.filter_layers, "Draw the filters of so many convolutions.", lower_bound=1)
flags.DEFINE_integer("shift_digit", FULL.shift_digit, "The class to shift.")
flags.DEFINE_integer(
    "shift_pixels", FULL.shift_pixels, "Shift of the pictures, to the left and to the right.", lower_bound=1
)
flags.DEFINE_integer("max_shift", FULL.max_shift, "Reach of the accuracy curves in pixels.", lower_bound=1)
INDEX = flags.DEFINE_integer(
    "index", FULL.nth, "Take the n-th (from 0) correctly classified test image of a class.", lower_bound=0
)
shared_flags.define_dataset_flags()
shared_flags.define_outdir_flag()


def main() -> None:
    """Looks inside, draws, writes and prints what was found."""
    named = [name for name in FULL._fields if name != "nth"]
    settings = shared_flags.settings_from(FULL._replace(nth=INDEX.value), named)
    folders.ready(inspection.NAME)
    results = inspection.measure(settings, *shared_flags.load_classifier(), progress=console.progress)
    output.keep(inspection, results, inspection.files(results))


if __name__ == "__main__":
    program.run(main)
