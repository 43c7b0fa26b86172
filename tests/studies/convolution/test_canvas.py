"""Images put on a canvas and scaled, and how they are classified there."""

import numpy as np

from hw3.ensembles import lanes
from hw3.studies.convolution import canvas, pooling


def test_canvases():
    images = np.arange(2 * 4 * 4).reshape(2, 4, 4, 1).astype(np.uint8) + 1
    np.testing.assert_array_equal(canvas.rescale(255 - images, 4), 255 - images)
    np.testing.assert_array_equal(canvas.rescale(images * 0 + 255, 9), np.full((2, 9, 9, 1), 255))
    larger = canvas.resize_canvas(images, 7)
    np.testing.assert_array_equal(larger[:, 1:5, 1:5], images)
    assert larger.sum() == images.sum()
    np.testing.assert_array_equal(canvas.resize_canvas(images, 2), images[:, 1:3, 1:3])


def test_images_of_their_own_size_are_classified_as_they_are(results, pooled, tiny, stripes):
    network, variables, versions = pooled
    images, labels = stripes.test_images[:40], stripes.test_labels[:40]
    accuracy = lanes.accuracy(lanes.logits(network, variables, images, versions), labels).reshape(2, 4)
    own = tiny.canvas_sizes.index(12)
    assert [of.way for of in results.canvases] == list(canvas.WAYS)
    for of in results.canvases:
        assert of.direct.shape == of.resized.shape == (2, 3)
        np.testing.assert_allclose(of.direct[:, own], accuracy[:, pooling.GLOBAL], atol=1e-6)
        np.testing.assert_allclose(of.resized[:, own], accuracy[:, pooling.MAX], atol=1e-6)
    kept, scaled = results.canvases
    assert not np.array_equal(kept.direct[:, -1], scaled.direct[:, -1]) or not np.array_equal(
        kept.resized, scaled.resized
    )
