"""Programs are told apart by what they compute."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3.occlusion import jaxprs

WEIGHTS = np.linspace(-1, 1, 48, dtype=np.float32).reshape(16, 3)
SHAPE = jax.ShapeDtypeStruct((1, 4, 4, 1), jnp.float32)


def classifier(weights=WEIGHTS, activation=jax.nn.relu, turns=2, shift=0.5):
    """A network with a custom derivative, a loop and a number of its own in it."""

    def predict(images):
        x = activation(images.reshape(len(images), -1) @ jnp.asarray(weights))
        return jax.lax.fori_loop(0, turns, lambda i, y: jnp.tanh(jax.nn.silu(y) + shift), x)

    return predict


def digest(function, shape=SHAPE):
    program, constants, _ = jaxprs.trace(function, shape)
    return program.digest(constants)


def test_the_same_computation_has_the_same_digest():
    assert digest(classifier()) == digest(classifier(WEIGHTS.copy())) == digest(jax.jit(classifier()))
    assert len(digest(classifier())) == 64


@pytest.mark.parametrize(
    "other",
    [
        {"weights": np.nextafter(WEIGHTS, 2)},
        {"weights": WEIGHTS.astype(np.float64).astype(np.float16).astype(np.float32)},
        {"activation": jnp.abs},
        {"turns": 3},
        {"shift": 0.25},
    ],
    ids=lambda other: "".join(other),
)
def test_another_computation_has_another(other):
    assert digest(classifier(**other)) != digest(classifier())


@pytest.mark.parametrize("name", ["weights", "nothing of the image", "no weights"])
def test_a_split_program_gives_the_same_and_leaves_to_the_image_what_depends_on_it(name):
    predict = {
        "weights": lambda x: (
            jnp.tanh(x.reshape(1, -1) @ jnp.exp(-jnp.asarray(WEIGHTS))) / jnp.sum(jnp.asarray(WEIGHTS))
        ),
        "nothing of the image": lambda x: jnp.exp(jnp.asarray(WEIGHTS[:1])),
        "no weights": lambda x: jnp.tanh(x).reshape(1, -1),
    }[name]
    program, constants, _ = jaxprs.trace(predict, SHAPE)
    first, rest = jaxprs.split(program)
    x = np.linspace(0, 1, 16, dtype=np.float32).reshape(SHAPE.shape)
    np.testing.assert_array_equal(rest(first(constants), x), program(constants, x))
    done = [equation.primitive.name for equation in rest.equations]
    assert "tanh" in done or name == "nothing of the image"
    assert not {"exp", "neg", "reduce_sum"}.intersection(done)


def test_so_have_other_shapes():
    assert digest(classifier(), jax.ShapeDtypeStruct((2, 4, 4, 1), jnp.float32)) != digest(classifier())
