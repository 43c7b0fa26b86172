"""What the programs print: small tables, and how far they are."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import rich.box
import rich.console
import rich.progress
import rich.table

from hw3.report.page import Table

SECONDS_BETWEEN_LINES = 15.0  # of progress, where there is no terminal to draw a bar on


def show(table: Table) -> None:
    """Prints a table of a study; long ones are for the page and the files."""
    print_table(table.caption, table.header, table.rows)


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
