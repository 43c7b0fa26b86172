"""Results as a notebook shows them: sweeps and networks of random numbers, and what is in their HTML."""

import functools
from xml.etree import ElementTree

import jax
import numpy as np

from hw3.occlusion import Sweep
from hw3.recurrent import lstm, rnn


def made(sizes, count=1, classes=4, kept=None, stride=1, seed=0, logits=False):
    """A sweep of random probabilities over positions of these sizes."""
    rng = np.random.default_rng(seed)
    scores = 3 * rng.normal(size=(count, *sizes, classes)).astype(np.float32)
    scores = scores if logits else np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    labels = rng.integers(0, classes, count)
    clean = scores.reshape(count, -1, classes)[:, 0]
    starts = tuple(np.arange(size) * stride for size in sizes)
    rows, cols, *_ = *starts, np.empty(0, int)
    shape = tuple(size * stride + 2 for size in sizes)
    whole = Sweep(scores, rows, cols, (3,) * len(sizes), shape, clean, labels, starts)
    if kept is None:
        return whole
    chosen = (labels[:, None] + np.arange(kept)) % classes
    places = chosen.reshape(count, *[1] * len(sizes), kept)
    return whole._replace(
        probabilities=np.take_along_axis(scores, places, -1),
        kept=chosen,
        best=(whole.highest_probability, whole.predicted),
    )


def parsed(result):
    return ElementTree.fromstring(result._repr_html_())


def text_of(result):
    return "".join(parsed(result).itertext())


def styles(element):
    return dict(part.split(":", 1) for part in element.get("style", "").split(";") if part)


@functools.cache
def networks(steps=3, n=2, d=2, m=2):
    """An RNN and an LSTM of random numbers, unrolled."""
    normal = lambda *shape: rng.normal(size=shape)  # noqa: E731
    rng = np.random.default_rng(1)
    params = rnn.RNNParams(normal(n), normal(m), normal(n, n), normal(n, d), normal(m, n))
    biases = lstm.Gates(*(normal(n) for _ in range(4)))
    xs = normal(steps, d)
    return jax.jit(rnn.unroll)(params, xs), jax.jit(lstm.unroll)(lstm.tied(params, biases), xs)
