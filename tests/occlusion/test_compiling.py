"""What is compiled ahead serves the arguments it was compiled for, and no others."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np

from hw3.occlusion.compiling import Ahead

ON_TWO_DEVICES = """
import jax, numpy as np
from jax.sharding import SingleDeviceSharding
from hw3.occlusion.compiling import Ahead
first, second = jax.devices()
twice = Ahead(lambda x: 2 * x, {})
twice.begin(jax.ShapeDtypeStruct((3,), np.float32, sharding=SingleDeviceSharding(first)))
for device in (second, first):
    found = twice(jax.device_put(np.ones(3, np.float32), device))
    assert found.tolist() == [2, 2, 2] and found.devices() == {device}
assert twice._jitted._cache_size() == 1
"""


def test_other_shapes_are_compiled_when_they_are_called():
    twice = Ahead(lambda tree: jax.tree.map(lambda x: 2 * x, tree), {})
    for size in (3, 4):
        twice.begin({"a": jax.ShapeDtypeStruct((3,), jnp.float32)})
        found = twice({"a": np.ones(size, np.float32)})["a"]
        np.testing.assert_array_equal(found, np.full(size, 2, np.float32))
        assert twice._jitted._cache_size() == size - 3


def test_another_device_gets_a_program_of_its_own():
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    done = subprocess.run(
        [sys.executable, "-c", ON_TWO_DEVICES], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
