"""What is left unfinished is cleared if its process is gone, and in no other case."""

import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

from hw3 import unfinished

MAKE_AND_WAIT = """
import pathlib, sys, time
from hw3 import unfinished
for kind, path in (("folder", sys.argv[1]), ("file", sys.argv[2])):
    made = unfinished.beside(pathlib.Path(path))
    made.mkdir() if kind == "folder" else made.write_text("half")
    if kind == "folder":
        (made / "part").write_text("half")
print("made", flush=True)
time.sleep(600)
"""


@pytest.fixture
def waiting(tmp_path):
    """A process that has begun the folder `results` and the file `page.html` in tmp_path."""
    root = str(pathlib.Path(unfinished.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE_AND_WAIT, tmp_path / "results", tmp_path / "page.html"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert process.stdout.readline() == "made\n"
    yield process
    process.kill()
    process.communicate()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_process_left_is_cleared_and_what_a_living_one_makes_is_not(waiting, tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / ".results-abcd1234").mkdir()  # of somebody else
    before = names(tmp_path)
    for name in ("results", "page.html"):
        assert unfinished.left(tmp_path / name) == []
        unfinished.clear(tmp_path / name)
    assert names(tmp_path) == before
    waiting.send_signal(signal.SIGKILL)
    waiting.wait()
    unfinished.clear(tmp_path / "results")
    assert [name for name in before if "~" in name and "page" in name] == [n for n in names(tmp_path) if "~" in n]
    unfinished.clear(tmp_path / "page.html")
    assert names(tmp_path) == [".results-abcd1234", "results"]


def test_neither_another_hosts_nor_another_places_is_touched(waiting, tmp_path):
    waiting.kill()
    waiting.wait()
    (own,) = (path for path in tmp_path.iterdir() if path.name.startswith(".results~"))
    _, machine, process, start, chance = own.name.split("~")
    kept = [
        f".results~other.{machine}~{process}~{start}~{chance}",
        f".results2~{machine}~{process}~{start}~{chance}",
        f".results~{machine}~{process}~{start}",
        f".results~{machine}~{process}~{start}~{chance}~mine",
        f".results~{machine}~{process}~{start}~notrandom",
    ]
    for name in kept:
        (tmp_path / name).mkdir()
    unfinished.clear(tmp_path / "results")
    assert not own.exists()
    assert set(kept) <= set(names(tmp_path))


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="start times come from /proc")
def test_a_number_that_another_process_has_now_counts_as_gone(tmp_path):
    own = unfinished.beside(tmp_path / "results")
    start = own.name.split("~")[3]
    assert int(start) > 0
    earlier = own.with_name(own.name.replace(f"~{start}~", f"~{int(start) - 1}~"))
    own.mkdir()
    earlier.mkdir()
    assert unfinished.left(tmp_path / "results") == [earlier]


def test_names_are_new_each_time_and_fit_into_a_folder(tmp_path):
    path = tmp_path / ("long" * 60)
    made = {unfinished.beside(path) for _ in range(100)}
    assert len(made) == 100
    for one in made:
        assert one.parent == tmp_path
        assert re.match(r"\.long", one.name)
        one.touch()  # no name too long
    assert unfinished.left(tmp_path / "nowhere" / "results") == []
