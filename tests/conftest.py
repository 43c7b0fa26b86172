"""Strict modes for every test: no silent dtype or rank promotion, and hypothesis is repeatable."""

import socket

import hypothesis
import jax
import numpy as np
import pytest
from programs import FOLDER, TRAIN, succeeds
from tiny_run import DESCRIPTION, KEY, RECIPE

from hw3 import cnn, data, training
from hw3.data import Dataset

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=25)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(autouse=True, scope="session")
def _strict_jax():
    jax.config.update("jax_numpy_rank_promotion", "raise")
    jax.config.update("jax_numpy_dtype_promotion", "strict")


@pytest.fixture(autouse=True, scope="session")
def _own_compilation_cache(tmp_path_factory):
    """Programs under test share what they compile, all workers' alike, and leave the user's cache alone."""
    with pytest.MonkeyPatch.context() as patch:
        shared = tmp_path_factory.getbasetemp().parent / "compiled"
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(shared))
        yield


@pytest.fixture(scope="module")
def quick_compiler():
    """XLA tries less hard: on tiny arrays nearly all the time goes into compiling, and half of that is saved."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


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
    return cnn.CNN(cnn.parse(DESCRIPTION), classes=3)


@pytest.fixture(scope="session")
def tiny_run(tiny_model, stripes):
    """States and metrics after each epoch of one whole run."""
    start = training.initial_state(tiny_model, RECIPE, stripes, KEY)
    return list(training.epochs(tiny_model, RECIPE, stripes, KEY, start))


@pytest.fixture(scope="session")
def out(tmp_path_factory):
    """A folder with a finished training run of a small network on real MNIST."""
    folder = tmp_path_factory.mktemp("out")
    succeeds("train_cnn.py", *TRAIN, f"--outdir={folder}")
    return folder


@pytest.fixture(scope="session")
def checkpoint(out):
    return f"--checkpoint={out / FOLDER}"


@pytest.fixture(scope="session")
def mnist():
    return data.load()


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
