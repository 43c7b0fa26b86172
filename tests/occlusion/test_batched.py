"""What a program for one image and one for several show about a function."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.occlusion import batched, classification, jaxprs

SHAPE = (6, 6, 3)


class Net(nn.Module):
    train: bool = False
    dropout: bool = False

    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.BatchNorm(use_running_average=not self.train)(nn.Conv(4, (3, 3))(x)))
        x = nn.Dropout(0.5, deterministic=not self.dropout)(nn.max_pool(x, (2, 2), (2, 2)))
        return nn.softmax(nn.Dense(3)(x.reshape(len(x), -1)))


def network(**options):
    """The numbers of its parameters do not matter: they are none."""
    shapes = jax.eval_shape(Net().init, jax.random.key(0), jnp.zeros((1, *SHAPE)))
    variables = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)
    rngs = {"dropout": jax.random.key(1)}
    return lambda x: Net(**options).apply(variables, x, rngs=rngs, mutable=["batch_stats"])[0]


row = np.float32([[1.0], [2.0]])
FUNCTIONS = {
    "a network": (network(), True),
    "batch normalisation in training": (network(train=True), False),
    "dropout in training": (network(dropout=True), False),
    "less the mean of the batch": (lambda x: x.mean((1, 2)) - x.mean((0, 1, 2)), False),
    "by the size of the batch": (lambda x: x.mean((1, 2)) / len(x), False),
    "by the place in the batch": (
        lambda x: x.mean((1, 2)) * (1 + jnp.arange(len(x), dtype=jnp.float32)[:, None]),
        False,
    ),
    "an array as long as the batch": (lambda x: x.mean((1, 2)) * row[: len(x)], False),
    "in the other order": (lambda x: x.mean((1, 2))[::-1], False),
    "the first alone": (lambda x: x.mean((1, 2)) + x[0, 0, 0], False),
    "another way for several": (lambda x: x.mean((1, 2)) if len(x) == 1 else x.max((1, 2)), False),
    "always the same": (lambda x: jnp.ones((len(x), 3)) / 3, False),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_independence_is_seen_only_where_it_is_certain(name):
    function, expected = FUNCTIONS[name]
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        one, several = (
            jaxprs.trace(function, jax.ShapeDtypeStruct((count, *SHAPE), jnp.float32))[0] for count in (1, 2)
        )
    assert batched.independent(one, several) is expected


def appended(x):
    """Grows at its end, looks at itself in between, and uses what it was before."""
    first = x
    for index in range(3):
        x = jnp.concatenate([x, jnp.tanh(x[..., :2]) + index, jnp.full((1, 6, 6, 1), index, jnp.float32)], -1)
    return jnp.concatenate([x * 2, first], -1)


def prepended(x):
    for index in range(3):
        x = jnp.concatenate([x[..., :1] + index, x], -1)
    return x


def branched(x):
    """Two ways to go on from the same beginning."""
    x = jnp.concatenate([x, -x], -1)
    short, long = (lambda: jnp.concatenate([x, x[..., :1]], -1)), (lambda: jnp.concatenate([x, x[..., 1:4] * 2], -1))
    return short(), long(), short() + 1, x


def doubled(x):
    x = jnp.concatenate([x, x], -1)
    return jnp.concatenate([x, x], -1)


def along_rows(x):
    """First along one axis, then along another."""
    x = jnp.concatenate([jnp.concatenate([x, x + 1], 1), x - 1], 1)
    return jnp.concatenate([jnp.concatenate([x, 3 * x], 2), x], 2)


def along_the_batch(x):
    return jnp.concatenate([jnp.concatenate([x, 3 * x], 0), x], 0)


@pytest.mark.parametrize("grows", [appended, prepended, branched, doubled, along_rows, along_the_batch])
def test_what_grows_by_concatenation_grows_in_place(grows):
    def predict(x):
        return jnp.concatenate([value.reshape(1, -1) for value in jax.tree.leaves(grows(x))], -1)

    program, constants, _ = jaxprs.trace(predict, jax.ShapeDtypeStruct((1, *SHAPE), jnp.float32))
    images = np.random.default_rng(0).random((3, *SHAPE), np.float32)
    found = jax.jit(lambda images: classification.apply(program, constants, images))(images)
    expected = jax.jit(predict)
    np.testing.assert_allclose(found, np.concatenate([expected(image[None]) for image in images]), rtol=1e-6)


def test_no_concatenation_is_left_of_what_only_grows():
    def predict(x):
        return jnp.concatenate([jnp.concatenate([x, -x], -1), 2 * x], -1).reshape(1, -1)

    program, constants, _ = jaxprs.trace(predict, jax.ShapeDtypeStruct((1, *SHAPE), jnp.float32))
    images = jnp.ones((3, *SHAPE))
    assert "concatenate" in str(jax.make_jaxpr(predict)(images[:1]))
    assert "concatenate" not in str(jax.make_jaxpr(lambda x: classification.apply(program, constants, x))(images))
