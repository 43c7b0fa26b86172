"""A sweep on disk: what other readers see of it, what is missing, what is damaged."""

import json
import warnings

import numpy as np
import pytest
import xarray
import zarr
from hypothesis import given
from hypothesis import strategies as st

from hw3.occlusion import storage
from hw3.occlusion.storage import Store


def store_of(path, images=7, chunk=3, **settings):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, images)
    return Store(
        path,
        {"patch_size": [2, 3]} | settings,
        np.arange(10, 10 + images),
        labels,
        np.arange(5),
        np.arange(0, 6, 2),
        4,
        chunk,
    )


def numbers_of(store):
    rng = np.random.default_rng(1)
    shape = (len(store.images), len(store.rows), len(store.cols), store.classes)
    return rng.random((shape[0], shape[3]), np.float32), rng.random(shape, np.float32)


@pytest.fixture
def store(tmp_path):
    store = store_of(tmp_path / "sweep.zarr")
    storage.create(store)
    return store


def test_what_is_written_is_read_by_itself_by_zarr_and_by_xarray(store):
    clean, probabilities = numbers_of(store)
    assert storage.missing(store).tolist() == [True, True, True]
    for chunk in (2, 0, 1):
        storage.write(store, chunk, clean[store.span(chunk)], probabilities[store.span(chunk)])
    assert not storage.missing(store).any()
    for chunk in range(store.chunks):
        for got, wanted in zip(storage.read(store, chunk), (clean, probabilities), strict=True):
            np.testing.assert_array_equal(got, wanted[store.span(chunk)])

    group = zarr.open_group(store.path, mode="r")
    np.testing.assert_array_equal(group["probabilities"][:], probabilities)
    np.testing.assert_array_equal(group["clean"][:], clean)
    assert group.attrs["settings"] == store.settings
    with warnings.catch_warnings(action="error"), xarray.open_zarr(store.path) as dataset:
        assert dataset.probabilities.dims == ("image", "row", "col", "class")
        np.testing.assert_array_equal(dataset.probabilities.sel(image=12, col=4, row=3), probabilities[2, 3, 2])
        np.testing.assert_array_equal(dataset.label, store.labels)
        np.testing.assert_array_equal(dataset.clean, clean)


def test_it_is_found_again_and_differences_are_named(store, tmp_path):
    found = storage.load(store.path)
    assert storage.difference(found, store) == ""
    other = storage.difference
    assert other(found, store_of(store.path, patch_size=[3, 3])) == "patch_size is [2, 3] there and [3, 3] here"
    assert other(found, store_of(store.path, fill="mean")) == "fill is not set there and mean here"
    assert other(found, store._replace(settings={})) == "patch_size is [2, 3] there and not set here"
    assert other(found, store._replace(chunk=2)) == "a chunk has 3 images there and 2 here"
    assert other(found, store._replace(images=store.images + 1)) == "its images or positions are others"


def test_what_is_missing_or_damaged_is_named(store):
    clean, probabilities = numbers_of(store)
    storage.write(store, 1, clean[3:6], probabilities[3:6])
    assert storage.missing(store).tolist() == [True, False, True]
    assert storage.missing(store, np.array([2, 1])).tolist() == [True, False]
    with pytest.raises(FileNotFoundError, match=r"chunk 2 of .*sweep.zarr is missing: run scripts/sweep_dataset"):
        storage.read(store, 2)
    file = store.path / "probabilities" / "c" / "1" / "0" / "0" / "0"
    whole = file.read_bytes()
    flipped = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(20, len(whole), 37)]
    for damaged in (whole[:40], b"", *flipped):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match=rf"chunk 1 of .* is damaged .*remove {file} and run"):
            storage.read(store, 1)
    with pytest.raises(FileNotFoundError, match=r"holds no sweep: make one with scripts/sweep_dataset.py"):
        storage.load(store.path.parent)
    group = store.path / "zarr.json"
    for text in ("{", "{}", json.dumps({"attributes": {}})):
        group.write_text(text)
        with pytest.raises(ValueError, match=r"sweep.zarr is damaged or not a sweep"):
            storage.load(store.path)


def test_writing_where_nothing_can_be_written_is_an_error_of_the_system(store):
    clean, probabilities = numbers_of(store)
    (store.path / "probabilities" / "c").write_text("a file where a folder should be")
    with pytest.raises(OSError, match=r"cannot write chunk 0 of .*sweep.zarr"):
        storage.write(store, 0, clean[:3], probabilities[:3])
    with pytest.raises(OSError, match="not empty"):
        storage.create(store)
    assert [path.name for path in store.path.parent.iterdir()] == ["sweep.zarr"], "nothing is left beside it"


@given(images=st.integers(1, 50), chunk=st.integers(1, 60))
def test_every_image_lies_in_one_chunk(images, chunk):
    store = store_of("nowhere", images, chunk)
    spans = [range(*store.span(k).indices(images)) for k in range(store.chunks)]
    assert [at for span in spans for at in span] == list(range(images))
    assert all(spans)
