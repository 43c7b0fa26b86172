"""Distinct patched images against brute force; the incremental evaluation against the dense one."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3 import cnn, datasets, occlusion
from hw3.occlusion import distinct, evaluation, incremental, overlays


def network(description, image_shape, classes=4, seed=0):
    model = cnn.CNN(cnn.parse(description), classes=classes)
    params = cnn.init(model, jax.random.key(seed), image_shape)
    # Biases that are not zero, so that what a black patch leaves is not zero either.
    keys = iter(jax.random.split(jax.random.key(seed + 1), 99))
    noisy = lambda leaf: leaf + 0.1 * jax.random.normal(next(keys), leaf.shape)  # noqa: E731
    return cnn.predictor(model, jax.tree.map(noisy, params))


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


NETWORKS = ["conv3-5 maxpool2 dense7", "conv2-3 conv3-4 maxpool2 conv2-4 maxpool2 dropout0.5", "maxpool3 conv2-4"]


@pytest.mark.parametrize("description", NETWORKS)
def test_incremental_equals_dense(description):
    @given(st.integers(9, 14), st.integers(9, 14), st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.data())
    @settings(max_examples=2)
    def check(height, width, rows, cols, stride, more):
        seed = more.draw(st.integers(0, 99))
        rng = np.random.default_rng(seed)
        images = sparse(rng, (3, height, width, 1))
        fill = more.draw(st.sampled_from([0.0, 0.5, rng.random(images.shape, np.float32)]))
        predict = network(description, (height, width, 1), seed=seed)
        options = {"patch_size": (rows, cols), "stride": stride, "fill": fill, "batch_size": 40}
        both = [occlusion.sweep(predict, images, method=method, **options) for method in ("incremental", "dense")]
        np.testing.assert_allclose(both[0].probabilities, both[1].probabilities, atol=2e-6)

    check()


def test_the_homeworks_network_at_every_position(mnist):
    predict = network("wide", (28, 28, 1), classes=10)
    images = datasets.as_float(mnist.test_images[:2])
    dense, incremental_ = (occlusion.sweep(predict, images, method=method) for method in ("dense", "incremental"))
    np.testing.assert_allclose(incremental_.probabilities, dense.probabilities, atol=2e-6)
    np.testing.assert_array_equal(incremental_.predicted, dense.predicted)


def test_the_search_too_is_the_same_either_way(mnist):
    predict = network("conv3-4 maxpool2 dense8", (28, 28, 1), classes=10)
    image, donors = datasets.as_float(mnist.test_images[0]), datasets.as_float(mnist.test_images[1:3])
    options = {"patch_sizes": (6,), "cut_stride": 11, "paste_stride": 7}
    for ours, plain in zip(
        *(overlays.search(predict, image, donors, method=m, **options) for m in ("incremental", "dense")), strict=True
    ):
        np.testing.assert_array_equal(ours.predicted, plain.predicted)
        np.testing.assert_allclose(ours.probability, plain.probability, atol=2e-6)


def test_memory_does_not_grow_with_the_number_of_images(monkeypatch):
    predict = network("conv3-4 maxpool2 dense8", (12, 12, 1))
    seen = []
    real = incremental.rest

    def rest(plan, params, lines, windows):
        seen.append((lines.size, len(windows)))
        return real(plan, params, lines, windows)

    monkeypatch.setattr(incremental, "rest", rest)
    images = sparse(np.random.default_rng(0), (60, 12, 12, 1))
    largest = []
    for count in (15, 60):
        seen.clear()
        occlusion.sweep(predict, images[:count], patch_size=4, method="incremental", batch_size=32)
        largest.append((max(size for size, _ in seen), max(batch for _, batch in seen)))
        assert len(seen) > 4
    assert largest[1][0] <= 2 * largest[0][0]  # room is made in powers of two
    assert [batch for _, batch in largest] == [32, 32]


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


def test_methods_that_make_no_sense():
    images = np.zeros((1, 9, 9, 1), np.float32)
    plain = lambda x: jax.nn.softmax(x.reshape(len(x), -1)[:, :3])  # noqa: E731
    with pytest.raises(ValueError, match="method must be one of auto, dense, incremental, not 'fast'"):
        occlusion.sweep(plain, images, patch_size=3, method="fast")
    with pytest.raises(ValueError, match=r"needs a network of hw3\.cnn\.predictor with pooling; this classi"):
        occlusion.sweep(plain, images, patch_size=3, method="incremental")
    with pytest.raises(ValueError, match="this network has no pooling"):
        occlusion.sweep(network("conv3-4", (9, 9, 1)), images, patch_size=3, method="incremental")


def test_auto_is_incremental_only_where_it_pays():
    wide, shape = network("wide", (28, 28, 1)), (28, 28, 1)

    def chosen(method, positions, platform="cpu", devices=1):
        mesh = SimpleNamespace(size=devices, devices=np.array([SimpleNamespace(platform=platform)] * devices))
        return evaluation.choose(method, wide, 4, shape, (8, 8), positions, mesh)

    assert chosen("auto", 441) is None  # it would be compiled for nothing
    assert chosen("auto", 16 * 441) is not None
    assert chosen("auto", 16 * 441, "gpu") is None
    assert chosen("auto", 16 * 441, devices=2) is None
    assert chosen("incremental", 441, "gpu") is not None
    with pytest.raises(ValueError, match="method 'incremental' runs on one device and the mesh has 2: use dense or"):
        chosen("incremental", 441, devices=2)
