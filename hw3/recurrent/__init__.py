"""Recurrent networks: unrolled by hand, in batches, over long sequences, and read out at random."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "arrays",
        "batched",
        "echo_state",
        "gradient_flow",
        "gradients",
        "initializers",
        "learning",
        "lstm",
        "rnn",
    ],
)
