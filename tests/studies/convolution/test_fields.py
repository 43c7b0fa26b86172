"""Effective fields of stacks grow as theory says; fields of every layer lie in the theoretical ones."""

import jax
import numpy as np
import pytest

from hw3.studies.convolution import fields

KEY = jax.random.key(0)


def test_effective_fields_grow_with_the_root_of_the_depth():
    depths = np.array([4, 16])
    sides = fields.stack_sides(KEY, depths.tolist(), channels=8, batch=8)
    assert (sides <= 2 * depths + 1).all()
    assert 0.4 < fields.growth_exponent(depths, sides) < 0.7
    assert fields.growth_exponent(depths, 3.0 * depths**0.5) == pytest.approx(0.5)


def test_every_layer_has_a_field_for_every_seed_and_group(results, tiny):
    found = results.fields
    assert [(row.field.layer, row.field.side) for row in found.layers] == [("conv1", 3), ("maxpool1", 4), ("conv2", 8)]
    assert found.groups == tiny.seeds
    for row in found.layers:
        side = row.field.side
        assert row.random_map.shape == row.trained_map.shape == (side, side)
        assert len(row.random) == len(row.trained) == tiny.seeds
        assert all(0 < effective <= side for effective in row.random + row.trained)
    assert found.stack.shape == (tiny.seeds, len(tiny.depths))
