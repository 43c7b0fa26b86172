"""What follows a convolution channel by channel, folded into it: biases, batch normalisation, ReLU.

oneDNN adds a bias and applies ReLU while a result is still in the processor's registers, and a factor for each channel
is as well a factor of the kernel. So `(x * kernel - mean) * factor + shift` and ReLU behind it are one call, instead
of a call and a pass over memory that has to be compiled first. The sums are the same; a product is rounded elsewhere.
"""

import functools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3.occlusion import convolutions, locality
from hw3.occlusion.convolutions import CONVOLUTION
from hw3.occlusion.jaxprs import Constant, Equation, Flattened, Program
from hw3.occlusion.locality import Name
from hw3.onednn import RELU, RELU6

AFFINE = ("add", "add_any", "sub", "mul", "div")

# What makes no NaN of finite numbers: oneDNN's ReLU of NaN is 0, so it stands behind nothing else.
FINITE = frozenset((
    CONVOLUTION, "abs", "add", "add_any", "broadcast_in_dim", "ceil", "clamp", "concatenate", "convert_element_type",
    "copy", "copy_p", "dot_general", "erf", "floor", "logistic", "max", "min", "mul", "neg", "pad", "reduce_max",
    "reduce_min", "reduce_sum", "reshape", "round", "select_n", "sign", "slice", "split", "square", "squeeze",
    "stop_gradient", "sub", "tanh", "transpose", *locality.POOLINGS,
))  # fmt: skip


class _Chain(NamedTuple):
    """A convolution and what can be folded into it."""

    last: int  # the place of the last equation
    steps: tuple[tuple[str, bool], ...]  # the operations of `AFFINE`, and whether the convolution is the second operand
    operands: tuple[Name, ...]  # one for each step
    after: tuple[str, ...]  # `RELU` or `RELU6`, or nothing
    places: tuple[int, ...]  # of all its equations


@functools.lru_cache(maxsize=32)
def fold(program: Program) -> Program:
    """The same function of the same arrays and one image, to rounding, for convolutions by oneDNN."""
    search = _Search(program)
    chains = {}
    for place in range(len(program.equations)):
        chain = search.chain(place)
        if chain:
            chains[chain.last] = place, chain
    gone = {place for _, chain in chains.values() for place in chain.places}
    flat = Flattened(program.shapes)
    for place, equation in enumerate(program.equations):
        if place in chains:
            first, chain = chains[place]
            flat.equations.append(_folded(flat, program.equations[first], chain, equation.outputs))
        elif place not in gone:
            flat.equations.append(equation)
    return Program(flat.needed(program.result), program.constants, program.images, program.result, flat.shapes)


class _Search:
    """Looks for what can be folded."""

    def __init__(self, program: Program) -> None:
        self.program = program
        inputs = (name for equation in program.equations for name in equation.inputs)
        self.uses = Counter([*inputs, program.result])
        self.users = {name: place for place, e in enumerate(program.equations) for name in e.inputs}
        self.makers: dict[Name, Equation] = {
            name: equation for equation in program.equations for name in equation.outputs
        }
        self.changed, self.finite = {program.images}, {program.images}
        for equation in program.equations:
            given = [name for name in equation.inputs if name in self.changed]
            self.changed.update(equation.outputs if given else ())
            divided = equation.primitive.name == "div" and equation.inputs[1] not in self.changed
            kept = equation.primitive.name in FINITE or divided
            self.finite.update(equation.outputs if kept and self.finite.issuperset(given) else ())

    def chain(self, place: int) -> _Chain | None:
        """What can be folded into the equation at a place."""
        program, equation = self.program, self.program.equations[place]
        if equation.primitive.name != CONVOLUTION or not convolutions.fits_onednn(equation, program.shapes):
            return None
        if equation.inputs[0] not in self.changed or equation.inputs[1] in self.changed:
            return None
        numbers = equation.params["dimension_numbers"]
        if numbers.lhs_spec[0] != 0 or numbers.out_spec[0] != 0:
            return None
        channels = numbers.out_spec[1]
        (value,), places = equation.outputs, [place]
        steps: list[tuple[str, bool]] = []
        operands: list[Name] = []
        after: tuple[str, ...] = ()
        while self.uses[value] == 1 and value in self.users:
            follower = program.equations[self.users[value]]
            name, second = follower.primitive.name, follower.inputs[-1] == value
            if len(follower.inputs) != 2 or program.shapes[follower.outputs[0]] != program.shapes[value]:
                break
            other = follower.inputs[0 if second else 1]
            if name in AFFINE and not after and not (name == "div" and second):
                operand = self.of_channels(other, channels, program.shapes[value].shape)
                if operand is None:
                    break
                steps.append((name, second))
                operands.append(operand)
            elif name == "max" and not after and self.number(other) == 0 and equation.inputs[0] in self.finite:
                after = (RELU,)
            elif name == "min" and after == (RELU,) and self.number(other) == 6:
                after = (RELU6,)
            else:
                break
            places.append(self.users[value])
            (value,) = follower.outputs
        return _Chain(places[-1], tuple(steps), tuple(operands), after, tuple(places)) if len(places) > 1 else None

    def of_channels(self, name: Name, channels: int, full: tuple[int, ...]) -> Name | None:
        """The name of one number, or of one a channel, that stands for a value of which all else are repetitions."""
        shape = locality.shape_of(self.program.shapes, name)
        if name in self.changed or (isinstance(name, Constant) and name.dtype != np.float32):
            return None
        if not isinstance(name, Constant) and self.program.shapes[name].dtype != np.float32:
            return None
        if np.prod(shape) == 1 or (len(shape) == len(full) and np.prod(shape) == shape[channels] == full[channels]):
            return name
        maker = self.makers.get(name)
        if maker is None or maker.primitive.name != "broadcast_in_dim" or len(shape) != len(full):
            return None
        (source, *_) = maker.inputs
        given, at = locality.shape_of(self.program.shapes, source), maker.params["broadcast_dimensions"]
        if any(size != 1 and axis != channels for size, axis in zip(given, at, strict=True)):
            return None
        return source

    def number(self, name: Name) -> float | None:
        """The number that a value consists of, if it is known before anything is computed."""
        if isinstance(name, Constant):
            return float(name.value)
        maker = self.makers.get(name)
        return self.number(maker.inputs[0]) if maker and maker.primitive.name == "broadcast_in_dim" else None


def _folded(flat: Flattened, equation: Equation, chain: _Chain, outputs: tuple[int, ...]) -> Equation:
    """The convolution with everything in it; what makes its kernel and bias of the operands joins `flat`."""
    x, kernel = equation.inputs
    inputs: tuple[Name, ...] = (x, kernel)
    if chain.steps:
        axis = equation.params["dimension_numbers"].rhs_spec[0]
        given = tuple(_struct(flat, name) for name in (kernel, *chain.operands))
        jaxpr = jax.make_jaxpr(functools.partial(_kernel_and_bias, chain.steps, axis))(*given)
        made = flat.walk(jaxpr.jaxpr, jaxpr.consts, (kernel, *chain.operands))
        inputs = (x, made[0], made[1])
    params = equation.params | {"after": chain.after}
    return Equation(_CONVOLUTION, params, inputs, outputs)  # type: ignore[arg-type]


def _struct(flat: Flattened, name: Name) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((), name.dtype) if isinstance(name, Constant) else flat.shapes[name]


def _kernel_and_bias(
    steps: Sequence[tuple[str, bool]], axis: int, kernel: jax.Array, *operands: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The kernel and the bias [outputs] of a convolution that does the steps as well; its outputs are along `axis`."""
    one, zero = (jnp.full((1,), number, kernel.dtype) for number in (1, 0))
    factor, bias = one, zero
    for (name, second), operand in zip(steps, operands, strict=True):
        number = operand.reshape(-1)
        if name == "mul":
            factor, bias = factor * number, bias * number
        elif name == "div":
            factor, bias = factor / number, bias / number
        elif name == "sub" and second:
            factor, bias = -factor, number - bias
        else:
            bias = bias - number if name == "sub" else bias + number
    if factor is not one:
        kernel = kernel * factor.reshape([-1 if a == axis else 1 for a in range(kernel.ndim)])
    return kernel, jnp.broadcast_to(bias, kernel.shape[axis])


class _Convolution:
    """In the place of a primitive: a convolution, a bias [outputs] if there is one, and what comes after."""

    name = CONVOLUTION
    multiple_results = False
    bind: Callable[..., Any] = staticmethod(convolutions.stock)


_CONVOLUTION = _Convolution()
