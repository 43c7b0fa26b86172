"""The answers to problem 5 and every number behind them, as tables for the console and the page."""

from hw3.report.page import Table
from hw3.studies.unrolling.common.tables import by_step, enumerated, heads, largest_errors, outputs, shown
from hw3.studies.unrolling.lstm.measure import Results

CELLS_SHOWN = 3  # of a forget gate, where several choices stand beside each other


def tables(results: Results) -> list[Table]:
    """The answers in the order of the assignment's question, then what is behind them."""
    return [
        answers_in_short(results),
        outputs("Outputs, and the loss of each step", results.forward.y_hat, results.step_losses),
        forward(results),
        intermediates(results),
        largest_errors(results.verification),
        forget_choices(results),
    ]


def answers_in_short(results: Results) -> Table:
    """What the assignment asks for."""
    params, rate = results.settings.params, results.settings.task.learning_rate
    return Table(
        "Problem 5",
        ("quantity", "value"),
        [
            *((f"biases, {name}", enumerated(gate.b, "g")) for name, gate in params.gates._asdict().items()),
            ("last output ŷ", enumerated(results.forward.y_hat[-1], ".8f")),
            ("loss", repr(results.loss)),
            ("∂L/∂b_f unfolded through time", enumerated(results.gradient.gates.forget.b)),
            ("∂L/∂b_f by central differences", enumerated(results.verification.differences)),
            (f"loss after one step on b_f, learning rate {rate:g}", repr(results.new_loss)),
        ],
    )


def forward(results: Results) -> Table:
    """Gates, state and output of each step."""
    return by_step(
        "Gates, state and output",
        [(name, getattr(results.forward, name)) for name in ("f", "g", "q", "k", "s", "h", "o")],
    )


def intermediates(results: Results) -> Table:
    """Every derivative on the way, in the order of the derivation."""
    now = results.intermediates
    return by_step(
        "Unfolded through time (direct: through the step's own output; otherwise all later steps too)",
        [
            ("∂L/∂ŷ", now.dL_dy),
            ("∂L/∂o", now.dL_do),
            ("∂L/∂h direct", now.dL_dh_direct),
            ("∂L/∂h", now.dL_dh),
            ("∂h/∂q = tanh s", now.dh_dq),
            ("∂h/∂s", now.dh_ds),
            ("∂L/∂s", now.dL_ds),
            ("∂s/∂f = s⁽ᵗ⁻¹⁾", now.ds_df),
            ("∂s/∂g = k", now.ds_dg),
            ("∂s/∂k = g", now.ds_dk),
            ("∂s⁽ᵗ⁾/∂s⁽ᵗ⁻¹⁾ = f", now.ds_ds),
            *((f"∂{symbol}/∂a", values) for symbol, values in zip("fgqk", now.d_da, strict=True)),
            *((f"∂L/∂a_{symbol}", values) for symbol, values in zip("fgqk", now.dL_da, strict=True)),
        ],
    )


def forget_choices(results: Results) -> Table:
    """What some choices of the forget gate's biases do."""
    steps = shown(len(results.forward.f))
    return Table(
        "What the forget gate's bias does: f in each step, their product over all steps, and the loss",
        ("bias", "b_f", *heads(len(results.forward.f)), "kept of s⁽⁰⁾", "loss"),
        [
            (
                choice.name,
                enumerated(choice.b, "g"),
                *(enumerated(choice.f[t][:CELLS_SHOWN], ".3f") for t in steps),
                enumerated(choice.kept[:CELLS_SHOWN], ".3f"),
                f"{choice.loss:.8f}",
            )
            for choice in results.choices
        ],
    )
