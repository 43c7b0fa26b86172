"""What a page takes for its explorables: data as they were given, programs as they are."""

import base64
import pathlib
import re

import numpy as np
import pytest
from markupsafe import Markup

from hw3.report import explore

FOLDER = pathlib.Path(explore.__file__).parent / "explore"


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_arrays_travel_as_they_are(dtype):
    array = (100 * np.random.default_rng(0).normal(size=(3, 2))).astype(dtype)
    given = explore.packed({"a": [array.astype(array.dtype.newbyteorder(">"))]})["a"][0]
    assert given["shape"] == [3, 2]
    read = np.frombuffer(base64.b64decode(given["base64"]), np.dtype(dtype).newbyteorder("<"))
    np.testing.assert_array_equal(read.reshape(3, 2), array)


@pytest.mark.parametrize("array", [np.array([1.0, np.nan]), np.array([1], np.int64), np.array(["a"])])
def test_arrays_that_a_page_cannot_take(array):
    with pytest.raises(ValueError, match="an array"):
        explore.packed([array])


def test_wrong_names_and_data():
    with pytest.raises(ValueError, match="no explorable 'pitch'; there are patch, piece"):
        explore.explorable("pitch", explore.PatchData(0))
    with pytest.raises(TypeError, match="'piece' takes PieceData, not PatchData"):
        explore.explorable("piece", explore.PatchData(0))


def test_text_is_escaped_and_markup_is_not():
    data = explore.PatchData("</script><b>")
    assert "</script><b>" not in explore.explorable("patch", data)
    assert "&lt;b&gt;" in explore.explorable("patch", data, "<b>")
    assert '<div class="static"><b></div>' in explore.explorable("patch", data, Markup("<b>"))


def test_every_module_is_listed_after_those_it_imports():
    assert {file.stem for file in FOLDER.glob("*.js")} == {*explore.MODULES, "loader"}
    for position, name in enumerate(explore.MODULES):
        imported = re.findall(r'from "([^"]*)"', (FOLDER / f"{name}.js").read_text())
        assert set(imported) <= {f"./{earlier}.js" for earlier in explore.MODULES[:position]}, name


def test_the_programs_stay_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 130_000
