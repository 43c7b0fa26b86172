"""The answers to problems 3 and 5 and the audit, written from the results of their three programs.

Every number in a sentence is taken from the results; figure files are named relative to the folder that holds
the programs' `rnn`, `lstm` and `audit` folders.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hw3.report.page import Answer, Figure, Published, Results, Table

# Results name -> heading, in the order of the derivation.
RNN_INTERMEDIATES = {
    "dL_dy": "∂L/∂ŷ",
    "dy_do": "∂ŷ/∂o",
    "dL_do": "∂L/∂o",
    "dL_dh_direct": "∂L/∂h through the step's own output",
    "dh_da": "∂h/∂a",
    "dL_da_direct": "∂L/∂a through the step's own output",
    "da_db": "∂a/∂b = I + W ∂h⁽ᵗ⁻¹⁾/∂b",
    "dh_db": "∂h/∂b",
    "dL_db_direct": "∂L/∂b of the step's own term",
    "dh_dh": "∂h⁽ᵗ⁾/∂h⁽ᵗ⁻¹⁾",
    "dL_dh": "∂L/∂h through all later steps",
    "dL_da": "∂L/∂a through all later steps, the share of ∂L/∂b",
}
LSTM_INTERMEDIATES = {
    "dL_dh": "∂L/∂h",
    "dh_dq": "∂h/∂q = tanh(s)",
    "dh_ds": "∂h/∂s = q (1 − tanh²(s))",
    "dL_ds": "∂L/∂s",
    "ds_df": "∂s/∂f = s⁽ᵗ⁻¹⁾",
    "ds_ds": "∂s⁽ᵗ⁾/∂s⁽ᵗ⁻¹⁾ = f",
    "df_da": "∂f/∂a = f (1 − f)",
    "dL_da_f": "∂L/∂a_f, the share of ∂L/∂b_f",
    "dL_da_g": "∂L/∂a_g",
    "dL_da_q": "∂L/∂a_q",
    "dL_da_k": "∂L/∂a of the candidate",
}


def answers(rnn: Results, lstm: Results, audit: Results) -> list[Answer]:
    """The answers in the order of the assignment, from the parsed results.json of the three programs."""
    return [
        *(answer._replace(command=rnn["command"]) for answer in rnn_answers(rnn, audit)),
        lstm_answer(lstm, audit)._replace(command=lstm["command"]),
        audit_answer(audit)._replace(command=audit["command"]),
    ]


def rnn_answers(rnn: Results, audit: Results) -> list[Answer]:
    """Problem 3, parts 1 to 5."""
    steps = len(rnn["x"])
    heads = [f"t = {t + 1}" for t in range(steps)]
    gradient, differences = rnn["gradient"]["b"], rnn["differences"]
    far = max(abs(a - b) for a, b in zip(gradient, differences, strict=True))
    errors = rnn["largest_errors"]
    return [
        Answer(
            "3 (1)",
            "What are the outputs of every step and the customised loss?",
            f"The last output is ŷ = {_vector(rnn['y_hat'][-1], '.8f')} and the loss is {rnn['loss']!r}.",
            [
                Figure(
                    "rnn/unrolled.png",
                    "The network unrolled in time with the value and the derivative at every node.",
                )
            ],
            [
                Table(
                    "Outputs and the loss of each step",
                    ["", *heads],
                    [
                        *([f"ŷ{k + 1}", *(f"{y[k]:.8f}" for y in rnn["y_hat"])] for k in range(len(rnn["y_hat"][0]))),
                        ["loss of the step", *(f"{value:.8f}" for value in rnn["step_losses"])],
                    ],
                )
            ],
            _published(audit, "1"),
        ),
        Answer(
            "3 (2)",
            "What gradient of the loss in b do central differences give?",
            f"With epsilon = {rnn['epsilon']:g}, ∂L/∂b = {_vector(differences, '.8f')}, at most {far:.1e} "
            f"from the exact gradient. The error is smallest, {rnn['best_error']:.1e} relative, at epsilon = "
            f"{rnn['best_epsilon']:.1e}: above it truncation grows with epsilon², below it round-off with "
            "1/epsilon.",
            [Figure("rnn/epsilon.png", "Error of central differences against epsilon.")],
            [
                Table(
                    "The two losses of each difference",
                    ["", "L(b + epsilon)", "L(b − epsilon)", "difference"],
                    [
                        [f"b{k + 1}", repr(plus), repr(minus), f"{value:.12g}"]
                        for k, (plus, minus, value) in enumerate(
                            zip(rnn["loss_plus"], rnn["loss_minus"], differences, strict=True)
                        )
                    ],
                )
            ],
            _published(audit, "2"),
        ),
        Answer(
            "3 (3)",
            "What is that gradient when the network is unfolded through time by hand, step by step?",
            f"∂L/∂b = {_vector(gradient, '.10f')}. Step {steps} alone contributes "
            f"{_vector(rnn['intermediates']['dL_da'][-1], '.6g')}; the earlier steps add the rest through W. "
            f"Against automatic differentiation the gradient of all parameters unrolled by hand is off by at "
            f"most {errors['unrolled']:.0e} relative, by complex steps {errors['complex step']:.0e}, by "
            f"central differences {errors['differences']:.0e}.",
            [Figure("rnn/shares.png", "What the use of b in each step adds to the gradient.")],
            [
                Table("Intermediate results", ["", *heads], _intermediates(rnn, RNN_INTERMEDIATES)),
                Table(
                    "The gradient by every route",
                    ["", *rnn["routes"]],
                    [
                        [row[0], *(f"{value:.10g}" for value in row[1 : 1 + len(rnn["routes"])])]
                        for row in rnn["side_by_side"]
                    ],
                ),
            ],
            _published(audit, "3"),
        ),
        Answer(
            "3 (4)",
            f"What is b after one step of gradient descent with learning rate {rnn['learning_rate']:g}?",
            f"b = {_vector(rnn['new_b'], '.8f')}.",
            [],
            [],
            _published(audit, "4"),
        ),
        Answer(
            "3 (5)",
            "What is the loss with the new b?",
            f"The loss is {rnn['new_loss']:.8f}, {abs(rnn['loss'] - rnn['new_loss']):.3g} "
            f"{'lower' if rnn['new_loss'] < rnn['loss'] else 'higher'} than the {rnn['loss']:.8f} before it.",
            [Figure("rnn/descent.png", "The loss along the gradient, before and after the step.")],
            [
                Table(
                    "The loss after a step with other learning rates (negative: up the gradient)",
                    ["learning rate", "loss"],
                    [[f"{rate:g}", f"{loss:.10f}"] for rate, loss in rnn["losses_after"]],
                )
            ],
            _published(audit, "5"),
        ),
    ]


def lstm_answer(lstm: Results, audit: Results) -> Answer:
    """Problem 5: the LSTM."""
    heads = [f"t = {t + 1}" for t in range(len(lstm["x"]))]
    choices = lstm["forget_choices"]
    bias = ", ".join(f"{name} {_vector(gate['b'], 'g')}" for name, gate in lstm["params"]["gates"].items())
    compared = "; ".join(
        f"{_vector(choice['b'], 'g')} gives f = {_vector(choice['f'][-1], '.3f')} in the last step"
        for name, choice in choices.items()
        if name != "as given"
    )
    return Answer(
        "5",
        "With an LSTM in place of the recurrent connection: which biases, and what are the outputs, the "
        "loss and its gradient in the biases of the forget gate?",
        f"The biases are {bias}. A forget gate that leans towards open keeps the state, and with it the "
        f"gradient, alive; nothing speaks for leaning the others. Compared for the forget gate: {compared}. "
        f"The last output is ŷ = {_vector(lstm['y_hat'][-1], '.8f')}, the loss {lstm['loss']!r}, and "
        f"∂L/∂b_f = {_vector(lstm['forget_gradient'], '.10g')}; central differences give "
        f"{_vector(lstm['differences'], '.10g')}. Over all parameters the gradient unrolled by hand is "
        f"within {lstm['largest_errors']['unrolled']:.0e} of automatic differentiation.",
        [
            Figure(
                "lstm/unrolled.png",
                "The LSTM unrolled in time with the value and the derivative at every node.",
            ),
            Figure("lstm/shares.png", "What the use of the forget gate's bias in each step adds to the gradient."),
            Figure(
                "lstm/forget.png",
                "What the choice of the forget gate's bias does to the gate and to the state.",
            ),
            Figure("lstm/epsilon.png", "Error of central differences against epsilon."),
        ],
        [
            Table(
                "Gates, state and output",
                ["", *heads],
                [
                    [name, *(_vector(value, ".8g") for value in lstm[key])]
                    for key, name in {
                        "f": "f",
                        "g": "g",
                        "q": "q",
                        "k": "candidate",
                        "s": "s",
                        "h": "h",
                        "y_hat": "ŷ",
                    }.items()
                ],
            ),
            Table("Intermediate results", ["", *heads], _intermediates(lstm, LSTM_INTERMEDIATES)),
        ],
        _published(audit, "7", lstm=True),
    )


def audit_answer(audit: Results) -> Answer:
    """The audit of the published numbers."""
    verdicts = list(audit["verdicts"])
    total = dict(zip(verdicts, audit["counts"][-1][1:], strict=True))
    said = ", ".join(f"{count} {verdict}" for verdict, count in total.items())
    return Answer(
        "audit",
        "Is every number right that the five documents print for these problems?",
        f"Of {sum(total.values())} printed numbers: {said}. Each verdict is found by trying: the assignment "
        "as it stands, then conventions, then known mistakes and misprints, until the digits come out.",
        [Figure("audit/verdicts.png", "Verdicts by document.")],
        [
            Table("Counts", ["document", *verdicts], audit["counts"]),
            Table(
                "What is misprinted or wrong",
                audit["header"],
                [row for row in audit["findings"] if row[5] in verdicts[2:]],
            ),
            Table(
                "Formulas that do not give the number beside them",
                ["document", "part", "formula", "gives as printed", "right value", "slip"],
                [[*row[:3], f"{row[3]:.8g}", f"{row[4]:.8g}", row[5]] for row in audit["formulas"]],
            ),
            Table("Every printed number", audit["header"], audit["findings"]),
        ],
        [],
    )


def _vector(values: Sequence[float], form: str) -> str:
    return "(" + ", ".join(f"{value + 0.0:{form}}" for value in values) + ")"


def _entry(value: Any) -> str:
    """A number, a vector or a matrix on one line."""
    if isinstance(value, Sequence):
        return "(" + ", ".join(_entry(part) for part in value) + ")"
    return f"{value + 0.0:.8g}"


def _intermediates(results: Results, names: Mapping[str, str]) -> list[list[str]]:
    return [[heading, *(_entry(value) for value in results["intermediates"][name])] for name, heading in names.items()]


LISTED = 8  # places that a document's entry lists one by one; of more, only what is misprinted or wrong


def _published(audit: Results, part: str, lstm: bool = False) -> list[Published]:
    """What each document prints for one part, with the verdict where it is not simply right.

    Numbers that stand together are said together; where there are many, those reproduced are counted by reason.
    Document 000's summary repeats its parts and is left out.
    """
    reproduced, convention = audit["verdicts"][:2]
    by_document: dict[str, list[Sequence[str]]] = {}
    for document, where, *finding in audit["findings"]:
        if where == "7" if lstm else where.endswith(f"({part})"):
            by_document.setdefault(document, []).append(finding)
    entries = []
    for document, findings in by_document.items():
        places: dict[str, list[str]] = {}
        counted: Counter[str] = Counter()
        brief = len({what.split(", entry ")[0] for what, *_ in findings}) > LISTED
        for what, printed, _, verdict, reason in findings:
            remark = ": ".join(filter(None, (verdict, reason)))
            if brief and verdict in (reproduced, convention):
                counted[remark] += 1
            else:
                numbers = places.setdefault(what.split(", entry ")[0], [])
                numbers.append(printed if verdict == reproduced else f"{printed} [{remark}]")
        said = [f"{count} number{'s' * (count > 1)} {remark}" for remark, count in counted.most_common()]
        said += [f"{what}: {_said_once(numbers)}" for what, numbers in places.items()]
        entries.append(Published(document, "; ".join(said)))
    return entries


def _said_once(numbers: Sequence[str]) -> str:
    """Numbers one after the other; a remark that all of them share is said once."""
    remarks = {number.partition(" ")[2] for number in numbers}
    if len(numbers) > 1 and len(remarks) == 1:
        return " ".join([*(number.partition(" ")[0] for number in numbers), *remarks]).strip()
    return " ".join(numbers)
