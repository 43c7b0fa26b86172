"""The manners that all programs here share: one clear line for bad input, whole files or none, progress, tables.

Not a program itself. Modules raise `hw3.errors.InvalidInput` with a message for the user; `run` turns it into one line.
"""

import runpy
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

import jax
from absl import app, flags, logging

from common import flag_values, machine, processes
from hw3.errors import InvalidInput


def fail(message: object, status: int = 1) -> NoReturn:
    """Ends the program with one line on stderr."""
    print("error: " + " ".join(f"{processes.name()} {message}".split()), file=sys.stderr)
    sys.exit(status)


def execute(command: Sequence[str]) -> None:
    """Runs another program in this process: `command` is its file and what follows it on the command line."""
    for module, defined in list(flags.FLAGS.flags_by_module_dict().items()):
        if not module.startswith("absl."):  # what the calling program defined
            for flag in list(defined):
                delattr(flags.FLAGS, flag.name)
    sys.argv = list(command)
    runpy.run_path(command[0], run_name="__main__")


def run(main: Callable[[], None], compilation_cache: bool = True) -> None:
    """Parses the flags and calls `main()`; what a user did wrong ends in one line, a defect of ours in a traceback.

    With `compilation_cache` JAX keeps what it compiles for the next start.
    """

    def parse(argv: Sequence[str]) -> list[str]:
        for argument in argv[1:]:
            if _is_no_text(argument):
                fail(f"{argument!a} is not UTF-8: name files and folders in UTF-8", 2)
        try:
            if _wants_help(argv):
                return app.parse_flags_with_usage(list(argv))
            rest = flags.FLAGS(list(argv))
            flag_values.check(argv)
            return rest
        except flags.Error as error:
            fail(error, 2)

    def guarded(argv: Sequence[str]) -> None:
        if len(argv) > 1:
            fail(f"unexpected argument {argv[1]!r}; options are written --name=value (see --help)", 2)
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.ERROR)  # orbax and jax say a page at absl's default
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # a ± must not end a long run
        machine.keep_freed_memory()
        if compilation_cache:
            machine.keep_compiled()
        else:
            jax.config.update("jax_enable_compilation_cache", False)  # even where the environment names a folder
        try:
            main()
        except (InvalidInput, FloatingPointError) as error:
            fail(error)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error) and "out of memory" not in str(error).lower():
                raise
            fail("not enough memory for this: try a smaller --batch_size, --model or --patch_sizes")
        except OSError as error:
            fail(what(error))
        except KeyboardInterrupt:
            fail("interrupted", 130)

    for module in ("shared_flags", "classifier_flags", "sweep_flags", "unroll_flags", "processes"):
        for flag in flags.FLAGS.flags_by_module_dict().get(f"common.{module}", ()):
            flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)  # so that --help shows the shared flags too
    app.run(guarded, flags_parser=parse)


def what(error: BaseException) -> str:
    """An error in words."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _is_no_text(argument: str) -> bool:
    """Whether bytes were given that are no UTF-8, for which Python puts lone surrogates that nothing can print."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return True
    return False


def _wants_help(argv: Sequence[str]) -> bool:
    return any(arg.lstrip("-").startswith("help") for arg in argv[1:])
