"""Claims of document 004 in words, for the console and the page: sentences and tables that follow from the effects.

The verdicts are those of `hw3.studies.verdicts`; nothing here judges by a rule of its own.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hw3.report.page import Published, Table
from hw3.report.words import enumerated
from hw3.studies import verdicts
from hw3.studies.verdicts import CONDITIONAL, FAILED, HELD, Claim, Effect

NOTHING_SEEN = "no effect beyond the spread over seeds"
LISTED = 4  # conditions that a sentence names one by one; more are counted
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


def shown(effect: Effect, unit: str) -> str:
    """An effect with its interval and unit.

    >>> shown(Effect(26.634, 6.3412), "epochs")
    '+26.6 ± 6.34 epochs'
    """
    interval = f" ± {effect.half_width:.3g}" if effect.half_width else ""
    return f"{rounded(effect.mean)}{interval} {unit}".strip()


def way(effect: Effect, positive: str, negative: str, neither: str) -> str:
    """One of three words: for an effect whose interval lies above zero, below it, or around it."""
    return positive if effect.holds else negative if effect.opposite else neither


def change(before: Any, after: Any, show: Callable[[float], str]) -> str:
    """What becomes of a number from one condition to another, both [seeds], paired.

    >>> change([0.5, 0.6, 0.55], [0.7, 0.81, 0.75], "{:.2f}".format)
    'rises from 0.55 to 0.75'
    >>> change([0.5, 0.6, 0.55], [0.6, 0.5, 0.55], "{:.1f}".format)
    'does not change beyond the spread (0.6 and 0.6)'
    """
    found = verdicts.effect(after, before)
    first, last = show(mean(before)), show(mean(after))
    verb = way(found, "rises", "falls", "")
    return f"{verb} from {first} to {last}" if verb else f"does not change beyond the spread ({first} and {last})"


def judged(claim: Claim) -> str:
    """The verdict on a claim and what that depends on.

    >>> effects = {"2 layers": Effect(0.0, 1.0), "9 layers": Effect(3.0, 1.0)}
    >>> judged(Claim("1", "it explodes", "growth", "%", effects))
    'held under conditions: 9 layers (not: 2 layers)'
    """
    verdict = verdicts.verdict(claim)
    held = [condition for condition, found in claim.effects.items() if found.holds]
    opposite = [condition for condition, found in claim.effects.items() if found.opposite]
    count = len(claim.effects)
    if verdict == CONDITIONAL:
        if count > LISTED:
            return f"{verdict}: {len(held)} of {count}"
        others = [condition for condition in claim.effects if condition not in held]
        return f"{verdict}: {'; '.join(held)} (not: {'; '.join(others)})"
    if verdict == FAILED:
        if opposite:
            listed = len(opposite) <= LISTED
            where = f"with {'; '.join(opposite)}" if listed else f"under {len(opposite)} of {count} conditions"
            return f"{verdict}: the opposite was seen {where}"
        random = any(found.half_width for found in claim.effects.values())
        return f"{verdict}: {NOTHING_SEEN if random else 'nothing of it was seen'}"
    return verdict


def mark(claim: Claim) -> str:
    """How the page marks a claim: "right" if it held, "wrong" if under every condition its opposite was seen or nothing
    random could hide it, and nothing where it depends or the spread decides nothing."""
    if verdicts.verdict(claim) == HELD:
        return "right"
    refuted = all(found.opposite or (not found.half_width and not found.holds) for found in claim.effects.values())
    return "wrong" if refuted else ""


def summary(claims: Sequence[Claim], names: Sequence[str]) -> str:
    """One sentence that says of every claim whether it was seen. Args: names: of the claims, a few words each."""
    groups: dict[str, list[str]] = {"seen throughout": [], "in part": [], "not seen": [], "rather the opposite": []}
    throughout, part, unseen, opposite = groups.values()
    for claim, name in zip(claims, names, strict=True):
        verdict = verdicts.verdict(claim)
        refuted = unseen if not any(found.opposite for found in claim.effects.values()) else opposite
        (throughout if verdict == HELD else part if verdict == CONDITIONAL else refuted).append(name)
    text = "; ".join(f"{group}: {enumerated(members)}" for group, members in groups.items() if members)
    return f"{text[0].upper()}{text[1:]}."


def published(claims: Sequence[Claim]) -> list[Published]:
    """The quotations with our verdicts."""
    entries = []
    for claim in claims:
        means = [found.mean for found in claim.effects.values()]
        only = next(iter(claim.effects.values()))
        ends = f"{rounded(min(means))} to {rounded(max(means))} {claim.unit}".strip()
        ours = shown(only, claim.unit) if len(means) == 1 else ends
        verdict = judged(claim)
        remark = f"{verdict[0].upper()}{verdict[1:]}."
        entries.append(Published("004", f"{claim.part}: “{claim.said}”", remark, mark(claim), ours))
    return entries


def verdict_table(claims: Sequence[Claim]) -> Table:
    """A line for each claim: its verdict, and under how many conditions it held."""
    rows = []
    for claim in claims:
        holding = sum(found.holds for found in claim.effects.values())
        rows.append((f"{claim.part}: {claim.said}", verdicts.verdict(claim), f"{holding} of {len(claim.effects)}"))
    return Table("Document 004's claims, by 95% intervals over seeds", ("claim", "verdict", "conditions"), rows)


def effect_table(claims: Sequence[Claim]) -> Table:
    """A line for each claim and condition: the effect, and whether the claim holds there."""
    meanings = " ".join(f"{claim.part}: {claim.measured}." for claim in claims)
    return Table(
        f"Effects, positive if they support the claim. {meanings}",
        ("claim and condition", "effect", "holds"),
        [
            (f"{claim.part}: {condition}", shown(found, claim.unit), way(found, "yes", "the opposite", "no"))
            for claim in claims
            for condition, found in claim.effects.items()
        ],
    )


def effects_file(claims: Sequence[Claim]) -> Table:
    """The same unrounded, one fact a column, for a file."""
    return Table(
        "Effects",
        ("part", "said", "measured", "unit", "condition", "mean", "half_width", "holds", "opposite"),
        [
            (claim.part, claim.said, claim.measured, claim.unit, condition, *found, found.holds, found.opposite)
            for claim in claims
            for condition, found in claim.effects.items()
        ],
    )
