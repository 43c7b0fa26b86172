"""Made-up measurements with a small spread over seeds, so that what they say is known."""

import numpy as np

SEEDS = 3


def seeded(*means, spread=0.01):
    """Values [SEEDS, len(means)] around the means."""
    rng = np.random.default_rng(0)
    return np.array(means) + spread * rng.uniform(-1, 1, (SEEDS, len(means)))
