"""By what a sweep is computed: what is planned, and what it finds out to be fastest."""

import itertools
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jax import lax

from hw3 import batches, occlusion, onednn
from hw3.occlusion import boxes, classification, evaluation, ways

SIDE, PATCH = 96, 16


class Net(nn.Module):
    """Much work that a patch changes a part of, which a map's end cuts off."""

    @nn.compact
    def __call__(self, x):
        for _ in range(3):
            x = nn.relu(nn.Conv(64, (9, 9))(x))
        return x.mean((1, 2))


@pytest.fixture(scope="module")
def classifier():
    net, rng = Net(), np.random.default_rng(0)
    channels = (3, 64, 64, 64)
    kernels = [rng.normal(size=(9, 9, *both)).astype(np.float32) for both in itertools.pairwise(channels)]
    params = {f"Conv_{i}": {"kernel": kernel, "bias": jnp.zeros(64)} for i, kernel in enumerate(kernels)}
    options = {"score": "value", "layout": None, "jit": True, "batch_size": None, "limit": 8}
    return classification.prepare(
        lambda x: net.apply({"params": params}, x), (SIDE, SIDE, 3), mesh=batches.local_mesh(), **options
    )


def starts_of(stride):
    axis = np.arange(0, SIDE - PATCH + 1, stride)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2).astype(np.int32)


@pytest.mark.parametrize("method", ["auto", "incremental"])
@pytest.mark.parametrize(
    ("images", "platform", "plans"), [(2, "cpu", 1), (40, "cpu", 4), (2000, "cpu", 4), (2000, "gpu", 1)]
)
def test_positions_are_divided_where_there_is_much_to_do(classifier, method, images, platform, plans):
    mesh = SimpleNamespace(size=1, devices=np.array([SimpleNamespace(platform=platform)]))
    starts = starts_of(8)
    way, *_ = ways.choose(method, classifier._replace(mesh=mesh), (PATCH, PATCH), starts, images * len(starts))
    assert isinstance(way.plan, boxes.Division)
    assert len(way.plan.plans) == plans


def test_a_division_serves_every_position_once_and_leaves_less_to_do(classifier):
    starts = starts_of(4)
    whole, several = (f(classifier.program, (PATCH, PATCH), starts.tobytes()) for f in (boxes.undivided, boxes.divided))
    served = [start for number, plan in enumerate(several.plans) for start in starts[several.find(starts) == number]]
    assert np.array_equal(served, np.concatenate([plan.positions for plan in several.plans]))
    assert np.array_equal(np.unique(served, axis=0), starts)
    assert several.part < 0.97 * whole.part
    assert all(plan.part <= whole.plans[0].part for plan in several.plans)
    assert [len(plan.positions) for plan in several.plans] == [225, 90, 90, 36]
    assert [several.batch(plan, 60) for plan in several.plans] == [57, 45, 45, 36], "little is wasted in the last batch"
    assert whole.batch(whole.plans[0], 60) == 60


def test_few_positions_are_not_divided(classifier):
    starts = starts_of(20)
    assert len(boxes.divided(classifier.program, (PATCH, PATCH), starts.tobytes()).plans) == 1


def test_a_sweep_finds_out_by_itself_what_is_fastest(monkeypatch):
    for limit in ("TRYING_WORK", "BOXES_WORK", "SURE"):
        monkeypatch.setattr(ways, limit, 0.0)
    monkeypatch.setattr(onednn, "available_in_general", lambda: False)
    tried = []
    real = evaluation._Run.batch
    monkeypatch.setattr(
        evaluation._Run, "batch", lambda self, way, *rest: (tried.append(way), real(self, way, *rest))[1]
    )
    rng = np.random.default_rng(0)
    kernel, head = rng.normal(size=(3, 3, 3, 8)).astype(np.float32), rng.normal(size=(8, 4)).astype(np.float32)

    def predict(x):
        x = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return jax.nn.softmax(jax.nn.relu(x).mean((1, 2)) @ head)

    images = rng.random((3, 20, 20, 3), np.float32)
    images[1, :8, :8] = 0  # patches there change nothing
    options = {"patch_size": 5, "stride": 3, "batch_size": 8}
    found = occlusion.sweep(predict, images, **options)
    expected = occlusion.sweep(predict, images, method="dense", **options)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)
    assert len({(type(way.plan), way.engine) for way in tried}) == 4, "boxes, whole images; with, without YNNPACK"
    tried.clear()
    occlusion.sweep(predict, images, **options)
    assert len(set(tried)) == 1, "it is known now"
