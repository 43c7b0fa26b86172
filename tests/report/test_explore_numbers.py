"""In a browser: the network, the RNN and the LSTM of the page are those of the package."""

import itertools

import jax
import numpy as np
import pytest
from explorables import POSITIONS

from hw3.recurrent import gradients, lstm, rnn
from hw3.recurrent.lstm import Affine, Gates, LSTMParams
from hw3.recurrent.rnn import Loss, RNNParams

IMPORTS = """
    const load = (name) => import(document.querySelector(`script[data-module=${name}]`).dataset.url);
    const [data, net, rnn, lstm] = await Promise.all(["data", "network", "rnn", "lstm"].map(load));
    const shared = (name) => data.unpack(JSON.parse(document.querySelector(`script[data-shared=${name}]`).textContent));
"""


def test_the_network_of_the_page_is_the_network(page, example):
    found = page.run(
        IMPORTS
        + """
        const network = net.prepare(shared("network"));
        const pixels = (image) => Float64Array.from(image.flat(), (value) => value / 255);
        const known = net.forward(network, pixels(given[1]));
        return {
            clean: given[0].map((image) => [...net.forward(network, pixels(image)).probabilities]),
            covered: given[2].map(([row, col]) =>
                [...net.withPatch(network, known, { row, col, height: 8, width: 8 }, 0).probabilities]),
        };""",
        example["others"].tolist(),
        example["six"].tolist(),
        [divmod(position, 21) for position in range(0, POSITIONS, 22)],
    )
    assert example["known"].max(axis=1).mean() > 0.5  # or equality would show little
    np.testing.assert_allclose(found["clean"], example["known"], atol=1e-5)
    np.testing.assert_allclose(found["covered"], example["covered"][::22], atol=1e-5)


LOSSES = [Loss(*variant) for variant in itertools.product((0, 1), (0, 1), (False, True))]
SIZES = [(3, 1, 2, 8), (1, 4, 3, 1)]  # hidden, inputs, outputs, steps
unroll_rnn = jax.jit(rnn.unroll)  # the loss is an argument: one program for all its variants
unroll_lstm = jax.jit(lstm.unroll, static_argnames="tanh_candidate")


def cases_of(params_of, sizes=SIZES):
    """Random parameters, sequences, losses of every variant and two starting states of every size."""
    for index, (loss, (n, d, m, steps)) in enumerate(itertools.product(LOSSES, sizes)):
        draw = np.random.default_rng(index).normal
        yield params_of(draw, n, d, m), draw(size=(steps, d)), loss, draw(size=(2, n))


def rnn_params(draw, n, d, m):
    return RNNParams(draw(size=n), draw(size=m), draw(size=(n, n)), draw(size=(n, d)), draw(size=(m, n)))


def lstm_params(draw, n, d, m):
    gates = Gates(*(Affine(draw(size=n), draw(size=(n, d)), draw(size=(n, n))) for _ in Gates._fields))
    return LSTMParams(gates, draw(size=m), draw(size=(m, n)))


def plain(tree):
    """NamedTuples as dicts and arrays as lists, for JavaScript."""
    if hasattr(tree, "_asdict"):
        return {name: plain(value) for name, value in tree._asdict().items()}
    return tree if isinstance(tree, bool | int) else np.asarray(tree).tolist()


def compare(found, known, where=""):
    """Every number of `known`, a NamedTuple, against that of the same name."""
    for name, value in known._asdict().items():
        if hasattr(value, "_asdict"):
            compare(found[name], value, f"{where}{name}.")
        elif name in found:
            np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-12, err_msg=where + name)
        else:
            assert name in ("do_dh", "ds_dg", "ds_dk", "ds_ds", "dy_do"), name  # V, k, g, f again


def test_the_rnn_of_the_page_is_the_rnn(page):
    with jax.enable_x64(True):
        cases = list(cases_of(rnn_params))
        found = page.run(
            IMPORTS
            + """return given[0].map(([params, xs, loss, [h0]]) => ({
                unrolled: rnn.unroll(params, xs, loss, h0),
                differences: rnn.centralDifferences((p) => rnn.sequenceLoss(p, xs, loss, h0), params, 1e-4),
            }));""",
            [plain_case(case) for case in cases],
        )
        for (params, xs, loss, starts), result in zip(cases, found, strict=True):
            compare(result["unrolled"], unroll_rnn(params, xs, starts[0], loss))
        params, xs, loss, starts = cases[0]
        differences = jax.jit(
            lambda p: gradients.central_differences(lambda p: rnn.sequence_loss(p, xs, starts[0], loss), p, 1e-4)
        )
        known = differences(params)
        for name, value in known._asdict().items():
            np.testing.assert_allclose(found[0]["differences"][name], value, atol=1e-10)


def plain_case(case):
    return [plain(entry) for entry in case]


@pytest.mark.parametrize("tanh_candidate", [False, True])
def test_the_lstm_of_the_page_is_the_lstm(page, tanh_candidate):
    with jax.enable_x64(True):
        cases = list(cases_of(lstm_params, SIZES[:1] if tanh_candidate else SIZES))
        found = page.run(
            IMPORTS
            + """return given[0].map(([params, xs, loss, [h0, s0]]) =>
                lstm.unroll(params, xs, loss, { h0, s0, tanh_candidate: given[1] }));""",
            [plain_case(case) for case in cases],
            tanh_candidate,
        )
        for (params, xs, loss, (h0, s0)), result in zip(cases, found, strict=True):
            compare(result, unroll_lstm(params, xs, h0, s0, loss, tanh_candidate=tanh_candidate))
