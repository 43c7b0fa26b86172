"""The incremental evaluation against the dense one: random programs from all local operations, and known networks."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from hw3 import batches, occlusion, onednn
from hw3.occlusion import boxes, folding, incremental, jaxprs, sweeps, ways
from hw3.occlusion.convolutions import STOCK, Engine

SPECS = {1: ("NHC", "HIO", "NHC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}


@pytest.fixture(autouse=True)
def _promotion():
    """Programs as people write them."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def engines():
    """All there are on this machine."""
    return ["stock", "taps", *["onednn"] * onednn.available_in_general()]


def by_boxes(predict, images, patch, starts, fills, engine=STOCK, divide=boxes.undivided):
    """Scores of images [n, ...] with a patch at `starts`, [n positions, classes]; those expected; plan and program.

    The expected ones are of one program for the images as they are and with the patch.
    """
    program, constants, _ = jaxprs.trace(predict, jax.ShapeDtypeStruct((1, *images.shape[1:]), jnp.float32))
    program = folding.fold(program) if engine.convolutions == "onednn" else program
    division = divide(program, patch, starts.tobytes())
    clean = incremental.clean(program, division, engine)
    expected = np.asarray(jax.jit(predict)(np.concatenate([images, occluded(images, patch, starts, fills)])))
    each = []
    for index, image in enumerate(images):
        maps, alone = clean(constants, image[None])
        np.testing.assert_allclose(alone, expected[[index]], rtol=1e-4, atol=2e-5 * max(1.0, abs(alone).max()))
        found = np.full((len(starts), alone.shape[-1]), np.nan, np.float32)
        for number, plan in enumerate(division.plans):
            at = division.find(starts) == number
            tables = incremental.layout(program, plan).tables(starts[at])
            its = incremental.of_plan(program, division, plan, maps)
            found[at] = incremental.scores(program, plan, engine)(its, fills, np.full(at.sum(), index), tables)
        each.append(found)
    return np.concatenate(each), expected[len(images) :], division.plans[0], program


def occluded(images, patch, starts, fills):
    """All images with the patch at all positions: [n positions, ...]."""
    out = np.repeat(images, len(starts), axis=0)
    for i, image in enumerate(out):
        window = tuple(map(slice, starts[i % len(starts)], starts[i % len(starts)] + np.array(patch)))
        image[window] = fills[min(i // len(starts), len(fills) - 1)][window]
    return out


class Builder:
    """Layers of a program with random weights, applied to x [batch, ...spatial axes, channels]."""

    def __init__(self, rng, axes):
        self.rng, self.axes = rng, axes
        self.weights = {}

    def weight(self, name, *shape):
        if name not in self.weights:
            self.weights[name] = (self.rng.normal(size=shape) / np.sqrt(max(1, np.prod(shape[:-1])))).astype(np.float32)
        return self.weights[name]

    def conv(self, name, x, size, stride, padding, dilation=1, groups=1):
        kernel = self.weight(name, *[size] * self.axes, x.shape[-1] // groups, 4)
        return lax.conv_general_dilated(
            x,
            kernel,
            (stride,) * self.axes,
            padding,
            rhs_dilation=(dilation,) * self.axes,
            feature_group_count=groups,
            dimension_numbers=SPECS[self.axes],
        )

    def pool(self, x, kind, size, stride, padding):
        window, strides = (1, *[size] * self.axes, 1), (1, *[stride] * self.axes, 1)
        first, operation = {"max": (-np.inf, lax.max), "min": (np.inf, lax.min), "sum": (0.0, lax.add)}[kind]
        return lax.reduce_window(x, np.float32(first), operation, window, strides, padding)

    def layer(self, x, index, kind, size, stride, padding):
        """One layer of a kind; where it doesn't fit, x as it is."""
        spatial = tuple(range(1, 1 + self.axes))
        if kind in ("conv", "pool", "dilated", "grouped") and min(x.shape[1:-1]) < 2 * size:
            padding = "SAME"
        if kind == "conv":
            return jax.nn.relu(self.conv(index, x, size, stride, padding) + self.weight(f"{index} bias", 4))
        if kind == "dilated":
            return jnp.tanh(self.conv(index, x, size, 1, padding, dilation=2))
        if kind == "grouped":
            return self.conv(index, x, size, stride, padding, groups=2 if x.shape[-1] % 2 == 0 else 1)
        if kind in ("max", "min", "sum"):
            return self.pool(x, kind, size, stride, "SAME" if min(x.shape[1:-1]) < size else padding)
        if kind == "residual":
            return jax.nn.relu(x + self.conv(index, x, 3, 1, "SAME") @ self.weight(f"{index} out", 4, x.shape[-1]))
        if kind == "concatenated":
            return jnp.concatenate([x, self.conv(index, x, size, 1, "SAME"), jnp.ones_like(x[..., :1])], -1)
        if kind == "normalised":
            scale = lax.rsqrt(self.weight(index, x.shape[-1]) ** 2 + 1e-3)
            return jnp.clip((x - 0.1) * scale, 0, 6)
        if kind == "layer norm":
            return (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + 1)
        if kind == "channels first":
            first = jnp.moveaxis(x, -1, 1)
            return jnp.moveaxis(first * self.weight(index, 1, *first.shape[1:]), 1, -1)
        if kind == "shuffled":
            groups = 2 if x.shape[-1] % 2 == 0 else 1
            split = x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)
            return jnp.swapaxes(split, -1, -2).reshape(x.shape) * 1.5
        if kind == "cropped":
            return x[(slice(None), *[slice(1, None)] * self.axes)] if min(x.shape[1:-1]) > 3 else x
        if kind == "every other":
            return x[(slice(None), *[slice(0, None, 2)] * self.axes)] if min(x.shape[1:-1]) > 4 else x
        if kind == "padded":
            return jnp.pad(x, [(0, 0), *[(size, 1)] * self.axes, (0, 1)], constant_values=0.3)
        if kind == "masked":
            return jnp.where(x > 0.1, x, self.weight(index, *x.shape[1:]))
        if kind == "halves":
            left, right = jnp.split(jnp.concatenate([x, x], -1), 2, -1)
            return left * jax.nn.sigmoid(right)
        assert kind == "squeezed and excited", kind
        return x * jax.nn.sigmoid(x.mean(spatial, keepdims=True))

    KINDS = (
        "conv", "dilated", "grouped", "max", "min", "sum", "residual", "concatenated", "normalised", "layer norm",
        "channels first", "shuffled", "cropped", "every other", "padded", "masked", "halves", "squeezed and excited",
    )  # fmt: skip


layers = st.tuples(
    st.sampled_from(Builder.KINDS), st.integers(1, 3), st.integers(1, 3), st.sampled_from(["SAME", "VALID"])
)


@given(
    st.sampled_from([1, 2, 2, 2, 3]),
    st.lists(layers, min_size=2, max_size=6),
    st.sampled_from(["flat", "mean", "max"]),
    st.data(),
)
@settings(max_examples=12)
def test_random_programs(axes, chosen, head, data):
    sizes = tuple(data.draw(st.integers(*{1: (9, 40), 2: (9, 17), 3: (6, 8)}[axes])) for _ in range(axes))
    patch = tuple(data.draw(st.integers(1, size)) for size in sizes)
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    build = Builder(rng, axes)

    def predict(x):
        for index, (kind, size, stride, padding) in enumerate(chosen):
            x = build.layer(x, index, kind, size, stride, padding)
        spatial = tuple(range(1, 1 + axes))
        x = x.reshape(len(x), -1) if head == "flat" else x.mean(spatial) if head == "mean" else x.max(spatial)
        return x @ build.weight("head", x.shape[-1], 3)

    corner = np.array(sizes) - patch
    starts = np.unique([0 * corner, corner, *rng.integers(0, corner + 1, (4, axes))], axis=0).astype(np.int32)
    images = rng.random((2, *sizes, 2), np.float32)
    fills = rng.random((data.draw(st.integers(1, 2)), *sizes, 2), np.float32)
    engine = Engine(data.draw(st.sampled_from(engines())))
    divide = data.draw(st.sampled_from([boxes.undivided, boxes.divided]))
    found, expected, *_ = by_boxes(predict, images, patch, starts, fills, engine, divide)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-5 * max(1.0, np.abs(expected).max()))


class Block(nn.Module):
    kind: str

    @nn.compact
    def __call__(self, x):
        conv = functools.partial(nn.Conv, use_bias=False)
        norm = lambda x: nn.BatchNorm(use_running_average=True)(x)  # noqa: E731
        if self.kind == "resnet":
            y = norm(conv(8, (3, 3))(nn.relu(norm(conv(8, (3, 3), (2, 2))(x)))))
            return nn.relu(y + norm(conv(8, (1, 1), (2, 2))(x)))
        if self.kind == "densenet":
            for _ in range(3):
                x = jnp.concatenate([x, conv(4, (3, 3))(nn.relu(norm(x)))], -1)
            return nn.avg_pool(conv(8, (1, 1))(x), (2, 2), (2, 2))
        if self.kind == "mobilenet":
            y = nn.relu6(norm(conv(2 * x.shape[-1], (1, 1))(x)))
            y = nn.relu6(norm(conv(y.shape[-1], (3, 3), (2, 2), feature_group_count=y.shape[-1])(y)))
            return norm(conv(8, (1, 1))(y))
        if self.kind == "inception":
            pooled = nn.avg_pool(x, (3, 3), padding="SAME", count_include_pad=False)
            return jnp.concatenate([conv(4, (1, 7))(conv(4, (7, 1))(x)), conv(4, (1, 1))(pooled)], -1)
        return nn.max_pool(nn.relu(nn.Conv(8, (3, 3))(nn.relu(nn.Conv(8, (3, 3))(x)))), (2, 2), (2, 2))


@pytest.mark.parametrize(
    ("kind", "convolutions"),
    [
        ("resnet", "onednn"),
        ("densenet", "stock"),
        ("mobilenet", "taps"),
        ("mobilenet", "onednn"),
        ("inception", "onednn"),
        ("vgg", "stock"),
    ],
)
def test_blocks_of_known_networks_are_local(kind, convolutions):
    if convolutions not in engines():
        pytest.skip("oneDNN is not in this jaxlib")

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = Block(kind)(Block(kind)(nn.relu(nn.Conv(8, (3, 3))(x))))
            return nn.Dense(5)(x.mean((1, 2)))

    net, shape = Net(), (48, 40, 3)
    shapes = jax.eval_shape(net.init, jax.random.key(0), jnp.zeros((1, *shape)))
    rng = np.random.default_rng(0)

    def drawn(path, leaf):
        size = 0.1 if len(leaf.shape) == 1 else 1 / np.sqrt(np.prod(leaf.shape[:-1]))
        around = 1 if path[-1].key in ("scale", "var") else 0
        return np.float32(around + size * rng.normal(size=leaf.shape))

    variables = jax.tree_util.tree_map_with_path(drawn, shapes)
    predict = jax.tree_util.Partial(net.apply, variables)
    starts = np.array([[0, 0], [7, 20], [21, 4], [42, 33]], np.int32)
    images, fills = rng.random((1, *shape), np.float32), np.zeros((1, *shape), np.float32)
    found, expected, plan, program = by_boxes(predict, images, (6, 7), starts, fills, Engine(convolutions))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert plan.part < 0.6, "most of the work is spared"
    first_dense = program.equations[min(plan.dense)].primitive.name
    assert first_dense in ("reduce_sum", "mean", "reduce_window_sum") or kind == "inception"


def test_an_operation_that_nobody_foresaw_makes_it_dense_and_never_wrong():
    rng = np.random.default_rng(0)
    images = rng.random((1, 12, 11, 2), np.float32)

    def predict(x):
        x = jnp.cumsum(jax.nn.relu(x - 0.2), axis=1)  # not local
        x = jnp.sort(x, axis=2)
        _, total = lax.scan(lambda carry, row: (carry + row, (carry * row).sum(-1)), x[:, 0], jnp.moveaxis(x, 1, 0))
        return total.sum(0)[:, :3]

    starts = np.array([[0, 0], [3, 2], [9, 8]], np.int32)
    found, expected, plan, _ = by_boxes(predict, images, (3, 3), starts, 0 * images)
    assert len(plan.dense) > 2
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("fill", ["one", "each"])
@pytest.mark.parametrize(("group", "equation_work"), [(1, 2e9), (2, 2e9), (3, 2e9), (1, 0.0), (2, 0.0)])
def test_what_a_sweep_compiles_ahead_is_what_it_uses(monkeypatch, fill, group, equation_work):
    if not onednn.available_in_general():
        pytest.skip("oneDNN is not in this jaxlib")
    monkeypatch.setattr(ways, "BOXES_WORK", 0.0)
    monkeypatch.setattr(ways, "EQUATION_WORK", equation_work)
    monkeypatch.setattr(sweeps, "GROUP_VALUES", group * 20 * 20 * 2)
    build = Builder(np.random.default_rng(group), 2)
    images = build.rng.random((2, 20, 20, 2), np.float32)
    used = []
    real = incremental.scores
    monkeypatch.setattr(incremental, "scores", lambda *which: (used.append(real(*which)), used[-1])[1])

    def predict(x):
        return build.layer(x, 0, "conv", 3, 1, "SAME").mean((1, 2)) @ build.weight("head", 4, 3 + group)

    options = {"patch_size": 5, "stride": 3, "score": "value", "fill": images[::-1] if fill == "each" else 0.5}
    mesh = batches.checked(jax.make_mesh((1,), ("x",), devices=jax.devices()[:1]))
    found = occlusion.sweep(predict, images, mesh=mesh, **options)
    expected = occlusion.sweep(predict, images, mesh=mesh, method="dense", **options)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=2e-6)
    assert len(set(used)) == (1 if equation_work else 4)
    assert not sum(scores._jitted._cache_size() for scores in set(used)), "nothing is compiled a second time"
