"""The sweep of a classifier and images of somebody's own beside a plain loop over the positions."""

import jax
import jax.numpy as jnp
import numpy as np

from hw3 import occlusion
from hw3.occlusion import classification

SHAPE = (6, 7, 2)
OPTIONS = {"patch_size": (3, 2), "stride": 2}


def random_images():
    return np.random.default_rng(0).random((2, *SHAPE), np.float32)


def looped(predict, images, patch, stride, fill=0.0):
    """Scores [images, ...positions, classes], one occluded image at a time; any number of axes."""
    sizes = images.shape[1:-1]
    axes = [range(0, size - length + 1, stride) for size, length in zip(sizes, patch, strict=True)]
    out = np.empty((len(images), *map(len, axes)), object)
    for at in np.ndindex(out.shape):
        image = images[at[0]].copy()
        image[tuple(slice(a[i], a[i] + p) for a, i, p in zip(axes, at[1:], patch, strict=True))] = fill
        out[at] = np.asarray(predict(jnp.asarray(image[None]))[0], np.float32)
    return np.array(out.tolist())


def weights(seed, classes=3):
    return np.random.default_rng(seed).normal(size=(int(np.prod(SHAPE)), classes)).astype(np.float32)


def softmax(x, w):
    return jax.nn.softmax(x.reshape(len(x), -1) @ w)


def check(predict, images, expected=None, **options):
    """The sweep equals the loop over positions with what `predict` is now."""
    found = occlusion.sweep(predict, images, **OPTIONS, **options)
    np.testing.assert_allclose(found.probabilities, looped(expected or predict, images, (3, 2), 2), 2e-6, 2e-6)
    return found


def compilations():
    return classification._occluded.cache_info().misses
