"""The sweep against a plain loop; what is read from it; classifiers and arguments that make no sense."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw3 import cnn, occlusion

CLASSES = 4


def linear_predict(height, width, channels, seed=0):
    """A classifier that is no network at all: softmax of a random linear map."""
    weights = linear_weights(height * width * channels, seed)
    return lambda images: jax.nn.softmax(images.reshape(len(images), -1) @ weights)


def linear_weights(values, seed):
    return np.random.default_rng(seed).normal(0, 0.2, (values, CLASSES)).astype(np.float32)


def predict_in_numpy(images, seed=0):
    """The same, compiled for no shape."""
    flat = images.reshape(len(images), -1)
    exponentials = np.exp(flat @ linear_weights(flat.shape[1], seed))
    return exponentials / exponentials.sum(-1, keepdims=True)


def looped(predict, images, patch, strides, fill):
    """The sweep as anybody would write it in NumPy, one occluded image at a time."""
    fill = np.broadcast_to(np.asarray(fill, np.float32), images.shape)
    count, height, width, _ = images.shape
    out = []
    for n in range(count):
        lines = []
        for top in range(0, height - patch[0] + 1, strides[0]):
            line = []
            for left in range(0, width - patch[1] + 1, strides[1]):
                image = images[n].copy()
                for row in range(top, top + patch[0]):
                    for col in range(left, left + patch[1]):
                        image[row, col] = fill[n, row, col]
                line.append(np.asarray(predict(image[None]))[0])
            lines.append(line)
        out.append(lines)
    return np.array(out)


@st.composite
def problems(draw):
    height, width, channels = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.sampled_from([1, 3]))
    patch = (draw(st.integers(1, height)), draw(st.integers(1, width)))
    strides = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    return height, width, channels, patch, strides, draw(st.integers(1, 3)), draw(st.integers(0, 99))


@given(problems(), st.sampled_from(["number", "channels", "image", "images"]), st.one_of(st.none(), st.integers(1, 50)))
@settings(max_examples=10)
def test_sweep_equals_the_plain_loop(problem, kind, batch_size):
    height, width, channels, patch, strides, count, seed = problem
    rng = np.random.default_rng(seed)
    images = rng.random((count, height, width, channels), np.float32)
    shapes = {"number": (), "channels": (channels,), "image": images.shape[1:], "images": images.shape}
    fill = rng.random(shapes[kind], np.float32)
    predict = linear_predict(height, width, channels, seed)
    result = occlusion.sweep(predict, images, patch_size=patch, stride=strides, fill=fill, batch_size=batch_size)
    known = functools.partial(predict_in_numpy, seed=seed)
    expected = looped(known, images, patch, strides, fill)
    assert result.probabilities.shape == expected.shape
    np.testing.assert_allclose(result.probabilities, expected, atol=2e-6)
    np.testing.assert_allclose(result.clean, known(images), atol=2e-6)


@given(st.sampled_from([5, 8, 11]), st.sampled_from([1, 2, 5]), st.integers(0, 5))
@settings(max_examples=6)
def test_sweep_of_a_network_equals_the_plain_loop(side, stride, seed):
    model = cnn.CNN(cnn.parse("conv3-4 maxpool2 conv3-4"))
    predict = cnn.predictor(model, cnn.init(model, jax.random.key(seed), (14, 14, 1)))
    images = np.random.default_rng(seed).random((2, 14, 14, 1), np.float32)
    result = occlusion.sweep(predict, images, patch_size=side, stride=stride)
    np.testing.assert_allclose(
        result.probabilities, looped(jax.jit(predict), images, (side, side), (stride, stride), 0.0), atol=1e-6
    )


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).random((28, 28, 1), np.float32)


@pytest.fixture(scope="module")
def result(image):
    return occlusion.sweep(linear_predict(28, 28, 1), image[None], np.array([1]))


def test_the_homeworks_case_has_21x21_positions_and_stride_2_document_000s_121(image, result):
    assert result.true_probability.shape == (1, 21, 21)
    assert occlusion.sweep(linear_predict(28, 28, 1), image[None], stride=2).predicted.size == 121


def test_maps_follow_from_the_probabilities(result):
    p = result.probabilities[0]
    for i, j in [(0, 0), (3, 17), (20, 20)]:
        assert result.true_probability[0, i, j] == p[i, j, 1]
        assert result.highest_probability[0, i, j] == max(p[i, j])
        assert result.predicted[0, i, j] == list(p[i, j]).index(max(p[i, j]))
    assert result.accuracy[0] == np.mean([label == 1 for label in result.predicted.ravel()])


def test_batch_size_changes_nothing_but_rounding_and_bounds_the_batch(image):
    seen = []

    def predict(images):
        seen.append(len(images))
        return linear_predict(28, 28, 1)(images)

    whole = occlusion.sweep(linear_predict(28, 28, 1), image[None])
    parts = occlusion.sweep(predict, image[None], batch_size=100)
    np.testing.assert_allclose(parts.probabilities, whole.probabilities, atol=1e-6)
    assert max(seen) <= 100


def test_progress_counts_every_occluded_image_once(image):
    done = []
    occlusion.sweep(linear_predict(28, 28, 1), np.stack([image] * 3), stride=3, batch_size=50, advance=done.append)
    assert sum(done) == 3 * 7 * 7


def test_one_compilation_serves_images_and_positions_of_the_same_number(image):
    traces = []

    def predict(images):
        traces.append(1)
        return jax.nn.softmax(images.sum((1, 2)) * jnp.ones((1, 3)))

    for seed in range(3):
        occlusion.sweep(predict, np.random.default_rng(seed).random((1, 28, 28, 1), np.float32))
    assert len(traces) == 4, "one a call, and once two images together"


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9))
def test_positions_fit_and_reach_the_edge_on_request(size, patch, stride):
    patch = min(size, patch)
    starts = occlusion.positions(size, patch, stride)
    assert starts[0] == 0
    assert np.all(np.diff(starts) == stride)
    assert size - patch - stride < starts[-1] <= size - patch
    reached = occlusion.positions(size, patch, stride, reach_edge=True)
    assert reached[-1] == size - patch
    assert np.array_equal(np.unique(reached), reached)
    assert set(starts) <= set(reached)


@given(problems(), st.booleans())
@settings(max_examples=8)
def test_importance_is_the_mean_drop_over_the_covering_patches(problem, reach_edge):
    height, width, channels, patch, strides, count, seed = problem
    images = np.random.default_rng(seed).random((count, height, width, channels), np.float32)
    result = occlusion.sweep(
        linear_predict(height, width, channels), images, patch_size=patch, stride=strides, reach_edge=reach_edge
    )
    importance, coverage = occlusion.maps.importance(result), occlusion.maps.coverage(result)
    for n in range(count):
        label = result.labels[n]
        for row in range(height):
            for col in range(width):
                drops = [
                    result.clean[n, label] - result.probabilities[n, i, j, label]
                    for i, top in enumerate(result.rows)
                    for j, left in enumerate(result.cols)
                    if top <= row < top + patch[0] and left <= col < left + patch[1]
                ]
                assert coverage[row, col] == len(drops)
                assert importance[n, row, col] == pytest.approx(np.mean(drops) if drops else 0, abs=1e-6)
    assert occlusion.maps.uncovered_pixels(result) == (coverage == 0).sum()
    assert not reach_edge or max(strides) > min(patch) or coverage.min() > 0


def made_up(predicted, true=2, patch=(3, 2), rows=(0, 2, 4), cols=(1, 5)):
    """A sweep result with given labels [rows, cols], probability 0.7 each."""
    predicted = np.array(predicted)
    probabilities = np.full((1, *predicted.shape, CLASSES), 0.1, np.float32)
    np.put_along_axis(probabilities, predicted[None, ..., None], 0.7, -1)
    return occlusion.Sweep(
        probabilities, np.array(rows), np.array(cols), patch, (8, 8), np.eye(4, dtype=np.float32)[[2]], np.array([true])
    )


def test_important_region_is_the_rectangle_of_all_flipping_patches():
    assert occlusion.maps.important_region(made_up([[2, 2], [2, 1], [0, 2]])) == (2, 6, 1, 6)
    assert occlusion.maps.important_region(made_up([[2, 2], [2, 2], [2, 2]])) is None


def test_telling_cases_name_the_worst_and_every_wrong_label_once():
    result = made_up([[2, 2], [2, 1], [0, 2]])
    cases = occlusion.maps.telling_cases(result)
    assert cases[0].title.startswith("most harmful")
    assert cases[0].true_probability == pytest.approx(0.1)
    assert {case.predicted for case in cases} == {0, 1, 2}
    assert len({(case.row, case.col) for case in cases}) == len(cases)
    titles = ", ".join(case.title for case in cases)
    for title in ("least harmful", "most confident 0", "most confident 1", "steepest step: from", "steepest step: to"):
        assert title in titles


def test_occluded_picture_is_what_the_network_saw(image, result):
    picture = occlusion.occluded(image, 4, 9, (8, 8))
    assert picture[4:12, 9:17].sum() == 0
    np.testing.assert_allclose(predict_in_numpy(picture[None])[0], result.probabilities[0, 4, 9], atol=1e-6)
    assert image[4:12, 9:17].sum() > 0, "the original is left alone"


def test_blur_keeps_constants_and_the_mean_fill_is_the_mean():
    np.testing.assert_allclose(occlusion.blur_fill(jnp.full((1, 9, 7, 2), 0.3)), 0.3, atol=1e-6)
    images = np.random.default_rng(0).random((2, 30, 31, 1), np.float32)
    point = jnp.zeros((1, 31, 31, 1)).at[0, 15, 15, 0].set(1.0)
    blurred = np.asarray(occlusion.blur_fill(point, sigma=2.0))[0, :, :, 0]
    rows = np.arange(31) - 15
    assert blurred.sum() == pytest.approx(1, abs=1e-5)
    assert (blurred.sum(1) * rows**2).sum() == pytest.approx(4.0, rel=0.03), "variance of a Gaussian of sigma 2"
    np.testing.assert_allclose(occlusion.mean_fill(images)[1, 4, 5, 0], images[1].mean(), rtol=1e-6)


BAD = [
    ({"patch_size": 29}, "patch_size 29x29 is larger than the images, 28x28"),
    ({"patch_size": 0}, "patch_size must be one or two positive whole numbers, not 0"),
    ({"patch_size": (3, -1)}, r"patch_size must be one or two positive whole numbers, not \(3, -1\)"),
    ({"patch_size": (1, 2, 3)}, "patch_size must be one or two"),
    ({"patch_size": 2.5}, "patch_size must be one or two positive whole numbers, not 2.5"),
    ({"stride": 0}, "stride must be one or two positive whole numbers, not 0"),
    ({"stride": -1}, "stride must be one or two positive whole numbers, not -1"),
    ({"batch_size": 0}, "batch_size must be a whole number of at least 1, not 0"),
    ({"batch_size": 2.5}, "batch_size must be a whole number of at least 1, not 2.5"),
    ({"patch_size": True}, "patch_size must be one or two positive whole numbers, not True"),
    ({"fill": 7.0}, r"fill must lie in \[0, 1\] as the images do, not 7\.\.7: give it in their range"),
    ({"fill": "blur"}, "fill must be a number or an array, not 'blur'"),
    ({"fill": np.zeros(3)}, r"fill must be a number or have one of the shapes .* not \(3,\)"),
    ({"labels": [1, 2]}, "labels must be 1 whole numbers"),
    ({"labels": [0.5]}, "labels must be 1 whole numbers"),
    ({"labels": [4]}, r"labels must lie in 0\.\.3, not 4\.\.4"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_arguments_are_named(image, options, message):
    with pytest.raises(ValueError, match=message):
        occlusion.sweep(linear_predict(28, 28, 1), image[None], **options)


def test_bytes_and_missing_axes_are_refused(image):
    with pytest.raises(ValueError, match="not uint8: divide 8-bit images by 255"):
        occlusion.sweep(linear_predict(28, 28, 1), (255 * image[None]).astype(np.uint8))
    with pytest.raises(ValueError, match=r"axes \[n, height, width, channels\].*, not the shape \(28, 28\)"):
        occlusion.sweep(linear_predict(28, 28, 1), image[..., 0])
    with pytest.raises(ValueError, match="a patch of 10 pixels is larger than an axis of 8"):
        occlusion.positions(8, 10, 1, True)


def test_logits_and_wrong_shapes_are_refused(image):
    with pytest.raises(ValueError, match=r"wrap logits in jax\.nn\.softmax"):
        occlusion.sweep(lambda images: images.reshape(len(images), -1)[:, :4], image[None])
    with pytest.raises(ValueError, match=r"predict must give probabilities \[batch, classes\]"):
        occlusion.sweep(lambda images: images.sum(), image[None])


def test_a_nan_of_the_classifier_is_refused(image):
    with pytest.raises(ValueError, match="must give probabilities"):
        occlusion.sweep(lambda images: jnp.full((len(images), 3), jnp.nan), image[None])


def test_no_images_give_an_empty_result():
    result = occlusion.sweep(linear_predict(28, 28, 1), np.zeros((0, 28, 28, 1), np.float32))
    assert result.probabilities.shape == (0, 21, 21, CLASSES)
