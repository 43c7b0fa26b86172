"""One rule for the values of all flags of all programs, kept in one place. Not a program itself.

A flag that is given has a value: an empty one is refused, for the default is had by leaving the flag out. Numbers are
written in ASCII digits and lie within bounds on both sides: those of the flag's definition and, where it has none, the
limits below, beyond which no run ends or says anything. What depends on the data (a shift less than the image, a class
that is there) is checked where the data are known.
"""

import itertools
import unicodedata
from collections.abc import Sequence

from absl import flags

LIMITS: dict[str, tuple[float, float]] = {
    "batch_size": (1, 1_000_000),
    "black": (1, 4_096),
    "chunk_images": (1, 1_000_000),
    "classes": (2, 1_000),
    "clip": (0, 1e6),
    "copies": (1, 10_000),
    "cut_stride": (1, 4_096),
    "digit": (0, 1_000_000),
    "donors": (1, 10_000),
    "early": (1, 1_000_000),
    "epochs": (1, 10_000),
    "epsilon": (0, 1),
    "filter_layers": (1, 1_000),
    "first": (1, 1_000_000_000),
    "fragility_images": (0, 1_000_000),
    "hidden": (1, 10_000),
    "images": (1, 1_000_000_000),
    "index": (0, 1_000_000_000),
    "initialisations": (1, 10_000),
    "input_scale": (-1_000, 1_000),
    "learning_rate": (-100, 100),
    "logged": (1, 10_000),
    "map_steps": (1, 10_000_000),
    "max_shift": (0, 4_096),
    "motif_length": (1, 10_000),
    "num_processes": (1, 100_000),
    "paste_stride": (1, 4_096),
    "process_id": (0, 99_999),
    "repeats": (1, 1_000),
    "reservoir": (1, 10_000),
    "reservoirs": (1, 10_000),
    "samples": (1, 10_000_000),
    "seeds": (1, 1_000),
    "shift_digit": (0, 1_000_000),
    "shift_pixels": (1, 4_096),
    "squared": (1, 10_000),
    "steps": (1, 10_000_000),
    "stride": (1, 4_096),
    "substitution": (0, 1),
    "test_sequences": (1, 1_000_000),
    "train_images": (1, 1_000_000_000),
    "updates": (1, 1_000_000),
    "window": (1, 4_096),
}
LARGEST_IN_LIST = 10_000_000  # of the numbers of a list
LONGEST_LIST = 1_000
# Names of files and folders may be written in any script.
PATHS = {
    "outdir",
    "checkpoint",
    "sweep",
    "data_dir",
    "dataset",
    "input",
    "images",
    "labels",
    "class_names",
    "classifier",
    "classifier_args",
}


def check(argv: Sequence[str], values: flags.FlagValues = flags.FLAGS) -> None:
    """Raises flags.Error, one line that names the flag, for a given value that breaks the rule; after parsing."""
    for name in values:
        flag = values[name]
        if not flag.present or flag.value is None:
            continue
        if isinstance(flag.value, str) and not flag.value.strip():
            raise flags.IllegalFlagValueError(f"flag --{name}= is empty: leave it out for the default")
        if isinstance(flag.value, list):
            if not any(str(entry).strip() for entry in flag.value):
                raise flags.IllegalFlagValueError(f"flag --{name}= is empty: leave it out for the default")
            if (count := len(flag.value)) > LONGEST_LIST:
                raise flags.IllegalFlagValueError(f"flag --{name} has {count:,} entries; {LONGEST_LIST:,} at most")
        low, high = LIMITS.get(name, (float("-inf"), float("inf")))
        if isinstance(flag.value, int | float) and not low <= flag.value <= high:
            raise flags.IllegalFlagValueError(f"flag --{name}={flag.value}: must be from {low:,} to {high:,}")
    for name, text in _given(argv):
        if (name not in PATHS or text.strip("-+.").isdigit()) and any(map(_is_foreign_digit, text)):
            raise flags.IllegalFlagValueError(f"flag --{name}={text}: write digits as 0 to 9")


def _given(argv: Sequence[str]) -> list[tuple[str, str]]:
    """The flags as they were written, in both forms, --name=value and --name value."""
    found = []
    for argument, following in itertools.pairwise([*argv[1:], ""]):
        if argument.startswith("-"):
            name, equals, text = argument.lstrip("-").partition("=")
            found.append((name, text if equals else "" if following.startswith("-") else following))
    return found


def _is_foreign_digit(character: str) -> bool:
    return not character.isascii() and unicodedata.decimal(character, None) is not None
