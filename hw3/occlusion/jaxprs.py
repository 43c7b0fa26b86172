"""Functions as flat lists of primitive operations, told apart by what they compute and not by who they are.

`trace` turns a function into a `Program`, in which nested calls are written out and every array that the function
closes over is an argument, and hands back the present values of those arrays. Two programs are equal if they do the
same to arguments of the same shapes. So what is compiled for a program serves every function that does the same,
whatever weights it closes over: a fresh lambda, a model whose weights have changed, another instance of a class.
"""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend import core

# Calls that only group operations, and the parameter in which each keeps them.
CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "remat": "jaxpr",
    "checkpoint": "jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
}
# How such calls are differentiated: nothing of it runs here.
DERIVATIVES = ("jvp", "jvp_jaxpr_fun", "fwd", "fwd_jaxpr_thunk", "bwd", "out_trees", "symbolic_zeros", "name")


class Constant(NamedTuple):
    """A number that is part of a program."""

    dtype: np.dtype
    content: bytes

    @property
    def value(self) -> np.ndarray:
        """The number, shape []."""
        return np.frombuffer(self.content, self.dtype).reshape(())


class Equation(NamedTuple):
    """`outputs = primitive(inputs)`; values are numbered, and a number that never changes is a `Constant`."""

    primitive: core.Primitive
    params: dict[str, Any]
    inputs: tuple[int | Constant, ...]
    outputs: tuple[int, ...]

    def apply(self, values: Sequence[Any]) -> Sequence[Any]:
        """The outputs for values of the inputs."""
        found = self.primitive.bind(*values, **self.params)
        return found if self.primitive.multiple_results else [found]


class Program:
    """A function of the arrays that it closes over and of a batch of images, as equations; equal if they do the same.

    Attributes:
      equations: in order, those that the result needs.
      constants: the numbers of the values that are the arrays.
      images: the number of the value that is the batch.
      result: the number of the value that is the result, or a `Constant`.
      shapes: shape and dtype of each value, by its number.
    """

    def __init__(
        self,
        equations: tuple[Equation, ...],
        constants: tuple[int, ...],
        images: int,
        result: int | Constant,
        shapes: dict[int, jax.ShapeDtypeStruct],
    ) -> None:
        self.equations, self.constants, self.images, self.result = equations, constants, images, result
        self.shapes = shapes
        inputs = tuple((shapes[n].shape, shapes[n].dtype) for n in (*constants, images))
        each = ((e.primitive.name, _frozen(e.params), e.inputs, e.outputs) for e in equations)
        self._key = inputs, constants, images, result, tuple(each)
        self._hash = hash(self._key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self._hash == other._hash and self._key == other._key

    @property
    def batch(self) -> int:
        """How many images it takes."""
        return self.shapes[self.images].shape[0]

    def __call__(self, constants: Sequence[Any], images: jax.Array) -> jax.Array:
        """The result for arrays in the order in which `trace` gives them, and for as many images as were traced."""
        values = dict(zip(self.constants, constants, strict=True)) | {self.images: images}
        run(self.equations, values)
        return read(values, self.result)

    def digest(self, constants: Sequence[Any]) -> str:
        """SHA-256 in hexadecimal of what it computes with these arrays, in the order in which `trace` gives them.

        The same in every process, on every device; another as soon as an operation, a shape or a single number is
        another. Other releases of JAX may write an operation in another way, and a callback into Python is told by its
        address in memory: what is the same may then be told apart, but never the other way round.
        """
        found = hashlib.sha256(repr(self._key).encode())
        for constant in constants:
            array = _host(constant)
            found.update(f"{array.dtype} {array.shape}".encode())
            found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        return found.hexdigest()


def split(program: Program) -> tuple[Callable[[Sequence[Any]], tuple[Any, ...]], Program]:
    """What of a program depends on no image, as a function of its arrays, and the rest, whose arrays that gives."""
    changed = {program.images}
    for equation in program.equations:
        if changed.intersection(equation.inputs):
            changed.update(equation.outputs)
    rest = tuple(e for e in program.equations if changed.intersection(e.inputs))
    before = [e for e in program.equations if not changed.intersection(e.inputs)]
    wanted = dict.fromkeys(n for e in rest for n in e.inputs if isinstance(n, int) and n not in changed)
    if isinstance(program.result, int) and program.result not in changed:
        wanted[program.result] = None

    def first(constants: Sequence[Any]) -> tuple[Any, ...]:
        values = dict(zip(program.constants, constants, strict=True))
        run(before, values)
        return tuple(values[name] for name in wanted)

    return first, Program(rest, tuple(wanted), program.images, program.result, program.shapes)


def read(values: dict[int, Any], name: int | Constant) -> Any:
    """The value of a name."""
    return name.value if isinstance(name, Constant) else values[name]


def run(equations: Sequence[Equation], values: dict[int, Any]) -> None:
    """Computes equations in order; their outputs join `values`."""
    for equation in equations:
        found = equation.apply([read(values, name) for name in equation.inputs])
        values.update(zip(equation.outputs, found, strict=True))


def trace(function: Callable[[jax.Array], Any], images: jax.ShapeDtypeStruct) -> tuple[Program, tuple[Any, ...], Any]:
    """The program of a function of a batch, the arrays that it closes over at this moment, and its output's shape.

    The program is None if the output is no single array. Whatever the function raises comes through.
    """
    # A new function each time, for JAX finds what it has traced before by identity.
    closed, out = jax.make_jaxpr(lambda batch: function(batch), return_shape=True)(images)
    if len(closed.jaxpr.outvars) != 1:
        return None, (), out  # type: ignore[return-value]
    return *_flatten(closed), out


class Flattened:
    """The equations of jaxprs with their calls written out, and the arrays in them."""

    def __init__(self, shapes: dict[int, jax.ShapeDtypeStruct] | None = None) -> None:
        """Begins with no equation and with values of these shapes."""
        self.equations: list[Equation] = []
        self.arrays: dict[int, Any] = {}
        self.shapes = dict(shapes or {})
        self.known: dict[int, int] = {}  # the value of an array, by the array's identity

    def new(self, aval: Any) -> int:
        """The number of one more value."""
        self.shapes[len(self.shapes)] = jax.ShapeDtypeStruct(aval.shape, aval.dtype)
        return len(self.shapes) - 1

    def constant(self, array: Any, aval: Any) -> int | Constant:
        """The name of an array, or of a number."""
        if np.shape(array) == () and not isinstance(array, jax.Array):
            number = np.asarray(array, aval.dtype)
            return Constant(number.dtype, number.tobytes())
        if id(array) not in self.known:
            self.known[id(array)] = self.new(aval)
            self.arrays[self.known[id(array)]] = array
        return self.known[id(array)]

    def walk(self, jaxpr: core.Jaxpr, consts: Sequence[Any], inputs: Sequence[int | Constant]) -> list[int | Constant]:
        """Adds the equations of a jaxpr of these inputs; the names of its results."""
        names: dict[Any, int | Constant] = dict(zip(jaxpr.invars, inputs, strict=True))
        names |= {v: self.constant(c, v.aval) for v, c in zip(jaxpr.constvars, consts, strict=True)}

        def name(atom: Any) -> int | Constant:
            return self.constant(atom.val, atom.aval) if isinstance(atom, core.Literal) else names[atom]

        for equation in jaxpr.eqns:
            given = tuple(map(name, equation.invars))
            inner = equation.params.get(CALLS.get(equation.primitive.name, ""))
            if inner is not None:
                inner, arrays = (inner.jaxpr, inner.consts) if isinstance(inner, core.ClosedJaxpr) else (inner, ())
                names.update(zip(equation.outvars, self.walk(inner, arrays, given), strict=True))
            else:
                outputs = tuple(self.new(v.aval) for v in equation.outvars)
                names.update(zip(equation.outvars, outputs, strict=True))
                self.equations.append(Equation(equation.primitive, equation.params, given, outputs))
        return [name(v) for v in jaxpr.outvars]

    def needed(self, result: int | Constant) -> tuple[Equation, ...]:
        """The equations that a result needs, in order."""
        names, kept = {result}, []
        for equation in reversed(self.equations):
            if not names.isdisjoint(equation.outputs):
                names.update(equation.inputs)
                kept.append(equation)
        return tuple(kept[::-1])


def _flatten(closed: core.ClosedJaxpr) -> tuple[Program, tuple[Any, ...]]:
    """A jaxpr of one argument and one result as a program, and the arrays in it."""
    flat = Flattened()
    images = flat.new(closed.jaxpr.invars[0].aval)
    (result,) = flat.walk(closed.jaxpr, closed.consts, [images])
    kept = flat.needed(result)
    used = {result, *(name for equation in kept for name in equation.inputs)}
    constants = tuple(n for n in flat.arrays if n in used)
    return Program(kept, constants, images, result, flat.shapes), tuple(flat.arrays[n] for n in constants)


def _frozen(value: Any) -> Hashable:
    """Something hashable that is equal for parameters of primitives that mean the same.

    Functions (of callbacks) are equal to themselves alone.
    """
    if isinstance(value, core.ClosedJaxpr):  # in later releases every jaxpr is one, and its own `jaxpr`
        return _structure(value.jaxpr), tuple(map(_frozen, value.consts))
    if isinstance(value, core.Jaxpr):
        return _structure(value)
    if isinstance(value, dict):
        return tuple((name, _frozen(value[name])) for name in sorted(value))
    if isinstance(value, list | tuple):
        return type(value), tuple(map(_frozen, value))
    if isinstance(value, set | frozenset):
        return type(value), tuple(sorted(map(_frozen, value), key=repr))
    if isinstance(value, np.ndarray | jax.Array):
        array = _host(value)
        return array.shape, array.dtype, hashlib.sha256(array.tobytes()).digest()
    try:
        hash(value)
    except TypeError:
        return id(value), type(value)
    return type(value), value


def _host(array: Any) -> np.ndarray:
    """An array's numbers, those of random keys too."""
    keys = jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(array) if keys else array)


def _structure(jaxpr: core.Jaxpr) -> Hashable:
    """The same for the jaxpr inside a loop or a branch."""
    numbers: dict[Any, int] = {}

    def name(atom: Any) -> Hashable:
        if isinstance(atom, core.Literal):
            return str(atom.aval), _frozen(np.asarray(atom.val))
        return numbers.setdefault(atom, len(numbers)), atom.aval.shape, atom.aval.dtype

    heads = tuple(map(name, (*jaxpr.constvars, *jaxpr.invars)))
    body = []
    for equation in jaxpr.eqns:
        params = {
            k: v for k, v in equation.params.items() if not (equation.primitive.name in CALLS and k in DERIVATIVES)
        }
        ends = tuple(map(name, equation.invars)), tuple(map(name, equation.outvars))
        body.append((equation.primitive.name, _frozen(params), *ends))
    return heads, tuple(body), tuple(map(name, jaxpr.outvars))
