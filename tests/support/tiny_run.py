"""What the tests of training and of checkpoints share: a tiny network's settings."""

import jax
import jax.numpy as jnp

from hw3.cnn import training

RECIPE = training.Recipe(
    epochs=3, batch_size=20, learning_rate=0.1, momentum=0.9, weight_decay=5e-4, max_shift=1, optimizer="sgd"
)
DESCRIPTION = "conv3-8 maxpool2 conv3-8 dropout0.1"
KEY = jax.random.key(7)


def equal(a, b):
    """Whether two pytrees of arrays are the same to the last bit."""
    return jax.tree.all(jax.tree.map(lambda x, y: bool(jnp.array_equal(x, y)), a, b))
