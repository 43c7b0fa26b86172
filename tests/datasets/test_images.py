"""The bundle against known facts of MNIST, and every way in which it can be damaged."""

import os
import pickle
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from prepared_sets import fails_with, run_python

import hw3
from hw3 import datasets
from hw3.datasets import mnist as mnist_bundle


def test_bundle_is_mnist(mnist):
    assert mnist.train_images.shape == (60000, 28, 28, 1)
    assert mnist.test_images.shape == (10000, 28, 28, 1)
    assert mnist.train_images.dtype == mnist.test_images.dtype == np.uint8
    assert mnist.train_labels.dtype == mnist.test_labels.dtype == np.int32
    assert (mnist.name, mnist.classes) == ("mnist", 10)
    # Published facts: digits per class, the first labels, the mean 0.1307 that everyone normalises with.
    per_digit = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    np.testing.assert_array_equal(np.bincount(mnist.train_labels), per_digit)
    np.testing.assert_array_equal(mnist.train_labels[:5], [5, 0, 4, 1, 9])
    np.testing.assert_array_equal(mnist.test_labels[:5], [7, 2, 1, 0, 4])
    np.testing.assert_allclose(mnist.train_images.mean() / 255, 0.1307, atol=5e-5)


def test_bundle_needs_no_tfds():
    """Half a second of imports that only other sets need; nor does an importer of `hw3.datasets` pay for JAX."""
    code = """
        import sys
        from hw3 import datasets
        datasets.load()
        print({"jax", "tensorflow_datasets"} & {*sys.modules})
    """
    assert run_python(code) == "set()\n"


@pytest.fixture
def bundle(monkeypatch, tmp_path):
    """A place for a bundle to damage; removed at once, a whole one takes 55 MB."""
    path = tmp_path / "mnist.npz"
    monkeypatch.setattr(mnist_bundle, "_BUNDLE", path)
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_one_wrong_value_in_the_bundle(bundle, mnist, key):
    arrays = {
        "x_train": mnist.train_images[..., 0],
        "y_train": mnist.train_labels.astype(np.uint8),
        "x_test": mnist.test_images[..., 0],
        "y_test": mnist.test_labels.astype(np.uint8),
    }
    np.savez(bundle, **arrays)
    np.testing.assert_array_equal(datasets.load().test_images, mnist.test_images)
    wrong = arrays[key].copy()
    wrong.flat[-1] ^= 1
    np.savez(bundle, **arrays | {key: wrong})
    fails_with(OSError, f"the bundled {bundle} is damaged: wrong checksum of {key}; reinstall hw3 ")


def test_bundle_with_digits_on_their_side(bundle, mnist):
    """The same bytes in another shape: the sizes are part of the checksum."""
    turned = mnist.train_images.reshape(60000, 14, 56)
    np.savez(bundle, x_train=turned, y_train=mnist.train_labels, x_test=turned[:9], y_test=turned[:9])
    fails_with(OSError, "wrong checksum of x_train")


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "truncated", "flipped", "other arrays", "pickle"])
def test_unreadable_bundle(bundle, damage):
    whole = (Path(hw3.__file__).parent / "assets" / "mnist.npz").read_bytes()
    if damage == "empty":
        bundle.write_bytes(b"")
    elif damage == "text":
        bundle.write_text("version https://git-lfs.github.com/spec/v1\n")
    elif damage == "truncated":
        bundle.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        bundle.write_bytes(whole[:5_000_000] + bytes([whole[5_000_000] ^ 1]) + whole[5_000_001:])
    elif damage == "other arrays":
        np.savez(bundle, images=np.zeros(3))
    elif damage == "pickle":
        bundle.write_bytes(pickle.dumps(_Harm(bundle.parent / "harm")))
    fails_with(OSError, f"cannot read the bundled {bundle}: ", "; reinstall hw3 (in a git checkout: ")
    assert not (bundle.parent / "harm").exists()


class _Harm(NamedTuple):
    path: Path

    def __reduce__(self):
        return os.mkdir, (self.path,)


# --------------------------------------------------------------------------------------------- as_float


def test_as_float_scales_to_the_unit_interval():
    every = np.arange(256, dtype=np.uint8).reshape(4, 4, 4, 4)
    floats = datasets.as_float(every)
    assert isinstance(floats, np.ndarray)
    assert floats.dtype == np.float32
    assert (floats.flat[0], floats.flat[51], floats.flat[255]) == (0, np.float32(0.2), 1)
    np.testing.assert_array_max_ulp(floats, (np.arange(256) / 255).astype(np.float32).reshape(4, 4, 4, 4), 1)
    for same in (datasets.as_float(jnp.asarray(every)), jax.jit(datasets.as_float)(every)):
        assert isinstance(same, jax.Array)
        assert same.dtype == jnp.float32
        np.testing.assert_array_max_ulp(np.asarray(same), floats, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, bool])
def test_as_float_refuses_what_is_not_stored_images(dtype):
    with pytest.raises(ValueError, match=f"uint8 images, not {np.dtype(dtype)}"):
        datasets.as_float(np.ones((1, 2, 2, 1), dtype))


# ------------------------------------------------------------------- TFDS sets, written without TensorFlow
