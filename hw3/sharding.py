"""Batches split over the devices of a mesh, everything else replicated: what makes a sweep run on several devices.

No sum runs over a batch, so nothing is ever exchanged between devices: each computes its part of the batch as it would
alone (`jax.shard_map`). Processes share no batches either: each has a mesh of its own devices.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

AXIS = ("batch",)


def local_mesh() -> Mesh:
    """All devices of this process, along one axis."""
    return Mesh(np.array(jax.local_devices()), AXIS)


def checked(mesh: Mesh | None) -> Mesh:
    """The devices of `mesh`, or of this process for None, along one axis that is split by hand alone.

    Raises ValueError for a mesh with devices of other processes.
    """
    if mesh is None:
        return local_mesh()
    if not isinstance(mesh, Mesh):
        raise ValueError(f"mesh must be a jax.sharding.Mesh, not {type(mesh).__name__}")
    if elsewhere := sum(device.process_index != jax.process_index() for device in mesh.devices.flat):
        raise ValueError(
            f"mesh must hold devices of this process alone, {elsewhere} of its {mesh.size} belong to others: give each "
            "process images and a mesh of its own"
        )
    return Mesh(mesh.devices.ravel(), AXIS)


def replicated(mesh: Mesh, tree: Any) -> Any:
    """A pytree of arrays with a copy of each on every device."""
    return jax.device_put(tree, NamedSharding(mesh, PartitionSpec()))


def split(mesh: Mesh, shared: int, function: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
    """`function` with each device working on its part of the arguments behind the first `shared` ones.

    Those are split along their first axis, whose length must be a multiple of the number of devices, and so is the
    result.
    """
    if mesh.size == 1:
        return function
    parts = PartitionSpec(AXIS)

    def each(*arguments: Any) -> jax.Array:
        specs = (PartitionSpec(),) * shared + (parts,) * (len(arguments) - shared)
        return jax.shard_map(function, mesh=mesh, in_specs=specs, out_specs=parts, check_vma=False)(*arguments)

    return each
