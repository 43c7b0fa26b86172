"""MathML: well-formed, escaped, every number to its digits, digits in line."""

from xml.etree import ElementTree

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from markupsafe import Markup
from mathml import number_in, values_in

from hw3.report import math
from hw3.report.math import Line, Term


@given(value=st.floats(allow_nan=False, allow_infinity=False), digits=st.integers(2, 15))
def test_a_number_is_itself_to_its_digits(value, digits):
    found = number_in(ElementTree.fromstring(math.number(value, digits)))
    assert found == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits), abs=0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (-0.0, "0"),
        (1200.0, "1200"),
        (-1e-6, "−0.000001"),
        (np.nan, "NaN"),
        (-np.inf, "−∞"),
        (100.0, "100"),
    ],
)
def test_numbers_as_they_are_written(value, text):
    assert math.number(value) == f"<mn>{text}</mn>"


def test_numbers_too_small_to_write_out_get_a_power_of_ten():
    assert ElementTree.fromstring(math.number(-2.5e-9)).itertext().__next__() == "−2.5"
    assert "".join(ElementTree.fromstring(math.number(-2.5e-9)).itertext()) == "−2.5×10−9"


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2), min_size=1, max_size=4))
def test_a_matrix_holds_its_numbers_in_their_places(rows):
    found = values_in(ElementTree.fromstring(math.matrix(rows)))
    np.testing.assert_allclose(found, np.array(rows), rtol=1e-5)


def test_the_points_of_a_column_stand_under_each_other():
    cells = ElementTree.fromstring(math.vector([0.125, -16.6, 3])).iter("mtd")
    after = {len("".join(cell.itertext()).partition(".")[2]) for cell in cells}  # with what is hidden, as wide as shown
    assert after == {3}


def test_a_matrix_has_two_dimensions():
    with pytest.raises(ValueError, match="a matrix has two dimensions, not 1"):
        math.matrix([1, 2])


def test_text_is_escaped():
    line = Line(
        "a < b",
        [Term(math.symbol("<i>"), math.number(1)), "&", Term(math.apply("f<", Markup("<mi>x</mi>")), math.number(2))],
    )
    found = math.derivation([line])
    ElementTree.fromstring(found)
    for text in ("a &lt; b", "&lt;i&gt;", "&amp;", "f&lt;"):
        assert text in found


def test_the_numbers_of_a_derivation_stand_under_the_symbols():
    x, y = Term(math.symbol("x"), math.number(1)), Term(math.symbol("y"), math.number(2))
    lines = ElementTree.fromstring(math.derivation([Line("first", [x, "=", y]), Line("", [y, "=", x, "·", x])]))
    assert [line.findtext("p") for line in lines] == ["first", None]
    symbols, values = lines[1].find("math/mtable")
    assert ["".join(cell.itertext()) for cell in symbols] == ["y", "=", "x", "·", "x"]
    assert ["".join(cell.itertext()) for cell in values] == ["2", "=", "1", "·", "1"]


def test_symbols_and_expressions_are_well_formed():
    y = math.symbol("y", "1", "(3)", "^")
    whole = math.inline(
        math.derivative("L", y), "=", math.power(math.row("(", y, ")"), "2"), "+", math.fraction("1", y)
    )
    root = ElementTree.fromstring(whole)
    assert root.tag == "math"
    assert "".join(root.itertext()) == "∂L∂y^1(3)=(y^1(3))2+1y^1(3)"
