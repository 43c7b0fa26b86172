"""A classifier that a user names, as package.module:function: found, made, and tried on a few images.

Not a program itself.
"""

import functools
import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hw3 import batches
from hw3.classifiers import Predict
from hw3.errors import InvalidInput
from hw3.occlusion import classification, clean, jaxprs, surroundings

TRIED = 4  # images, before the long work


class OwnClassifier(NamedTuple):
    """What `tried` found out about a function."""

    predict: Predict  # two columns where the user's function gives one sigmoid or logit an image
    classes: int
    identity: str  # SHA-256 of what it computes, weights included


def find(name: str, arguments: str | None) -> Predict:
    """The function of a name, package.module:function; or, with arguments, what that function makes of them.

    Modules are found as Python finds them, and in the current folder.

    Args: arguments: a JSON object, the keyword arguments of a factory; None for a function that classifies.
    Raises ValueError, one line that names the flag, if there is no such module, function or factory.
    """
    module_name, colon, path = name.partition(":")
    if not (colon and module_name and path):
        raise InvalidInput(f"--classifier={name}: must be package.module:function")
    given = None if arguments is None else _object(arguments)
    found: Any = _module(name, module_name)
    for part in path.split("."):
        if not hasattr(found, part):
            others = sorted(n for n, value in vars(found).items() if callable(value) and not n.startswith("_"))
            has = f"; it has {', '.join(others[:8])}" if len(others) > 0 else ""
            raise InvalidInput(f"--classifier={name}: {_called(found)} has no {part!r}{has}")
        found = getattr(found, part)
    if not callable(found):
        raise InvalidInput(f"--classifier={name}: {path} is no function but of type {type(found).__name__}")
    return found if given is None else _made(name, found, given)


def _object(arguments: str) -> dict[str, Any]:
    wanted = 'must be a JSON object, as {"width": 16}'
    try:
        given = json.loads(arguments)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidInput(f"--classifier_args={arguments}: {wanted} ({error})") from None
    if not isinstance(given, dict):
        raise InvalidInput(f"--classifier_args={arguments}: {wanted}")
    return given


def _module(name: str, module_name: str) -> Any:
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        return importlib.import_module(module_name)
    except Exception as error:  # whatever a user's module raises
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and (module_name == missing or module_name.startswith(f"{missing}.")):
            raise InvalidInput(
                f"--classifier={name}: there is no module {missing} in PYTHONPATH or the current folder"
            ) from None
        raise InvalidInput(f"--classifier={name}: {module_name} can't be imported: {_said(error)}") from error


def _called(found: Any) -> str:
    kind = "module" if isinstance(found, type(sys)) else type(found).__name__
    return f"{kind} {getattr(found, '__name__', '')}".strip()


def _made(name: str, factory: Callable[..., Any], given: dict[str, Any]) -> Predict:
    try:
        made = factory(**given)
    except Exception as error:  # whatever a user's function raises
        raise InvalidInput(
            f"--classifier={name}: called with --classifier_args={json.dumps(given)} it fails, as a function that is "
            f"no factory would: {_said(error)}"
        ) from error
    if not callable(made):
        raise InvalidInput(
            f"--classifier={name}: called with --classifier_args={json.dumps(given)} it gives "
            f"{type(made).__name__} and no function; leave --classifier_args out if it is no factory"
        )
    return made


def _said(error: Exception) -> str:
    """An error of a user's code in one line, with the place."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    place = f" ({os.path.basename(at.filename)}, line {at.lineno})"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}{place}"


def tried(name: str, predict: Predict, images: np.ndarray, score: str, batch_size: int | None) -> OwnClassifier:
    """A function, tried on the first images before any long work.

    Args: images: float32 [n, height, width, channels]. score: one of `hw3.classifiers.SCORES`.
    Raises ValueError, one line that names the flag, for a function that is no such classifier.
    """
    some = images[:TRIED]
    try:
        mesh = batches.local_mesh()
        with surroundings.alone(mesh):
            prepare = functools.partial(
                classification.prepare,
                image_shape=some.shape[1:],
                score=score,
                layout=None,
                jit=True,
                batch_size=batch_size,
                limit=TRIED,
                mesh=mesh,
            )
            found = prepare(predict)
            if found.classes == 1:
                predict = _two_columns(predict, score)
                found = prepare(predict)
            if found.fixed:
                raise InvalidInput(
                    f"predict takes batches of {found.fixed} alone: the programs need one that takes any number of "
                    "images (hw3.sweep takes this one, with batch_size)"
                )
            clean.scores(found, some, TRIED)
    except ValueError as error:
        remedy = ""
        if "jit=False" in str(error):
            remedy = "; a factory wants --classifier_args, and what JAX can't trace hw3.sweep alone takes"
        raise InvalidInput(f"--classifier={name}: {' '.join(str(error).split())}{remedy}") from error
    # Outside of any mesh, for on several devices the mesh would be part of what is traced.
    program, constants, _ = jaxprs.trace(predict, jax.ShapeDtypeStruct((1, *some.shape[1:]), jnp.float32))
    return OwnClassifier(predict, found.classes, program.digest(constants))


def _two_columns(predict: Predict, score: str) -> Predict:
    """A function of one sigmoid or logit an image as one of two classes."""
    if score == "value":
        raise InvalidInput("predict gives one number an image, and no classes: hw3.sweep maps it, with score='value'")

    def both(images: jax.Array) -> jax.Array:
        one = jnp.asarray(predict(images)).reshape(len(images), 1)
        return jnp.concatenate([1 - one if score == "sigmoid" else -one, one], -1)

    return both
