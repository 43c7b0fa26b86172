"""Batches of equal size, and batches split over the devices of a mesh with everything else replicated.

No sum runs over a batch, so nothing is ever exchanged between devices: each computes its part of the batch as it would
alone (`jax.shard_map`). Processes share no batches either: each has a mesh of its own devices.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from hw3.errors import InvalidInput

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
        raise InvalidInput(f"mesh must be a jax.sharding.Mesh, not {type(mesh).__name__}")
    if elsewhere := sum(device.process_index != jax.process_index() for device in mesh.devices.flat):
        raise InvalidInput(
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


def equal_batch(total: int, limit: int, devices: int = 1) -> int:
    """The size of equal batches for `total` items: one compilation, little wasted in the last batch.

    Each is shared out evenly to the devices, at most `limit` items for one.

    >>> equal_batch(1000, 512), equal_batch(1000, 512, devices=3)
    (500, 1002)
    """
    batches = max(1, -(-total // (limit * devices)))
    return max(1, -(-total // (batches * devices))) * devices


def in_batches(total: int, limit: int, devices: int = 1) -> list[tuple[np.ndarray, int]]:
    """Indices of `total` items in batches of `equal_batch(total, limit, devices)`, each with how many of them count.

    The last batch repeats its last index to keep the size.

    >>> [(batch.tolist(), valid) for batch, valid in in_batches(5, 2)]
    [([0, 1], 2), ([2, 3], 2), ([4, 4], 1)]
    """
    return list(in_sizes(total, (equal_batch(total, limit, devices),)))


def in_sizes(total: int, sizes: tuple[int, ...]) -> Iterator[tuple[np.ndarray, int]]:
    """Indices of `total` items in batches of the largest of `sizes` (descending) that can be filled, else the smallest.

    As in `in_batches`, each comes with the number of indices that count, and the last one repeats its last index.

    >>> [(batch.tolist(), valid) for batch, valid in in_sizes(9, (4, 2))]
    [([0, 1, 2, 3], 4), ([4, 5, 6, 7], 4), ([8, 8], 1)]
    """
    first = 0
    while first < total:
        size = next((size for size in sizes if size <= total - first), sizes[-1])
        yield np.minimum(np.arange(first, first + size), total - 1), min(size, total - first)
        first += size
