"""Results on disk: what is written is read again to the last bit, and anything else is one clear line."""

import json
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw3.report import results
from hw3.report.results import Record


class Part(NamedTuple):
    value: float
    names: tuple[str, ...] = ()


class Whole(NamedTuple):
    number: float
    count: int
    flag: bool
    missing: int | None
    parts: tuple[Part, ...]
    pair: tuple[int, float]
    array: np.ndarray


WHOLE = Whole(0.1, 3, True, None, (Part(1.5, ("a", "ü")), Part(-0.0)), (1, 2.5), np.arange(6, dtype=np.int16))


@given(
    st.floats(),
    st.integers(),
    st.lists(st.builds(Part, st.floats(), st.lists(st.text(st.characters(codec="utf-8"))).map(tuple))).map(tuple),
)
def test_round_trip(tmp_path_factory, number, count, parts):
    folder = tmp_path_factory.mktemp("results")
    written = WHOLE._replace(number=number, count=count, parts=parts)
    results.write(folder, "study", Record("python x.py", written))
    json.loads((folder / "results.json").read_text(), parse_constant=pytest.fail)  # NaN and the like are no JSON
    record = results.read(folder, "study", Whole)
    assert record.command == "python x.py"
    read = record.results
    assert repr(read._replace(array=0)) == repr(written._replace(array=0))
    assert read.array.dtype == np.int16
    np.testing.assert_array_equal(read.array, written.array)


def test_numpy_numbers_come_back_as_plain_ones(tmp_path):
    results.write(tmp_path, "study", Record("", WHOLE._replace(number=np.float64(0.25))))
    assert type(results.read(tmp_path, "study", Whole).results.number) is float


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"results\.json is not there: run"):
        results.read(tmp_path, "study", Whole)


def changed(folder, **changes):
    whole = json.loads((folder / "results.json").read_text())
    whole["results"] |= changes
    (folder / "results.json").write_text(json.dumps(whole))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "much"}, r"number"),
        ({"count": 1.5}, r"count"),
        ({"flag": 1}, r"flag"),
        ({"parts": [{"value": 1.0, "names": [], "more": 2}]}, r"parts\[0\]"),
        ({"array": {"array": "7", "shape": [6]}}, r"array"),
        ({"array": {"array": "0", "shape": [5]}}, r"array"),
        ({"new": 1}, r"new"),
    ],
)
def test_another_shape_is_one_line_that_says_where(tmp_path, changes, said):
    results.write(tmp_path, "study", Record("", WHOLE))
    changed(tmp_path, **changes)
    with pytest.raises(ValueError, match=said) as caught:
        results.read(tmp_path, "study", Whole)
    assert str(tmp_path / "results.json") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_older_files_other_studies_and_damage(tmp_path):
    path = tmp_path / "results.json"
    for content, said in (('{"digit": 6}', "older version"), ("[]", "older version"), ("{", "Expecting")):
        path.write_text(content)
        with pytest.raises(ValueError, match=said):
            results.read(tmp_path, "study", Whole)
    results.write(tmp_path, "study", Record("", WHOLE))
    with pytest.raises(ValueError, match=r"it is of study, format 1; other, format 1, is due"):
        results.read(tmp_path, "other", Whole)
    (tmp_path / "arrays.npz").write_bytes(b"no zip")
    with pytest.raises(ValueError, match="cannot be used"):
        results.read(tmp_path, "study", Whole)
