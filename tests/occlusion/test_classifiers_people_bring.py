"""Classifiers of every kind and framework that people bring, each against a plain loop over the positions."""

import dataclasses
import gc
import pathlib
import re
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from plain_loop import OPTIONS, SHAPE, check, compilations, looped, random_images, softmax, weights

from hw3 import occlusion

README = pathlib.Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def images():
    return random_images()


def readme(framework, **names):
    """What README says `predict` is for a network of this framework."""
    (line,) = re.findall(rf"^\| {framework} \| `([^`]+)`", README.read_text(), re.MULTILINE)
    return eval(line, {"jax": jax, **names})


class Frozen(NamedTuple):
    w: Any

    def __call__(self, x):
        return softmax(x, self.w)


@dataclasses.dataclass
class Data:
    w: Any

    def __call__(self, x):
        return softmax(x, self.w)

    def classify(self, x):
        return softmax(x, self.w)


def kinds():
    """Makers of the same classifier from weights, of every kind."""
    holder = {}

    def in_a_global(w):
        holder["w"] = w
        return lambda x: softmax(x, holder["w"])

    return {
        "a fresh lambda": lambda w: lambda x: softmax(x, w),
        "arrays of JAX": lambda w: lambda x: softmax(x, jnp.asarray(w)),
        "a global": in_a_global,
        "a bound method": lambda w: Data(w).classify,
        "a dataclass": Data,
        "a NamedTuple": Frozen,
        "a Partial": lambda w: jax.tree_util.Partial(lambda w, x, train: softmax(x, w) + 0 * train, w, train=0.0),
        "a jitted function": lambda w: jax.jit(lambda x: softmax(x, w)),
    }


@pytest.mark.parametrize("kind", kinds())
def test_other_weights_give_their_own_maps_and_compile_nothing(kind, images):
    make = kinds()[kind]
    check(make(weights(1)), images)
    before = compilations()
    for seed in (2, 3):
        check(make(weights(seed)), images)
    assert compilations() == before


def test_weights_changed_in_place_give_new_maps(images):
    w = weights(1)
    predict = lambda x: softmax(x, w)  # noqa: E731
    first = check(predict, images)
    before = compilations()
    w *= -2
    second = check(predict, images)
    assert np.abs(first.probabilities - second.probabilities).max() > 0.1
    model = Data(jnp.asarray(w))
    check(model, images)
    model.w = jnp.asarray(weights(5))
    check(model, images)
    assert compilations() == before


def test_numbers_in_the_code_are_part_of_what_is_computed(images):
    w = weights(1)
    for temperature in (1.0, 3.0):
        check(lambda x, t=temperature: softmax(x / t, w), images)


def test_memory_does_not_grow_with_the_number_of_calls(images):
    def call(seed):
        large = jnp.full((5_000_000,), float(seed))  # 20 MB
        occlusion.sweep(lambda x: jax.nn.softmax(x.sum((1, 2)) + large[0]), images, **OPTIONS)

    for seed in range(30):
        call(seed)
        assert sum(array.size == 5_000_000 for array in jax.live_arrays()) <= 2, "until Python collects its garbage"
    gc.collect()
    assert not any(array.size == 5_000_000 for array in jax.live_arrays())


# ------------------------------------------------------------------------------------------------ frameworks


def test_flax_nnx(images):
    nnx = pytest.importorskip("flax.nnx")

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.conv = nnx.Conv(2, 4, (3, 3), rngs=rngs)
            self.norm = nnx.BatchNorm(4, rngs=rngs)
            self.out = nnx.Linear(4, 3, rngs=rngs)

        def __call__(self, x):
            return jax.nn.softmax(self.out(nnx.relu(self.norm(self.conv(x))).mean((1, 2))))

    model = Net(nnx.Rngs(0))
    with pytest.raises(ValueError, match=r"switch batch normalisation and dropout to evaluation .*model\.eval\(\)"):
        occlusion.sweep(model, images, **OPTIONS)
    model.eval()
    check(readme("Flax NNX", model=model), images)
    before = compilations()
    model.out.kernel[...] = -3 * model.out.kernel[...]
    check(model, images)
    assert compilations() == before


def test_flax_linen(images):
    nn = pytest.importorskip("flax.linen")

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x, train=False):
            x = nn.BatchNorm(use_running_average=not train)(nn.Conv(4, (3, 3))(x))
            return nn.softmax(nn.Dense(3)(nn.Dropout(0.5, deterministic=not train)(x.mean((1, 2)))))

    model = Net()
    variables = model.init(jax.random.key(0), images)
    check(readme("Flax Linen", model=model, variables=variables), images)
    with pytest.raises(
        ValueError, match=r"wants its parameters first: pass jax\.tree_util\.Partial\(model\.apply, var"
    ):
        occlusion.sweep(model.apply, images, **OPTIONS)

    def training(x):
        return model.apply(variables, x, train=True, rngs={"dropout": jax.random.key(0)}, mutable=["batch_stats"])[0]

    with pytest.raises(ValueError, match=r"other scores beside other images than alone .*: switch batch normalisation"):
        occlusion.sweep(training, images, **OPTIONS)


def test_equinox(images):
    eqx = pytest.importorskip("equinox")
    mlp = eqx.nn.MLP(int(np.prod(SHAPE)), 3, 5, 1, key=jax.random.key(0))
    check(readme("Equinox", net=lambda image: mlp(image.ravel())), images)


def test_haiku(images):
    hk = pytest.importorskip("haiku")
    net = hk.without_apply_rng(hk.transform(lambda x: jax.nn.softmax(hk.Linear(3)(hk.Flatten()(x)))))
    check(readme("Haiku", net=net, params=net.init(jax.random.key(0), images)), images)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras's own
def test_keras(images, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input(SHAPE),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    with jax.numpy_rank_promotion("allow"):
        check(readme("Keras on JAX", model=net), images)
        before = compilations()
        net.set_weights([np.cos(np.arange(w.value.size)).reshape(w.shape) ** 2 for w in net.weights])
        check(net, images)
    assert compilations() == before


def test_pytorch(images):
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    predict = readme("PyTorch", net=net, torch=torch)
    first = images.transpose(0, 3, 1, 2)
    found = occlusion.sweep(predict, first, layout="NCHW", jit=False, **OPTIONS)
    expected = looped(lambda x: predict(np.array(x).transpose(0, 3, 1, 2)).detach(), images, (3, 2), 2)
    np.testing.assert_allclose(found.probabilities, expected, atol=2e-6)
    with pytest.raises(ValueError, match="if it is NumPy's, PyTorch's or other code pass jit=False"):
        occlusion.sweep(predict, first, layout="NCHW", **OPTIONS)
