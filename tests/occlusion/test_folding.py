"""What is folded into convolutions gives the same numbers, and what can't be folded stays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from hw3 import batches, classifiers, occlusion, onednn
from hw3.occlusion import classification, folding, jaxprs, overlays, ways
from hw3.occlusion.convolutions import STOCK, Engine

LAST, FIRST = ("NHWC", "HWIO", "NHWC"), ("NCHW", "OIHW", "NCHW")
STEPS = {
    "+": lambda y, c: y + c,
    "-": lambda y, c: y - c,
    "from": lambda y, c: c - y,
    "*": lambda y, c: y * c,
    "/": lambda y, c: y / c,
}
AFTER = {
    "nothing": (lambda y: y, ()),
    "ReLU": (jax.nn.relu, (onednn.RELU,)),
    "ReLU up to 6": (jax.nn.relu6, (onednn.RELU6,)),
}


@pytest.fixture(autouse=True)
def _promotion():
    """Programs as people write them."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def convolved(x, order=LAST, channels=4):
    """Four outputs of 3x3 windows, the same at every call."""
    kernel = np.random.default_rng(0).normal(size=(3, 3, x.shape[order[0].index("C")], channels)).astype(np.float32)
    kernel = np.transpose(kernel, (3, 2, 0, 1)) if order is FIRST else kernel
    return lax.conv_general_dilated(x, jnp.asarray(kernel, x.dtype), (1, 1), "SAME", dimension_numbers=order)


def folded(predict, x):
    """The program of a function of x [1, ...], the folded one, and the arrays of both."""
    program, constants, _ = jaxprs.trace(predict, jax.ShapeDtypeStruct(x.shape, x.dtype))
    return program, folding.fold(program), constants


def of_the_image(program):
    """The operations that an image goes through, and what the convolutions among them do besides."""
    changed, found = {program.images}, []
    for equation in program.equations:
        if changed.intersection(equation.inputs):
            changed.update(equation.outputs)
            found.append((equation.primitive.name, *equation.params.get("after", ())))
    return found


operands = st.sampled_from(["number", "array of one", "one a channel", "repeated"])


@given(
    st.sampled_from([LAST, FIRST]),
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), operands), max_size=4),
    st.sampled_from(sorted(AFTER)),
    st.integers(0, 99),
)
@settings(max_examples=16)
def test_whatever_is_done_to_channels_is_folded_and_gives_the_same(order, steps, after, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1, 5, 6, 2)).astype(np.float32)
    x = np.moveaxis(x, -1, 1) if order is FIRST else x
    channels = (1, 4, 1, 1) if order is FIRST else (1, 1, 1, 4)
    numbers = [rng.uniform(0.5, 2, channels).astype(np.float32) for _ in steps]

    def predict(x):
        y = convolved(x, order)
        for (step, operand), number in zip(steps, numbers, strict=True):
            c = {
                "number": float(number.flat[0]),
                "array of one": number.reshape(-1)[:1].reshape(1, 1, 1, 1),
                "one a channel": jnp.asarray(number) * 1,
                "repeated": lax.broadcast_in_dim(number.reshape(-1), y.shape, (channels.index(4),)),
            }[operand]
            y = STEPS[step](y, c)
        return AFTER[after][0](y)

    program, found, constants = folded(predict, x)
    assert of_the_image(found) == [("conv_general_dilated", *AFTER[after][1])]
    images = np.concatenate([x, 2 * x[..., ::-1]])
    engines = (STOCK, *[Engine("onednn")] * onednn.available_in_general())

    @jax.jit
    def both(constants, images):
        each = [program(constants, image[None]) for image in images]
        return jnp.concatenate(each), [classification.apply(found, constants, images, engine) for engine in engines]

    expected, scores = both(constants, images)
    for of_engine in scores:
        np.testing.assert_allclose(
            of_engine.reshape(expected.shape), expected, atol=1e-5 * max(1.0, np.abs(expected).max())
        )


def square_outside(x):
    """A number for each pixel, not for each channel."""
    return convolved(x) + np.linspace(0, 1, x.shape[1] * x.shape[2], dtype=np.float32).reshape(1, *x.shape[1:3], 1)


def used_twice(x):
    y = convolved(x)
    return (y + 1) * y


NOT_FOLDED = {
    "one a pixel": (square_outside, ["conv_general_dilated", "add"]),
    "used twice": (used_twice, ["conv_general_dilated", "add", "mul"]),
    "of the image": (lambda x: convolved(x) * x[:, :1, :1, :1], ["conv_general_dilated", "slice", "mul"]),
    "divides a number": (lambda x: 1 / convolved(x), ["conv_general_dilated", "div"]),
    "another bound": (lambda x: jnp.maximum(convolved(x), 0.5), ["conv_general_dilated", "max"]),
    "half precision": (
        lambda x: convolved(x.astype(jnp.bfloat16)) + 1,
        ["convert_element_type", "conv_general_dilated", "add"],
    ),
    "the kernel is of the image": (
        lambda x: (
            lax.conv_general_dilated(
                jnp.ones((1, 6, 6, 1)), x[0, :3, :3, :1, None], (1, 1), "SAME", dimension_numbers=LAST
            )
            + 1
        ),
        None,
    ),
}


@pytest.mark.parametrize("case", NOT_FOLDED)
def test_what_is_no_business_of_channels_stays(case):
    predict, kept = NOT_FOLDED[case]
    x = np.random.default_rng(1).normal(size=(1, 6, 6, 2)).astype(np.float32)
    program, found, constants = folded(predict, x)
    assert kept is None or sorted(name for name, *_ in of_the_image(found)) == sorted(kept)
    assert of_the_image(found) == of_the_image(program)
    np.testing.assert_array_equal(found(constants, x), program(constants, x))


@pytest.mark.parametrize(
    ("before", "inside"),
    [(lambda x: 2 * x - 1, True), (lambda x: x / 0.3, True), (jnp.log, False), (lambda x: 1 / x, False)],
)
def test_a_relu_that_may_see_nan_is_left_to_xla(before, inside):
    x = np.random.default_rng(1).random((1, 6, 6, 2), np.float32)
    _, found, _ = folded(lambda x: jax.nn.relu(convolved(before(x)) + 1), x)
    assert (("conv_general_dilated", onednn.RELU) in of_the_image(found)) == inside
    assert (of_the_image(found)[-1] == ("max",)) != inside


def test_nan_behind_a_patch_is_said(monkeypatch):
    monkeypatch.setattr(ways, "BOXES_WORK", 0.0)
    rng = np.random.default_rng(0)
    head = rng.normal(size=(4, 3)).astype(np.float32)
    images = 3 * rng.random((1, 20, 20, 2), np.float32)

    def predict(x):
        return jax.nn.softmax(jax.nn.relu(convolved(jnp.sqrt(x)) + 1).mean((1, 2)) @ head)

    with pytest.raises(ValueError, match="not NaN"):
        occlusion.sweep(predict, images, patch_size=5, stride=5, fill=-1.0)


@pytest.mark.parametrize("how", ["auto", "dense", "search"])
def test_nan_that_a_program_makes_of_its_parameters_is_said(monkeypatch, how):
    # A search through more work than is worth boxes begins with a sweep through less.
    monkeypatch.setattr(ways, "BOXES_WORK", 2e8 if how == "search" else 0.0)
    monkeypatch.setattr(classifiers, "check_scores", lambda *_: None)  # as if ReLU had hidden it
    rng = np.random.default_rng(0)
    head, variance = rng.normal(size=(4, 3)).astype(np.float32), np.float32([1, -1, 1, 1])
    images = rng.random((1, 20, 20, 2), np.float32)

    def predict(x):
        return jax.nn.softmax(jax.nn.relu(convolved(x) * lax.rsqrt(variance)).mean((1, 2)) @ head)

    mesh = batches.checked(jax.make_mesh((1,), ("x",), devices=jax.devices()[:1]))
    options = {"patch_sizes": (10,), "cut_stride": 1, "paste_stride": 1, "batch_size": 64, "mesh": mesh}
    run = {
        "search": lambda: next(overlays.search(predict, images[0], images[:, ::-1], **options)),
        "auto": lambda: occlusion.sweep(predict, images, patch_size=5, stride=5, mesh=mesh),
        "dense": lambda: occlusion.sweep(predict, images, patch_size=5, stride=5, mesh=mesh, method="dense"),
    }[how]
    with pytest.raises(ValueError, match="parameters hold NaN"):
        run()
