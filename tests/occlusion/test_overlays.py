"""The search over pasted patches against a plain loop, and what is read from it."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3.occlusion import overlays


def predict(images):
    """Three classes from a fixed random linear map of the pixels."""
    flat = images.reshape(len(images), -1)
    return jax.nn.softmax(flat @ weights(flat.shape[1]))


def weights(pixels):
    return np.random.default_rng(0).normal(size=(pixels, 3)).astype(np.float32)


def predict_in_numpy(images):
    """The same, compiled for no shape."""
    flat = images.reshape(len(images), -1)
    exponentials = np.exp(flat @ weights(flat.shape[1]))
    return exponentials / exponentials.sum(-1, keepdims=True)


def pasted(image, donor, cut, place, side):
    out = image.copy()
    out[place[0] : place[0] + side, place[1] : place[1] + side] = donor[cut[0] : cut[0] + side, cut[1] : cut[1] + side]
    return out


@given(st.integers(2, 7), st.integers(2, 7), st.data())
@settings(max_examples=6)
def test_search_equals_the_plain_loop(height, width, data):
    side = data.draw(st.integers(1, min(height, width)))
    strides = {"cut_stride": data.draw(st.integers(1, 3)), "paste_stride": data.draw(st.integers(1, 3))}
    batch = data.draw(st.sampled_from([7, 64, 1000]))
    rng = np.random.default_rng(height * 10 + width)
    image = rng.random((height, width, 1), np.float32)
    donors = rng.random((2, height, width, 1), np.float32)
    results = list(overlays.search(predict, image, donors, patch_sizes=(side,), **strides, batch_size=batch))
    assert [result.donor for result in results] == [0, 1]
    assert sum(r.predicted.size for r in results) == overlays.count((height, width), 2, (side,), **strides)
    for result, donor in zip(results, donors, strict=True):
        axes = [result.cut_rows, result.cut_cols, result.paste_rows, result.paste_cols]
        assert result.predicted.shape == tuple(map(len, axes))
        tried = [pasted(image, donor, (i, j), (r, c), side) for i, j, r, c in itertools.product(*axes)]
        same_as(result.predicted, result.probability, tried)
        black = [pasted(image, 0 * image, (0, 0), place, side) for place in itertools.product(*axes[2:])]
        same_as(result.black, None, black)


def same_as(labels, probability, images):
    """Labels where they are clear, and probabilities where given, are those of the images."""
    expected = predict_in_numpy(np.stack(images))
    if probability is not None:
        np.testing.assert_allclose(probability.ravel(), expected.max(-1), atol=1e-5)
    clear = np.sort(expected, -1)[:, -1] - np.sort(expected, -1)[:, -2] > 1e-4
    assert np.array_equal(labels.ravel()[clear], expected.argmax(-1)[clear])


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
    total = sum(result.predicted.size for result in search)
    assert max(seen) <= 50
    assert sum(done) == total == overlays.count((8, 8), 1, (2, 3), 4, 2)


def made_up(donor, side, predicted, probability, black):
    """One cut, 2x2 places."""
    at = np.array([0])
    shape = (1, 1, 2, 2)
    labels, values = np.array(predicted, np.int16).reshape(shape), np.array(probability, np.float32).reshape(shape)
    return overlays.Search(
        donor, (side, side), at, at, np.array([0, 4]), np.array([1, 5]), labels, values, np.array(black)
    )


BLACK = [[2, 1], [1, 1]]  # covering the place (0, 1) is enough to change the label, which is 1
FIRST = made_up(0, 3, [0, 1, 1, 1], [0.95, 0.9, 0.9, 0.9], BLACK)  # flips only where black does
SECOND = made_up(1, 3, [2, 1, 0, 1], [0.99, 0.9, 0.7, 0.9], BLACK)  # and once more
LARGER = made_up(0, 5, [1, 1, 0, 0], [0.9, 0.9, 0.6, 0.8], BLACK)
NONE = made_up(1, 5, [1, 1, 1, 1], [0.9, 0.9, 0.9, 0.9], BLACK)


def test_the_most_confident_flip_is_one_that_black_does_not_explain_if_there_is_one():
    assert overlays.most_confident(FIRST, 1) == overlays.Overlay(
        0, (3, 3), (0, 0), (0, 1), 0, pytest.approx(0.95), False
    )
    assert overlays.most_confident(SECOND, 1) == overlays.Overlay(
        1, (3, 3), (0, 0), (4, 1), 0, pytest.approx(0.7), True
    )
    assert overlays.most_confident(NONE, 1) is None


def test_summary_counts_by_class_and_size():
    classes, summary = overlays.summarize([FIRST, SECOND, LARGER, NONE], 1, np.array([7, 5]), (3, 5))
    assert classes.tolist() == [5, 7]
    assert summary.candidates.tolist() == [[4, 4], [4, 4]]
    assert summary.flips.tolist() == [[2, 0], [1, 2]]
    assert summary.beyond_black.tolist() == [[1, 0], [0, 2]]
    assert summary.best[7].probability == pytest.approx(0.8), "beyond black comes before more confident"
    assert summary.best[5].paste == (4, 1)
    assert (summary.smallest.patch, summary.smallest.donor) == ((3, 3), 0)
    _, nothing = overlays.summarize([NONE], 1, np.array([7, 5]), (3, 5))
    assert nothing.best == {}
    assert nothing.smallest is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch_sizes": (9,)}, r"patch_sizes must lie in 1\.\.8 for images of 8x9, not 9"),
        ({"patch_sizes": (0,)}, r"patch_sizes must be a whole number of at least 1, not 0"),
        ({"patch_sizes": ()}, "patch_sizes must name at least one size"),
        ({"cut_stride": 0}, "cut_stride must be a whole number of at least 1, not 0"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, not 0"),
        ({"donors": np.zeros((1, 9, 8, 1))}, r"donors must have the shape of the image, \(8, 9, 1\)"),
        ({"donors": np.zeros((0, 8, 9, 1))}, "donors must hold at least one image"),
        ({"predict": lambda images: images.reshape(len(images), -1)}, r"wrap logits in jax\.nn\.softmax"),
    ],
)
def test_bad_arguments_are_named(options, message):
    arguments = {"predict": predict, "image": np.ones((8, 9, 1)), "donors": np.ones((1, 8, 9, 1)), "patch_sizes": (4,)}
    with pytest.raises(ValueError, match=message):
        list(overlays.search(**arguments | options))


def test_the_most_confident_flip_of_negative_scores():
    """Logits may all be below any number that stands for "none"."""
    axes = [np.arange(2)] * 4
    predicted = np.zeros((2, 2, 2, 2), np.int16)
    predicted[0, 1, 1, 0] = predicted[1, 1, 0, 0] = 3
    scores = np.linspace(-9, -5, 16, dtype=np.float32).reshape(predicted.shape)
    found = overlays.most_confident(
        overlays.Search(0, (2, 2), *axes, predicted, scores, np.zeros((2, 2), np.int16)), label=0
    )
    assert (found.cut, found.paste, found.predicted) == ((1, 1), (0, 0), 3)
    assert found.probability == scores[1, 1, 0, 0]
