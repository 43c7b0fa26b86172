"""The third homework of a deep-learning course as a small JAX library.

`data` gives images; `cnn` describes the networks and `training` trains them; `inspection` looks inside, `occlusion`
sweeps a patch over images and `overlays` searches for patches that fool a classifier. `figures` turns the arrays into
pictures, and `answers` and `report` turn the results into one page. Numerical modules are pure functions of arrays and
explicit `jax.random` keys; importing any of them leaves JAX's configuration alone.
"""

__version__ = "0.1.0"
