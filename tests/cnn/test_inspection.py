"""Filters, the ranking of features, shifts and receptive fields, against definitions written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3 import cnn
from hw3.cnn import geometry, inspection

activations = jax.jit(cnn.activations, static_argnums=0)


@pytest.fixture(scope="module")
def network():
    model = cnn.CNN(cnn.parse("conv3-4 maxpool2 conv3-6"), classes=3)
    return model, cnn.init(model, jax.random.key(3), (14, 14, 1))


def test_filters_are_the_kernels_that_make_the_feature_maps(network):
    model, params = network
    image = np.random.default_rng(0).random((1, 14, 14, 1), np.float32)
    kernels = inspection.filters(params, "conv1")
    assert kernels.shape == (4, 1, 3, 3)
    bias = np.asarray(params["conv1"]["linear"]["bias"])
    by_hand = [
        max(0.0, float((kernels[f, 0] * image[0, 5:8, 2:5, 0]).sum() + bias[f])) for f in range(4)
    ]  # a filter laid over the image with its first pixel at (5, 2)
    taps = np.asarray(activations(model, params, image)["conv1"])
    np.testing.assert_allclose(taps[0, 5, 2], by_hand, atol=1e-6)
    assert inspection.filters(params, "conv2").shape == (6, 4, 3, 3)


def test_a_layer_without_filters_is_named(network):
    with pytest.raises(ValueError, match="no convolution layer 'maxpool1'; this network has conv1, conv2"):
        inspection.filters(network[1], "maxpool1")


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=9), st.lists(st.integers(0, 3), min_size=1, max_size=9)
)  # few values, so that there are ties as after a ReLU
@settings(max_examples=12)
def test_auc_is_the_share_of_pairs_ranked_rightly(first, second):
    pairs = [(b > a) + 0.5 * (b == a) for a in first for b in second]
    got = jax.jit(inspection.auc)(jnp.array(first, jnp.float32)[:, None], jnp.array(second, jnp.float32)[:, None])
    assert got[0] == pytest.approx(np.mean(pairs), abs=1e-6)


def test_discrimination_finds_a_planted_feature(network):
    model, params = network
    rng = np.random.default_rng(1)
    first = rng.integers(0, 20, (70, 14, 14, 1)).astype(np.uint8)
    second = rng.integers(0, 20, (50, 14, 14, 1)).astype(np.uint8)
    second[:, 8:11, 8:11] += 200  # seen by some cells and not by others
    found = inspection.discriminate(model, params, first, second, "conv2", size=32)
    assert found.counts == (70, 50)
    assert found.cell_auc.shape == (4, 4, 6)
    separation = inspection.separation(found.cell_auc)
    assert separation.max() == 1.0
    _, last_row, _, last_col = geometry.field(model.layers, "conv2", 0, 0)
    assert max(last_row, last_col) < 8, "this cell cannot see the planted square"
    assert separation[0, 0].max() < 0.75
    taps = np.asarray(activations(model, params, np.float32(second) / 255)["conv2"])
    np.testing.assert_allclose(found.second_mean, taps.mean(0), atol=1e-5)


@pytest.mark.parametrize("layer", ["conv1", "maxpool1", "conv2"])
def test_receptive_field_is_where_the_gradient_is(network, layer):
    """Where changing pixels can change the cell: found by changing them, against what is computed from the layers."""
    model, params = network
    params = jax.tree.map(np.abs, params)  # so that ReLU passes everything
    changed = np.repeat(np.random.default_rng(0).random((1, 14, 14, 1), np.float32), 1 + 14 * 14, 0)
    for number, (row, col) in enumerate(np.indices((14, 14)).reshape(2, -1).T, start=1):
        changed[number, row, col] = 9.0
    cell = np.asarray(jax.jit(lambda images: cnn.activations(model, params, images)[layer][:, 1, 2])(changed))
    reach = (cell[1:] != cell[0]).any(-1).reshape(14, 14)
    rows, cols = np.nonzero(reach)
    assert geometry.field(model.layers, layer, 1, 2) == (rows.min(), rows.max(), cols.min(), cols.max())


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 7), st.integers(1, 7))
@settings(max_examples=12)
def test_shift_repeats_the_nearest_valid_pixel(down, right, height, width):
    image = np.random.default_rng(0).random((2, height, width, 2), np.float32)
    moved = np.asarray(jax.jit(inspection.shift)(image, down, right))
    for row in range(height):
        for col in range(width):
            source = image[:, min(max(row - down, 0), height - 1), min(max(col - right, 0), width - 1)]
            np.testing.assert_array_equal(moved[:, row, col], source)


def test_shift_to_the_left_by_three_is_the_homeworks():
    image = np.arange(5.0, dtype=np.float32).reshape(1, 5, 1)
    assert inspection.shift(jnp.asarray(image), 0, -3)[0, :, 0].tolist() == [3, 4, 4, 4, 4]


def brightness(images):
    """Class 1 for images brighter than a half on average, else class 0."""
    mean = images.mean((1, 2, 3))
    return jax.nn.softmax(jnp.stack([jnp.zeros_like(mean), 50 * (mean - 0.5)], -1))


def test_accuracy_of_shifts_counts_every_image():
    rng = np.random.default_rng(0)
    images = (rng.random((1001, 6, 6, 1)) ** rng.uniform(0.2, 3, (1001, 1, 1, 1)) * 255).astype(np.uint8)
    shifts = np.array([[0, 0], [0, 2], [-3, 0]])
    got = inspection.accuracy_of_shifts(brightness, images, 1, shifts)
    for value, (down, right) in zip(got, shifts, strict=True):
        moved = inspection.shift(jnp.asarray(images, jnp.float32) / 255, int(down), int(right))
        assert value == np.mean(np.asarray(brightness(moved).argmax(-1)) == 1)


def test_correct_images_are_found_in_order():
    images = np.full((600, 3, 3, 1), 10, np.uint8)
    labels = np.zeros(600, np.int32)
    images[5::7] = 250
    labels[::2] = 1
    bright = set(range(5, 600, 7))
    right = [n for n in range(600) if labels[n] == 1 and n in bright]
    assert inspection.correct(brightness, images, labels, 1, 9).tolist() == right[:9]
    assert inspection.nth_correct(brightness, images, labels, 1, len(right) - 1) == right[-1]
    with pytest.raises(ValueError, match=rf"index {len(right)} is past the last of the {len(right)} correctly"):
        inspection.nth_correct(brightness, images, labels, 1, len(right))
    with pytest.raises(ValueError, match=f"999 correctly classified images of class 1 were asked for, .* {len(right)}"):
        inspection.correct(brightness, images, labels, 1, 999)
    with pytest.raises(ValueError, match="no image of class 0 is classified correctly"):
        inspection.nth_correct(brightness, np.full_like(images, 255), labels, 0, 0)
    with pytest.raises(ValueError, match="no image of class 7; it has 0, 1"):
        inspection.nth_correct(brightness, images, labels, 7, 0)
    with pytest.raises(ValueError, match="counts from 0, not -1"):
        inspection.nth_correct(brightness, images, labels, 1, -1)
