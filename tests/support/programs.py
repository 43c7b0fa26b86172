"""Starts the programs as a user does: real processes."""

import functools
import hashlib
import json
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[2]

# A network that real MNIST trains in seconds, and the folder of its run.
TRAIN = [
    "--model=conv3-8 maxpool2 dense20",
    "--train_images=3000",
    "--optimizer=sgd",
    "--learning_rate=0.1",
    "--max_shift=0",
    "--epochs=3",
]
FOLDER = "train_conv3_8_maxpool2_dense20"

# In XLA_FLAGS: fusions compiled as JAX 0.10 used to, three times faster, and one LLVM module a program instead of many.
QUICK_COMPILING = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"


def environment_of_programs(devices=None):
    """This process's own, with so many devices; programs that compile as users do leave out what makes it quick."""
    flags = os.environ.get("XLA_FLAGS", "")
    if "JAX_DISABLE_MOST_OPTIMIZATIONS" not in os.environ:
        flags = flags.replace(QUICK_COMPILING, "")
    if devices:
        flags += f" --xla_force_host_platform_device_count={devices}"
    return {**os.environ, "XLA_FLAGS": flags.strip()}


def command(name, *arguments):
    return [sys.executable, str(ROOT / "scripts" / name), *map(str, arguments)]


def start_cold(name, *arguments):
    """A new interpreter, whatever it costs."""
    return subprocess.Popen(
        command(name, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment_of_programs(),
    )


class _Server:
    """`warm_server.py`, and what it said so far."""

    def __init__(self):
        before = os.environ.get("PYTHONPATH", "")
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "support" / "warm_server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, (ROOT, ROOT / "scripts")), before])},
        )
        self.folder = tempfile.TemporaryDirectory(prefix="programs-")
        self.started, self.ended, self.unread = {}, {}, b""

    def start(self, request):
        request["name"] = f"{len(self.started)}"
        for kind in ("out", "err"):
            request[kind] = os.path.join(self.folder.name, f"{request['name']}.{kind}")
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        while request["name"] not in self.started:
            self.listen(60)
        return request

    def listen(self, seconds):
        """Takes in what the server says within so many seconds."""
        if select.select([self.process.stdout], [], [], seconds)[0]:
            said = os.read(self.process.stdout.fileno(), 65536)
            assert said, "the server of programs has ended"
            *lines, self.unread = (self.unread + said).split(b"\n")
            for name, number, *started in map(json.loads, lines):
                (self.started if started else self.ended)[name] = number


class Started:
    """A forked program, with what these tests use of `subprocess.Popen`."""

    def __init__(self, server, request):
        self.server, self.request = server, request
        self.args, self.pid = request["command"], -server.started[request["name"]]

    @property
    def returncode(self):
        return self.server.ended.get(self.request["name"])

    def poll(self):
        self.server.listen(0)
        return self.returncode

    def wait(self, timeout=300):
        last = time.monotonic() + timeout
        while self.returncode is None:
            assert time.monotonic() < last, f"{self.args} takes too long"
            self.server.listen(1)
        return self.returncode

    def send_signal(self, number):
        os.kill(self.pid, number)

    def communicate(self, timeout=300):
        self.wait(timeout)
        return tuple(pathlib.Path(self.request[kind]).read_text() for kind in ("out", "err"))


def start(name, *arguments, devices=None):
    """A process of its own, forked off one that has made the imports."""
    server = _server()
    request = {
        "command": command(name, *arguments),
        "environment": environment_of_programs(devices),
        "folder": str(ROOT),
    }
    return Started(server, server.start(request))


@functools.cache
def _server():
    return _Server()


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
