"""The evaluation by tiles, and what is chosen for this package's networks, against the dense evaluation."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3 import batches, cnn, datasets, occlusion
from hw3.occlusion import boxes, classification, convolutions, overlays, tiles, tiling, ways


def network(description, image_shape, classes=4, seed=0):
    model = cnn.CNN(cnn.parse(description), classes=classes)
    shapes = jax.eval_shape(lambda key: cnn.init(model, key, image_shape), jax.random.key(0))
    rng = np.random.default_rng(seed)

    # Biases that are not zero, so that what a black patch leaves is not zero either.
    def drawn(leaf):
        scale = 0.1 if len(leaf.shape) == 1 else np.sqrt(2 / np.prod(leaf.shape[:-1]))
        return rng.normal(scale=scale, size=leaf.shape).astype(np.float32)

    return cnn.predictor(model, jax.tree.map(drawn, shapes))


def sparse(rng, shape):
    """Images black but for a few pixels, so that many patches give the same image."""
    return (rng.random(shape) * (rng.random(shape) < 0.2)).astype(np.float32)


@pytest.fixture
def by_tiles(monkeypatch):
    """Method "incremental" is by tiles, also where boxes would spare more."""
    real = ways.choose

    def choose(method, classifier, patch, *rest):
        if method != "incremental":
            return real(method, classifier, patch, *rest)
        return (ways.Way(tiling.plan(classifier.program, patch)[0], convolutions.STOCK, classifier.program),)

    monkeypatch.setattr(ways, "choose", choose)


NETWORKS = ["conv3-5 maxpool2 dense7", "conv2-3 conv3-4 maxpool2 conv2-4 maxpool2 dropout0.5", "maxpool3 conv2-4"]


@pytest.mark.usefixtures("by_tiles")
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


@pytest.mark.usefixtures("by_tiles")
def test_memory_does_not_grow_with_the_number_of_images(monkeypatch):
    predict = network("conv3-4 maxpool2 dense8", (12, 12, 1))
    seen = []
    real = tiles.rest

    def rest(plan):
        def watched(constants, lines, windows):
            seen.append((lines.size, len(windows)))
            return real(plan)(constants, lines, windows)

        return watched

    monkeypatch.setattr(tiles, "rest", rest)
    images = sparse(np.random.default_rng(0), (60, 12, 12, 1))
    largest = []
    for count in (15, 60):
        seen.clear()
        occlusion.sweep(predict, images[:count], patch_size=4, method="incremental", batch_size=32)
        largest.append((max(size for size, _ in seen), max(batch for _, batch in seen)))
        assert len(seen) > 4
    assert largest[1][0] <= 2 * largest[0][0]  # room is made in powers of two
    assert [batch for _, batch in largest] == [32, 32]


def test_auto_is_by_tiles_only_where_it_pays():
    wide, shape = network("wide", (28, 28, 1)), (28, 28, 1)
    starts = np.stack(np.meshgrid(np.arange(21), np.arange(21), indexing="ij"), -1).reshape(-1, 2).astype(np.int32)
    mesh = batches.local_mesh()
    options = {"score": "probability", "layout": None, "jit": True, "batch_size": None, "limit": 8, "mesh": mesh}
    classifier = classification.prepare(wide, shape, **options)

    def chosen(method, positions, platform="cpu", devices=1):
        mesh = SimpleNamespace(size=devices, devices=np.array([SimpleNamespace(platform=platform)] * devices))
        found = ways.choose(method, classifier._replace(mesh=mesh), (8, 8), starts, positions)
        return [type(way.plan) for way in found]

    nothing = type(None)
    assert chosen("auto", 441) == [nothing], "it would be compiled for nothing"
    assert chosen("auto", 16 * 441) == [tiling.Plan]
    assert chosen("auto", 16 * 441, "gpu") == [nothing]
    assert chosen("auto", 1600 * 441, "gpu") == [boxes.Division, nothing]
    assert chosen("auto", 16 * 441, devices=2) == [nothing]
    assert chosen("incremental", 441, "gpu") == [tiling.Plan]
    assert chosen("dense", 16 * 441) == [nothing]
    with pytest.raises(ValueError, match="method 'incremental' runs on one device and the mesh has 2: use dense or"):
        chosen("incremental", 441, devices=2)
    with pytest.raises(ValueError, match="method must be one of auto, dense, incremental, not 'fast'"):
        chosen("fast", 441)
    plain = lambda x: np.asarray(x).reshape(len(x), -1)[:, :3]  # noqa: E731
    with pytest.raises(ValueError, match="needs a classifier that JAX traces, not one with jit=False: use dense or"):
        occlusion.sweep(plain, np.zeros((1, 9, 9, 1)), method="incremental", jit=False, score="value")
