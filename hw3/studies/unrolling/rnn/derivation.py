"""Problem 3 line by line, with the number under every symbol."""

from collections.abc import Iterator

from markupsafe import Markup

from hw3.report import math
from hw3.report.math import Line, Term
from hw3.studies.unrolling.common.notation import (
    fits,
    in_step,
    loss_of_step,
    parameter,
    slope,
    start,
    through_output,
    value,
)
from hw3.studies.unrolling.rnn.measure import Results


def small(results: Results) -> bool:
    """Whether the network is small enough to be written out."""
    settings = results.settings
    return fits(len(settings.params.b), len(settings.params.c), len(settings.x[0]), steps=len(settings.x))


def given(results: Results) -> Markup:
    """The parameters and the sequence."""
    settings = results.settings
    parts = [math.inline(*_equal(parameter(name, getattr(settings.params, name)))) for name in settings.params._fields]
    parts += [math.inline(*_equal(value("x", t, settings.x))) for t in range(len(settings.x))]
    return Markup(", ").join(parts)


def _equal(term: Term) -> tuple[Markup, str, Markup]:
    return term.symbol, "=", term.value


def forward(results: Results) -> Markup:
    """From the sequence to the outputs and the loss."""
    return math.derivation(list(_forward(results)))


def _forward(results: Results) -> Iterator[Line]:
    settings = results.settings
    params, task, steps = settings.params, settings.task, len(settings.x)
    before = start("h", settings.h0, len(params.b))
    for t in range(steps):
        state = value("h", t, results.forward.h)
        recurrent: list[Term | str] = [parameter("W", params.W), "·", before, "+"]
        inputs: list[Term | str] = [parameter("U", params.U), "·", value("x", t, settings.x)]
        a = value("a", t, results.forward.a)
        yield Line(f"Step {t + 1}", [a, "=", parameter("b", params.b), "+", *recurrent, *inputs])
        yield Line("", [state, "=", Term(math.apply("tanh", in_step("a", t)), state.value)])
        before = state
        if task.in_loss(t, steps):
            o, y_hat = value("o", t, results.forward.o), value("ŷ", t, results.forward.y_hat)
            yield Line("its output", [o, "=", parameter("c", params.c), "+", parameter("V", params.V), "·", state])
            yield Line("", [y_hat, "=", Term(math.apply("softmax", in_step("o", t)), y_hat.value)])
            loss = Term(math.symbol("L", sup=f"({t + 1})"), math.number(results.step_losses[t], 9))
            yield Line("and its loss", [loss, "=", *loss_of_step(task, t, results.forward.y_hat)])


def differences(results: Results) -> Markup:
    """The central difference of each entry of b."""
    epsilon = results.settings.task.epsilon
    lines = []
    rows = zip(results.loss_plus, results.loss_minus, results.verification.differences, strict=True)
    for k, (plus, minus, found) in enumerate(rows):
        unit = math.symbol("e", str(k + 1))
        shifted = [math.apply("L", math.row(math.symbol("b"), sign, math.symbol("ε"), unit)) for sign in "+−"]
        lines.append(
            Line(
                f"Entry {k + 1} of b is moved alone, ε = {epsilon:g}",
                [
                    Term(math.derivative("L", math.symbol("b", str(k + 1))), math.number(found, 9)),
                    "≈",
                    Term(
                        math.fraction(
                            math.row(shifted[0], "−", shifted[1]), math.row(math.number(2), math.symbol("ε"))
                        ),
                        math.fraction(
                            math.row(math.number(plus, 16), "−", math.number(minus, 16)), math.number(2 * epsilon)
                        ),
                    ),
                ],
            )
        )
    return math.derivation(lines)


def backward(results: Results) -> Markup:
    """From the loss back through time to b."""
    return math.derivation(list(_backward(results)))


def _backward(results: Results) -> Iterator[Line]:
    params, task, now = results.settings.params, results.settings.task, results.intermediates
    steps = len(results.forward.h)
    for t in reversed(range(steps)):
        paths: list[Term | str] = []
        if task.in_loss(t, steps):
            yield from through_output(task, t, results.forward.y_hat, now.dL_dy, now.dL_do)
            paths += [parameter("V", params.V, transposed=True), "·", slope("o", t, now.dL_do)]
        if t + 1 < steps:
            paths += ["+"] if paths else []
            paths += [parameter("W", params.W, transposed=True), "·", slope("a", t + 1, now.dL_da)]
        words = "through V to the last state" if t + 1 == steps else f"Step {t + 1}, through W from the step after it"
        yield Line(words, [slope("h", t, now.dL_dh), "=", *paths])
        tanh_slope = math.row("(", math.number(1), "−", math.power(math.row("(", in_step("h", t), ")"), "2"), ")")
        tanh = Term(tanh_slope, math.vector(now.dh_da[t]))
        yield Line("and through tanh", [slope("a", t, now.dL_da), "=", slope("h", t, now.dL_dh), "⊙", tanh])
    shares: list[Term | str] = [part for t in range(steps) for part in ("+", slope("a", t, now.dL_da))]
    gradient = Term(math.derivative("L", "b"), math.vector(results.gradient.b, 10))
    yield Line("b is used in every step: its gradient is the sum", [gradient, "=", *shares[1:]])


def step(results: Results) -> Markup:
    """One step of gradient descent on b."""
    params, rate = results.settings.params, results.settings.task.learning_rate
    return math.derivation(
        [
            Line(
                "Down the gradient",
                [
                    Term(math.symbol("b", sup="new"), math.vector(results.new_b, 8)),
                    "=",
                    parameter("b", params.b),
                    "−",
                    Term(math.symbol("η"), math.number(rate)),
                    "·",
                    Term(math.derivative("L", "b"), math.vector(results.gradient.b)),
                ],
            )
        ]
    )
