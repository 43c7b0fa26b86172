"""Starts the programs as a user does: real processes."""

import hashlib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent

# A network that real MNIST trains in seconds, and the folder of its run.
TRAIN = [
    "--model=conv3-8 maxpool2 dense20",
    "--train_images=3000",
    "--learning_rate=0.1",
    "--max_shift=0",
    "--epochs=3",
]
FOLDER = "train_conv3_8_maxpool2_dense20"


def command(name, *arguments):
    return [sys.executable, str(ROOT / "scripts" / name), *map(str, arguments)]


def start(name, *arguments, **environment):
    return subprocess.Popen(
        command(name, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
    )


def end(process):
    printed, errors = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, printed, errors)


def run(name, *arguments):
    return end(start(name, *arguments))


def succeeds(name, *arguments):
    done = run(name, *arguments)
    assert done.returncode == 0, done.stderr
    return done


def fails_in_one_line(done, pattern):
    """Asserts that a program ended with status 1 or 2 and one line on stderr in which `pattern` is found."""
    assert done.returncode in (1, 2), (done.args, done.stderr)
    assert re.fullmatch(r"error: [^\n]*\n", done.stderr), (done.args, done.stderr)
    assert re.search(pattern, done.stderr), (done.args, done.stderr)


def hashes(folder):
    """SHA-256 of every file below a folder, by its relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
