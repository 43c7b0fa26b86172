"""A dense network whose dropout rates are inputs, so that networks of many rates train as one batch."""

import flax.linen as nn
import jax
import jax.numpy as jnp


def dropout(key: jax.Array, x: jax.Array, rate: jax.Array) -> jax.Array:
    """Sets each value to 0 with probability `rate` and divides the others by 1 - rate (Srivastava et
    al. 2014, section 10).

    `nn.Dropout` takes only a rate that is known when it is compiled; here it may differ from lane to lane.
    """
    kept = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(kept, x / (1 - rate), jnp.zeros_like(x))


class DenseNetwork(nn.Module):
    """Blocks of a dense layer, batch normalisation if asked for, and ReLU; then a dense classifier.

    The settings are dropout rates float32 [blocks, 2], of the values that the normalisation is about to take and of
    those that the ReLU gives; only the places in `drops` are compiled in. Sown as taps are each block's input of the
    normalisation (`before_0`, ...) and its output before dropout (`hidden_0`, ...).
    """

    widths: tuple[int, ...]
    classes: int = 10
    normalise: bool = False
    drops: tuple[str, ...] = ("after",)  # "before" the normalisation, "after" the ReLU
    memory: float = 0.9  # of the running statistics, per step

    @nn.compact
    def __call__(self, images: jax.Array, rates: jax.Array, train: bool) -> jax.Array:
        """Logits [batch, classes]."""
        x = images.reshape(len(images), -1)
        for block, width in enumerate(self.widths):
            x = nn.Dense(width)(x)
            if train and "before" in self.drops:
                x = dropout(self.make_rng("dropout"), x, rates[block, 0])
            self.sow("taps", f"before_{block}", x)
            if self.normalise:
                x = nn.BatchNorm(use_running_average=not train, momentum=self.memory)(x)
            x = nn.relu(x)
            self.sow("taps", f"hidden_{block}", x)
            if train and "after" in self.drops:
                x = dropout(self.make_rng("dropout"), x, rates[block, 1])
        return nn.Dense(self.classes)(x)
