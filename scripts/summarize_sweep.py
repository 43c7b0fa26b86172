"""Reads the sweep of a data set, chunk by chunk, and says which images, classes and places of the patch are fragile.

python scripts/summarize_sweep.py                                 # out/dataset_sweep.zarr, as sweep_dataset.py makes it
python scripts/summarize_sweep.py --sweep=out/sixes.zarr --gallery=12
"""

import pathlib

from absl import flags
from common import classifier_flags, console, folders, output, program, shared_flags

from hw3.occlusion import storage
from hw3.studies import fragility
from hw3.studies.fragility import FULL, Settings

SWEEP = shared_flags.define_sweep_flag()
GALLERY = flags.DEFINE_integer(
    "gallery",
    FULL.gallery,
    "How many of the most fragile and of the most robust images to show.",
    lower_bound=1,
    upper_bound=16,
)
DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared TensorFlow Datasets.")
OUTDIR = shared_flags.define_outdir_flag()
NEEDED = ("dataset", "split", "patch_size")  # of the sweep's settings


def main() -> None:
    """Reads the sweep once, writes figures and tables."""
    store = storage.load(SWEEP.value or pathlib.Path(OUTDIR.value, "dataset_sweep.zarr"), NEEDED)
    dataset = classifier_flags.swept(store, DATA_DIR.value)
    storage.check_images(store, dataset.test_labels if store.settings["split"] == "test" else dataset.train_labels)
    folders.ready(fragility.NAME)
    results = fragility.measure(store, dataset, Settings(GALLERY.value), progress=console.progress)
    output.keep(fragility, results, fragility.files(results))


if __name__ == "__main__":
    program.run(main)
