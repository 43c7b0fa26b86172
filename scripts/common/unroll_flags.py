"""The flags of the two programs that unroll a recurrent network. Not a program itself."""

from absl import flags

from common import shared_flags
from hw3.studies.unrolling.common.task import PRECISIONS, Task


def define_flags(rate_of: str) -> None:
    """Defines the flags; `rate_of` is what the step changes."""
    flags.DEFINE_string("input", None, "JSON file with parameters and sequence; the homework's own if not given.")
    default = Task()
    flags.DEFINE_integer("squared", default.squared, "Which output the loss squares, counted from 1 (document 004: 2).")
    flags.DEFINE_integer(
        "logged", default.logged, "Which output the loss takes the logarithm of, counted from 1 (document 004: 1)."
    )
    flags.DEFINE_bool(
        "every_step", default.every_step, "Sum the loss over the steps (document 003) rather than take the last."
    )
    flags.DEFINE_float("epsilon", default.epsilon, "Step of the central differences.")
    flags.DEFINE_float("learning_rate", default.learning_rate, f"Learning rate of the step on {rate_of}.")
    flags.DEFINE_enum("precision", default.precision, PRECISIONS, "Precision of everything.")
    shared_flags.define_outdir_flag()


def task() -> Task:
    """What they ask for."""
    return shared_flags.settings_from(Task(), Task._fields)
