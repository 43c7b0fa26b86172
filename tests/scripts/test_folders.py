"""Nothing is lost that the program did not make itself, whatever lies in the place of its results."""

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import time

import pytest
from absl import flags
from common import folders
from programs import fails_in_one_line, hashes, run

from hw3 import unfinished


@pytest.fixture
def out(tmp_path, monkeypatch):
    """--outdir of a program that is called `probe.py`."""
    monkeypatch.setattr(sys, "argv", ["scripts/probe.py"])

    class Values:
        outdir = str(tmp_path / "out")

    monkeypatch.setattr(flags, "FLAGS", Values())
    return tmp_path / "out"


def keep(**files):
    with folders.results_folder("probe") as folder:
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)


def keep_and_fail(name):
    with contextlib.suppress(RuntimeError), folders.results_folder(name) as folder:
        (folder / "a").write_text("half")
        raise RuntimeError


def replace_and_fail(path):
    with contextlib.suppress(RuntimeError), folders.replacing(path) as beside:
        beside.write_text("half")
        raise RuntimeError


def test_results_replace_those_of_the_same_program(out):
    keep(a="1", b="1")
    keep(a="2")
    assert {path.name for path in out.iterdir()} == {"probe"}
    assert hashes(out / "probe").keys() == {"a", folders.MARK}
    keep_and_fail("probe")
    assert (out / "probe" / "a").read_text() == "2"
    assert {path.name for path in out.iterdir()} == {"probe"}


def test_results_of_versions_without_a_mark_are_known_by_their_command(out):
    (out / "probe").mkdir(parents=True)
    (out / "probe" / "old.png").touch()
    (out / "probe" / "results.json").write_text(json.dumps({"command": "python scripts/probe.py --outdir=x"}))
    keep(a="1")
    assert not (out / "probe" / "old.png").exists()


OWN = {"thesis.tex": "years of work", "data/x.csv": "1,2"}
THINGS = {
    "folder": OWN,
    "a folder with results of another": {"results.json": json.dumps({"command": "python mine.py"})},
    "another program's": {"results.json": json.dumps({"command": "python scripts/other.py"})},
    "no command": {"results.json": json.dumps(["command"])},
    "no JSON": {"results.json": "[" * 100_000},
    "quotes": {"results.json": json.dumps({"command": "python 'scripts/probe.py"})},
}


@pytest.mark.parametrize("thing", [*THINGS, "file", "symlink", "broken symlink", "its own with a file of the user's"])
def test_whatever_else_is_there_is_one_line_and_untouched(out, thing):
    out.mkdir()
    place = out / "probe"
    if thing in THINGS:
        for name, text in THINGS[thing].items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text)
    elif thing == "file":
        place.write_text("mine")
    elif thing.endswith("symlink"):
        if thing == "symlink":
            keep(a="1")
            place.rename(out / "elsewhere")
        place.symlink_to(out / "elsewhere")
    else:
        keep(a="1")
        (place / ".DS_Store").touch()
        keep(a="1")  # what file managers strew is nobody's
        (place / "notes.txt").write_text("mine")
    before = hashes(out), os.path.lexists(place), place.is_symlink()
    with pytest.raises(ValueError, match=rf"^{place} .*: probe.py replaces its own results alone") as caught:
        keep(a="2")
    assert "\n" not in str(caught.value)
    assert (hashes(out), os.path.lexists(place), place.is_symlink()) == before
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_what_comes_while_the_program_works_is_kept_too(out):
    def keep_beside_the_user():
        with folders.results_folder("probe") as folder:
            (folder / "a").write_text("1")
            (out / "probe").mkdir()
            (out / "probe" / "mine").write_text("mine")

    with pytest.raises(ValueError, match="was not made by this program"):
        keep_beside_the_user()
    assert hashes(out / "probe").keys() == {"mine"}


def test_an_empty_folder_may_be_taken(out):
    (out / "probe").mkdir(parents=True)
    keep(a="1")
    assert (out / "probe" / "a").exists()


def _keep_many(folder, number):
    sys.argv = ["scripts/probe.py"]
    flags.FLAGS = type("Values", (), {"outdir": folder})()
    for _ in range(20):
        keep(a=str(number), b=str(number))


def test_runs_at_once_leave_the_whole_results_of_one(out):
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=_keep_many, args=(str(out), number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert {path.name for path in out.iterdir()} == {"probe"}
    assert (out / "probe" / "a").read_text() == (out / "probe" / "b").read_text()


def _keep_for_ever(folder):
    sys.argv = ["scripts/probe.py"]
    flags.FLAGS = type("Values", (), {"outdir": folder})()
    with folders.results_folder("probe"):
        time.sleep(600)


def test_a_run_clears_what_killed_ones_left_and_nothing_of_those_that_run(out):
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=_keep_for_ever, args=(str(out),)) for _ in range(2)]
    for process in processes:
        process.start()
    while len(list(out.glob(".probe~*/new"))) < 2:
        assert all(process.is_alive() for process in processes)
        time.sleep(0.001)
    keep(a="1")
    assert len(list(out.glob(".probe~*"))) == 2
    for left, process in zip((1, 0), processes, strict=True):
        process.kill()
        process.join()
        folders.ready("probe")
        assert len(list(out.glob(".probe~*"))) == left


def _gone(path):
    """The name of what a process that has ended was making for `path`."""
    name = unfinished.beside(path).name.split("~")
    ended = subprocess.Popen(["true"])
    ended.wait()
    return path.with_name("~".join([*name[:2], str(ended.pid), *name[3:]]))


def test_killed_between_the_two_moves_the_old_results_come_back(out):
    keep(a="1")
    left = _gone(out / "probe")
    (left / "new").mkdir(parents=True)
    (out / "probe").rename(left / "old-0")
    folders.ready("probe")
    assert not left.exists()
    assert (out / "probe" / "a").read_text() == "1"


def test_files_are_replaced_whole_and_leftovers_cleared(tmp_path):
    path = tmp_path / "page.html"
    _gone(path).touch()
    replace_and_fail(path)
    assert list(tmp_path.iterdir()) == []
    with folders.replacing(path) as beside:
        beside.write_text("whole")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("page.html", "whole")]


def test_a_page_that_is_not_ours_is_left(out):
    page = out / "report.html"
    folders.check_own_file(page, "our title")
    out.mkdir()
    page.write_text("<title>our title</title>")
    folders.check_own_file(page, "our title")
    page.write_text("<title>my report</title>")
    with pytest.raises(ValueError, match=rf"^{page} was not made by this program"):
        folders.check_own_file(page, "our title")
    page.unlink()
    page.mkdir()
    with pytest.raises(ValueError, match=rf"^{page} was not made by this program"):
        folders.check_own_file(page, "our title")


def test_a_folder_of_several_runs_is_made_and_found_again(out):
    folders.own_folder(out / "train")
    (out / "train" / "weights").touch()
    folders.own_folder(out / "train")
    (out / "mine").mkdir()
    (out / "mine" / "weights").touch()
    with pytest.raises(ValueError, match="mine was not made by this program"):
        folders.own_folder(out / "mine")
    assert hashes(out / "mine").keys() == {"weights"}
    folders.own_folder(out / "mine", known=True)
    folders.own_folder(out / "mine")


def test_a_program_as_users_start_it(tmp_path):
    mine = tmp_path / "audit"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    before = hashes(tmp_path)
    fails_in_one_line(
        run("audit_published.py", f"--outdir={tmp_path}"),
        rf"{mine} was not made by this program: audit_published.py replaces its own results alone",
    )
    assert hashes(tmp_path) == before
