"""Numbers of long sequences in words."""

import math

from hw3.studies.long_sequences.gradient_flow.claims import EXPLODES, HOLDS, STEPS, fate
from hw3.studies.long_sequences.gradient_flow.tables import over_steps


def share(value: float) -> str:
    """A share as a number.

    >>> share(0.25), share(3.7e-84), share(0.0)
    ('0.25', '3.7e-84', 'nothing')
    """
    if value == 0:
        return "nothing"
    return f"{value:.2g}" if value > 0.001 else f"{value:.1e}"


def becomes(growth: float) -> str:
    """What happens over many steps to a norm that grows by so many nats in each.

    >>> becomes(-0.5), becomes(0.01), becomes(0.001)
    ('shrinks to 10⁻²¹⁷', 'grows to 10⁴', 'holds (times 2.7)')
    """
    found = fate(growth)
    if found == HOLDS:
        return f"holds (times {math.exp(growth * STEPS):.2g})"
    return f"{'grows' if found == EXPLODES else 'shrinks'} to {over_steps(growth)}"


def input_words(scale: float) -> str:
    """The scale of a network's inputs.

    >>> input_words(0.0), input_words(0.3)
    ('without input', 'with input scale 0.3')
    """
    return "without input" if scale == 0 else f"with input scale {scale:g}"
