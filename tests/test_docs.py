"""README.md and BUILD.md say what is true: their commands, flags, paths and examples exist and run."""

import pathlib
import re
import shlex

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PAGES = ["README.md", "BUILD.md"]
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def blocks(page, language):
    return [text for kind, text in BLOCK.findall((ROOT / page).read_text()) if kind == language]


def commands(page):
    lines = "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    lines += re.findall(r"`(python scripts/[^`]*)`", (ROOT / page).read_text())  # in tables and sentences
    return [shlex.split(line, comments=True) for line in lines if shlex.split(line, comments=True)]


@pytest.mark.parametrize("page", PAGES)
def test_scripts_and_their_flags_exist(page):
    shared = "".join(path.read_text() for path in (ROOT / "scripts" / "common").glob("*.py"))
    for words in commands(page):
        scripts = [word for word in words if word.startswith("scripts/")]
        for script in scripts:
            source = (ROOT / script).read_text() + shared
            for word in words[words.index(script) + 1 :]:
                name = word.removeprefix("--").partition("=")[0]
                assert re.search(rf'DEFINE_\w+\(\s*"{name}"', source), f"{page}: {' '.join(words)}"


def test_readme_has_an_example_of_every_program():
    named = {word for words in commands("README.md") for word in words if word.startswith("scripts/")}
    programs = {f"scripts/{path.name}" for path in (ROOT / "scripts").glob("*.py")}
    assert named == programs


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page):
    makefile = (ROOT / "Makefile").read_text()
    targets = [word for words in commands(page) if words[0] == "make" for word in words[1:] if "=" not in word]
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page}: make {target}"


@pytest.mark.parametrize("page", PAGES)
def test_paths_named_in_the_text_exist(page):
    text = (ROOT / page).read_text()
    paths = re.findall(r"`((?:hw3|scripts|tests|docs|\.ci)/[\w./]*)`", text) + re.findall(r"\]\(([\w./-]+)\)", text)
    assert paths
    for path in paths:
        assert (ROOT / path).exists(), f"{page}: {path}"


def test_extras_named_in_build_exist():
    setup = (ROOT / "setup.cfg").read_text()
    for extras in re.findall(r"'\.\[([\w,]+)\]'|'hw3\[([\w,]+)\]'", (ROOT / "BUILD.md").read_text()):
        for name in "".join(extras).split(","):
            assert re.search(rf"^{name} =$", setup, re.MULTILINE), name


def test_the_python_examples_run():
    examples = blocks("README.md", "python")
    assert examples
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})
