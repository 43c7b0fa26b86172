"""The answers to problem 4, long sequences, written from the results of the three programs that measure it.

Figure files are named relative to the folder that holds the programs' `flow`, `echo` and `sequences` folders.
"""

import math
import statistics
from collections.abc import Sequence
from typing import Any

from hw3.report.page import Answer, Figure, Published, Results, Table
from hw3.report.words import enumerated, percent

FACTOR = 1000.0  # a gradient that changes by more than this over as many steps is said to vanish or explode
STEPS = 1000


def answers(flow: Results, echo: Results, learned: Results) -> list[Answer]:
    """The three answers, from the parsed results.json of flow_gradients, probe_echo_states, classify_sequences."""
    return [
        hardest(flow)._replace(command=flow["command"]),
        echo_states(echo, learned)._replace(command=f"{echo['command']}; {learned['command']}"),
        lstm(flow, learned)._replace(command=f"{flow['command']}; {learned['command']}"),
    ]


def power(value: float) -> str:
    """A number as a rounded power of ten where it is far from 1.

    >>> power(0.25), power(3.7e-84), power(0.0)
    ('0.25', '4e-84', 'nothing')
    """
    if value == 0:
        return "nothing"
    return f"{value:.2g}" if value > 0.001 else f"{value:.0e}"


def after(exponent: float, steps: int) -> str:
    """What growth of so many nats a step comes to, as a power of ten that may be beyond float64.

    >>> after(-0.5, 1000), after(0.01, 1000)
    ('10^-217', '10^4')
    """
    return f"10^{exponent * steps / math.log(10):.0f}"


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation over seeds, in percent.

    >>> spread([0.5, 0.6]), spread([0.25])
    ('55.0 ± 7.1%', '25.0%')
    """
    mean = 100 * statistics.mean(values)
    return f"{mean:.1f} ± {100 * statistics.stdev(values):.1f}%" if len(values) > 1 else f"{mean:.1f}%"


def hardest(flow: Results) -> Answer:
    """Problem 4 (1)."""
    shares = flow["shares"]["RNN"]
    lags = flow["share_lags"]
    far = max(lag for lag in lags if lag <= 100)
    place = lags.index(far)
    near = ", ".join(f"{power(shares[name]['medians'][place])} of {name}'s" for name in "WUb")
    low, *_, high = rows = flow["rnn"]
    return Answer(
        "4 (1)",
        "Which parameters are the most difficult to learn from sequences of thousands of inputs?",
        "W, U and b, which act in every step; c and V act in the last step alone, and of their gradient "
        f"{power(max(shares[name]['medians'][0] for name in 'cV'))} comes from earlier steps. In an RNN of "
        f"{flow['hidden']} units with spectral radius 1 that reads protein-like sequences, {near} gradient comes from "
        f"more than {far:,} steps back (median of {flow['initialisations']} networks). The same "
        "product of Jacobians brings the gradient to all three. Its norm changes exponentially: "
        f"{_exponents(rows)} nats a step at spectral radius {_settings(rows)}, so by "
        f"{after(low['exponent']['median'], 1000)} over 1,000 steps at the smallest and by "
        f"{after(high['exponent']['median'], 1000)} at the largest. {_crossings(flow)}",
        [
            Figure("flow/rnn.png", "The norm of dh(T)/dh(t) against the lag, and its growth against the spectral "
                   "radius; bands hold 80% of the networks."),
            Figure("flow/shares.png", "What share of each parameter's gradient comes from far back; where no curve of "
                   "a parameter is seen it lies on another."),
        ],
        [
            Table(
                "RNN: growth of the norm of dh(T)/dh(t) in nats a step",
                ["spectral radius", "median", "80% of the networks", f"over {STEPS:,} steps"],
                [
                    [f"{row['setting']:g}", f"{row['exponent']['median']:+.4f}", _range(row["exponent"], "+.4f"),
                     after(row["exponent"]["median"], STEPS)]
                    for row in rows
                ],
            ),
            _share_table(flow),
        ],
        [
            Published(
                "000",
                "“the recurrent weights and the input weights”; gradients explode “if the derivative of activation is "
                "larger than 1”. That of tanh never is: what explodes does so through W.",
            ),
            Published(
                "001",
                "“a lot of problems in trying to learn the features towards the end of the sequence”. It is the "
                f"beginning: the last {far} steps hold {percent(1 - shares['W']['medians'][place], 1)} of W's "
                "gradient.",
            ),
            Published("002", "the recurrent weights and the input weights, through vanishing and exploding gradients."),
            Published("003", "W and U: “we need to do a backpropogation for W and U for all preceding time step”."),
            Published("004", "(its problem 6) W and U, “relatively further away from the loss”; b is as far."),
        ],
    )  # fmt: skip


def _exponents(rows: Sequence[Any]) -> str:
    return enumerated([f"{row['exponent']['median']:+.3f}" for row in rows])


def _settings(rows: Sequence[Any]) -> str:
    return enumerated([f"{row['setting']:g}" for row in rows])


def _range(band: Results, form: str) -> str:
    return f"{band['low']:{form}} to {band['high']:{form}}"


def _crossings(flow: Results) -> str:
    """From which spectral radius on gradients explode, for each scale of the inputs."""
    said = []
    for scale, bands in flow["exponents"].items():
        exploding = [
            radius
            for radius, band in zip(flow["exponent_radii"], bands, strict=True)
            if band["median"] > math.log(FACTOR) / STEPS
        ]
        where = f"from {min(exploding):g} on" if exploding else f"nowhere up to {max(flow['exponent_radii']):g}"
        said.append(f"{'without input' if float(scale) == 0 else f'with input scale {float(scale):g}'} {where}")
    without = dict(zip(flow["exponent_radii"], next(iter(flow["exponents"].values())), strict=True))
    return (
        f"Spectral radius 1 is the border only for small states: without input the growth at 0.9 is "
        f"{without[0.9]['median']:+.3f} (log 0.9 = {math.log(0.9):+.3f}), but tanh saturates above 1, and strong "
        f"inputs saturate it below. Half of the networks explode (more than a factor {FACTOR:,.0f} in {STEPS:,} steps) "
        f"{'; '.join(said)}."
    )


def _share_table(flow: Results) -> Table:
    return Table(
        "Share of the gradient that comes from more than k steps back (median)",
        ["network", "parameter", *(f"k = {lag:,}" for lag in flow["share_lags"])],
        [
            [network, name, *(power(value) for value in found["medians"])]
            for network, parameters in flow["shares"].items()
            for name, found in parameters.items()
        ],
    )


def _rows(learned: Results, learner: str) -> dict[int, Any]:
    return {row["length"]: row for row in learned["rows"] if row["learner"] == learner}


def _said(learned: Results, learner: str) -> str:
    """The accuracy of a learner at every length in words."""
    return ", ".join(f"{spread(row['accuracies'])} at {length:,}" for length, row in _rows(learned, learner).items())


def echo_states(echo: Results, learned: Results) -> Answer:
    """Problem 4 (2)."""
    units, classes = learned["reservoir"]["hidden"], learned["classes"]
    best = max(echo["capacities"], key=lambda row: statistics.mean(row["totals"]))
    largest = max(max(row["totals"]) for row in echo["capacities"])
    until = []
    for scale, found in echo["left"].items():
        last = sorted(value for value in found["last_radii"] if not math.isnan(value))
        name = "without input" if float(scale) == 0 else f"with input scale {float(scale):g}"
        until.append(
            f"{name} up to {statistics.median(last):g} ({last[0]:g} to {last[-1]:g})" if last else f"{name} never"
        )
    fixed = units * (units + learned["reservoir"]["inputs"] + 1)
    return Answer(
        "4 (2)",
        "As an echo state network: which weights are fixed, which learned, and what does that solve?",
        f"b, W and U stay as drawn ({fixed:,} numbers for {units} units), c and V ({classes * units + classes:,} for "
        f"{classes} classes) are learned by ridge regression in closed form. No gradient goes through time, so none "
        "vanishes; but the state still forgets. It has to: only where two different states forget their difference "
        f"does the state depend on the inputs alone. In {echo['steps']:,} steps they do, to {echo['forgotten']:g} of "
        f"it, {'; '.join(until)} (spectral radius, median and range of {echo['reservoirs']} reservoirs of "
        f"{echo['hidden']}). The price is memory: the capacity is {statistics.mean(best['totals']):.1f} steps at "
        f"spectral radius {best['radius']:g}, at most {largest:.1f} in any reservoir, where {echo['hidden']} is the "
        "bound. On sequences whose class stands in "
        f"the first {learned['task']['early']} residues the last state of the network of (10.8)-(10.11) gets "
        f"{_said(learned, 'echo state, leak 1')} (chance: {percent(1 / classes, 1)}). With units that leak only 1% a "
        f"step: {_said(learned, 'echo state, leak 0.01')}.",
        [
            Figure("echo/forgetting.png", "What is left of the difference of two states that read the same sequence."),
            Figure("echo/capacity.png", "How well the input of k steps ago can be read off the state (Jaeger)."),
        ],
        [
            Table(
                f"Memory capacity, bound {echo['hidden']}",
                ["spectral radius", "mean", "smallest", "largest"],
                [[f"{row['radius']:g}", *(f"{pick(row['totals']):.2f}" for pick in (statistics.mean, min, max))]
                 for row in echo["capacities"]],
            )
        ],
        [
            Published("000", "fixes the recurrent weights, learns only the output weights."),
            Published("001", "fixes input to hidden; does not name W. Learns hidden to output."),
            Published("002", "fixes input to hidden and hidden to hidden; learns hidden to output."),
            Published("003", "“echo state network fixes W and U. Only V is learned.” c is learned too."),
            Published("004", "W, U fixed, c, V learned. None of the five says what the network then cannot remember."),
        ],
    )  # fmt: skip


def lstm(flow: Results, learned: Results) -> Answer:
    """Problem 4 (3)."""
    states = [row["ds_ds"] for row in flow["lstm"]]
    found = flow["map"]
    limit = math.log(FACTOR) / STEPS
    cells = [
        (radius, bias, value)
        for radius, line in zip(found["radii"], found["exponents"], strict=True)
        for bias, value in zip(found["biases"], line, strict=True)
    ]
    vanishing = [cell for cell in cells if cell[2] < -limit]
    exploding = [cell for cell in cells if cell[2] > limit]
    holding = [cell for cell in cells if abs(cell[2]) <= limit]
    holds = (
        f" (forget biases from {min(bias for _, bias, _ in holding):g}, spectral radii to "
        f"{max(radius for radius, _, _ in holding):g})"
        if holding
        else ""
    )
    networks = [name for name in learned["learners"] if not name.startswith("echo")]
    said = "; ".join(f"{name}: {_said(learned, name)}" for name in networks)
    last = learned["lengths"][-1]
    return Answer(
        "4 (3)",
        "Why can an LSTM help, and is it true that its gradients neither vanish nor explode?",
        "Along its state the derivative of one step is the forget gate f, which a bias can open, in place of W times "
        f"the slope of tanh. At forget-gate bias {_settings(states)} the norm of ds(T)/ds(t) changes by "
        f"{_exponents(states)} nats a step, the product of the forget gates alone by "
        f"{_exponents([row['forget'] for row in flow['lstm']])}; the rest comes through W. Of {len(cells)} pairs of "
        f"spectral radius and forget bias the gradient shrinks by more than {FACTOR:,.0f} over {STEPS:,} steps in "
        f"{len(vanishing)}, grows by more in {len(exploding)} and does neither in {len(holding)}{holds}. On the task, "
        "accuracy after "
        f"{learned['recipe']['updates']} updates by length: {said}. Chance is {percent(1 / learned['classes'], 1)}, "
        f"the matched filter that knows the motifs reaches {spread(learned['baselines'][-1]['matched_filter'])} at "
        f"{last:,}, a classifier of the last residues {spread(learned['baselines'][-1]['last_residues'])}.",
        [
            Figure("sequences/accuracy.png", "Accuracy and time of learning against the length."),
            Figure("flow/lstm.png", "Norms in an LSTM against the lag for each forget-gate bias."),
            Figure("flow/map.png", "Where an LSTM's gradients vanish, hold and explode."),
        ],
        [
            Table(
                f"Accuracy on new sequences, mean and standard deviation over {len(learned['seeds'])} seeds",
                ["", *(f"T = {length:,}" for length in learned["lengths"])],
                [
                    *(
                        [name, *(spread(row["accuracies"]) for row in _rows(learned, name).values())]
                        for name in learned["learners"]
                    ),
                    *(
                        [title, *(spread(row[name]) for row in learned["baselines"])]
                        for title, name in (
                            ("matched filter", "matched_filter"),
                            ("last residues only", "last_residues"),
                        )
                    ),
                ],
            ),
            Table(
                f"Norm of the gradient in training, median of seeds; share of updates above {learned['clip']:g}",
                ["", "T", "smallest", "median", "largest", "above"],
                [
                    [
                        row["learner"],
                        f"{row['length']:,}",
                        *(power(statistics.median(values)) for values in row["gradient_norms"]),
                        percent(statistics.median(row["above_clip"]), 0),
                    ]
                    for row in learned["rows"]
                    if "gradient_norms" in row
                ],
            ),
        ],
        [
            Published(
                "000",
                "“There is no gradient vanishing or exploding in LSTM cell”: “we don't have any chained "
                "multiplications”. There are: of the forget gates, and of W through every gate.",
            ),
            Published(
                "001", "the LSTM “fixes the RNN's vanishing/exploding gradient problem in a very simple method”."
            ),
            Published("002", "vanishing “is solved by LSTM as it keeps the gradients steep enough”."),
            Published("003", "“can be aleviated”: what is measured here."),
            Published("004", "the forget term “we could adjust to make sure” that gradients do not vanish or explode."),
        ],
    )
