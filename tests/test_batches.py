"""Batches for many devices: even parts, nothing dropped, and only devices of this process."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import Mesh

from hw3 import batches, occlusion
from hw3.batches import in_batches


@given(total=st.integers(1, 3000), limit=st.integers(1, 400), devices=st.sampled_from([1, 2, 3, 4, 8]))
def test_every_device_gets_the_same_number_of_items_and_none_is_dropped(total, limit, devices):
    batches = in_batches(total, limit, devices)
    sizes = {len(flat) for flat, _ in batches}
    assert len(sizes) == 1
    size = sizes.pop()
    assert size % devices == 0
    assert size // devices <= limit
    assert np.concatenate([flat[:valid] for flat, valid in batches]).tolist() == list(range(total))
    assert len(batches) == -(-total // (limit * devices)), "no more batches than needed"
    assert len(batches) * size - total < len(batches) * devices, "padded by less than an item a device and batch"


def test_a_mesh_holds_devices_of_this_process(monkeypatch):
    mesh = Mesh(np.array(jax.devices()[:1]).reshape(1, 1), ("rows", "columns"))
    assert batches.checked(mesh).devices.tolist() == jax.devices()[:1]
    assert batches.checked(None) == batches.local_mesh()
    assert batches.local_mesh().devices.tolist() == jax.local_devices()
    with pytest.raises(ValueError, match=r"mesh must be a jax\.sharding\.Mesh, not list"):
        occlusion.sweep(lambda x: x[:, :2, 0, 0], np.zeros((1, 4, 4, 1), np.float32), patch_size=2, mesh=jax.devices())
    monkeypatch.setattr(jax, "process_index", lambda: 1)
    with pytest.raises(ValueError, match="devices of this process alone, 1 of its 1 belong to others: give each"):
        batches.checked(mesh)
