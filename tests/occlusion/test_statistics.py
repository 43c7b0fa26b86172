"""Statistics of a sweep, image batch by image batch, against a plain loop over all of it."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw3.occlusion import statistics


def sweep_of(images, classes=3, rows=2, cols=4, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, images)
    clean, probabilities = (rng.dirichlet(np.full(classes, 0.5), shape) for shape in (images, (images, rows, cols)))
    return labels, clean.astype(np.float32), probabilities.astype(np.float32)


def statistics_of(sweep, cuts=(), keep=3, classes=3):
    labels, clean, probabilities = sweep
    found = statistics.empty(classes, *probabilities.shape[1:3])
    edges = [0, *sorted(cuts), len(labels)]
    for first, last in itertools.pairwise(edges):
        part = slice(first, last)
        found = statistics.add(found, first, labels[part], clean[part], probabilities[part], keep)
    return found


def test_they_equal_a_plain_loop():
    labels, clean, probabilities = sweep = sweep_of(40)
    found = statistics_of(sweep, cuts=(7, 20))
    predicted = probabilities.argmax(-1)
    for label in range(3):
        own = [i for i in range(40) if labels[i] == label]
        accuracies = [np.mean([p == label for p in predicted[i].ravel()]) for i in own]
        assert found.images[label] == len(own)
        assert found.clean_right[label] == sum(clean[i].argmax() == label for i in own)
        assert found.never_fooled[label] == accuracies.count(1.0)
        assert found.accuracy[label] == pytest.approx(np.mean(accuracies), rel=1e-12)
        assert found.error[label] == pytest.approx(np.std(accuracies, ddof=1) / len(own) ** 0.5, rel=1e-9)
        for row, col in np.ndindex(2, 4):
            true = [float(probabilities[i, row, col, label]) for i in own]
            right = [predicted[i, row, col] == label for i in own]
            assert found.probability_map[label, row, col] == pytest.approx(np.mean(true), rel=1e-12)
            assert found.accuracy_map[label, row, col] == pytest.approx(np.mean(right), rel=1e-12)
        for other in range(3):
            assert found.confusion[label, other] == sum((predicted[i] == other).sum() for i in own)


def test_the_extremes_are_those_of_a_sorted_list():
    labels, clean, probabilities = sweep = sweep_of(40)
    right = probabilities.argmax(-1) == labels[:, None, None]
    scores = []
    for at in range(40):
        true = np.mean([float(probabilities[at, r, c, labels[at]]) for r, c in np.ndindex(2, 4)])
        scores.append((right[at].mean(), true, at))
    fragile = sorted(score for score in scores if clean[score[2]].argmax() == labels[score[2]])
    robust = sorted(scores, reverse=True)
    found = statistics_of(sweep, cuts=(1, 13, 30), keep=5)
    assert [each.at for each in found.fragile] == [at for *_, at in fragile[:5]]
    assert [each.at for each in found.robust] == [at for *_, at in robust[:5]]
    worst = found.fragile[0]
    wrong = probabilities[worst.at].argmax(-1)[~right[worst.at]]
    assert (wrong == worst.taken_for).sum() == np.bincount(wrong).max()
    assert worst.label == labels[worst.at]
    assert worst.accuracy == right[worst.at].mean()


@given(images=st.integers(1, 20), cuts=st.lists(st.integers(0, 20), max_size=4), seed=st.integers(0, 9))
def test_the_parts_of_a_data_set_add_up_to_the_whole(images, cuts, seed):
    sweep = sweep_of(images, seed=seed)
    whole, parts = statistics_of(sweep), statistics_of(sweep, [min(cut, images) for cut in cuts])
    for name, one, other in zip(whole._fields, whole, parts, strict=True):
        if name in ("fragile", "robust"):
            assert one == other
        else:
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_equal_images_stay_in_their_order_and_a_class_without_images_has_no_accuracy():
    labels = np.zeros(6, int)
    sure = np.broadcast_to(np.array([1, 0, 0], np.float32), (6, 2, 4, 3))
    found = statistics_of((labels, sure[:, 0, 0], sure), cuts=(2,), keep=4)
    assert [each.at for each in found.robust] == [0, 1, 2, 3] == [each.at for each in found.fragile]
    assert found.robust[0].taken_for is None
    assert found.accuracy[0] == 1
    assert np.isnan(found.accuracy[1:]).all()
    assert np.isnan(found.error[1:]).all()
    assert found.error[0] == 0
