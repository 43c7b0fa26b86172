"""Moves a patch over every image of a split and keeps all probabilities in one Zarr group; any number of processes.

A sweep is continued with the same classifier and images alone: it keeps a digest of the network's weights, or of the
operations, constants and weights of a classifier of your own as JAX traces it, and one of images of your own.

python scripts/sweep_dataset.py                                   # the test set; run again, it does what is missing
python scripts/sweep_dataset.py --digit=6 --patch_size=6,10 --stride=2 --sweep=out/sixes.zarr
python scripts/sweep_dataset.py --classifier=mine:predict --images=photos --patch_size=32 --stride=16   # your own
python scripts/sweep_dataset.py --coordinator_address=10.0.0.1:1234 --num_processes=8 --process_id=3
"""

import pathlib
import time
from typing import Any, NoReturn

import jax
import numpy as np
from absl import flags
from common import classifier_flags, console, folders, processes, program, shared_flags, sweep_flags
from common.classifier_flags import Given

from hw3 import occlusion
from hw3.datasets.images import as_inputs
from hw3.errors import InvalidInput
from hw3.occlusion import storage
from hw3.occlusion.storage import Store

classifier_flags.define_flags()
SPLIT = flags.DEFINE_enum("split", "test", ["test", "train"], "Which images of the data set.")
DIGIT = flags.DEFINE_string("digit", "all", "Only the images of this class, by number or name.")
FIRST = flags.DEFINE_integer("first", None, "Only the first so many of them.", lower_bound=1)
CHUNK_IMAGES = flags.DEFINE_integer(
    "chunk_images", 100, "Images that one process takes, and writes, at a time.", lower_bound=1
)
SWEEP = shared_flags.define_sweep_flag()
OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace a sweep with other settings instead of refusing.")
OUTDIR = shared_flags.define_outdir_flag()
processes.define_flags()

POLL_SECONDS = 0.5  # while other processes work


def described(path: pathlib.Path, given: Given, options: dict[str, Any]) -> Store:
    """The sweep that the flags ask for."""
    dataset = given.dataset
    labels = dataset.test_labels if SPLIT.value == "test" else dataset.train_labels
    if DIGIT.value == "all":
        chosen = np.arange(len(labels))
    else:
        chosen = np.flatnonzero(labels == classifier_flags.label_of(DIGIT.value, dataset, "all or "))
    if FIRST.value and FIRST.value > len(chosen):
        raise InvalidInput(f"--first={FIRST.value}: there are {len(chosen)} such images")
    chosen = chosen[: FIRST.value]
    if not len(chosen):
        raise InvalidInput(f"--digit={DIGIT.value}: no such image in the {SPLIT.value} split of {dataset.name}")
    settings = {
        "dataset": dataset.name,
        "split": SPLIT.value,
        "digit": DIGIT.value,
        "images": len(chosen),
        "image_shape": list(dataset.test_images.shape[1:]),
        "patch_size": list(options["patch_size"]),
        "stride": list(options["stride"]),
        "reach_edge": options["reach_edge"],
        "fill": sweep_flags.FILL.value,
        **given.fixed_by,
    }
    rows, cols = sweep_flags.places(dataset.test_images.shape[1:], options)
    return Store(
        path, settings, chosen, labels[chosen], rows, cols, dataset.classes, min(CHUNK_IMAGES.value, len(chosen))
    )


def difference(wanted: Store) -> str:
    """In words, in what the sweep in its place differs. Raises ValueError if what is there is no sweep."""
    try:
        return storage.difference(storage.load(wanted.path), wanted)
    except FileNotFoundError:
        raise InvalidInput(f"--sweep={wanted.path} is there and is no sweep: name another place") from None


def refuse(wanted: Store, found: str) -> NoReturn:
    """Says that there is another sweep."""
    raise InvalidInput(
        f"{wanted.path} holds another sweep ({found}): give another --sweep, or --overwrite to replace it"
    )


def prepare(wanted: Store, own: processes.Processes) -> None:
    """Makes the sweep if it is not there. Raises ValueError if there is another one in its place."""
    if own.rank == 0:
        if wanted.path.exists() and (found := difference(wanted)):
            if not OVERWRITE.value:
                refuse(wanted, found)
            storage.create(wanted, overwrite=True)
        elif not wanted.path.exists():
            storage.create(wanted)
        if damaged := storage.remove_damaged(wanted):
            print(f"damaged chunks of {wanted.path}, to be made again: {', '.join(map(str, damaged))}", flush=True)
    processes.agree(np.zeros(1, bool))
    if found := difference(wanted):  # this process has been called with other flags than process 0
        refuse(wanted, found)


class Progress:
    """What all processes have done since this one began, told by looking which chunks are there."""

    def __init__(self, store: Store, theirs: np.ndarray, advance: Any) -> None:
        self.store, self.theirs, self.advance = store, theirs, advance
        self.last = time.monotonic()

    def __call__(self, occluded: int) -> None:
        """Tells of so many more occluded images here, and of the chunks that others have finished."""
        if occluded:
            self.advance(occluded)
        if len(self.theirs) and time.monotonic() - self.last > POLL_SECONDS:
            self.last = time.monotonic()
            there = ~storage.missing(self.store, self.theirs)
            for chunk in self.theirs[there].tolist():
                images = self.store.images[self.store.span(chunk)]
                self.advance(len(images) * len(self.store.rows) * len(self.store.cols))
            self.theirs = self.theirs[~there]


def sweep_chunks(store: Store, own: processes.Processes, given: Given, images: np.ndarray, options: Any) -> int:
    """Sweeps the chunks that fall to this process and waits for those of the others; how many were missing in all."""
    missing = np.flatnonzero(processes.agree(storage.missing(store)))
    mine = missing[own.rank :: own.size]
    theirs = np.setdiff1d(missing, mine)
    positions = len(store.rows) * len(store.cols)
    total = sum(len(store.images[store.span(chunk)]) for chunk in missing.tolist()) * positions
    with console.progress("sweeping", total, "occluded images", quiet=own.rank > 0) as advance:
        tell = Progress(store, theirs, advance)
        for chunk in mine.tolist():
            span = store.span(chunk)
            pixels = np.asarray(as_inputs(images[store.images[span]]))
            fill = sweep_flags.filling(pixels)
            found = occlusion.sweep(
                given.predict, pixels, store.labels[span], fill=fill, score=given.score, advance=tell, **options
            )
            storage.write(store, chunk, found.clean, found.probabilities)
        while len(tell.theirs):
            time.sleep(POLL_SECONDS)
            tell(0)
    return total


def load() -> Given:
    """The classifier and the images. Raises ValueError for flags that don't go with images of one's own, too."""
    own = flags.FLAGS.images
    if own is not None and own.isdecimal() and not pathlib.Path(own).exists():
        raise InvalidInput(f"--images={own}: there is no such folder or file; the first {own} images are --first={own}")
    if own is not None and SPLIT.value != "test":
        raise InvalidInput(f"--split={SPLIT.value} goes with --dataset: --images are one lot")
    return classifier_flags.load()


def main() -> None:
    """Sweeps what is missing of the data set."""
    path = pathlib.Path(SWEEP.value or pathlib.Path(OUTDIR.value, "dataset_sweep.zarr"))
    own = processes.join(folders.check_writable(path.parent))
    with processes.together(path.parent, program.what):
        given = load()
        images = given.dataset.test_images if SPLIT.value == "test" else given.dataset.train_images
        options = sweep_flags.options(images.shape[1:])
        wanted = described(path, given, options)
        prepare(wanted, own)
        start = time.monotonic()
        total = sweep_chunks(wanted, own, given, images, options)
        seconds = time.monotonic() - start
    if own.rank == 0:
        done = f"{total:,} in {seconds:.1f} s ({total / seconds:,.0f} a second)" if total else "nothing was missing"
        print(
            f"{path}: {len(wanted.images):,} images at {len(wanted.rows)}x{len(wanted.cols)} positions, "
            f"{wanted.chunks} chunks; occluded images classified by {own.size} process{'es' * (own.size > 1)} with "
            f"{jax.device_count()} device{'s' * (jax.device_count() > 1)}: {done}"
        )


if __name__ == "__main__":
    program.run(main)
