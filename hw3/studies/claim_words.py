"""Claims of document 004 with their verdicts and effects as answers for the page.

The verdicts are those of `hw3.studies.verdicts`; nothing here judges.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from hw3.report.page import Answer, Figure, Published, Results, Table
from hw3.studies import verdicts
from hw3.studies.verdicts import CONDITIONAL, FAILED

NOTHING_SEEN = "no effect beyond the spread over seeds"
RULE = (
    "A claim held under a condition if the 95% confidence interval of the measured effect over the seeds (Student's t) "
    "lies above zero."
)


def mean(values: Any, *index: Any) -> float:
    """The mean over the seeds of values [seeds, ...] at an index of the other axes."""
    return float(np.asarray(values)[(slice(None), *index)].mean())


def spread(values: Any, scale: float = 1.0, digits: int = 1) -> str:
    """The mean of values [seeds] with its 95% interval.

    >>> spread([0.5, 0.6], 100)
    '55.0 ± 63.5'
    """
    found = verdicts.effect(scale * np.asarray(values))
    return f"{found.mean:.{digits}f} ± {found.half_width:.{digits}f}"


def rounded(value: float, digits: int = 3) -> str:
    """A signed number with so many significant digits, thousands separated.

    >>> rounded(80992.0), rounded(-0.00012345), rounded(0.0)
    ('+80,992', '-0.000123', '0')
    """
    if value == 0:
        return "0"
    return f"{value:+,.0f}" if abs(value) >= 1000 else f"{value:+.{digits}g}"


def shown(effect: Results, unit: str) -> str:
    """An effect with its interval and unit.

    >>> shown({"mean": 26.634, "half_width": 6.3412}, "epochs")
    '+26.6 ± 6.34 epochs'
    """
    spread = f" ± {effect['half_width']:.3g}" if effect["half_width"] else ""
    return f"{rounded(effect['mean'])}{spread} {unit}".strip()


def judged(claim: Results) -> str:
    """A claim with its verdict and what that depends on.

    >>> effects = [{"condition": "2 layers", "holds": False}, {"condition": "9 layers", "holds": True}]
    >>> judged({"said": "it explodes", "verdict": CONDITIONAL, "effects": effects})
    '“it explodes” held under conditions: 9 layers (not: 2 layers).'
    """
    text = f"“{claim['said'].rstrip('.')}” {claim['verdict']}"
    if claim["verdict"] == CONDITIONAL:
        held, others = (
            [e["condition"] for e in claim["effects"] if e["holds"] == outcome] for outcome in (True, False)
        )
        return f"{text}: {'; '.join(held)} (not: {'; '.join(others)})."
    if claim["verdict"] == FAILED:
        opposite = [effect["condition"] for effect in claim["effects"] if effect["opposite"]]
        if opposite:
            return f"{text}: the opposite was seen with {'; '.join(opposite)}."
        random = any(effect["half_width"] for effect in claim["effects"])
        return f"{text}: {NOTHING_SEEN if random else 'nothing of it was seen'}."
    return text + "."


def answer(
    results: Results,
    parts: Sequence[str],
    number: str,
    question: str,
    numbers: str,
    figures: Sequence[Figure],
    tables: Sequence[Table] = (),
) -> Answer:
    """The answer for all claims whose part begins with one of `parts`; `numbers` are sentences on what was measured."""
    claims = [claim for claim in results["claims"] if claim["part"].startswith(tuple(parts))]
    rows = [
        (
            f"{claim['part']}: {effect['condition']}",
            shown(effect, claim["unit"]),
            "yes" if effect["holds"] else "the opposite" if effect["opposite"] else "no",
        )
        for claim in claims
        for effect in claim["effects"]
    ]
    meanings = " ".join(f"{claim['part']}: {claim['measured']}." for claim in claims)
    return Answer(
        f"004: {number}",
        question,
        " ".join([*(judged(claim) for claim in claims), numbers]),
        figures,
        [
            *tables,
            Table(
                f"Effects, positive if they support the claim. {meanings}",
                ("claim and condition", "effect", "holds"),
                rows,
            ),
        ],
        [Published("004", f"{claim['part']}: “{claim['said']}”") for claim in claims],
        results["command"],
    )
