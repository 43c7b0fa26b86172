"""What five documents say on long sequences, and what the measurements make of it: every mark is a rule's outcome."""

from collections.abc import Set

from hw3.report.page import CONVENTION, RIGHT, WRONG, Published
from hw3.report.words import enumerated, percent
from hw3.studies.long_sequences import gradient_flow
from hw3.studies.long_sequences.gradient_flow import claims
from hw3.studies.long_sequences.gradient_flow.claims import EXPLODES, HOLDS, STEPS, VANISHES
from hw3.studies.long_sequences.wording import becomes, share

PARAMETERS = ("b", "c", "W", "U", "V")
FIXED, LEARNED = frozenset({"b", "W", "U"}), frozenset({"c", "V"})  # of an echo state network
BIASES = frozenset({"b", "c"})


def by_count(true: int, cases: int) -> str:
    """The mark of a statement without conditions that is true in so many of the cases tried.

    >>> by_count(3, 3), by_count(1, 3), by_count(0, 3)
    ('right', 'right under a convention', 'wrong')
    """
    return RIGHT if true == cases else CONVENTION if true else WRONG


def ordered(names: Set[str]) -> str:
    """Parameters in a sentence.

    >>> ordered({"U", "W", "b"})
    'b, W and U'
    """
    return enumerated([name for name in PARAMETERS if name in names])


def on_hardest(flow: gradient_flow.Results) -> list[Published]:
    """On which parameters are the most difficult to learn."""
    reaching = frozenset(claims.reaching_back(flow))
    lag, place = claims.far(flow)
    near = 1 - flow.rnn_shares.W.medians[place]
    ours = f"{ordered(reaching)} reach back" if reaching else "none reaches back"

    def names(document: str, said: str, *named: str) -> Published:
        """A statement that these are the most difficult: right if all of them reach back, all the same if more do."""
        others = reaching - set(named)
        far = ", ".join(
            f"of {name}'s {share(getattr(flow.rnn_shares, name).medians[place])}"
            for name in PARAMETERS
            if name in others or name in named
        )
        remark = f"Leaves out {ordered(others)}; from more than {lag} steps back comes {far}." if others else ""
        return Published(document, said, remark, RIGHT if set(named) <= reaching else WRONG, ours)

    exploding = sorted({radius for grid in flow.rnn_grids for radius in claims.exploding_radii(grid)})
    return [
        names(
            "000",
            "“the recurrent weights and the input weights are some of the most difficult parameters to learn”",
            *("W", "U"),
        ),
        Published(
            "000",
            "gradients explode “if the derivative of activation is larger than 1”",
            "The slope of tanh is nowhere above 1: what explodes does so through W." if exploding else "",
            WRONG if exploding else "",
            f"explodes at spectral radius {exploding[0]:g}, the smallest" if exploding else "nothing explodes",
        ),
        Published(
            "001",
            "“a lot of problems in trying to learn the features towards the end of the sequence”",
            f"It is the {'beginning' if near > 0.5 else 'end'}.",
            WRONG if near > 0.5 else RIGHT,
            f"the last {lag} steps hold {percent(near, 1)} of W's gradient",
        ),
        names("002", "the recurrent weights and the input weights", "W", "U"),
        names("003", "“The most difficult part should be W and U”", "W", "U"),
        names("004", "(its problem 6) W and U, “relatively further away from the loss”", "W", "U"),
    ]


def on_echo_states() -> list[Published]:
    """On what an echo state network fixes and what it learns."""

    def says(document: str, said: str, fixed: Set[str], learned: Set[str]) -> Published:
        """Right if both are ours, under a convention if they are with biases counted with the weights they go with."""
        if fixed & LEARNED or learned & FIXED:
            mark = WRONG
        elif (fixed, learned) == (FIXED, LEARNED):
            mark = RIGHT
        elif (fixed - BIASES, learned - BIASES) == (FIXED - BIASES, LEARNED - BIASES):
            mark = CONVENTION
        else:
            mark = ""
        missing = (FIXED | LEARNED) - fixed - learned
        remark = f"Does not name {ordered(missing)}." if missing else ""
        return Published(document, said, remark, mark, f"fixed {ordered(FIXED)}; learned {ordered(LEARNED)}")

    return [
        says("000", "“fixing the recurrent weights and then learn only the output weights”", {"W"}, {"V"}),
        says(
            "001",
            "“keep the input -> hidden layer connection manually fixed”, “learn the hidden->output connections”",
            {"U"},
            {"V"},
        ),
        says(
            "002",
            "“fix the input to hidden connections and hidden to hidden connections”, “learn the hidden to output "
            "connections”",
            {"W", "U"},
            {"V"},
        ),
        says("003", "“echo state network fixes W and U. Only V is learned.”", {"W", "U"}, {"V"}),
        says(
            "004",
            "“The recurrent weights W, U should be fixed, and only output weights c, V should be learned.”",
            {"W", "U"},
            {"c", "V"},
        ),
    ]


def on_lstm(flow: gradient_flow.Results) -> list[Published]:
    """On whether an LSTM's gradients vanish or explode."""
    cells = claims.cells(flow)
    vanishing, holding, exploding = (sum(cell.fate == fate for cell in cells) for fate in (VANISHES, HOLDS, EXPLODES))
    pairs = f"of {len(cells)} pairs of spectral radius and forget bias"
    counts = f"vanish in {vanishing}, explode in {exploding}, hold in {holding} {pairs}"
    smallest = min(flow.lstm, key=lambda curves: curves.forget.growth.median)
    chained = claims.fate(smallest.forget.growth.median) == VANISHES
    radii = {cell.radius for cell in cells}
    adjustable = {cell.radius for cell in cells if cell.fate == HOLDS}
    lag, _ = claims.far(flow)
    reach = claims.reach(flow)
    furthest = f" (up to {max(adjustable):g})" if adjustable else ""
    return [
        Published(
            "000",
            "“There is no gradient vanishing or exploding in LSTM cell.”",
            "Both are measured." if vanishing and exploding else "One is measured." if vanishing or exploding else "",
            WRONG if vanishing or exploding else RIGHT,
            counts,
        ),
        Published(
            "000",
            "“We don't have any chained multiplications of activation functions that can lower the value of all the "
            "values in the gradient”",
            "The forget gates are multiplied." if chained else "",
            WRONG if chained else RIGHT,
            f"at forget bias {smallest.forget_bias:g} their product {becomes(smallest.forget.growth.median)} in "
            f"{STEPS:,} steps",
        ),
        Published(
            "001",
            "“The LSTM cell fixes the RNN's vanishing/exploding gradient problem in a very simple method.”",
            "",
            by_count(holding, len(cells)),
            counts,
        ),
        Published(
            "002",
            "“The problem of vanishing gradients is solved by LSTM as it keeps the gradients steep enough”",
            "",
            by_count(len(cells) - vanishing, len(cells)),
            f"vanish in {vanishing} {pairs}",
        ),
        Published(
            "003",
            "by “forget gates and input gates, vanish gradient introduced by long-time dependence can be aleviated”",
            "",
            RIGHT if reach.lstm > reach.rnn else WRONG,
            f"from more than {lag} steps back: {share(reach.lstm)} of the gradient of the forget gate's W (bias "
            f"{reach.forget_bias:g}), {share(reach.rnn)} in the RNN",
        ),
        Published(
            "004",
            "the forget term “we could adjust to make sure the addictive gradients not vanish or explode”",
            "",
            by_count(len(adjustable), len(radii)),
            f"some forget bias holds gradients at {len(adjustable)} of {len(radii)} spectral radii{furthest}",
        ),
    ]
