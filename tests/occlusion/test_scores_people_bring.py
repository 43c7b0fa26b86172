"""What the classifiers that people bring return and of which batches, each against a plain loop over positions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from plain_loop import OPTIONS, SHAPE, check, looped, random_images, softmax, weights

from hw3 import occlusion


@pytest.fixture(scope="module")
def images():
    return random_images()


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
