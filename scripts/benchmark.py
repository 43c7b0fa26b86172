"""Times hw3 beside other libraries on this machine: training, the sweep, the search, the start of a program.

python scripts/benchmark.py                 # every row; peers that are not installed are named
python scripts/benchmark.py --rows=train,sweep --repeats=9

All contenders of a row run in turn, each at its best setting, with the same weights; their logits are compared first.
Other work on the machine is looked for before, during and after: ratios count on a quiet machine only.
"""

import contextlib
import os
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from absl import flags
from common import (
    architectures,
    console,
    machine,
    output,
    peers,
    program,
    shared_flags,
    start,
    time_to_accuracy,
    timing,
)
from common.timing import Row, Times
from jax.sharding import Mesh

from hw3 import batches, cnn, datasets, occlusion
from hw3.cnn import training
from hw3.errors import InvalidInput
from hw3.occlusion import overlays
from hw3.recurrent import learning
from hw3.report import timings as figures
from hw3.studies import given

ROWS = ["train", "forward", "sweep", "search", "recurrent", *architectures.NAMES, "start", "accuracy"]
CHOSEN = flags.DEFINE_list("rows", ROWS, f"What to time: {', '.join(ROWS)}.")
REPEATS = flags.DEFINE_integer("repeats", 7, "Timings of each contender; the median counts.", lower_bound=1)
PATCH = flags.DEFINE_integer(
    "patch",
    32,
    "Pixels of the patch in sweeps of large networks.",
    lower_bound=2,
    upper_bound=architectures.SIDE,
)
FORCE = flags.DEFINE_bool("force", False, "Measure although other work disturbs the machine, and say so.")
shared_flags.define_outdir_flag()

FLOP = 26.53e6  # multiplications and additions of one image's forward pass through `wide`; a training step has thrice
SWEEP = 441  # positions of the homework's patch


def stepper(step: Callable[..., Any], params: Any, opt_state: Any, *batch: Any) -> Callable[[], Any]:
    """Calls a training step again and again on one batch."""
    state = jax.tree.map(jnp.array, (params, opt_state))

    def call() -> jax.Array:
        nonlocal state
        *state, loss = step(*state, *batch)
        return loss

    return call


def training_row(model: cnn.CNN, params: Any, stored: np.ndarray, labels: np.ndarray) -> Row:
    """A step of SGD with Nesterov momentum on 128 images, without augmentation."""
    recipe = given.RECIPE._replace(nesterov=True)
    transformation = training.optimizer(recipe, 1000)
    ours = training.make_step(model, transformation, max_shift=0)
    batch = jax.random.key(0), stored[:128], labels[:128], np.ones(128, np.float32)

    @jax.jit
    def stock(params: Any, opt_state: Any, images: jax.Array, labels: jax.Array) -> tuple[Any, Any, jax.Array]:
        def loss_of(params: Any) -> jax.Array:
            logits = model.apply({"params": params}, images)  # not `train`: Flax's own layers and gradients
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

        loss, gradient = jax.value_and_grad(loss_of)(params)
        updates, opt_state = transformation.update(gradient, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    opt_state = transformation.init(params)
    contenders = {
        "hw3": stepper(ours, params, opt_state, *batch),
        "Flax and optax as they are": stepper(stock, params, opt_state, datasets.as_float(stored[:128]), labels[:128]),
    }
    return Row("training step, 128 images", "images", 128, 3 * 128 * FLOP, contenders)


def one_device() -> Mesh:
    """What sweeps and searches run on here, for a CPU device of theirs uses all cores."""
    return Mesh(np.array(jax.local_devices()[:1]), batches.AXIS)


def search_row(predict: Any, images: np.ndarray) -> Row:
    """The search for adversarial patches, one size and donor."""
    tried = overlays.count((28, 28), 1, (8,), 4, 2)

    def call() -> list[overlays.Search]:
        return list(overlays.search(predict, images[0], images[1:2], patch_sizes=(8,), mesh=one_device()))

    return Row("overlay search", "candidates", tried, None, {"hw3": call})


def recurrent_rows() -> Iterator[Row]:
    """Updates of an RNN and an LSTM by Adam: 64 sequences of 1,000 steps, 20 inputs, 64 hidden units, 4 classes."""
    keys = jax.random.split(jax.random.key(0), 2)
    xs = jax.random.normal(keys[0], (64, 1000, 20))
    labels = jnp.arange(64) % 4
    recipe = learning.Recipe()
    mesh = learning.mesh_for(64)

    def update(xs: jax.Array, labels: jax.Array, params: Any, state: Any) -> learning.Step:
        return learning.training_step(recipe, params, state, xs, labels, batches.AXIS)

    step = jax.jit(learning.over_devices(mesh, update))
    for kind, initial in (
        ("RNN", learning.initial_rnns(keys[1:], 64, 4)),
        ("LSTM", learning.initial_lstms(keys[1:], 64, 4, 1.0)),
    ):
        params = jax.tree.map(lambda leaf: leaf[0], initial)
        state = learning.optimizer(recipe).init(params)
        given = batches.replicated(mesh, (xs, labels, params, state))
        contenders: dict[str, Callable[[], Any]] = {"hw3": lambda given=given: step(*given).loss}  # type: ignore[misc]
        with contextlib.suppress(ImportError):
            contenders["PyTorch"] = peers.recurrent_step(kind, np.asarray(xs), np.asarray(labels))
        yield Row(f"{kind} step, 64 x 1,000 steps", "sequences", 64, None, contenders)


def peers_at_hand(params: Any, images: np.ndarray, labels: np.ndarray, logits: np.ndarray) -> dict[str, peers.Calls]:
    """What each peer that is installed can be timed at, by the kind of work; says which are not."""
    found: dict[str, peers.Calls] = {}
    for name, contender in (
        ("PyTorch, Captum and MONAI", lambda: peers.pytorch(params, images, labels, logits, os.cpu_count() or 1)),
        ("Keras", lambda: peers.keras_on_jax(params, images, labels, logits)),
    ):
        try:
            for work, calls in contender().items():
                found.setdefault(work, {}).update(calls)
        except ImportError as error:
            print(f"skipped: {name} ({error})")
    for name in found.pop("skipped", {}):
        print(f"skipped: {name} (not installed)")
    return found


def rows(chosen: list[str]) -> Iterator[Row]:
    """The rows that need no process of their own."""
    yield from (large_row(name, PATCH.value) for name in chosen if name in architectures.NAMES)
    if not {"train", "forward", "sweep", "search", "recurrent"} & set(chosen):
        return
    dataset = datasets.load("mnist")
    images, labels = datasets.as_float(dataset.test_images[:SWEEP]), dataset.test_labels[:SWEEP]
    model = cnn.CNN(cnn.parse("wide"))
    params = cnn.init(model, jax.random.key(0), images.shape[1:])
    apply = jax.jit(lambda params, images: model.apply({"params": params}, images))
    logits = np.asarray(apply(params, images))
    peers_of = peers_at_hand(params, images, labels, logits) if {"train", "forward", "sweep"} & set(chosen) else {}
    if "train" in chosen:
        row = training_row(model, params, dataset.test_images, labels)
        yield row._replace(contenders=row.contenders | peers_of.get("step", {}))
    if "forward" in chosen:
        ours = {"hw3": lambda: apply(params, images)}
        yield Row(f"forward pass, {SWEEP} images", "images", SWEEP, SWEEP * FLOP, ours | peers_of.get("forward", {}))
    predict = cnn.predictor(model, params)
    if "sweep" in chosen:
        for count in (1, 16):
            ours = {"hw3": partial(occlusion.sweep, predict, images[:count], labels[:count], mesh=one_device())}
            name = f"sweep, {count} image{'s' * (count > 1)}"
            flop = count * SWEEP * FLOP
            yield Row(name, "occluded images", count * SWEEP, flop, ours | peers_of.get(f"sweep {count}", {}))
    if "search" in chosen:
        yield search_row(predict, images)
    if "recurrent" in chosen:
        yield from recurrent_rows()


def large_row(name: str, patch: int) -> Row:
    """A sweep of one image of a large network, with a stride of half the patch, its scores for one class."""
    image = np.random.default_rng(0).random((1, architectures.SIDE, architectures.SIDE, 3), np.float32)
    predict = architectures.predictor(name)
    label = np.asarray(jax.jit(predict)(image)).argmax(-1)
    ours = partial(
        occlusion.sweep, predict, image, label, patch_size=patch, stride=patch // 2, classes="true", mesh=one_device()
    )
    contenders: dict[str, Callable[[], Any]] = {"hw3": ours}
    try:
        contenders |= peers.large_sweep(architectures.twin(name), image, patch, int(label[0]), jax.jit(predict)(image))
    except ImportError as error:
        print(f"skipped: PyTorch and Captum ({error})")
    positions = len(occlusion.positions(architectures.SIDE, patch, patch // 2)) ** 2
    return Row(f"sweep of {name}, patch {patch}, {positions} positions", "occluded images", positions, None, contenders)


def check_quiet() -> float:
    """The cores that others use now; ends the program with one line if they are many, unless --force."""
    others = timing.others_now()
    if others > timing.QUIET and not FORCE.value:
        program.fail(
            f"other work uses {others:.1f} of the {os.cpu_count()} cores: times count on a quiet machine only, and "
            "some contenders suffer more than others; --force measures all the same and says so"
        )
    return others


def main() -> None:
    """Measures what --rows asks for, prints the table and writes it, the raw seconds and the bars."""
    chosen = [name.strip() for name in CHOSEN.value]
    for name in chosen or [""]:
        if name not in ROWS:
            raise InvalidInput(f"--rows: unknown row {name!r}; choose from {', '.join(ROWS)}")
    machine.use_all_cores()
    before = check_quiet()
    with output.results_folder("benchmark") as folder:
        peak = timing.limit()
        here = timing.this_machine()
        print(f"{here}; limit: {peak / 1e9:.0f} GFLOP/s in a 2048x2048 matrix product")
        found: dict[str, Times] = {}
        lines = []
        for row in rows(chosen):
            times = found[row.name] = timing.measure(row, REPEATS.value)
            lines += timing.lines(row, times, peak, FORCE.value)
        starts = start.times(min(REPEATS.value, 3)) if "start" in chosen else {}
        for name, values in starts.items():
            spread = f"{1e3 * min(values):.0f}..{1e3 * max(values):.0f}"
            lines.append(["sweep_occlusion.py", name, f"{1e3 * statistics.median(values):.0f}", spread, *[""] * 5])
        reached = {}
        for name, run in time_to_accuracy.contenders().items() if "accuracy" in chosen else ():
            reached[name] = run(0)
            said = f"{reached[name].accuracy:.2%} after {reached[name].epochs} epochs"
            lines.append(
                [
                    f"training to {time_to_accuracy.GOAL:.1%}",
                    name,
                    f"{1e3 * reached[name].seconds:.0f}",
                    "",
                    "",
                    said,
                    *[""] * 3,
                ]
            )
        after = timing.others_now()
        header = [
            "work",
            "contender",
            "median (ms)",
            "fastest..slowest",
            "first (s)",
            "rate",
            "of the limit",
            "time, hw3 = 1",
            "cores used by others",
        ]
        title = f"Benchmark on {here}; others used {before:.2f} cores before and {after:.2f} after"
        console.print_table(title, header[:-1], [line[:-1] for line in lines])
        if (swept := found.get("sweep, 16 images")) is not None:
            minutes = statistics.median(swept.seconds["hw3"]) / 16 * 10_000 / 60
            print(f"all 10,000 test images would take {minutes:.0f} minutes")
        ratios = {
            name: {each: statistics.median(v) / statistics.median(times.seconds["hw3"]) for each, v in each_time}
            for name, times in found.items()
            if len(each_time := times.seconds.items()) > 1 and (FORCE.value or times.others <= timing.QUIET)
        }
        if ratios:
            output.write_figure(folder / "ratios.png", figures.ratio_bars(ratios, here))
        output.write_csv(folder / "benchmark.csv", header, lines)
        output.write_json(
            folder / "results.json",
            {
                "command": output.command(),
                "machine": here,
                "limit_flop_per_s": peak,
                "cores_used_by_others": {
                    "before": before,
                    "after": after,
                    **{name: times.others for name, times in found.items()},
                },
                "first_seconds": {name: times.first for name, times in found.items()},
                "seconds": {name: times.seconds for name, times in found.items()}
                | ({"sweep_occlusion.py, whole process": starts} if starts else {}),
                "time_to_accuracy": {name: each._asdict() for name, each in reached.items()},
            },
        )


if __name__ == "__main__":
    program.run(main, compilation_cache=False)  # so that no row profits from an earlier run
