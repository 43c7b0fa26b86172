"""Strict modes for every test: no silent dtype or rank promotion, and hypothesis is repeatable.

Most of the suite's time is compiling, of small programs that run once: XLA's expensive passes are left out, here and in
the programs that tests start. What depends on the last bit, or on the speed, asks for the fixture `optimized`. JAX 0.10
also compiles fusions as it used to, three times faster (later ones can't), and for each program loads all dialects of
MLIR anew unless a context is kept: a fifth of the time of a small one. XLA reads its flags at the first computation, so
nothing that this module imports may compute.
"""

import fcntl
import gc
import os
import pickle
import shutil
import socket

import hypothesis
import jax
import numpy as np
import pytest
from programs import FOLDER, QUICK_COMPILING, TRAIN, succeeds
from quick import keep_mlir_context

from hw3 import cnn, datasets
from hw3.cnn import training
from hw3.datasets import Dataset

if jax.__version_info__ < (0, 11):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {QUICK_COMPILING}".strip()
    keep_mlir_context()
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read where NumPy is imported: in workers and programs; threads spin for work

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=8)
hypothesis.settings.load_profile("repeatable")


def pytest_collection_modifyitems(items):
    """The longest test first, so that no worker waits for it at the end; then the other programs, which one worker
    starts from one server as long as no other is idle."""
    items.sort(key=lambda item: ("the_main_job" not in item.name, item.path.parent.name != "scripts"))


def pytest_collection_finish():
    """All that is imported stays: garbage collection need not go through it again and again."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(autouse=True, scope="session")
def _strict_jax():
    jax.config.update("jax_numpy_rank_promotion", "raise")
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture(autouse=True, scope="session")
def _programs_environment(between_workers):
    """Programs under test share what they compile, all workers' alike, and leave the user's cache alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(between_workers / "compiled"))
        patch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
        yield


@pytest.fixture(scope="module")
def optimized():
    """Compiles as users do: in this process and in the programs that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("JAX_DISABLE_MOST_OPTIMIZATIONS")
        jax.config.update("jax_disable_most_optimizations", False)
        yield
        jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture(scope="session")
def between_workers(tmp_path_factory, worker_id):
    """A folder that all workers of this run see."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def once(between_workers):
    """`once(name, make)`: what `make(folder)` returns, called by whichever worker comes first, for all of them."""

    def once(name, make):
        folder = between_workers / name
        with open(between_workers / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                folder.mkdir()
                (folder.parent / f"{name}.pickle").write_bytes(pickle.dumps(make(folder)))
        return pickle.loads((folder.parent / f"{name}.pickle").read_bytes())

    return once


@pytest.fixture(scope="session")
def stripes():
    """A set that a small network learns in seconds: 12x12 noise with a bright row (0), column (1) or neither (2)."""
    rng = np.random.default_rng(0)

    def images(count):
        labels = rng.integers(0, 3, count).astype(np.int32)
        pixels = rng.integers(0, 80, (count, 12, 12, 1))
        for image, label, at in zip(pixels, labels, rng.integers(0, 12, count), strict=True):
            if label < 2:
                image[(at, slice(None)) if label == 0 else (slice(None), at)] += 160
        return pixels.astype(np.uint8), labels

    return Dataset(*images(500), *images(203), "stripes", 3)


@pytest.fixture(scope="session")
def tiny_model():
    from tiny_run import DESCRIPTION

    return cnn.CNN(cnn.parse(DESCRIPTION), classes=3)


@pytest.fixture(scope="session")
def tiny_run(once, tiny_model, stripes):
    """States and metrics after each epoch of one whole run."""
    from tiny_run import KEY, RECIPE

    def train(_):
        start = training.initial_state(tiny_model, RECIPE, stripes, KEY)
        return list(training.epochs(tiny_model, RECIPE, stripes, KEY, start))

    return once("tiny_run", train)


@pytest.fixture(scope="session")
def trained(once):
    """A folder with a finished training run of a small network on real MNIST; leave it as it is."""

    def train(folder):
        succeeds("train_cnn.py", *TRAIN, f"--outdir={folder}")
        return folder

    return once("trained", train)


@pytest.fixture(scope="session")
def out(trained, tmp_path_factory):
    """The same, for this worker to write in."""
    return shutil.copytree(trained, tmp_path_factory.mktemp("out"), dirs_exist_ok=True)


@pytest.fixture(scope="session")
def checkpoint(out):
    return f"--checkpoint={out / FOLDER}"


@pytest.fixture(scope="session")
def mnist():
    return datasets.load()


# ---------------------------------------------------------------------------------------------- the bundle


@pytest.fixture
def no_network(monkeypatch):
    """No test may try to reach the network, not even in vain: TFDS would swallow the refusal and retry."""
    attempts = []

    def refuse(*args, **kwargs):
        attempts.append(args)
        raise OSError("network is blocked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert attempts == []
