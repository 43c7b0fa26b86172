"""The answers to problem 4, long sequences, from the results of the three studies that measure it."""

import math
from statistics import mean

from hw3.datasets.proteins import AMINO_ACIDS
from hw3.report.page import Answer, Figure, See
from hw3.report.words import enumerated, percent
from hw3.studies.long_sequences import echo_states, gradient_flow, learning, published
from hw3.studies.long_sequences.echo_states import claims as echo_claims
from hw3.studies.long_sequences.echo_states.measure import FORGOTTEN, Left
from hw3.studies.long_sequences.gradient_flow import claims
from hw3.studies.long_sequences.gradient_flow.claims import EXPLODES, FACTOR, HOLDS, STEPS, VANISHES
from hw3.studies.long_sequences.gradient_flow.measure import SHARE_RADIUS
from hw3.studies.long_sequences.gradient_flow.tables import lstm_growth, lstm_shares, rnn_growth, rnn_shares
from hw3.studies.long_sequences.learning import claims as learning_claims
from hw3.studies.long_sequences.learning.learners import ECHO_STATE, LSTM, RNN
from hw3.studies.long_sequences.published import ordered
from hw3.studies.long_sequences.wording import becomes, input_words, share

CHRONO = (
    "Forget bias log T, T the length: biases drawn so that the cells' memories last up to T steps (chrono "
    "initialisation, Tallec and Ollivier, 2018)."
)


def answers(flow: gradient_flow.Results, echo: echo_states.Results, learned: learning.Results) -> list[Answer]:
    """The three answers."""
    return [hardest(flow), echo_state_network(echo, learned), lstm(flow, learned)]


def hardest(flow: gradient_flow.Results) -> Answer:
    """Problem 4 (1)."""
    reaching = claims.reaching_back(flow)
    by_growth = sorted(flow.rnn, key=lambda row: row.dh_dh.growth.median)
    ends = by_growth[:1] if len(by_growth) == 1 else [by_growth[0], by_growth[-1]]
    changes = " and ".join(
        f"{becomes(row.dh_dh.growth.median)} at {'spectral radius ' * (not number)}{row.radius:g}"
        for number, row in enumerate(ends)
    )
    who = f"{ordered(set(reaching))}: their" if reaching else "None: no parameter's"
    return Answer(
        "4 (1)",
        "Which parameters are the most difficult to learn from sequences of thousands of inputs?",
        f"{who} gradient passes through every step, and in {STEPS:,} steps its norm {changes}.",
        f"{_last_step_alone(flow)} {_from_far(flow)} {_border(flow)}".strip(),
        [
            Figure(
                f"{gradient_flow.NAME}/{gradient_flow.RNN}",
                "The norm of dh(T)/dh(t) against the lag, and its growth against the spectral radius; bands hold 80% "
                "of the networks.",
            ),
            Figure(
                f"{gradient_flow.NAME}/{gradient_flow.SHARES}",
                "What share of each parameter's gradient comes from far back; where no curve of a parameter is seen it "
                "lies on another.",
            ),
        ],
        [rnn_growth(flow), rnn_shares(flow)],
        published.on_hardest(flow),
        [gradient_flow.NAME],
    )


def _last_step_alone(flow: gradient_flow.Results) -> str:
    others = set(published.PARAMETERS) - set(claims.reaching_back(flow))
    return f"Of the gradient of {ordered(others)} nothing comes from before the last step." if others else ""


def _from_far(flow: gradient_flow.Results) -> str:
    reaching = claims.reaching_back(flow)
    if not reaching:
        return ""
    lag, place = claims.far(flow)
    settings = flow.settings
    shares = enumerated([f"{share(getattr(flow.rnn_shares, name).medians[place])} of {name}'s" for name in reaching])
    return (
        f"At spectral radius {SHARE_RADIUS:g}, {shares} gradient comes from more than {lag} steps back "
        f"(median of {settings.initialisations} networks of {settings.hidden} units that read protein-like sequences): "
        "the same product of Jacobians brings it to all of them."
    )


def _border(flow: gradient_flow.Results) -> str:
    """Where the border between vanishing and exploding lies, for each scale of the inputs."""
    still = next(grid for grid in flow.rnn_grids if grid.input_scale == 0)
    up_to = claims.follows_log_radius_up_to(still)
    last_radius, last = still.radii[-1], still.growth[-1].median
    if up_to is None:
        follows = "Without input a step's growth is nowhere the logarithm of the spectral radius"
    elif up_to == last_radius:
        follows = "Without input a step's growth is the logarithm of the spectral radius"
    else:
        side = "below" if last < math.log(last_radius) else "above"
        follows = (
            f"Without input a step's growth is the logarithm of the spectral radius up to {up_to:g} and beyond lies "
            f"{side} it: {last:+.3f} at {last_radius:g}, of which the logarithm is {math.log(last_radius):+.3f}"
        )
    said = []
    for grid in flow.rnn_grids:
        exploding = claims.exploding_radii(grid)
        if not exploding:
            where = f"nowhere up to {grid.radii[-1]:g}"
        elif exploding == grid.radii[-len(exploding) :]:
            where = f"from {exploding[0]:g} on"
        else:
            where = f"at {enumerated([f'{radius:g}' for radius in exploding])}"
        said.append(f"{input_words(grid.input_scale)} {where}")
    return (
        f"{follows}. Half of the networks explode, more than {FACTOR:,.0f}-fold in {STEPS:,} steps, {'; '.join(said)}."
    )


def echo_state_network(echo: echo_states.Results, learned: learning.Results) -> Answer:
    """Problem 4 (2)."""
    settings, task = echo.settings, learned.settings
    fixed, learned_names = ordered(published.FIXED), ordered(published.LEARNED)
    units, inputs, classes = task.reservoir, len(AMINO_ACIDS), task.classes
    best, largest = echo_claims.best_memory(echo), echo_claims.longest_memory(echo)
    sizes = (
        f"{fixed} are {units * (units + inputs + 1):,} numbers for {units} units, {learned_names} "
        f"{classes * units + classes:,} for {classes} classes, found by ridge regression in closed form."
    )
    forgets = (
        "The state depends on the inputs alone only where two different states forget their difference: in "
        f"{settings.steps:,} steps they do, to {FORGOTTEN:g} of it, up to spectral radius "
        f"{'; '.join(_forgets(left) for left in echo.left)} (median and range of {settings.reservoirs} reservoirs)."
    )
    remembers = (
        f"The memory capacity is {mean(best.totals):.1f} steps on average at spectral radius "
        f"{best.radius:g}, the best of {enumerated([f'{row.radius:g}' for row in echo.capacities])}."
    )
    return Answer(
        "4 (2)",
        "As an echo state network: which weights are fixed, which learned, and what does that solve?",
        f"{fixed} stay as drawn, {learned_names} are learned without gradients through time; reservoirs of "
        f"{settings.hidden} units remember at most {largest:.1f} steps of the {settings.hidden} possible.",
        f"{sizes} {forgets} {remembers} {_how_far(learned, ECHO_STATE)}".strip(),
        [
            Figure(
                f"{echo_states.NAME}/{echo_states.FORGETTING}",
                "What is left of the difference of two states that read the same sequence.",
            ),
            Figure(
                f"{echo_states.NAME}/{echo_states.CAPACITY}",
                "How well the input of k steps ago can be read off the state (Jaeger).",
            ),
        ],
        echo_states.tables(echo),
        published.on_echo_states(),
        [echo_states.NAME, learning.NAME],
    )


def _forgets(left: Left) -> str:
    found = echo_claims.forgetting(left)
    where = input_words(left.input_scale)
    if found.median is None:
        return f"{where}: none"
    never = f", {found.never} of them at none" if found.never else ""
    return f"{where}: {found.median:g} ({found.smallest:g} to {found.largest:g}{never})"


def _how_far(learned: learning.Results, *kinds: str) -> str:
    """Up to which length learners of these kinds learn, in a sentence; empty where there is none."""
    found = [learning_claims.span(learned, learner) for learner in learned.settings.learners if learner.kind in kinds]
    if not found:
        return ""
    said = "; ".join(f"{span.learner.name}: {_length(span)}" for span in found)
    return (
        f"How far each learns classes that stand in the first {learned.settings.early} residues, every seed (of "
        f"{learned.settings.seeds}) better than guessing can explain: {said}."
    )


def lstm(flow: gradient_flow.Results, learned: learning.Results) -> Answer:
    """Problem 4 (3)."""
    cells = claims.cells(flow)
    vanishing, exploding = (sum(cell.fate == fate for cell in cells) for fate in (VANISHES, EXPLODES))
    return Answer(
        "4 (3)",
        "Why can an LSTM help, and is it true that its gradients neither vanish nor explode?",
        f"{_why(flow)}; gradients vanish in {vanishing or 'none'}, explode in {exploding or 'none'} of {len(cells)} "
        "pairs of radius and bias.",
        f"{_along_the_state(flow)} {_judging(flow)} {_holding(flow)} "
        f"{_how_far(learned, RNN, LSTM)} {_best(learned)} {_bounds(learned)}",
        [
            Figure(f"{gradient_flow.NAME}/{gradient_flow.MAP}", "Where an LSTM's gradients vanish, hold and explode."),
            Figure(f"{learning.NAME}/{learning.ACCURACY}", "Accuracy and time of learning against the length."),
            Figure(
                f"{gradient_flow.NAME}/{gradient_flow.LSTM}",
                "Norms in an LSTM against the lag for each forget-gate bias.",
            ),
        ],
        [*learning.tables(learned), lstm_growth(flow), lstm_shares(flow)],
        published.on_lstm(flow),
        [gradient_flow.NAME, learning.NAME],
        see=[See("5", "an LSTM of two cells by hand: what its forget bias does to the state in three steps")],
    )


def _why(flow: gradient_flow.Results) -> str:
    """What the most open forget gate does to the gradient along the state, as the beginning of a sentence."""
    widest = max(flow.lstm, key=lambda curves: curves.forget_bias)
    return (
        f"At an open forget gate (bias {widest.forget_bias:g}) the state's gradient "
        f"{becomes(widest.ds_ds.growth.median)} over {STEPS:,} steps"
    )


def _judging(flow: gradient_flow.Results) -> str:
    """What a pair of the verdict is, and when it counts as vanishing or exploding."""
    grid, settings = flow.lstm_grid, flow.settings
    return (
        f"The pairs are {len(grid.radii)} spectral radii of every gate's W by {len(grid.forget_biases)} forget biases; "
        f"the gradients of a pair vanish (or explode) if in the median of its {settings.initialisations} random "
        f"networks the norm of d(h, s)(T)/d(h, s)(t) shrinks (or grows) more than {FACTOR:,.0f}-fold in {STEPS:,} "
        "steps."
    )


def _best(learned: learning.Results) -> str:
    """How far the best network of each kind gets; empty where there is none."""
    found = [(kind, span) for kind in (LSTM, RNN) if (span := learning_claims.furthest(learned, kind))]
    if not found:
        return ""
    said = " and ".join(f"the best {kind} ({span.learner.name}) {_length(span)}" for kind, span in found)
    learners = learned.settings.learners
    chrono = any(learner.kind == LSTM and learner.forget_bias is None for learner in learners)
    return f"So {said}, in residues." + (f" {CHRONO}" if chrono else "")


def _length(found: learning_claims.Span) -> str:
    return "no length" if found.length is None else f"length {found.length:,}"


def _along_the_state(flow: gradient_flow.Results) -> str:
    least, most = (pick(flow.lstm, key=lambda curves: curves.ds_ds.growth.median) for pick in (min, max))
    ends = [least] if least is most else [least, most]
    said = " and ".join(
        f"at forget bias {curves.forget_bias:g} {becomes(curves.ds_ds.growth.median)} (the product of forget gates "
        f"alone {becomes(curves.forget.growth.median)})"
        for curves in ends
    )
    return (
        "Along its state the derivative of one step is the forget gate f, which a bias can open, in place of W times "
        f"the slope of tanh; the rest comes through W. In {STEPS:,} steps the norm of ds(T)/ds(t) {said}."
    )


def _holding(flow: gradient_flow.Results) -> str:
    cells = claims.cells(flow)
    holding = [cell for cell in cells if cell.fate == HOLDS]
    if not holding:
        return f"In none of the {len(cells)} pairs it changes less than {FACTOR:,.0f}-fold."
    return (
        f"In {len(holding)} of the {len(cells)} pairs it changes less than {FACTOR:,.0f}-fold, with forget "
        f"biases from {min(cell.forget_bias for cell in holding):g} and spectral radii "
        f"to {max(cell.radius for cell in holding):g}."
    )


def _bounds(learned: learning.Results) -> str:
    last = learned.bounds[-1]
    return (
        f"At {last.length:,} the matched filter, which knows the motifs, gets {percent(mean(last.matched_filter), 0)} "
        f"right, a classifier of the last residues {percent(mean(last.last_residues), 0)}, guessing "
        f"{percent(learning_claims.chance(learned), 0)}."
    )
