"""Answers to questions as one page: its parts, words for numbers, one style for all figures, results on disk."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["explore", "heatmap", "math", "notebook", "page", "results", "style", "timings", "words"]
)
