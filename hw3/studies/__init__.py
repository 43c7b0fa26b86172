"""The homework, section by section: what was measured, what follows, and what five documents said.

The documents are called 000 to 004: 002 is the assignment with its official solutions, 000, 001 and 003 are reports on
it, 004 is a report on a sister version. No other room knows them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "audit",
        "contents",
        "convolution",
        "fragility",
        "given",
        "inspection",
        "long_sequences",
        "regularization",
        "robustness",
        "training",
        "unrolling",
    ],
)
