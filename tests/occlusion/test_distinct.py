"""Distinct patched images against brute force."""

import jax
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3 import occlusion
from hw3.occlusion import distinct


def sparse(rng, shape):
    """Images black but for a few pixels, so that many patches give the same image."""
    return (rng.random(shape) * (rng.random(shape) < 0.2)).astype(np.float32)


@given(st.integers(1, 8), st.integers(1, 8), st.booleans(), st.booleans(), st.integers(0, 99))
@settings(max_examples=40)
def test_boxes_and_names_tell_exactly_which_patched_images_are_equal(height, width, one_image, black, seed):
    rng = np.random.default_rng(seed)
    images = sparse(rng, (1 if one_image else 3, height, width, 2))
    fills = np.zeros_like(images[:1]) if black else sparse(rng, (3, height, width, 2))
    scene = rng.integers(0, 3, 60).astype(np.int32)
    top, left = rng.integers(0, height, 60), rng.integers(0, width, 60)
    within = np.stack([top, left, rng.integers(top, height) + 1, rng.integers(left, width) + 1]).astype(np.int32)
    of = distinct.changes(images, fills)
    if one_image and black:
        scene[:] = 0
    elif black:
        of = distinct.changes(images, np.zeros_like(images))
    box = distinct.boxes(of, scene, within)
    names = distinct.names(of, scene, box)

    results = []
    for s, (t, l, b, r), found in zip(scene, within.T, box.T, strict=True):
        image, fill = images[min(s, len(images) - 1)], fills[min(s, len(fills) - 1)]
        result = image.copy()
        result[t:b, l:r] = fill[t:b, l:r]
        rows, cols = np.nonzero((result != image).any(-1))
        expected = (rows.min(), cols.min(), rows.max() + 1, cols.max() + 1) if len(rows) else (0, 0, 0, 0)
        assert tuple(found) == expected
        results.append((min(s, len(images) - 1), result.tobytes()))
    for i in range(60):
        for j in range(i):
            # Images of other scenes may be equal by chance; a wrong equality is what must never be.
            if names[i] == names[j] and box[2, i] and box[2, j]:
                assert results[i] == results[j]
            if scene[i] == scene[j] and results[i] == results[j]:
                assert names[i] == names[j]


def test_each_distinct_image_is_classified_once():
    traced = []

    def predict(images):
        traced.append(len(images))
        return jax.nn.softmax(images.reshape(len(images), -1)[:, :3])

    image = np.zeros((1, 8, 8, 1), np.float32)
    image[0, 3, 4] = 1  # a patch covers this pixel or it does not: two images in all
    result = occlusion.sweep(predict, image, patch_size=3, method="dense")
    assert len(np.unique(result.probabilities.reshape(-1, 3), axis=0)) <= 2
    of = distinct.changes(image, np.zeros_like(image))
    starts = np.stack(np.meshgrid(np.arange(6), np.arange(6), indexing="ij")).reshape(2, -1).astype(np.int32)
    box = distinct.boxes(of, np.zeros(36, np.int32), np.concatenate([starts, starts + 3]))
    assert len(distinct.kinds(distinct.names(of, np.zeros(36, np.int32), box)).begin) - 1 == 2
