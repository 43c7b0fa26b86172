"""The answers to problem 3 and every number behind them, as tables for the console and the page."""

from hw3.report.page import Table
from hw3.studies.unrolling.common.tables import by_step, enumerated, routes
from hw3.studies.unrolling.common.tables import outputs as outputs_table
from hw3.studies.unrolling.rnn.measure import Results


def tables(results: Results) -> list[Table]:
    """The answers in the order of the assignment's questions, then what is behind them."""
    return [
        answers_in_short(results),
        outputs(results),
        differences(results),
        intermediates(results),
        routes(results.verification),
        steps(results),
    ]


def answers_in_short(results: Results) -> Table:
    """What the assignment asks for, to the digits that it asks for and beyond."""
    task, curve = results.settings.task, results.verification.curve
    by_differences = enumerated(results.verification.differences, ".8f")
    return Table(
        "Problem 3",
        ("quantity", "value"),
        [
            ("(1) last output ŷ", enumerated(results.forward.y_hat[-1], ".8f")),
            ("(1) loss", repr(results.loss)),
            (f"(2) ∂L/∂b by central differences, epsilon = {task.epsilon:g}", by_differences),
            ("(2) their smallest error", f"{curve.best_error:.1e} at epsilon = {curve.best_epsilon:.2g}"),
            ("(3) ∂L/∂b unfolded through time", enumerated(results.gradient.b)),
            (f"(4) b after one step, learning rate {task.learning_rate:g}", enumerated(results.new_b, ".8f")),
            ("(5) loss with the new b", f"{results.new_loss:.8f} ({results.new_loss!r})"),
            ("(5) loss before", f"{results.loss:.8f}"),
        ],
    )


def outputs(results: Results) -> Table:
    """The outputs and the loss of each step."""
    return outputs_table("(1) Outputs, and the loss of each step", results.forward.y_hat, results.step_losses)


def differences(results: Results) -> Table:
    """The two losses of each central difference."""
    rows = zip(results.loss_plus, results.loss_minus, results.verification.differences, strict=True)
    return Table(
        f"(2) Central differences, epsilon = {results.settings.task.epsilon:g}",
        ("", "L(b + epsilon)", "L(b − epsilon)", "difference / (2 epsilon)"),
        [(f"b{k + 1}", repr(plus), repr(minus), f"{value:.12g}") for k, (plus, minus, value) in enumerate(rows)],
    )


def intermediates(results: Results) -> Table:
    """Every derivative on the way, in the order of the derivation."""
    now = results.intermediates
    return by_step(
        "(3) Unfolded through time (direct: through the step's own output; otherwise all later steps too)",
        [
            ("∂L/∂ŷ", now.dL_dy),
            ("∂ŷ/∂o", now.dy_do),
            ("∂L/∂o", now.dL_do),
            ("∂L/∂h direct", now.dL_dh_direct),
            ("∂h/∂a", now.dh_da),
            ("∂L/∂a direct", now.dL_da_direct),
            ("∂a/∂b", now.da_db),
            ("∂h/∂b", now.dh_db),
            ("∂L/∂b direct", now.dL_db_direct),
            ("∂h⁽ᵗ⁾/∂h⁽ᵗ⁻¹⁾", now.dh_dh),
            ("∂L/∂h", now.dL_dh),
            ("∂L/∂a, the share of ∂L/∂b", now.dL_da),
        ],
    )


def steps(results: Results) -> Table:
    """The loss after a step with this and other learning rates."""
    return Table(
        "(5) The loss after one step (a negative learning rate goes up the gradient)",
        ("learning rate", "loss"),
        [(f"{step.learning_rate:g}", f"{step.loss:.10f}") for step in results.steps],
    )
