"""The manners that all programs here share: one clear line for bad input, whole files or none, progress, tables.

Not a program itself. Numerical modules raise `ValueError` with a message for the user; `run` turns it into one line.
"""

import contextlib
import csv
import json
import os
import pathlib
import shlex
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import jax
import rich.box
import rich.console
import rich.progress
import rich.table
from absl import app, flags, logging

import hw3
from common import machine, processes

OWN_CODE = (os.path.dirname(os.path.abspath(hw3.__file__)), os.path.dirname(os.path.abspath(__file__)))
SECONDS_BETWEEN_LINES = 15.0  # of progress, where there is no terminal to draw a bar on


def fail(message: object, status: int = 1) -> NoReturn:
    """Ends the program with one line on stderr."""
    print("error: " + " ".join(f"{processes.name()} {message}".split()), file=sys.stderr)
    sys.exit(status)


def run(main: Callable[[], None], compilation_cache: bool = True) -> None:
    """Parses the flags and calls `main()`; what a user did wrong ends in one line, a defect of ours in a traceback.

    With `compilation_cache` JAX keeps what it compiles for the next start.
    """

    def parse(argv: Sequence[str]) -> list[str]:
        try:
            return app.parse_flags_with_usage(list(argv)) if _wants_help(argv) else flags.FLAGS(list(argv))
        except flags.Error as error:
            fail(error, 2)

    def guarded(argv: Sequence[str]) -> None:
        if len(argv) > 1:
            fail(f"unexpected argument {argv[1]!r}; options are written --name=value (see --help)", 2)
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.ERROR)  # orbax and jax say a page at absl's default
        machine.keep_freed_memory()
        if compilation_cache:
            machine.keep_compiled()
        else:
            jax.config.update("jax_enable_compilation_cache", False)  # even where the environment names a folder
        try:
            main()
        except (ValueError, FloatingPointError) as error:
            # The same types come out of libraries, or of an expression of ours, when this project has a defect: that
            # deserves its traceback. What we raise ourselves is meant for the user.
            origin = traceback.extract_tb(error.__traceback__)[-1]
            if not (origin.filename.startswith(OWN_CODE) and (origin.line or "").startswith("raise ")):
                raise
            fail(error)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error) and "out of memory" not in str(error).lower():
                raise
            fail("not enough memory for this: try a smaller --batch_size, --model or --patch_sizes")
        except OSError as error:
            fail(what(error))
        except KeyboardInterrupt:
            fail("interrupted", 130)

    for module in ("common.shared_flags", "common.sweep_flags", "common.processes"):
        for flag in flags.FLAGS.flags_by_module_dict().get(module, ()):
            flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)  # so that --help shows the shared flags too
    app.run(guarded, flags_parser=parse)


def what(error: BaseException) -> str:
    """An error in words."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _wants_help(argv: Sequence[str]) -> bool:
    return any(arg.lstrip("-").startswith("help") for arg in argv[1:])


def command() -> str:
    """How this program was called, for the reader of its results."""
    return shlex.join(["python", f"scripts/{pathlib.Path(sys.argv[0]).name}", *sys.argv[1:]])


def check_writable(path: pathlib.Path) -> pathlib.Path:
    """Makes a folder for results under --outdir; raises OSError naming it if nothing can be written there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OSError(f"--outdir: cannot write in {path} ({error.strerror})") from error
    return path


@contextlib.contextmanager
def results_folder(name: str) -> Iterator[pathlib.Path]:
    """A folder that takes the place of `name` under --outdir, with all the block wrote, only if the block ends well.

    So results of an earlier run are neither lost to a failing one nor mixed with those of another.
    """
    out = check_writable(pathlib.Path(flags.FLAGS.outdir))
    with tempfile.TemporaryDirectory(dir=out, prefix=f".{name}-", ignore_cleanup_errors=True) as beside:
        new, old = pathlib.Path(beside, "new"), pathlib.Path(beside, "old")
        new.mkdir()
        yield new
        if (out / name).exists():
            os.replace(out / name, old)
        try:
            os.replace(new, out / name)
        except OSError:
            if old.exists():
                os.replace(old, out / name)
            raise


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary name beside `path` that is moved onto it only if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def read_json(path: str) -> Any:
    """The value in a JSON file. Raises ValueError naming file and line if it isn't JSON, else as `open`."""
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON: {error.msg} in line {error.lineno}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not a text file") from None


def write_text(path: pathlib.Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: pathlib.Path, value: Mapping[str, Any]) -> None:
    """Writes a JSON object, whole or not at all."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def write_csv(path: pathlib.Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Writes a table, whole or not at all."""
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_figure(path: pathlib.Path, figure: Any) -> None:
    """Writes a matplotlib figure as PNG, whole or not at all."""
    with replacing(path) as beside:
        figure.savefig(beside, format="png", dpi="figure", metadata={"Software": None})


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a small table; the first column is left-aligned, the others right-aligned."""
    table = rich.table.Table(
        title=title, title_justify="left", title_style="bold", box=rich.box.SIMPLE_HEAD, min_width=min(len(title), 100)
    )
    for index, name in enumerate(header):
        table.add_column(name, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    console = rich.console.Console(highlight=False)
    if not console.is_terminal:
        console.width = 120
    console.print(table)


@contextlib.contextmanager
def progress(description: str, total: int, unit: str, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Yields `advance(count)`: a bar with rate and time left on a terminal, a plain line now and then elsewhere.

    Nothing at all if `quiet`.
    """
    if quiet:
        yield lambda count: None
        return
    console = rich.console.Console(stderr=True)
    if console.is_terminal:
        columns = (
            rich.progress.TextColumn("{task.description}"),
            rich.progress.BarColumn(),
            rich.progress.TaskProgressColumn(),
            rich.progress.TextColumn("{task.fields[rate]}"),
            rich.progress.TimeRemainingColumn(),
        )
        with rich.progress.Progress(
            *columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()
        ) as bar:
            task = bar.add_task(description, total=total, rate="")

            def advance(count: int) -> None:
                bar.advance(task, count)
                speed = bar.tasks[task].speed
                bar.update(task, rate=f"{speed:,.0f} {unit}/s" if speed else "")

            yield advance
        return

    start = last = time.monotonic()
    done = 0

    def report(count: int) -> None:
        nonlocal last, done
        done += count
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            rate = done / (now - start)
            left = (total - done) / rate
            print(
                f"{description}: {done / total:.0%}, {rate:,.0f} {unit}/s, {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )

    yield report


def alternate_seconds(functions: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """The times of `repeats` calls of each function, one after the other in turn, in seconds.

    Each has been called once before, so nothing is compiled, and each result is waited for.
    """
    for function in functions.values():
        jax.block_until_ready(function())
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            jax.block_until_ready(function())
            times[name].append(time.perf_counter() - start)
    return times


def print_claims(claims: Sequence[Mapping[str, Any]]) -> None:
    """Prints what became of each claim of document 004, as `hw3.studies.verdicts.as_results` gives them."""
    rows = []
    for claim in claims:
        holding = sum(found["holds"] for found in claim["effects"])
        rows.append((f"{claim['part']}: {claim['said']}", claim["verdict"], f"{holding} of {len(claim['effects'])}"))
    print_table("Document 004's claims, by 95% intervals over seeds", ("claim", "verdict", "conditions"), rows)
