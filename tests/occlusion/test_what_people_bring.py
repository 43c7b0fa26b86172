"""Classifiers and images of every kind that people bring, each against a plain loop over the positions."""

import dataclasses
import gc
import multiprocessing
import pathlib
import re
import threading
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, Mesh

from hw3 import occlusion
from hw3.occlusion import classification

SHAPE = (6, 7, 2)
README = pathlib.Path(__file__).parents[2] / "README.md"
OPTIONS = {"patch_size": (3, 2), "stride": 2}


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


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((2, *SHAPE), np.float32)


def weights(seed, classes=3):
    return np.random.default_rng(seed).normal(size=(int(np.prod(SHAPE)), classes)).astype(np.float32)


def softmax(x, w):
    return jax.nn.softmax(x.reshape(len(x), -1) @ w)


def check(predict, images, expected=None, **options):
    """The sweep equals the loop over positions with what `predict` is now."""
    found = occlusion.sweep(predict, images, **OPTIONS, **options)
    np.testing.assert_allclose(found.probabilities, looped(expected or predict, images, (3, 2), 2), 2e-6, 2e-6)
    return found


def readme(framework, **names):
    """What README says `predict` is for a network of this framework."""
    (line,) = re.findall(rf"^\| {framework} \| `([^`]+)`", README.read_text(), re.MULTILINE)
    return eval(line, {"jax": jax, **names})


def compilations():
    return classification._occluded.cache_info().misses


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


# ------------------------------------------------------------------------------------------------ scores


def test_numpy_is_called_with_one_size_of_batch(images):
    seen, w = set(), weights(0)

    def predict(x):
        assert isinstance(x, np.ndarray)
        seen.add(len(x))
        p = np.exp(x.reshape(len(x), -1) @ w)
        return p / p.sum(-1, keepdims=True)

    found = occlusion.sweep(predict, images, jit=False, batch_size=5, **OPTIONS)
    np.testing.assert_allclose(
        found.probabilities, looped(lambda x: predict(np.asarray(x)), images, (3, 2), 2), atol=1e-5
    )
    assert seen == {1, 5}, "1 is this test's own loop"


def test_an_exported_model_of_one_batch_size(images):
    w = weights(0)
    exported = jax.export.export(jax.jit(lambda x: softmax(x, w)))(jax.ShapeDtypeStruct((4, *SHAPE), jnp.float32))
    found = occlusion.sweep(exported.call, images, batch_size=4, **OPTIONS)
    np.testing.assert_allclose(found.probabilities, looped(lambda x: softmax(x, w), images, (3, 2), 2), atol=2e-6)
    with pytest.raises(ValueError, match="if it takes batches of one size alone say batch_size"):
        occlusion.sweep(exported.call, images, **OPTIONS)


def test_logits_sigmoids_and_single_numbers(images):
    w = weights(0)
    logits = lambda x: x.reshape(len(x), -1) @ w  # noqa: E731
    check(logits, images, score="logit")
    check(lambda x: jax.nn.sigmoid(logits(x)), images, score="sigmoid")
    one = lambda x: jax.nn.sigmoid(logits(x)[:, :1])  # noqa: E731
    assert check(one, images, score="sigmoid").labels.tolist() == [0, 0]
    check(lambda x: logits(x)[:, 0], images, lambda x: logits(x)[:, :1], score="value")
    squeezed = lambda x: logits(x)[:, :1].squeeze()  # noqa: E731 - loses its batch axis with a single image
    check(squeezed, images, lambda x: logits(x)[:, :1], score="value")
    with pytest.raises(ValueError, match=r"one column.*score='sigmoid', or return jnp.concatenate"):
        occlusion.sweep(one, images, **OPTIONS)
    with pytest.raises(ValueError, match="for many sigmoids say score='sigmoid'; wrap logits in jax"):
        occlusion.sweep(lambda x: jax.nn.sigmoid(logits(x)), images, **OPTIONS)
    with pytest.raises(
        ValueError, match=r"must give sigmoids in \[0, 1\], not .*jax\.nn\.sigmoid, or say score='logit'"
    ):
        occlusion.sweep(logits, images, score="sigmoid", **OPTIONS)
    with pytest.raises(ValueError, match="score must be one of probability, sigmoid, logit, value, not 'prob'"):
        occlusion.sweep(logits, images, score="prob", **OPTIONS)
    with pytest.raises(ValueError, match=r"as one array, not tuple: return that array"):
        occlusion.sweep(lambda x: (logits(x), x), images, **OPTIONS)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_probabilities_as_exact_as_their_type(images, dtype):
    w = weights(0, 100)
    half = lambda x: softmax(x, w).astype(dtype)  # noqa: E731
    found = occlusion.sweep(half, images, **OPTIONS)
    np.testing.assert_allclose(found.probabilities, looped(half, images, (3, 2), 2), atol=0.01)


def test_nan_is_noticed_where_relu_hides_it(images):
    w = weights(0)
    w[3, 1] = np.nan
    predict = lambda x: jax.nn.softmax(jax.nn.relu(x.reshape(len(x), -1) @ w))  # noqa: E731
    with pytest.raises(ValueError, match=r"predict's parameters hold NaN, in an array of the shape \[84, 3\]"):
        occlusion.sweep(predict, images, **OPTIONS)


def test_some_classes_alone_give_the_same_maps(images):
    w = weights(0, 9)
    labels = np.array([4, 7])
    whole = check(lambda x: softmax(x, w), images)._replace(labels=labels)
    for classes, columns in (("true", 1), (3, 3), (9, 9)):
        some = occlusion.sweep(lambda x: softmax(x, w), images, labels, classes=classes, **OPTIONS)
        assert some.probabilities.shape == (*whole.predicted.shape, columns)
        for name in ("true_probability", "highest_probability", "predicted", "accuracy"):
            np.testing.assert_array_equal(getattr(some, name), getattr(whole, name))
        np.testing.assert_array_equal(occlusion.maps.importance(some), occlusion.maps.importance(whole))
    assert some.kept is None
    with pytest.raises(ValueError, match="classes must be a whole number of at least 1, not 'most'"):
        occlusion.sweep(lambda x: softmax(x, w), images, classes="most", **OPTIONS)


# ------------------------------------------------------------------------------------------------ images


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


# ------------------------------------------------------------------------------------------------ surroundings


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
