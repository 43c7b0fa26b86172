"""The answer to problem 5."""

import numpy as np

from hw3.report.page import Answer, Figure, See, Table
from hw3.report.words import enumerated, percent
from hw3.studies.unrolling.common.sentences import agreement, last_step, outcome_of_step, vector
from hw3.studies.unrolling.lstm import derivation
from hw3.studies.unrolling.lstm.figures import EPSILON, FORGET, NAME, SHARES, UNROLLED
from hw3.studies.unrolling.lstm.measure import ForgetBias, Results
from hw3.studies.unrolling.lstm.tables import CELLS_SHOWN, tables


def answer(results: Results) -> Answer:
    """The answer, with its derivation where the network is small enough to be written out."""
    small = derivation.small(results)
    given = Table("What is given", ["parameters and sequence"], [[derivation.given(results)]])
    return Answer(
        "5",
        "With an LSTM in place of the recurrent connection: which biases, and what are the outputs, the "
        "loss and its gradient in the biases of the forget gate?",
        _verdict(results),
        f"{_candidate(results)} {_gradient(results)} {_choices(results.choices)}",
        [
            Figure(
                f"{NAME}/{FORGET}",
                "The forget gate in each step under several choices of its bias, and what is left of a state after "
                "all steps against the bias.",
            ),
            Figure(
                f"{NAME}/{UNROLLED}",
                "The LSTM unrolled in time: a column a step, from the input below through gates, state and h to the "
                "output above, with the value and the loss's derivative at every node.",
            ),
            Figure(
                f"{NAME}/{SHARES}",
                "What the use of the forget gate's bias in each step adds to the gradient: a panel a cell, a bar a "
                "step.",
            ),
            Figure(
                f"{NAME}/{EPSILON}",
                "The relative error of central differences against epsilon, on logarithmic scales; the best epsilon "
                "and the one used are marked.",
            ),
        ],
        [*([given] if small else []), *tables(results)],
        made_by=[NAME],
        derivation=derivation.derivation(results) if small else "",
        see=[See("4 (3)", "what a forget bias does to gradients over thousands of steps, in random and trained LSTMs")],
    )


def _verdict(results: Results) -> str:
    """What the forget gate's biases do to a state, beside biases of 0."""
    given = results.choices[0]
    zero = next(choice for choice in results.choices if not any(choice.b))
    steps = len(results.forward.f)
    after = f"after {steps} step{'s' * (steps > 1)}"
    if given.b == zero.b:
        return f"With forget-gate biases {vector(given.b[:CELLS_SHOWN], 'g')}, the cells keep {_kept(given)} {after}."
    larger = all(ours >= none for ours, none in zip(given.kept, zero.kept, strict=True))
    does = "opens the gate" if larger else "changes what the gate lets through"
    return (
        f"A forget bias of {vector(given.b[:CELLS_SHOWN], 'g')} {does}: {after} the cells keep {_kept(given)} of what "
        f"they held, {_kept(zero)} at bias 0."
    )


def _candidate(results: Results) -> str:
    """What the candidate k is, on which LSTMs differ."""
    if results.settings.tanh_candidate:
        return "The candidate k is a tanh of its weighted sum, as in most LSTMs."
    return (
        "The candidate k is a σ(x) = 1/(1 + exp(−x)) of its weighted sum, as the gates are: so the book has it "
        "(Goodfellow et al., Deep Learning, equation 10.41), where most LSTMs take tanh."
    )


def _kept(choice: ForgetBias) -> str:
    return enumerated([percent(part, 1) for part in choice.kept[:CELLS_SHOWN]])


def _gradient(results: Results) -> str:
    found, y_hat = results.gradient.gates.forget.b, results.forward.y_hat
    step = outcome_of_step(results.loss, results.new_loss, results.settings.task.learning_rate, found)
    return (
        f"The last output is ŷ = {vector(y_hat[-1], '.8f')} and the loss {results.loss:.8f}. By hand ∂L/∂b_f = "
        f"{vector(found, '.8f')}, which {agreement(results.verification)}; "
        f"{last_step(results.intermediates.dL_da.forget, 'the bias')}. A step down the gradient {step}."
    )


def _choices(choices: tuple[ForgetBias, ...]) -> str:
    """Which of the biases compared gives the smallest loss, and whether it is the one that keeps most."""
    best = min(choices, key=lambda choice: choice.loss)
    most = max(choices, key=lambda choice: float(np.mean(choice.kept)))
    said = f"Of the forget biases compared {vector(best.b[:CELLS_SHOWN], 'g')} give the smallest loss, {best.loss:.8f}"
    if most.b == best.b:
        return f"{said}, and keep most of the state."
    return f"{said}; {vector(most.b[:CELLS_SHOWN], 'g')}, which keep most of the state, give {most.loss:.8f}."
