"""Document 004's claims on convolution, pooling and receptive fields, each measured; needs a trained network.

python scripts/measure_convolution.py
python scripts/measure_convolution.py --quick --checkpoint=out/train_wide
python scripts/measure_convolution.py --only=pooling --distances=1,2,3 --canvas_sizes=20,28,40 --seeds=5
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from common import console, machine, output, program, shared_flags

from hw3 import cnn
from hw3.cnn import receptive_field
from hw3.cnn.checkpoints import Checkpoint
from hw3.datasets import Dataset, as_float
from hw3.ensembles import sampling
from hw3.ensembles.lanes import Recipe
from hw3.studies import verdicts
from hw3.studies.convolution import claims, connectivity, figures
from hw3.studies.convolution import pooling as pooling_study
from hw3.studies.convolution.connectivity import KINDS, Shape

shared_flags.define_checkpoint_flag()
QUICK = flags.DEFINE_bool("quick", False, "A first look: fewer seeds, sizes, images and epochs.")
SEEDS = flags.DEFINE_integer("seeds", None, "Networks for each setting; 8, with --quick 3.")
TRAIN_IMAGES = flags.DEFINE_integer(
    "train_images", 1000, "Images that each small network is trained on.", lower_bound=1
)
EPOCHS = flags.DEFINE_integer("epochs", None, "Of the small networks; 20, with --quick 4.", lower_bound=1)
DISTANCES = flags.DEFINE_list("distances", None, "Pixels by which digits are moved; 1 to 4.")
CANVAS_SIZES = flags.DEFINE_list("canvas_sizes", None, "Sides of canvases in pixels; with --quick 28 and 44.")
DEPTHS = flags.DEFINE_list("depths", None, "Layers of stacks of convolutions; 4 to 32, with --quick 4 and 16.")
ONLY = flags.DEFINE_list("only", None, "Run only these measurements: cost, pooling, by_hand, fields.")
SEED = flags.DEFINE_integer("seed", 0, "Of all that is random.", lower_bound=0, upper_bound=2**32 - 1)
shared_flags.define_dataset_flags()
OUTDIR = shared_flags.define_outdir_flag()

FEATURES = (8, 16)  # of the two convolutions that are shifted
CONNECTED = ((5, 6, 2), (5, 12, 2))  # window, features and stride of the two layers trained on few images
RECIPE = Recipe(batch_size=50, learning_rate=0.05)
FEW_RECIPE = Recipe(batch_size=50, learning_rate=0.02)
TIMED_BATCH = 64


class Plan(NamedTuple):
    """How much is done; `quick` and the flags decide."""

    seeds: int
    epochs: int
    few_counts: tuple[int, ...]
    few_kinds: tuple[str, ...]
    few_steps: int
    shifted_images: int
    canvas_images: int
    canvas_sizes: tuple[int, ...]
    distances: tuple[int, ...]
    gradient_images: int  # in each of the groups over which the trained network's fields are measured
    depths: tuple[int, ...]
    repeats: int
    test_images: int


FULL = Plan(
    8,
    20,
    (100, 300, 1000, 3000),
    KINDS,
    600,
    1000,
    2000,
    (20, 24, 28, 36, 44, 56),
    (1, 2, 3, 4),
    128,
    (4, 8, 16, 32),
    20,
    10_000,
)
SHORT = Plan(3, 4, (300, 1000), ("convolution", "dense"), 80, 250, 250, (28, 44), (1, 2, 3, 4), 64, (4, 16), 8, 2000)


def whole_numbers(flag: flags.FlagHolder, default: tuple[int, ...], highest: int, lowest: int) -> tuple[int, ...]:
    """Whole numbers of a list flag, ascending; ValueError saying what is allowed."""
    if flag.value is None:
        return default
    try:
        values = tuple(map(int, flag.value))
    except ValueError:
        values = ()
    if not values or sorted(set(values)) != list(values) or not lowest <= values[0] <= values[-1] <= highest:
        raise ValueError(
            f"--{flag.name}={','.join(flag.value)}: must be ascending whole numbers in {lowest}..{highest}"
        )
    return values


def plan(dataset: Dataset) -> Plan:
    """What the flags ask for."""
    chosen = SHORT if QUICK.value else FULL
    seeds = chosen.seeds if SEEDS.value is None else SEEDS.value
    if seeds < 2:
        raise ValueError(f"--seeds={seeds}: a spread over seeds needs at least 2 of them")
    images = TRAIN_IMAGES.value
    if not RECIPE.batch_size <= images <= len(dataset.train_labels):
        raise ValueError(f"--train_images={images}: must be in {RECIPE.batch_size}..{len(dataset.train_labels)}")
    side = dataset.train_images.shape[1]
    return chosen._replace(
        seeds=seeds,
        epochs=chosen.epochs if EPOCHS.value is None else EPOCHS.value,
        few_counts=tuple(count for count in chosen.few_counts if count < len(dataset.train_labels)),
        distances=whole_numbers(DISTANCES, chosen.distances, side - 1, 1),
        depths=whole_numbers(DEPTHS, chosen.depths, 64, 2),
        canvas_sizes=whole_numbers(CANVAS_SIZES, chosen.canvas_sizes, 4 * side, 10),
    )


def layers_of_004() -> dict[str, Shape]:
    """The convolutions of document 004's own network."""
    model = cnn.CNN(cnn.parse("narrow"))
    sizes: list[tuple[int, ...]] = [(28, 28, 1), *(shape for _, shape, _ in cnn.layer_rows(model, (28, 28, 1)))]
    found = {}
    for name, layer, size in zip(cnn.layer_names(model.layers), model.layers, sizes, strict=False):
        if layer.kind == "conv":
            height, width, channels = size
            found[name] = Shape(height, width, channels, layer.window, layer.features)
    return found


def cost(checkpoint: Checkpoint, chosen: Plan, dataset: Dataset, key: jax.Array, folder: Path) -> dict:
    """Problem 2 (1)."""
    shapes = layers_of_004()
    layers = {
        name: {"shape": shape._asdict(), "outputs": [*shape.positions, shape.features]}
        | {kind: connectivity.cost(shape, kind)._asdict() for kind in KINDS}
        for name, shape in shapes.items()
    }
    times = timing(shapes, chosen.repeats)
    few = few_images(chosen, dataset, key)
    output.write_figure(folder / "cost.png", figures.cost(layers, times))
    output.write_figure(folder / "few_images.png", figures.few_images(few))
    return {"layers": layers, "timing": times, "few_images": few}


def timing(shapes: dict[str, Shape], repeats: int) -> dict:
    """Problem 2 (1): seconds of the forward pass of a batch, the ways of one layer measured in turn."""
    seconds = {}
    for name, shape in shapes.items():
        # Times don't depend on the values, and drawing millions of them would take longer.
        images = jnp.asarray(np.full((TIMED_BATCH, shape.height, shape.width, shape.channels), 0.5, np.float32))
        ways: dict[str, Callable[[], Any]] = {}
        modules = {
            "convolution": nn.Conv(shape.features, (shape.window, shape.window), padding="VALID"),
            "unfolded": connectivity.Connected("convolution", shape),
            "local": connectivity.Connected("local", shape),
            "dense": connectivity.Connected("dense", shape),
        }
        for kind, module in modules.items():
            shapes_of = jax.eval_shape(module.init, jax.random.key(0), images)
            variables = jax.tree.map(lambda leaf: jnp.asarray(np.full(leaf.shape, 0.01, leaf.dtype)), shapes_of)
            ways[kind] = jax.tree_util.Partial(jax.jit(module.apply), variables, images)
        seconds[name] = machine.alternate_seconds(ways, repeats)
    return {"seconds": seconds, "batch": TIMED_BATCH}


def few_images(chosen: Plan, dataset: Dataset, key: jax.Array) -> dict:
    """Problem 2 (1): what sharing is worth when there are few images."""
    shapes = []
    height, width, channels = dataset.train_images.shape[1:]
    for window, features, stride in CONNECTED:
        shapes.append(Shape(height, width, channels, window, features, stride))
        (height, width), channels = shapes[-1].positions, features
    total = len(chosen.few_kinds) * chosen.seeds * len(chosen.few_counts) * chosen.few_steps * FEW_RECIPE.batch_size
    with console.progress("few images", total, "images") as advance:
        accuracy = connectivity.few_images(
            tuple(shapes), FEW_RECIPE, chosen.few_steps, key, chosen.seeds, chosen.few_counts, chosen.few_kinds,
            dataset, advance,
        )  # fmt: skip
    return {
        "counts": chosen.few_counts,
        "kinds": chosen.few_kinds,
        "accuracy": accuracy.tolist(),
        "steps": chosen.few_steps,
    }


def pooling(checkpoint: Checkpoint, chosen: Plan, dataset: Dataset, key: jax.Array, folder: Path) -> dict:
    """Problem 2 (2)."""
    side = dataset.train_images.shape[1]
    network = pooling_study.network(FEATURES, dataset)
    total = chosen.seeds * len(pooling_study.VERSIONS) * TRAIN_IMAGES.value * chosen.epochs
    with console.progress("pooling", total, "images") as advance:
        variables, versions = pooling_study.train(
            network, RECIPE, chosen.epochs, key, chosen.seeds, TRAIN_IMAGES.value, dataset, advance
        )
    run = pooling_study.shifts(
        network, variables, versions, chosen.seeds, dataset, chosen.distances, chosen.shifted_images
    )
    pixels = pooling_study.pixel_change(dataset.test_images[: chosen.shifted_images], chosen.distances)
    shifts = {
        "versions": pooling_study.VERSIONS,
        "distances": chosen.distances,
        "train_images": TRAIN_IMAGES.value,
        "pixel_change": pixels.tolist(),
    } | {name: np.asarray(value).tolist() for name, value in run._asdict().items()}
    ways = pooling_study.canvas_sizes(network, variables, versions, dataset, chosen.canvas_sizes, chosen.canvas_images)
    canvas = {
        "sizes": chosen.canvas_sizes,
        "trained": side,
        "ways": {way: {"direct": run.direct.tolist(), "resized": run.resized.tolist()} for way, run in ways.items()},
    }
    output.write_figure(folder / "shifts.png", figures.shifts(shifts))
    output.write_figure(folder / "canvas.png", figures.canvas(canvas))
    return {"shifts": shifts, "canvas": canvas}


def fields(checkpoint: Checkpoint, chosen: Plan, dataset: Dataset, key: jax.Array, folder: Path) -> dict:
    """Problem 2 (4): theoretical and effective fields of every layer of the trained network and of fresh ones."""
    shape = checkpoint.run.image_shape
    model = checkpoint.model
    trained = jax.tree.map(np.asarray, checkpoint.state.params)
    groups = min(chosen.seeds, len(dataset.test_labels) // chosen.gradient_images)
    images = jnp.asarray(as_float(dataset.test_images[: groups * chosen.gradient_images]))
    batches = images.reshape(groups, -1, *shape)
    of_networks, of_stacks, of_signs = jax.random.split(key, (3, chosen.seeds))
    drawn = sampling.fresh_variables(model, of_networks, np.zeros((1, *shape), np.float32))
    fresh = [jax.tree.map(lambda leaf, i=i: leaf[i], drawn["params"]) for i in range(chosen.seeds)]
    rows, maps = [], []
    for field in receptive_field.theoretical(model, shape):
        measure = partial(receptive_field.squared_gradients, model)
        of_trained = [measure(trained, b, field, k).mean(0) for b, k in zip(batches, of_signs, strict=False)]
        of_fresh = [measure(p, batches[0], field, k).mean(0) for p, k in zip(fresh, of_signs, strict=True)]
        found = {"random": of_fresh, "trained": of_trained}
        rows.append(
            field._asdict()
            | {name: [receptive_field.effective_side(np.asarray(m)) for m in values] for name, values in found.items()}
        )
        maps.append({name: np.mean(values, 0) for name, values in found.items()})
    picture = as_float(dataset.test_images[:1])[0]
    output.write_figure(folder / "receptive_fields.png", figures.receptive_fields(picture, rows, maps))
    sides = [receptive_field.stack_sides(k, chosen.depths) for k in of_stacks]
    stack = {"depths": chosen.depths, "sides": np.stack(sides).tolist()}
    output.write_figure(folder / "stack.png", figures.stack(stack))
    result = {"layers": rows, "pixels": shape[0] * shape[1], "images": len(images), "groups": groups}
    return {"fields": result, "stack": stack}


def by_hand(checkpoint: Checkpoint, chosen: Plan, dataset: Dataset, key: jax.Array, folder: Path) -> dict:
    """Problem 2 (3)."""
    image = np.asarray(as_float(dataset.test_images[:1]))[0]
    params = jax.tree.map(np.asarray, checkpoint.state.params)
    found = receptive_field.compare_by_hand(checkpoint.model, params, image)
    first = found[0].layer
    weights = params[first]["linear"]
    strongest = int(np.abs(weights["kernel"]).sum((0, 1, 2)).argmax())
    kernel, bias = weights["kernel"][..., [strongest]], weights["bias"][[strongest]]
    taps = {"image": image[None]} | cnn.activations(checkpoint.model, params, jnp.asarray(image)[None])
    below = np.asarray(taps[receptive_field.below_of(checkpoint.model, first)])[0]
    ours = receptive_field.by_hand(below, kernel, bias)[..., 0]
    theirs = np.asarray(taps[first])[0, ..., strongest]
    output.write_figure(folder / "by_hand.png", figures.by_hand(below, kernel[..., 0], ours, theirs, strongest))
    return {"by_hand": [row._asdict() for row in found]}


MEASUREMENTS = {"cost": cost, "pooling": pooling, "by_hand": by_hand, "fields": fields}


def main() -> None:
    """Runs the measurements, writes and prints what became of the claims."""
    checkpoint, dataset = shared_flags.load_classifier()
    if not any(layer.kind == "conv" for layer in checkpoint.model.layers):
        raise ValueError(f"the network {checkpoint.run.model!r} has no convolution to look into")
    chosen = plan(dataset)
    only = list(MEASUREMENTS) if ONLY.value is None else ONLY.value
    if not only or not set(only) <= set(MEASUREMENTS):
        raise ValueError(f"--only={','.join(only)}: must be some of {', '.join(MEASUREMENTS)}")
    dataset = dataset._replace(
        test_images=dataset.test_images[: chosen.test_images], test_labels=dataset.test_labels[: chosen.test_images]
    )
    keys = jax.random.split(jax.random.key(SEED.value), len(MEASUREMENTS))
    with output.results_folder("convolution") as folder:
        results: dict[str, Any] = {
            "command": output.command(),
            "dataset": dataset.name,
            "model": checkpoint.run.model,
            "seeds": chosen.seeds,
        }
        for (name, measurement), key in zip(MEASUREMENTS.items(), keys, strict=True):
            if name in only:
                results |= measurement(checkpoint, chosen, dataset, key, folder)
        results["claims"] = [verdicts.as_results(claim) for claim in claims.claims(results)]
        output.write_json(folder / "results.json", results)
    console.print_claims(results["claims"])
    print(f"figures and numbers: {OUTDIR.value}/convolution")


if __name__ == "__main__":
    program.run(main)
