"""The rules of the house: who may import whom, what an import may load, and who knows the documents."""

import ast
import graphlib
import pathlib
import re
import subprocess
import sys

import pytest

import hw3

PACKAGE = pathlib.Path(hw3.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
# Imports run down these floors, or stay in a room; `report` stands beside them and imports no other room.
FLOORS = (
    ("compilation", "errors"),
    ("classifiers", "batches", "datasets", "onednn", "optimizers", "unfinished"),
    ("ensembles",),
    ("cnn", "recurrent"),
    ("occlusion",),
    ("studies",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FACE = """
import sys, hw3
for name in ("load", "as_float", "sweep", "importance", "mean_fill", "blur_fill", "search", "predictor"):
    assert callable(getattr(hw3, name)), name
heavy = {"orbax", "tensorstore", "matplotlib", "jinja2", "tensorflow_datasets", "tensorflow"} & set(sys.modules)
assert not heavy, heavy
hw3.recurrent.rnn, hw3.studies.audit
"""


def imports(path):
    """The modules of hw3 that a file imports at any place of it, as names in `MODULES`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "hw3":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "hw3")


@pytest.fixture(scope="module")
def graph():
    """What each module imports."""
    return {name: set(imports(path)) for name, path in MODULES.items()}


def room(module):
    return module.split(".")[1] if "." in module else ""


def test_imports_run_one_way(graph):
    upward = [
        (name, other)
        for name, others in graph.items()
        for other in others
        if room(name) in FLOOR and room(other) in FLOOR and room(name) != room(other)
        if FLOOR[room(name)] <= FLOOR[room(other)]
    ]
    assert not upward


def test_no_circles(graph):
    list(graphlib.TopologicalSorter(graph).static_order())


def test_report_is_a_leaf_and_everything_has_its_floor(graph):
    assert {room(other) for name in graph if room(name) == "report" for other in graph[name]} <= {"report", "errors"}
    assert {room(name) for name in MODULES} == {"", "report", *FLOOR}


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) != "studies"])
def test_library_rooms_know_no_document(name):
    assert not re.search(r"\bdocuments? 00\d|\b00[0-4]'s|of 00[0-4]\b", MODULES[name].read_text())


def test_the_face_is_there_and_light():
    done = subprocess.run([sys.executable, "-c", FACE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
