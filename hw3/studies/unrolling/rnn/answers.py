"""The answers to problem 3, parts 1 to 5."""

import numpy as np

from hw3.report.page import Answer, Figure, Table
from hw3.report.words import percent, scientific
from hw3.studies.unrolling.common.sentences import (
    agreement,
    error_at,
    last_step,
    other_routes,
    outcome_of_step,
    vector,
)
from hw3.studies.unrolling.common.tables import routes
from hw3.studies.unrolling.rnn import derivation
from hw3.studies.unrolling.rnn.figures import DESCENT, EPSILON, NAME, SHARES, UNROLLED
from hw3.studies.unrolling.rnn.measure import Results
from hw3.studies.unrolling.rnn.tables import answers_in_short, differences, intermediates, outputs, steps


def answers(results: Results) -> list[Answer]:
    """An answer a part, derivations where the network is small enough to be written out."""
    parts = [_outputs(results), _differences(results), _unfolded(results), _step(results), _new_loss(results)]
    made = [answer._replace(made_by=[NAME]) for answer in parts]
    return made if derivation.small(results) else [answer._replace(derivation="") for answer in made]


def _outputs(results: Results) -> Answer:
    task = results.settings.task
    counted = [task.in_loss(t, len(results.forward.y_hat)) for t in range(len(results.forward.y_hat))]
    logarithms = -np.log(np.array(results.forward.y_hat)[counted, task.logged - 1])
    return Answer(
        "3 (1)",
        "What are the outputs of every step and the customised loss?",
        f"The last output is ŷ = {vector(results.forward.y_hat[-1], '.8f')} and the loss {results.loss:.8f}, "
        f"{percent(logarithms.sum() / results.loss, 1)} of it the term −log ŷ{task.logged}.",
        f"To all its digits the loss is {results.loss!r}.",
        [
            Figure(
                f"{NAME}/{UNROLLED}",
                "The RNN unrolled in time: a column a step, from the input below through a and h to the output above, "
                "with the value and the loss's derivative at every node.",
            )
        ],
        [
            Table("What is given", ["parameters and sequence"], [[derivation.given(results)]]),
            outputs(results),
        ]
        if derivation.small(results)
        else [outputs(results)],
        derivation=derivation.forward(results),
    )


def _differences(results: Results) -> Answer:
    task, verification = results.settings.task, results.verification
    found, curve = verification.differences, verification.curve
    error = np.abs(np.subtract(found, results.gradient.b)).max()
    return Answer(
        "3 (2)",
        "What gradient of the loss in b do central differences give?",
        f"With epsilon = {task.epsilon:g} central differences give ∂L/∂b = {vector(found, '.8f')}, at most "
        f"{scientific(error)} from the gradient by hand.",
        f"Of all epsilons tried {scientific(curve.best_epsilon)} is best, with a relative error of "
        f"{scientific(curve.best_error)}. " + error_at(curve, task.epsilon),
        [
            Figure(
                f"{NAME}/{EPSILON}",
                "The relative error of central differences against epsilon, on logarithmic scales; the best epsilon "
                "and the one used are marked.",
            )
        ],
        [differences(results)],
        derivation=derivation.differences(results),
    )


def _unfolded(results: Results) -> Answer:
    shares = results.intermediates.dL_da
    return Answer(
        "3 (3)",
        "What is that gradient when the network is unfolded through time by hand, step by step?",
        f"By hand ∂L/∂b = {vector(results.gradient.b, '.8f')}, which {agreement(results.verification)}; "
        f"{last_step(shares, 'b')}.",
        f"To more digits it is {vector(results.gradient.b, '.12g')}; the first step's use of b adds "
        f"{vector(shares[0], '.3g')}. {other_routes(results.verification)}",
        [
            Figure(
                f"{NAME}/{SHARES}",
                "What the use of b in each step adds to the gradient: a panel for each entry of b, a bar a step.",
            )
        ],
        [intermediates(results), routes(results.verification)],
        derivation=derivation.backward(results),
    )


def _step(results: Results) -> Answer:
    moves = np.subtract(results.new_b, results.settings.params.b)
    most = int(np.abs(moves).argmax())
    rate = results.settings.task.learning_rate
    return Answer(
        "3 (4)",
        f"What is b after one step of gradient descent with learning rate {rate:g}?",
        f"The new b is {vector(results.new_b, '.8f')}; b{most + 1} moves most, by {scientific(moves[most], 3)}.",
        derivation=derivation.step(results),
    )


def _new_loss(results: Results) -> Answer:
    rate = results.settings.task.learning_rate
    said = outcome_of_step(results.loss, results.new_loss, rate, results.gradient.b)
    return Answer(
        "3 (5)",
        "What is the loss with the new b?",
        f"The step {said}.",
        f"To all its digits the new loss is {results.new_loss!r}.",
        [
            Figure(
                f"{NAME}/{DESCENT}",
                "The loss along the gradient of b, with the loss before and after steps of several learning rates.",
            )
        ],
        [steps(results), answers_in_short(results)],
    )
