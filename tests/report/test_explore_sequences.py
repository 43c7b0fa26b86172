"""In a browser: the RNN step by step, the LSTM's gates, long sequences."""

import re

import jax
import numpy as np
from explorables import keys, part, parts, press, says, set_slider, slider

from hw3.recurrent import lstm, rnn
from hw3.recurrent.rnn import Loss
from hw3.studies import given

unroll_rnn = jax.jit(rnn.unroll)


def test_the_rnn_step_by_step(page):
    with jax.enable_x64(True):
        known = unroll_rnn(given.RNN_PARAMS, given.SEQUENCE, np.zeros(2), given.LOSS)
    assert f"loss {float(known.loss):.8f}" in says(page, "unroll")
    seen = set()
    for _ in range(7):
        seen.add(says(page, "unroll").split(";")[0])
        assert len(parts(page, "unroll", ".ex-line")) >= 2
        press(page, "unroll", "Forward")
    assert len(seen) == 7
    assert says(page, "unroll").startswith("The gradient")
    by_hand = [cell.text.replace("−", "-") for cell in parts(page, "unroll", "tbody td:nth-of-type(1)")]
    flat = np.concatenate([np.ravel(known.gradient._asdict()[name]) for name in ("b", "c", "W", "U", "V")])
    np.testing.assert_allclose([float(text) for text in by_hand], flat, rtol=1e-7)
    press(page, "unroll", "Back")
    assert says(page, "unroll").startswith("Backward, step 1 of 3")


def test_changing_the_rnn(page):
    part(page, "unroll", ".ex-change summary").click()
    set_slider(page, slider(page, "unroll", "steps"), 8)
    press(page, "unroll", "every step")
    field = part(page, "unroll", "[aria-label='W row 2 column 2']")
    keys(field, "CONTROL", "a")
    keys(field, "BACKSPACE")
    assert field.get_attribute("aria-invalid") == "true"
    keys(field, "0.5")
    assert field.get_attribute("aria-invalid") == "false"
    with jax.enable_x64(True):
        params = given.RNN_PARAMS._replace(W=np.array([[1, -1], [0, 0.5]]))
        xs = np.tile(given.SEQUENCE, (3, 1))[:8]
        before = unroll_rnn(params, xs, np.zeros(2), Loss(every_step=True))
        moved = rnn.descend_biases(params, before.gradient.b, 1.0)
        after = unroll_rnn(moved, xs, np.zeros(2), Loss(every_step=True)).loss
    assert f"{float(before.loss):.9g}" in says(page, "unroll")
    set_slider(page, slider(page, "unroll", "learning rate"), 1)
    assert f"the loss is {float(after):.9g}" in part(page, "unroll", ".ex-columns .ex-note").text
    press(page, "unroll", "As in the assignment")
    assert "3.00720799" in says(page, "unroll")


def test_the_forget_bias(page):
    def kept():
        return float(re.search(r"keeps ([\d.]+)% of the state", says(page, "gates"))[1])

    low = kept()
    set_slider(page, slider(page, "gates", "bias of the forget gate f"), 5)
    assert low < 60 < 95 < kept()
    press(page, "gates", "As chosen, 3 steps")
    with jax.enable_x64(True):
        known = jax.jit(lstm.unroll)(given.LSTM_PARAMS, given.SEQUENCE, np.zeros(2), np.zeros(2), given.LOSS)
    assert f"loss {float(known.loss):.6f}" in part(page, "gates", ".ex-note").text
    assert len(parts(page, "gates", "svg[role=img]")) == 4


def test_long_sequences(page):
    assert "at spectral radius 0.9: after 100 steps 10⁻⁵ of it is left" in says(page, "long")
    keys(slider(page, "long", "spectral radius"), "END")
    assert "at spectral radius 1.1: after 100 steps it has grown 10⁴ times" in says(page, "long")
    keys(slider(page, "long", "forget bias"), "HOME")
    assert "forget bias −1" in says(page, "long", 1)
    assert "spectral radius 0.95" in says(page, "long", 2)
