"""Sweeps as labelled arrays: names, coordinates in pixels and numbers."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hw3 import occlusion


def swept(shape, **options):
    """A sweep of a random linear classifier of five classes."""
    rng = np.random.default_rng(0)
    weights = jnp.asarray(rng.normal(size=(int(np.prod(shape)), 5)))
    predict = lambda images: jax.nn.softmax(images.reshape(len(images), -1) @ weights)  # noqa: E731
    return occlusion.sweep(predict, rng.random((3, *shape), np.float32), [4, 0, 2], patch_size=2, **options)


@pytest.mark.parametrize(
    ("shape", "names"),
    [((7, 2), ("sample",)), ((6, 5, 1), ("row", "col")), ((3, 4, 5, 1), ("depth", "row", "col"))],
)
def test_axes_have_names_and_pixels(shape, names):
    result = swept(shape, stride=2)
    data = result.to_xarray()
    assert data["probabilities"].dims == ("image", *names, "class")
    assert data["clean"].dims == ("image", "class")
    for name, starts in zip(names, result.axes, strict=True):
        np.testing.assert_array_equal(data[name], starts)
        assert data[name].attrs["units"] == "pixel"
    for name in ("true_probability", "highest_probability", "predicted"):
        assert data[name].dims == ("image", *names)
        np.testing.assert_array_equal(data[name], getattr(result, name))
    for image, label in enumerate(result.labels):
        chosen = data.isel(image=image)
        assert chosen["label"] == label
        np.testing.assert_array_equal(chosen["probabilities"].sel({"class": label}), chosen["true_probability"])
    assert data.attrs == {"patch": [2] * len(names), "image_shape": list(shape[:-1])}


@pytest.mark.parametrize("classes", ["true", 3])
def test_of_kept_classes_it_says_which(classes):
    everything, some = swept((6, 5, 1)), swept((6, 5, 1), classes=classes).to_xarray()
    assert some["probabilities"].dims == ("image", "row", "col", "kept")
    assert some["clean"].sizes["class"] == 5
    for image in range(3):
        for place, which in enumerate(some["kept_class"].values[image]):
            found = some["probabilities"][image, ..., place]
            np.testing.assert_allclose(found, everything.probabilities[image, ..., which], rtol=1e-6)
    np.testing.assert_array_equal(some["predicted"], everything.predicted)


def test_without_xarray_a_line_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError, match=r"^to_xarray needs the package xarray: pip install xarray$"):
        swept((6, 5, 1)).to_xarray()
