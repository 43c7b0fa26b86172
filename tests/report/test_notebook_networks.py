"""What notebooks show of an unrolled network: every number beside its name, and of large ones a part."""

import numpy as np
from mathml import values_in
from notebooks import networks, parsed, styles, text_of

from hw3.recurrent import lstm
from hw3.report import notebook


def shown_in(result):
    """The matrices beside every name: of the table's rows a list with one a step, below it one each."""
    page = parsed(result)
    rows = {
        "".join(line[0].itertext()): [values_in(cell.find(".//mtable")) for cell in line[1:]]
        for line in page.find(".//tbody")
    }
    below = {
        "".join(box.itertext()).split(" = ")[0]: values_in(box.find(".//mtable"))
        for box in page.iter("div")
        if styles(box).get("display") == "inline-block"
    }
    return rows, below


def column(values):
    return values[:, None] if values.ndim == 1 else values


def test_every_number_of_the_networks_stands_beside_its_name():
    recurrent, long_short = networks()
    rows, below = shown_in(recurrent)
    expected = {
        **dict(zip(("a", "h", "o", "ŷ"), recurrent.forward, strict=True)),
        "∂L/∂ŷ": recurrent.dL_dy,
        "∂ŷ/∂o": recurrent.dy_do,
        "∂L/∂o": recurrent.dL_do,
        "∂L/∂h direct": recurrent.dL_dh_direct,
        "∂h/∂a": recurrent.dh_da,
        "∂L/∂a direct": recurrent.dL_da_direct,
        "∂a/∂b": recurrent.da_db,
        "∂h/∂b": recurrent.dh_db,
        "∂L/∂b direct": recurrent.dL_db_direct,
        "∂h(t)/∂h(t−1)": recurrent.dh_dh,
        "∂L/∂h": recurrent.dL_dh,
        "∂L/∂a": recurrent.dL_da,
    }
    assert list(rows) == list(expected)
    for name, values in expected.items():
        for found, value in zip(rows[name], values, strict=True):
            np.testing.assert_allclose(found, column(value), rtol=1e-5)
    assert set(below) == {"∂o/∂h", *(f"∂L/∂{name}" for name in "bcWUV")}
    for name in "bcWUV":
        np.testing.assert_allclose(below[f"∂L/∂{name}"], column(getattr(recurrent.gradient, name)), rtol=1e-5)
    assert f"loss {float(recurrent.loss):.9g} over 3 steps" in text_of(recurrent)

    rows, below = shown_in(long_short)
    for gate, letter in zip(lstm.Gates._fields, "fgqk", strict=True):
        for name, values in ((f"∂{letter}/∂a{letter}", long_short.d_da), (f"∂L/∂a{letter}", long_short.dL_da)):
            for found, value in zip(rows[name], getattr(values, gate), strict=True):
                np.testing.assert_allclose(found, column(value), rtol=1e-5)
        for name in "bUW":
            value = getattr(getattr(long_short.gradient.gates, gate), name)
            np.testing.assert_allclose(below[f"∂L/∂{name}{letter}"], column(value), rtol=1e-5)
    for name, values in zip((*"fgqksho", "ŷ"), long_short.forward, strict=True):
        np.testing.assert_allclose(np.stack(rows[name]), values[..., None], rtol=1e-5)


def test_of_long_sequences_the_last_steps_and_of_large_matrices_the_first_entries():
    for result in networks(steps=30, n=50, d=20):
        html = result._repr_html_()
        rows, below = shown_in(result)
        assert len(html.encode()) < 200_000
        assert f"over 30 steps; the last {notebook.STEPS} are shown" in html
        name = f"h (the first {notebook.ENTRIES} of 50)"
        shown = result.forward.h[-notebook.STEPS :, : notebook.ENTRIES]
        np.testing.assert_allclose(np.stack(rows[name]), shown[..., None], rtol=1e-5)
        at = "f" if isinstance(result, lstm.LSTMUnrolled) else ""
        assert below[f"∂L/∂U{at} (the first {notebook.ENTRIES} of 50×20)"].shape == (notebook.ENTRIES,) * 2
