"""Classifiers of colour images that somebody brings: plain JAX functions, factories, and some that are none.

An image shows a square on grey noise: its colour is the class.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

NAMES = ("red", "green", "blue")
SIDE, SQUARE = 12, 5
SPAN = slice(3, 3 + SQUARE)  # rows and columns of every square


def images(count=9, side=SIDE):
    """uint8 [count, side, side, 3], and the classes 0, 1, 2, 0, ..."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(60, 120, (count, side, side, 3))
    labels = np.arange(count) % 3
    for image, label in zip(pixels, labels, strict=True):
        image[SPAN, SPAN, label] += 120
    return pixels.astype(np.uint8), labels


def write_pictures(folder, count=9, by_class=True):
    """PNG files, in a folder for each class or all in one; the labels, in the order of their names."""
    pixels, labels = images(count)
    for number, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        where = folder / NAMES[label] if by_class else folder
        where.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(where / f"{number}.png")
    return labels


def logits(pixels):
    """[batch, 3]: how much more of each colour there is than of the others."""
    mean = pixels.mean((1, 2))
    return 60 * (mean - mean.mean(-1, keepdims=True))


def predict(pixels):
    return jax.nn.softmax(logits(pixels))


def is_blue(pixels):
    """One sigmoid an image."""
    return jax.nn.sigmoid(logits(pixels)[:, 2])


def blueness(pixels):
    """One logit an image, [batch, 1]."""
    return logits(pixels)[:, 2:]


def make(sharpness=1.0, order=(0, 1, 2)):
    """A factory."""
    return lambda pixels: jax.nn.softmax(sharpness * logits(pixels)[:, jnp.array(order)])


class _Network(nn.Module):
    @nn.compact
    def __call__(self, pixels):
        x = nn.relu(nn.Conv(6, (3, 3))(pixels))
        return nn.softmax(nn.Dense(3)(x.mean((1, 2))))


def network(seed=0):
    """A factory of Flax networks whose weights are told by a number."""
    model = _Network()
    variables = model.init(jax.random.key(seed), jnp.zeros((1, SIDE, SIDE, 3)))
    return lambda pixels: model.apply(variables, pixels)


def from_file(path):
    """A factory of classifiers whose weights lie in an .npy file."""
    weights = jnp.asarray(np.load(path))
    return lambda pixels: jax.nn.softmax(logits(pixels) * weights)


def by_numpy(pixels):
    return np.asarray(predict(np.asarray(pixels)))


def not_a_factory(pixels):
    return pixels


NUMBER = 7
