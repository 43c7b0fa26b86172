"""A sweep on disk: what other readers see of it, what is missing, what is damaged."""

import json
import shutil
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
        with pytest.raises(ValueError, match=r"chunk 1 of \S+ is damaged \(.*\): run scripts/sweep_dataset.py again"):
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


def filled(store):
    for chunk in range(store.chunks):
        span = store.span(chunk)
        storage.write(store, chunk, *(values[span] for values in numbers_of(store)))
    return store


@pytest.mark.parametrize("array", ["clean", "probabilities"])
@pytest.mark.parametrize("damage", ["lost", "emptied", "altered", "NaN", "above 1"])
def test_a_lost_or_damaged_chunk_is_never_read_as_zeros_and_is_made_again(store, array, damage):
    clean, probabilities = numbers_of(filled(store))
    (file,) = (path for path in (store.path / array / "c" / "1").rglob("*") if path.is_file())
    if damage == "lost":
        file.unlink()
    elif damage == "emptied":
        file.write_bytes(b"")
    elif damage == "altered":
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    else:
        values = {"clean": clean, "probabilities": probabilities}
        values[array][3] = np.nan if damage == "NaN" else 1.5
        storage.write(store, 1, values["clean"][3:6], values["probabilities"][3:6])
    with pytest.raises(
        FileNotFoundError if damage == "lost" else ValueError, match=r"^chunk 1 of \S+ is (missing|dam)"
    ):
        storage.read(store, 1)
    assert storage.remove_damaged(store) == ([] if damage == "lost" else [1])
    assert storage.missing(store).tolist() == [False, True, False]
    filled(store)
    assert storage.remove_damaged(store) == []
    assert not storage.missing(store).any()


@pytest.mark.parametrize("array", ["image", "label", "row", "col", "class"])
def test_lost_or_damaged_coordinates_are_noticed(store, array):
    file = store.path / array / "c" / "0"
    whole = file.read_bytes()
    for damaged in (None, b"", whole[:-1], bytes([whole[0] ^ 1]) + whole[1:]):
        file.unlink() if damaged is None else file.write_bytes(damaged)
        with pytest.raises(
            ValueError, match=r"sweep.zarr is damaged or not a sweep \(.*\): remove it and run"
        ) as caught:
            storage.load(store.path)
        assert "\n" not in str(caught.value)


def test_a_sweep_of_zeros_alone_is_whole(tmp_path):
    store = Store(tmp_path / "s.zarr", {}, *(np.zeros(1, np.int64) for _ in range(4)), 1, 1)
    storage.create(store)
    storage.write(store, 0, np.zeros((1, 1), np.float32), np.zeros((1, 1, 1, 1), np.float32))
    assert storage.difference(storage.load(store.path), store) == ""
    assert storage.read(store, 0)[1].shape == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.arange(-5, 2)}, "array image holds -5"),
        ({"images": np.zeros(7, int)}, "array image is not ascending"),
        ({"labels": np.full(7, -1)}, "array label holds -1"),
        ({"labels": np.full(7, 4)}, "array label holds 4, there are 4 classes"),
        ({"labels": np.zeros(6, int)}, "7 images and 6 labels"),
        ({"rows": np.array([3, 1])}, "array row is not ascending"),
        ({"cols": np.array([-1, 1])}, "array col holds -1"),
        ({"settings": "text"}, r'its settings are "text", not an object'),
        ({"settings": [1]}, r"its settings are \[1\], not an object"),
        ({"settings": None}, "its settings are null, not an object"),
        ({"settings": {}}, "its settings hold no patch_size"),
        ({"settings": {"patch_size": 8}}, "its setting patch_size is 8, not two positive whole numbers"),
        ({"settings": {"patch_size": [8, 0]}}, r"its setting patch_size is \[8, 0\]"),
        ({"settings": {"patch_size": [8, True]}}, r"its setting patch_size is \[8, True\]"),
        ({"settings": {"patch_size": [8, 8], "dataset": 3}}, "its setting dataset is 3, not text"),
    ],
)
def test_what_no_sweep_can_hold_is_one_line(tmp_path, changes, message):
    store = store_of(tmp_path / "sweep.zarr")._replace(**changes)
    storage.create(store)
    with pytest.raises(ValueError, match=rf"sweep.zarr is damaged or not a sweep \(.*{message}") as caught:
        storage.load(store.path, ("patch_size",))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("array", ["clean", "probabilities", "image", "class"])
@pytest.mark.parametrize(
    ("key", "value"),
    [("shape", [1] * 4), ("shape", "x"), ("data_type", "float64"), ("codecs", None), ("chunk_grid", {}), ("", [])],
)
def test_other_metadata_are_one_line(store, array, key, value):
    file = store.path / array / "zarr.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), key: value} if key else value))
    with pytest.raises(ValueError, match="is damaged or not a sweep") as caught:
        storage.load(store.path)
    assert "\n" not in str(caught.value)
    shutil.rmtree(file.parent)
    with pytest.raises(ValueError, match="is damaged or not a sweep"):
        storage.load(store.path)


def test_it_is_compared_with_its_data_set(store):
    labels = np.zeros(20, int)
    labels[store.images] = store.labels
    storage.check_images(store, labels)
    with pytest.raises(ValueError, match=r"is of image 16, but there are 16 in the split"):
        storage.check_images(store, labels[:16])
    labels[12] = 9
    with pytest.raises(ValueError, match=rf"calls image 12 a {store.labels[2]}, the data set a 9: it is damaged or"):
        storage.check_images(store, labels)


def test_another_sweep_is_overwritten_only_if_told_and_nothing_else_with_it(store):
    filled(store)
    other = store_of(store.path, fill="mean")
    with pytest.raises(OSError, match="is there already"):
        storage.create(other)
    (store.path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"sweep.zarr holds 'notes.txt', which is not of a sweep: move it away"):
        storage.create(other, overwrite=True)
    assert not storage.missing(store).any()
    (store.path / "notes.txt").unlink()
    storage.create(other, overwrite=True)
    assert storage.difference(storage.load(store.path), other) == ""
    assert storage.missing(store).all()
    assert [path.name for path in store.path.parent.iterdir()] == ["sweep.zarr"]


def test_scores_that_are_no_probabilities_may_be_any_numbers(tmp_path):
    store = store_of(tmp_path / "s.zarr", score="logit")
    storage.create(store)
    clean, probabilities = numbers_of(store)
    storage.write(store, 0, 30 * clean[:3] - 50, 30 * probabilities[:3] - 50)
    np.testing.assert_array_equal(storage.read(store, 0)[0], 30 * clean[:3] - 50)
    storage.write(store, 0, clean[:3] * np.inf, probabilities[:3])
    with pytest.raises(ValueError, match=r"chunk 0 of \S+ is damaged \(clean holds"):
        storage.read(store, 0)
