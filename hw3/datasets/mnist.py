"""MNIST as the package carries it, verified against the original files each time it is read."""

import hashlib
from importlib import resources

import numpy as np

from hw3.datasets.images import Dataset, first_line

_BUNDLE = resources.files("hw3") / "assets" / "mnist.npz"
_REINSTALL = "reinstall hw3 (in a git checkout: git checkout hw3/assets/mnist.npz)"

# key in the bundle -> SHA-256 of the original IDX file (Y. LeCun, C. Cortes, CC BY-SA 3.0), header included
_MNIST_SHA256 = {
    "x_train": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "y_train": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "x_test": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "y_test": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def read() -> Dataset:
    """MNIST. Raises OSError if the bundle is damaged."""
    try:
        with _BUNDLE.open("rb") as file, np.load(file) as arrays:
            mnist = {key: arrays[key] for key in _MNIST_SHA256}
    except Exception as error:  # damage surfaces as zip, zlib, key, value or OS errors
        raise OSError(f"cannot read the bundled {_BUNDLE}: {first_line(error)}; {_REINSTALL}") from error
    for key, expected in _MNIST_SHA256.items():
        if _idx_sha256(mnist[key]) != expected:
            raise OSError(f"the bundled {_BUNDLE} is damaged: wrong checksum of {key}; {_REINSTALL}")
    return Dataset(
        train_images=mnist["x_train"][..., None],
        train_labels=mnist["y_train"].astype(np.int32),
        test_images=mnist["x_test"][..., None],
        test_labels=mnist["y_test"].astype(np.int32),
        name="mnist",
        classes=10,
    )


def _idx_sha256(array: np.ndarray) -> str:
    """SHA-256 of a uint8 array as IDX file: 0x08 for unsigned bytes, rank, big-endian sizes, values."""
    digest = hashlib.sha256(bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
