"""Training runs on disk: orbax checkpoints of the state with everything needed to continue or to use it.

A checkpoint is a whole folder that appears under its final name only when it is complete, so a process killed at any
moment leaves the one before. The arrays are orbax's; beside them lies a JSON file with the run and its history.
"""

import hashlib
import os
import pathlib
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp

from hw3 import cnn
from hw3.classifiers import Predict
from hw3.cnn import training
from hw3.cnn.training import EpochMetrics, Metrics, Recipe, State
from hw3.errors import InvalidInput

# What checkpoints hold that were written before recipes said so.
EARLIER = {"optimizer": "sgd", "gradient_bytes": 2**23}


class Run(NamedTuple):
    """What fixes every number of a training run on one kind of machine."""

    model: str  # name or description, as `hw3.cnn.parse` takes it
    dataset: str  # name, as `hw3.datasets.load` takes it
    image_shape: tuple[int, int, int]  # height, width, channels
    images: int  # in the training set
    classes: int
    recipe: Recipe
    seed: int


class Checkpoint(NamedTuple):
    """A run, how far it is and how it went."""

    run: Run
    state: State
    history: tuple[EpochMetrics, ...]

    @property
    def finished(self) -> bool:
        """Whether the recipe's last epoch is done."""
        return len(self.history) == self.run.recipe.epochs

    @property
    def model(self) -> cnn.CNN:
        """The network of this run."""
        return cnn.CNN(cnn.parse(self.run.model), self.run.classes)

    def predictor(self) -> Predict:
        """The trained classifier, `predict(images) -> probabilities`."""
        return cnn.predictor(self.model, self.state.params)


def _manager(directory: str | os.PathLike, create: bool) -> ocp.CheckpointManager:
    options = ocp.CheckpointManagerOptions(
        max_to_keep=1, create=create, enable_async_checkpointing=False, cleanup_tmp_directories=create
    )
    if jax.process_count() > 1:  # one process trains, and each of many that read does so by itself
        own = jax.process_index()
        options.multiprocessing_options = ocp.options.MultiprocessingOptions(
            primary_host=own, active_processes={own}, barrier_sync_key_prefix=f"process-{own}"
        )
    return ocp.CheckpointManager(pathlib.Path(directory).absolute(), options=options)


def save(directory: str | os.PathLike, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint and then removes the one before it. Raises OSError if `directory` cannot be written."""
    meta = {"run": _as_json(checkpoint.run), "history": [_as_json(row) for row in checkpoint.history]}
    with _manager(directory, create=True) as manager:
        manager.save(
            len(checkpoint.history),
            args=ocp.args.Composite(
                state=ocp.args.StandardSave(checkpoint.state),
                meta=ocp.args.JsonSave(meta),
            ),
        )


def exists(directory: str | os.PathLike) -> bool:
    """Whether `directory` holds a complete checkpoint."""
    path = pathlib.Path(directory)
    return path.is_dir() and any(child.name.isdecimal() for child in path.iterdir())


def load(directory: str | os.PathLike) -> Checkpoint:
    """The latest complete checkpoint under `directory`, its arrays on the default device.

    Raises FileNotFoundError if there is none and ValueError if it is damaged, each naming the folder.
    """
    if not exists(directory):
        raise FileNotFoundError(f"{os.fspath(directory)} holds no checkpoint: train one with scripts/train_cnn.py")
    try:
        with _manager(directory, create=False) as manager:
            step = manager.latest_step()
            meta = manager.restore(step, args=ocp.args.Composite(meta=ocp.args.JsonRestore()))["meta"]
            run = _run(meta["run"])
            state = manager.restore(
                step,
                args=ocp.args.Composite(state=ocp.args.StandardRestore(_abstract_state(run))),
            )["state"]
        history = tuple(
            EpochMetrics(row["epoch"], Metrics(**row["train"]), Metrics(**row["test"])) for row in meta["history"]
        )
        if not (len(history) == int(state.epoch) == step):
            raise InvalidInput(f"{len(history)} epochs of history at epoch {int(state.epoch)}")
        cnn.check_finite(state.params)
    # Orbax and the storage below it report a damaged file in many types; for the user it is one case.
    except Exception as error:
        reason = " ".join(str(error).split())[:120]
        raise InvalidInput(
            f"the checkpoint in {os.fspath(directory)} is damaged or not one of this program ({type(error).__name__}: "
            f"{reason}): train again in another place, or remove the folder"
        ) from error
    return Checkpoint(run, state, history)


def identity(checkpoint: Checkpoint) -> str:
    """SHA-256 of a network and its parameters, in hexadecimal: the same for the same classifier, wherever it lies."""
    digest = hashlib.sha256(repr((checkpoint.model.layers, checkpoint.run.classes)).encode())
    for path, leaf in jax.tree_util.tree_leaves_with_path(checkpoint.state.params):
        array = np.asarray(leaf)
        digest.update(f"{jax.tree_util.keystr(path)} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _abstract_state(run: Run) -> State:
    """Shapes and dtypes of the state, on the default device, without computing it."""
    model = cnn.CNN(cnn.parse(run.model), run.classes)
    steps = run.recipe.epochs * training.steps_per_epoch(run.images, run.recipe.batch_size)

    def make(key: jax.Array) -> State:
        params = cnn.init(model, key, run.image_shape)
        return State(params, training.optimizer(run.recipe, steps).init(params), jnp.int32(0))

    sharding = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding),
        jax.eval_shape(make, jax.random.key(0)),
    )


def _as_json(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _as_json(field) for name, field in value._asdict().items()}
    return list(value) if isinstance(value, tuple) else value


def _run(value: dict[str, Any]) -> Run:
    recipe = Recipe(**EARLIER | value["recipe"])
    return Run(**{**value, "recipe": recipe, "image_shape": tuple(value["image_shape"])})


def difference(saved: Run, wanted: Run) -> str:
    """In words, the first setting in which two runs differ; empty if they are the same."""
    flat = [{**run._asdict(), **run.recipe._asdict()} for run in (saved, wanted)]
    for name, value in flat[0].items():
        if name != "recipe" and value != flat[1][name]:
            return f"{name} is {value} there and {flat[1][name]} here"
    return ""


def extended(saved: Checkpoint, wanted: Run) -> Checkpoint:
    """`saved` as the beginning of the run `wanted`: the same run or, at a constant rate, one of other length.

    At a constant rate an epoch depends on those before it alone, so the run that goes on gives the numbers of one that
    was that long from the start. Raises ValueError, with the first difference in words, for any other run.
    """
    there, here, done = saved.run.recipe.epochs, wanted.recipe.epochs, len(saved.history)
    as_long = saved.run._replace(recipe=saved.run.recipe._replace(epochs=here))
    if found := difference(as_long, wanted):
        raise InvalidInput(found)
    if there != here and saved.run.recipe.schedule != "constant":
        raise InvalidInput(
            f"epochs is {there} there and {here} here, and its {saved.run.recipe.schedule} schedule brings the "
            f"learning rate to 0 over {there} epochs: a run of {here} has another rate in every step and begins anew"
        )
    if here < done:
        raise InvalidInput(f"{done} epochs are done there, epochs is {here} here")
    return saved._replace(run=wanted)
