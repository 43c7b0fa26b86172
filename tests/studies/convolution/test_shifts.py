"""Shifts against images moved by hand."""

import numpy as np
import pytest

from hw3.ensembles import lanes
from hw3.studies.convolution import shifts


def test_shifts_measure_what_they_say(results, pooled, stripes):
    network, variables, versions = pooled
    run = results.shifts
    assert run.feature_change.shape == (2, 4, 1, 2)
    assert run.flipped.shape == run.accuracy_moved.shape == (2, 4, 2)
    still = lanes.logits(network, variables, stripes.test_images[:40], versions)
    expected = lanes.accuracy(still, stripes.test_labels[:40]).reshape(2, 4)
    np.testing.assert_allclose(run.accuracy, expected, atol=1e-6)
    lane, flips = 5, []
    for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        rows, cols = (np.clip(np.arange(12) - d, 0, 11) for d in (3 * down, 3 * right))
        moved = stripes.test_images[:40][:, rows][:, :, cols]
        logits = lanes.logits(network, variables, moved, versions)[lane]
        flips.append(logits.argmax(-1) != still[lane].argmax(-1))
    assert run.flipped[1, 1, 1] == pytest.approx(np.mean(flips), abs=1e-6)


def test_pixel_change_of_a_known_shift():
    image = np.zeros((1, 9, 9, 1), np.uint8)
    image[0, 4, 4] = 255
    np.testing.assert_allclose(shifts.pixel_change(image, [1, 2]), np.sqrt(2), rtol=1e-5)
