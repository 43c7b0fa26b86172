"""The search over pasted patches against a plain loop, and what is read from it."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3 import overlays


def predict(images):
    """Three classes from a fixed random linear map of the pixels."""
    flat = images.reshape(len(images), -1)
    return jax.nn.softmax(flat @ jax.random.normal(jax.random.key(0), (flat.shape[1], 3)))


def pasted(image, donor, cut, place, side):
    out = image.copy()
    out[place[0] : place[0] + side, place[1] : place[1] + side] = donor[cut[0] : cut[0] + side, cut[1] : cut[1] + side]
    return out


@given(st.integers(2, 7), st.integers(2, 7), st.data())
@settings(max_examples=10)
def test_search_equals_the_plain_loop(height, width, data):
    side = data.draw(st.integers(1, min(height, width)))
    strides = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    batch = data.draw(st.sampled_from([7, 64, 1000]))
    rng = np.random.default_rng(height * 10 + width)
    image = rng.random((height, width, 1), np.float32)
    donors = rng.random((2, height, width, 1), np.float32)
    [result] = overlays.search(
        predict, image, donors, patch_sizes=(side,), cut_stride=strides[0], paste_stride=strides[1], batch_size=batch
    )
    assert result.candidates == overlays.count((height, width), 2, (side,), *strides)
    axes = [range(2), result.cut_rows, result.cut_cols, result.paste_rows, result.paste_cols]
    assert result.predicted.shape == tuple(map(len, axes))
    tried = [pasted(image, donors[d], (i, j), (r, c), side) for d, i, j, r, c in itertools.product(*axes)]
    expected = np.asarray(predict(jnp.asarray(np.stack(tried))))
    np.testing.assert_allclose(result.probability.ravel(), expected.max(-1), atol=1e-5)
    clear = np.sort(expected, -1)[:, -1] - np.sort(expected, -1)[:, -2] > 1e-4
    assert np.array_equal(result.predicted.ravel()[clear], expected.argmax(-1)[clear])


def test_every_corner_is_reached_whatever_the_stride():
    axes = overlays.grid_axes((28, 20), 6, 4, 5)
    assert [(axis[0], axis[-1]) for axis in axes] == [(0, 22), (0, 14), (0, 22), (0, 14)]


def test_memory_is_bounded_by_the_batch():
    seen = []

    def watched(images):
        seen.append(len(images))
        return predict(images)

    image = np.random.default_rng(0).random((8, 8, 1), np.float32)
    done = []
    search = overlays.search(watched, image, image[None], patch_sizes=(2, 3), batch_size=50, advance=done.append)
    total = sum(result.candidates for result in search)
    assert max(seen) <= 50
    assert sum(done) == total == overlays.count((8, 8), 1, (2, 3), 4, 2)


@pytest.fixture
def made_up():
    """Two donors, one cut each, 2x2 places; the label is 1."""
    predicted = np.array([[1, 0, 1, 1], [2, 1, 0, 1]], np.int16).reshape(2, 1, 1, 2, 2)
    probability = np.array([[0.9, 0.5, 0.9, 0.9], [0.8, 0.9, 0.7, 0.9]], np.float32).reshape(2, 1, 1, 2, 2)
    at = np.array([0])
    return overlays.Search((3, 3), at, at, np.array([0, 4]), np.array([1, 5]), predicted, probability)


def test_what_black_alone_would_do_is_told_apart(made_up):
    black = np.array([[2, 1], [1, 1]])  # covering the place (0, 1) is enough to change the label
    beyond = overlays.beyond_black(made_up, 1, black)
    assert beyond.reshape(2, 4).tolist() == [[False, True, False, False], [False, False, True, False]]


def test_the_most_confident_candidate_is_described_in_full(made_up):
    wrong = made_up.predicted != 1
    best = overlays.most_confident(made_up, wrong)
    assert best == overlays.Overlay(1, (3, 3), (0, 0), (0, 1), 2, pytest.approx(0.8))
    assert overlays.most_confident(made_up, np.zeros_like(wrong)) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch_sizes": (9,)}, r"patch_sizes must lie in 1\.\.8 for images of 8x9, not 9"),
        ({"patch_sizes": (0,)}, r"patch_sizes must lie in 1\.\.8 for images of 8x9, not 0"),
        ({"patch_sizes": ()}, "patch_sizes must name at least one size"),
        ({"cut_stride": 0}, "cut_stride and paste_stride must be at least 1, not 0 and 2"),
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"donors": np.zeros((1, 9, 8, 1))}, r"donors must have the shape of the image, \(8, 9, 1\)"),
        ({"donors": np.zeros((0, 8, 9, 1))}, "donors must hold at least one image"),
        ({"predict": lambda images: images.reshape(len(images), -1)}, r"wrap logits in jax\.nn\.softmax"),
    ],
)
def test_bad_arguments_are_named(options, message):
    arguments = {"predict": predict, "image": np.ones((8, 9, 1)), "donors": np.ones((1, 8, 9, 1)), "patch_sizes": (4,)}
    with pytest.raises(ValueError, match=message):
        list(overlays.search(**arguments | options))
