"""The networks: published parameter tables, taps, pooling, descriptions that make no sense."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3 import cnn

MNIST = (28, 28, 1)

# As printed: document 001's and 004's tables of layers, layer by layer with output shapes.
WIDE = [
    ("conv1", (24, 24, 32), 832),
    ("conv2", (20, 20, 32), 25632),
    ("maxpool1", (10, 10, 32), 0),
    ("conv3", (8, 8, 64), 18496),
    ("conv4", (6, 6, 64), 36928),
    ("maxpool2", (3, 3, 64), 0),
    ("dense1", (100,), 57700),
    ("logits", (10,), 1010),
]
NARROW = [
    ("conv1", (26, 26, 12), 120),
    ("maxpool1", (13, 13, 12), 0),
    ("conv2", (11, 11, 12), 1308),
    ("maxpool2", (5, 5, 12), 0),
    ("conv3", (3, 3, 8), 872),
    ("maxpool3", (1, 1, 8), 0),
    ("logits", (10,), 90),
]


@pytest.mark.parametrize(("name", "rows"), [("wide", WIDE), ("narrow", NARROW)])
def test_published_parameter_tables(name, rows):
    model = cnn.CNN(cnn.parse(name))
    assert cnn.layer_rows(model, MNIST) == rows
    text = cnn.table(model, MNIST)
    for layer, shape, count in rows:
        [line] = [line for line in text.splitlines() if f" {layer} " in line]
        assert f"[1,{','.join(map(str, shape))}]" in line or count == 0
        assert not count or f" {count:,} " in line


def test_total_of_narrow_is_the_published_one():
    assert sum(count for _, _, count in cnn.layer_rows(cnn.CNN(cnn.parse("narrow")), MNIST)) == 2390
    assert any(layer.kind == "dropout" for layer in cnn.parse("narrow")[-1:]), "dropout stands before the dense layer"


def test_small_kernels_has_three_convolutions_of_3x3_with_32_filters_in_the_first():
    params = cnn.init(cnn.CNN(cnn.parse("small_kernels")), jax.random.key(0), MNIST)
    kernels = [params[f"conv{i}"]["linear"]["kernel"].shape for i in (1, 2, 3)]
    assert kernels[0] == (3, 3, 1, 32)
    assert all(shape[:2] == (3, 3) for shape in kernels)


def test_every_named_network_is_covered_here():
    assert set(cnn.NETWORKS) == {"wide", "narrow", "small_kernels"}


def test_taps_are_the_forward_pass_recomputed_by_hand():
    model = cnn.CNN(cnn.parse("conv3-4 maxpool2 dense5"), classes=3)
    key = jax.random.key(1)
    params = cnn.init(model, key, (8, 9, 2))
    images = np.random.default_rng(1).random((2, 8, 9, 2), np.float32)
    taps = cnn.activations(model, params, images)
    assert list(taps) == ["conv1", "maxpool1", "dense1", "logits"]

    kernel, bias = (np.asarray(params["conv1"]["linear"][name]) for name in ("kernel", "bias"))
    x = images
    conv = np.zeros((2, 6, 7, 4), np.float32)
    for i in range(6):
        for j in range(7):
            conv[:, i, j] = np.einsum("nijc,ijcf->nf", x[:, i : i + 3, j : j + 3], kernel) + bias
    conv = np.maximum(conv, 0)
    np.testing.assert_allclose(taps["conv1"], conv, atol=2e-6)
    pooled = conv[:, :6, :6].reshape(2, 3, 2, 3, 2, 4).max((2, 4))
    np.testing.assert_allclose(taps["maxpool1"], pooled, atol=2e-6)
    np.testing.assert_array_equal(taps["logits"], model.apply({"params": params}, images))


def test_predictor_gives_probabilities_and_does_not_compile_again_for_other_parameters():
    model = cnn.CNN(cnn.parse("narrow"))
    traces = []

    @jax.jit
    def classify(predict, images):
        traces.append(1)
        return predict(images)

    images = np.random.default_rng(0).random((3, *MNIST), np.float32)
    outs = [classify(cnn.predictor(model, cnn.init(model, jax.random.key(s), MNIST)), images) for s in (0, 1)]
    assert len(traces) == 1
    np.testing.assert_allclose(outs[0].sum(-1), 1, atol=1e-6)
    assert jnp.abs(outs[0] - outs[1]).max() > 1e-3


def test_dropout_acts_in_training_only():
    model = cnn.CNN(cnn.parse("conv3-4 dropout0.5"))
    params = cnn.init(model, jax.random.key(0), MNIST)
    images = np.random.default_rng(1).random((1, *MNIST), np.float32)

    @functools.partial(jax.jit, static_argnums=0)
    def apply(train, seed):
        return model.apply({"params": params}, images, train=train, rngs={"dropout": jax.random.key(seed)})

    assert jnp.array_equal(apply(False, 0), apply(False, 1))
    assert not jnp.allclose(apply(True, 0), apply(True, 1))


@pytest.mark.parametrize("word", ["wider", "conv0-3", "conv3", "maxpool", "dropout1.5", "dense-3", "conv3-32,maxpool2"])
def test_unknown_words_are_named(word):
    with pytest.raises(ValueError, match=rf"unknown network or layer '{word}'; networks: wide, narrow"):
        cnn.parse(f"conv3-8 {word}")


def test_no_layer_at_all_is_refused():
    with pytest.raises(ValueError, match="a network needs at least one layer; networks by name: wide"):
        cnn.parse(" ")


def test_convolution_after_dense_is_refused():
    with pytest.raises(ValueError, match="cannot follow a dense layer"):
        cnn.parse("dense10 conv3-8")


def test_images_too_small_for_a_layer_are_named():
    with pytest.raises(ValueError, match="images of 8x8 pixels are too small for layer conv2"):
        cnn.init(cnn.CNN(cnn.parse("conv5-8 conv5-8")), jax.random.key(0), (8, 8, 1))
