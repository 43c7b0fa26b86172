"""Files that programs read: what may never end or isn't JSON is one line."""

import os
import re

import numpy as np
import pytest
from common import output
from matplotlib.figure import Figure


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"b": 1, "W": 2, "b": 3}', "the key 'b' is there twice"),
        ('{"x": {"b": 1, "b": 1}}', "the key 'b' is there twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"b": 1' + "0" * 5000 + "}", "Exceeds the limit"),
        ("{", "not JSON: .* in line 1"),
        (b"\xff\xfe", "not a text file"),
    ],
)
def test_input_that_is_no_json_object_is_one_line(tmp_path, text, message):
    path = tmp_path / "in.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=f"^{path}: {message}") as caught:
        output.read_json(str(path))
    assert "\n" not in str(caught.value)


def test_what_may_never_end_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", tmp_path / "pipe", tmp_path):
        with pytest.raises(ValueError, match=rf"^{path}: not a regular file"):
            output.read_json(str(path))
    with (tmp_path / "large").open("wb") as file:
        file.truncate(200_000_000)  # takes no room
    with pytest.raises(ValueError, match="large: larger than 100 MB"):
        output.read_json(str(tmp_path / "large"))
    with pytest.raises(FileNotFoundError):
        output.read_json(str(tmp_path / "nowhere"))


def test_json_is_written_without_nan_or_not_at_all(tmp_path):
    path = tmp_path / "out.json"
    output.write_json(path, {"a": 1.5})
    with pytest.raises(ValueError, match=re.escape("not JSON compliant")):
        output.write_json(path, {"a": np.nan})
    assert output.read_json(str(path)) == {"a": 1.5}
    assert [found.name for found in tmp_path.iterdir()] == ["out.json"]


def test_a_chart_lies_beside_its_pixels_only_where_it_is_smaller(tmp_path):
    few, many = Figure(dpi=150), Figure(dpi=150)
    few.subplots().plot([0, 1])
    many.subplots().plot(np.random.default_rng(0).normal(size=(2000, 4)))
    path = tmp_path / "a.png"
    for figure, files in ((few, ["a.png", "a.svg"]), (many, ["a.png"])):
        output.write_figure(path, figure)
        output.write_chart(path, figure)
        assert sorted(found.name for found in tmp_path.iterdir()) == files
