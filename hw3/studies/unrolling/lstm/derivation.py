"""Problem 5 line by line, with the number under every symbol: the forget gate, the state, and the gradient."""

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from hw3.recurrent.lstm import Gates
from hw3.report import math
from hw3.report.math import Line, Term
from hw3.studies.unrolling.common.notation import (
    fits,
    in_step,
    parameter,
    slope,
    start,
    through_output,
    value,
)
from hw3.studies.unrolling.lstm.measure import Results

INDICES = Gates(forget="f", input="g", output="q", candidate="k")


def small(results: Results) -> bool:
    """Whether the network is small enough to be written out."""
    settings = results.settings
    return fits(len(settings.params.gates.forget.b), len(settings.params.c), len(settings.x[0]), steps=len(settings.x))


def given(results: Results) -> Markup:
    """The parameters and the sequence; matrices that all four have in common are said once."""
    settings = results.settings
    params = settings.params
    gates = params.gates
    said = [parameter("b", gate.b, index) for index, gate in zip(INDICES, gates, strict=True)]
    for name in ("U", "W"):
        matrices = [getattr(gate, name) for gate in gates]
        if all(matrix == matrices[0] for matrix in matrices):
            said.append(parameter(name, matrices[0], ",".join(INDICES)))
        else:
            said += [parameter(name, matrix, index) for index, matrix in zip(INDICES, matrices, strict=True)]
    said += [parameter("c", params.c), parameter("V", params.V)]
    said += [value("x", t, settings.x) for t in range(len(settings.x))]
    return Markup(", ").join(math.inline(term.symbol, "=", term.value) for term in said)


def derivation(results: Results) -> Markup:
    """Forwards through the forget gate and the state, and backwards to the forget gate's biases."""
    return math.derivation([*_forward(results), *_backward(results)])


def _forward(results: Results) -> Iterator[Line]:
    settings = results.settings
    forget = settings.params.gates.forget
    h_before, s_before = (start(name, getattr(settings, f"{name}0"), len(forget.b)) for name in ("h", "s"))
    for t in range(len(settings.x)):
        f, g, k, q, s, h = (value(name, t, getattr(results.forward, name)) for name in "fgkqsh")
        biased: list[Term | str] = [parameter("b", forget.b, "f"), "+"]
        inputs: list[Term | str] = [parameter("U", forget.U, "f"), "·", value("x", t, settings.x), "+"]
        recurrent: list[Term | str] = [parameter("W", forget.W, "f"), "·", h_before]
        yield Line(
            f"Step {t + 1}, the forget gate",
            [f, math.row("=", math.symbol("σ"), "("), *biased, *inputs, *recurrent, ")"],
        )
        if not t:
            yield Line(
                "what may come in, the candidate; the gates g and q look the same, with biases of their own",
                [k, *_candidate(results, h_before)],
            )
        yield Line("the state: what is kept and what comes in", [s, "=", f, "⊙", s_before, "+", g, "⊙", k])
        tanh = Term(math.apply("tanh", in_step("s", t)), math.vector(np.tanh(results.forward.s[t])))
        yield Line("the output", [h, "=", tanh, "⊙", q])
        h_before, s_before = h, s


def _candidate(results: Results, h_before: Term) -> list[Term | str]:
    """The right hand side of the candidate's equation in the first step."""
    settings = results.settings
    candidate, function = settings.params.gates.candidate, "tanh" if settings.tanh_candidate else "σ"
    return [
        math.row("=", math.symbol(function), "("),
        *(parameter("b", candidate.b, "k"), "+"),
        *(parameter("U", candidate.U, "k"), "·", value("x", 0, settings.x), "+"),
        *(parameter("W", candidate.W, "k"), "·", h_before, ")"),
    ]


def _backward(results: Results) -> Iterator[Line]:
    settings, now = results.settings, results.intermediates
    params, task, steps = settings.params, settings.task, len(results.forward.h)
    for t in reversed(range(steps)):
        paths: list[Term | str] = []
        if task.in_loss(t, steps):
            yield from through_output(task, t, results.forward.y_hat, now.dL_dy, now.dL_do)
            paths += [parameter("V", params.V, transposed=True), "·", slope("o", t, now.dL_do)]
        kept: list[Term | str] = []
        if t + 1 < steps:
            paths += ["+"] if paths else []
            paths.append(_through_all_gates(results, t))
            kept = ["+", value("f", t + 1, results.forward.f), "⊙", slope("s", t + 1, now.dL_ds)]
        words = f"Step {t + 1}, " if t + 1 < steps else ""
        yield Line(
            words + ("through the gates of the step after it" if words else "through V to the last output h"),
            [slope("h", t, now.dL_dh), "=", *paths],
        )
        tanh = math.power(math.apply("tanh", in_step("s", t)), "2")
        output = Term(math.row(in_step("q", t), "⊙", "(", math.number(1), "−", tanh, ")"), math.vector(now.dh_ds[t]))
        yield Line(
            "to the state, and along it" if kept else "to the state",
            [slope("s", t, now.dL_ds), "=", slope("h", t, now.dL_dh), "⊙", output, *kept],
        )
        before = value("s", t - 1, results.forward.s) if t else start("s", settings.s0, len(params.gates.forget.b))
        f = in_step("f", t)
        sigma = Term(math.row(f, "⊙", "(", math.number(1), "−", f, ")"), math.vector(now.d_da.forget[t]))
        yield Line(
            "and through the forget gate to what is under its σ",
            [slope("a", t, now.dL_da.forget, "f"), "=", slope("s", t, now.dL_ds), "⊙", before, "⊙", sigma],
        )
    shares: list[Term | str] = [part for t in range(steps) for part in ("+", slope("a", t, now.dL_da.forget, "f"))]
    gradient = Term(math.derivative("L", math.symbol("b", "f")), math.vector(results.gradient.gates.forget.b, 10))
    yield Line("The bias is used in every step: its gradient is the sum", [gradient, "=", *shares[1:]])


def _through_all_gates(results: Results, t: int) -> Term:
    """What h^(t) does through the forget, input and output gates and the candidate of the next step."""
    params = results.settings.params
    gates = zip(params.gates, results.intermediates.dL_da, strict=True)
    total = sum(
        (np.array(gate.W).T @ np.array(dL_da[t + 1]) for gate, dL_da in gates), np.zeros(len(params.gates.forget.b))
    )
    z = math.symbol("z")
    sum_over = Markup("<munder>{}{}</munder>").format(math.row("∑"), math.row(z, "=", ",".join(INDICES)))
    through = math.row(math.symbol("W", "z", "T"), math.derivative("L", math.symbol("a", "z", f"({t + 2})")))
    return Term(math.row(sum_over, through), math.vector(total))
