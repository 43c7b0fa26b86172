"""Many small networks trained as one vmapped batch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["dense", "lanes", "sampling"])
