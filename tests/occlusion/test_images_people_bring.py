"""Images of every kind that people bring, each against a plain loop over the positions, and where a sweep can run."""

import multiprocessing
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, Mesh
from plain_loop import OPTIONS, SHAPE, check, looped, random_images, softmax, weights

from hw3 import occlusion
from hw3.occlusion import classification


@pytest.fixture(scope="module")
def images():
    return random_images()


def test_other_ranges_of_values(images):
    w = weights(0)
    for scale, shift, fill in ((255, 0, 127.0), (4, -2, -2.1)):
        given = scale * images + shift
        found = occlusion.sweep(lambda x: softmax(x / 255, w), given, fill=fill, **OPTIONS)
        expected = looped(lambda x: softmax(x / 255, w), given, (3, 2), 2, fill)
        np.testing.assert_allclose(found.probabilities, expected, atol=2e-6)


def test_channels_first(images):
    w = weights(0)
    large = np.random.default_rng(1).random((1, 3, 9, 8), np.float32)
    total = lambda x: jax.nn.softmax(x.sum((2, 3)))  # noqa: E731
    with pytest.raises(ValueError, match=r"as if their channels came first: pass layout='NCHW' \(or 'NHWC' if"):
        occlusion.sweep(total, large, patch_size=2)
    last = lambda x: jax.nn.softmax(x.sum((1, 2)))  # noqa: E731
    found = occlusion.sweep(total, large, patch_size=2, layout="NCHW", fill=large[0, :, ::-1])
    expected = occlusion.sweep(
        last, large.transpose(0, 2, 3, 1), patch_size=2, fill=large[0, :, ::-1].transpose(1, 2, 0)
    )
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)
    np.testing.assert_allclose(occlusion.mean_fill(large, "NCHW")[0, :, 0, 0], large.mean((0, 2, 3)), rtol=1e-5)
    with pytest.raises(ValueError, match="layout must be NHWC or NCHW for images of 4 axes, not 'NCL'"):
        occlusion.sweep(lambda x: softmax(x, w), images, layout="NCL", **OPTIONS)


@pytest.mark.parametrize(("shape", "patch"), [((11, 2), (3,)), ((4, 5, 3, 2), (2, 3, 2))])
def test_signals_and_volumes(shape, patch):
    rng = np.random.default_rng(0)
    given = (rng.random((2, *shape)) * (rng.random((2, *shape)) < 0.3)).astype(np.float32)
    w = rng.normal(size=(int(np.prod(shape)), 3)).astype(np.float32)
    found = occlusion.sweep(lambda x: softmax(x, w), given, patch_size=patch)
    expected = looped(lambda x: softmax(x, w), given, patch, 1)
    np.testing.assert_allclose(found.probabilities, expected, atol=2e-6)
    assert found.true_probability.shape == expected.shape[:-1]
    assert [len(axis) for axis in found.axes] == list(expected.shape[1:-1])
    assert occlusion.maps.importance(found).shape == given.shape[:-1]


@pytest.mark.parametrize("length", [40_000, 100_000])
def test_long_signals(length):
    signal = np.random.default_rng(0).random((1, length, 1), np.float32)
    predict = lambda x: jax.nn.softmax(jnp.stack([x[:, -700:].sum((1, 2)), x[:, :700].sum((1, 2))], 1) / 50)  # noqa: E731
    found = occlusion.sweep(predict, signal, patch_size=500, stride=length // 20, reach_edge=True)
    np.testing.assert_allclose(
        found.probabilities[0, 1:-2], found.clean[0] + 0 * found.probabilities[0, 1:-2], atol=1e-6
    )
    copy = signal.copy()
    copy[:, -500:] = 0
    np.testing.assert_allclose(found.probabilities[0, -1], predict(copy)[0], atol=1e-6)


def test_many_large_images_take_no_more_memory_than_a_few(monkeypatch):
    seen = []
    real = classification.occluded_scores

    def watched(classifier, images, *rest, **options):
        seen.append(images.nbytes)
        return real(classifier, images, *rest, **options)

    monkeypatch.setattr(classification, "occluded_scores", watched)
    many = np.random.default_rng(0).random((40, 256, 256, 1), np.float32)
    occlusion.sweep(lambda x: jax.nn.softmax(x[:, :2, 0, 0]), many, patch_size=128, stride=128)
    assert max(seen) <= 16_000_000


BAD_IMAGES = [
    ([[1.0], [1.0, 2.0]], "images must be one array, not a ragged list"),
    (np.array([[None]]), "images must be one array of numbers, not of Python objects"),
    (np.full((1, *SHAPE), np.nan, np.float32), "images must be finite, 84 of its values are NaN or infinite"),
    (np.ones((1, *SHAPE), bool), "images must be floating point, not bool: cast them"),
    (np.ones((1, *SHAPE), np.uint8), "images must be floating point, not uint8: divide 8-bit images by 255"),
    (np.ones((1, 2)), r"images must have the axes \[n, height, width, channels\].*not the shape \(1, 2\)"),
]


@pytest.mark.parametrize(("given", "message"), BAD_IMAGES)
def test_bad_images_are_named(given, message):
    with pytest.raises(ValueError, match=message):
        occlusion.sweep(lambda x: softmax(x, weights(0)), given, **OPTIONS)


def test_a_fill_that_is_a_function_is_named(images):
    with pytest.raises(ValueError, match="fill must be an array, not a function: call it first"):
        occlusion.sweep(lambda x: softmax(x, weights(0)), images, fill=occlusion.mean_fill, **OPTIONS)


def test_64_bit_debugging_meshes_and_threads(images):
    w = weights(0)
    predict = lambda x: softmax(x, w)  # noqa: E731
    with jax.enable_x64(True):
        check(predict, images)
        doubles = lambda x: softmax(x.astype(jnp.float64), w.astype(np.float64))  # noqa: E731
        check(doubles, images)
    with jax.debug_nans(True):
        check(predict, images)
    for kind in (AxisType.Auto, AxisType.Explicit):
        mesh = Mesh(np.array(jax.devices()[:1]), ("mine",), axis_types=(kind,))
        with jax.set_mesh(mesh):
            check(predict, images)
            assert jax.sharding.get_abstract_mesh().axis_names == ("mine",)
    failures = []

    def run(seed):
        try:
            check(lambda x: softmax(x, weights(seed)), images)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not failures


def test_inside_a_transformation_it_says_so(images):
    w = jnp.asarray(weights(0))
    inside = "sweep and search can't run inside jit, vmap, grad or scan"
    whole = lambda x: occlusion.sweep(lambda x: softmax(x, w), x, **OPTIONS).probabilities  # noqa: E731
    for call in (
        lambda: jax.jit(whole)(images),
        lambda: jax.jit(lambda: whole(images))(),
        lambda: jax.vmap(whole)(images[None]),
        lambda: jax.grad(lambda x: whole(x).sum())(images),
        lambda: jax.grad(lambda w: occlusion.sweep(lambda x: softmax(x, w), images, **OPTIONS).clean.sum())(w),
    ):
        with pytest.raises(ValueError, match=inside):
            call()


def _in_a_child(connection, images):
    try:
        occlusion.sweep(lambda x: softmax(x, weights(0)), images, **OPTIONS)
        connection.send("no error")
    except ValueError as error:
        connection.send(str(error))


@pytest.mark.filterwarnings("ignore:os.fork")
@pytest.mark.filterwarnings("ignore:This process")
def test_in_a_forked_child_it_says_so(images):
    jnp.zeros(3).block_until_ready()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_in_a_child, args=(theirs, images))
    child.start()
    try:
        assert ours.poll(60), "it hangs"
        assert "start processes with multiprocessing.get_context('spawn')" in ours.recv()
    finally:
        child.kill()
        child.join()
