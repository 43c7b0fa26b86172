"""Document 004's claims on dropout, bagging and batch normalisation, each tested on many small networks.

python scripts/compare_regularizers.py
python scripts/compare_regularizers.py --quick
python scripts/compare_regularizers.py --only=dropout --rates=0,0.3,0.6 --seeds=5
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from common import console, machine, output, program, shared_flags

from hw3 import datasets
from hw3.datasets import Dataset, as_float
from hw3.ensembles import lanes, sampling
from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Recipe
from hw3.studies import verdicts
from hw3.studies.regularization import batch_normalization, claims, dropout, figures
from hw3.studies.regularization import variance_shift as shifts
from hw3.studies.regularization.variance_shift import PLACEMENTS

QUICK = flags.DEFINE_bool("quick", False, "A first look: fewer seeds, rates, sizes and epochs.")
SEEDS = flags.DEFINE_integer("seeds", None, "Networks for each setting; 8, with --quick 3.")
TRAIN_IMAGES = flags.DEFINE_integer("train_images", 2000, "Images that each network is trained on.", lower_bound=1)
EPOCHS = flags.DEFINE_integer(
    "epochs", None, "Of the longest training, the others in proportion; 32, with --quick 8.", lower_bound=4
)
RATES = flags.DEFINE_list("rates", None, "Dropout rates, 0 first; 0 to 0.8, with --quick three of them.")
BATCH_SIZES = flags.DEFINE_list("batch_sizes", None, "Batch sizes, ascending; 2 to 256, with --quick three of them.")
DEPTHS = flags.DEFINE_list("depths", None, "Numbers of layers of deep networks; 4 to 64, with --quick 4 and 32.")
ONLY = flags.DEFINE_list("only", None, "Run only these experiments: dropout, batch_sizes, gradients, variance_shift.")
SEED = flags.DEFINE_integer("seed", 0, "Of all that is random.", lower_bound=0, upper_bound=2**32 - 1)
shared_flags.define_dataset_flags()
OUTDIR = shared_flags.define_outdir_flag()

WIDTHS = (128, 128)
SHIFT_WIDTHS = (128, 128, 128)
MEMBERS = 4  # networks in a bag
RECIPE = Recipe(batch_size=50, learning_rate=0.02)
NORMALISED_RECIPE = Recipe(batch_normalization.REFERENCE_BATCH, learning_rate=0.1)
SHIFT_RECIPE = Recipe(batch_size=100, learning_rate=0.05)
DESCENT_RATE = 0.1  # of plain SGD on the deep networks


class Plan(NamedTuple):
    """How much is done; `quick` and the flags decide."""

    seeds: int
    epochs: int
    rates: tuple[float, ...]
    batch_sizes: tuple[int, ...]
    depths: tuple[int, ...]
    trained_depths: tuple[int, ...]
    descent_steps: int
    shift_rates: tuple[float, ...]
    masks: int
    test_images: int
    repeats: int


FULL = Plan(8, 32, tuple(i / 10 for i in range(9)), (2, 4, 8, 16, 32, 64, 128, 256), (4, 8, 16, 32, 64), (4, 16, 32),
            200, (0.2, 0.5, 0.7), 50, 10_000, 30)  # fmt: skip
SHORT = Plan(3, 8, (0, 0.4, 0.8), (2, 16, 128), (4, 32), (32,), 60, (0.5,), 10, 2048, 10)

Number = TypeVar("Number", int, float)


def numbers(
    flag: flags.FlagHolder, default: tuple[Number, ...], of: type[Number], lowest: Number, highest: Number
) -> tuple[Number, ...]:
    """At least two ascending numbers of a list flag within [lowest, highest]; ValueError saying what is allowed."""
    if flag.value is None:
        return default
    given = f"--{flag.name}={','.join(flag.value)}"
    try:
        values = tuple(of(text) for text in flag.value)
    except ValueError:
        values = ()
    ascending = all(a < b for a, b in itertools.pairwise(values))
    if len(values) < 2 or not ascending or not lowest <= values[0] <= values[-1] <= highest:
        raise ValueError(f"{given}: must be at least two ascending numbers in {lowest}..{highest}")
    return values


def plan() -> Plan:
    """What the flags ask for."""
    chosen = SHORT if QUICK.value else FULL
    seeds = chosen.seeds if SEEDS.value is None else SEEDS.value
    if seeds < 2:
        raise ValueError(f"--seeds={seeds}: a spread over seeds needs at least 2 of them")
    epochs = chosen.epochs if EPOCHS.value is None else EPOCHS.value
    if epochs % MEMBERS:
        raise ValueError(f"--epochs={epochs}: must be a multiple of {MEMBERS}, the networks of a bag that share them")
    rates = numbers(RATES, chosen.rates, float, 0.0, 0.95)
    if rates[0] != 0:
        raise ValueError(f"--rates={rates[0]:g},...: must begin with 0, which the others are compared with")
    largest = TRAIN_IMAGES.value
    needed = max(RECIPE.batch_size, SHIFT_RECIPE.batch_size, NORMALISED_RECIPE.batch_size)
    if largest < needed:
        raise ValueError(f"--train_images={largest}: must be at least {needed}, the images in a batch")
    return chosen._replace(
        seeds=seeds,
        epochs=epochs,
        rates=rates,
        batch_sizes=numbers(BATCH_SIZES, chosen.batch_sizes, int, 2, min(512, largest)),
        depths=numbers(DEPTHS, chosen.depths, int, 3, 256),
    )


def lists(result: Any, *without: str) -> dict[str, Any]:
    """A NamedTuple of arrays as lists for JSON, without the fields named."""
    return {name: np.asarray(value).tolist() for name, value in result._asdict().items() if name not in without}


def dropout_and_bagging(plan: Plan, dataset: Dataset, key: jax.Array) -> dict:
    """Problem 1 (1) and (2)."""
    network = DenseNetwork(WIDTHS, dataset.classes)
    inputs = dropout.dropout_lanes(key, plan.seeds, TRAIN_IMAGES.value, dataset, plan.rates, len(WIDTHS))
    networks = plan.seeds * (2 * len(plan.rates) + MEMBERS)
    with console.progress("dropout and bagging", networks * TRAIN_IMAGES.value * plan.epochs, "images") as advance:
        run = dropout.dropout(network, RECIPE, plan.epochs, inputs, plan.seeds, dataset, advance)
        middle = len(plan.rates) // 2
        bag = dropout.bagging(
            network, RECIPE, plan.epochs, inputs, plan.seeds, MEMBERS, plan.masks, dataset, run, middle, advance
        )
    found = {"rates": plan.rates} | lists(run, "variables", "test_logits")
    contenders = {
        "members": MEMBERS,
        "masks": plan.masks,
        "rate": plan.rates[middle],
        "shared": bag.shared,
        "co_adaptation": bag.co_adaptation.tolist(),
        "quality": {name: lists(quality) for name, quality in bag.quality.items()},
    }
    return {"dropout": found, "bagging": contenders}


def batch_sizes(plan: Plan, dataset: Dataset, key: jax.Array) -> dict:
    """Problem 1 (3), 2 and (4)."""
    rates = dropout.rates_after([0.0], len(WIDTHS))
    inputs = lanes.lanes(key, plan.seeds, TRAIN_IMAGES.value, dataset.train_labels, rates)
    epochs = max(1, plan.epochs // 5)
    total = 2 * plan.seeds * len(plan.batch_sizes) * TRAIN_IMAGES.value * epochs
    with console.progress("batch sizes", total, "images") as advance:
        run = batch_normalization.batch_sizes(
            WIDTHS, NORMALISED_RECIPE, epochs, inputs, dataset, plan.batch_sizes, advance
        )
    return {"batch_sizes": {"sizes": plan.batch_sizes} | lists(run)}


def gradients(plan: Plan, dataset: Dataset, key: jax.Array) -> dict:
    """Problem 1 (3), 1 and 3: growth per layer before and after training, the norms, [seeds, depths]; times."""
    images, labels = as_float(jnp.asarray(dataset.train_images[:128])), jnp.asarray(dataset.train_labels[:128])
    pixels = images[0].size
    kinds: dict[str, tuple[float, bool]] = {
        "normalised": (2.0, True),
        "plain": (2.0, False),
        "plain_lecun": (1.0, False),
    }
    of_kernels, of_orders = jax.random.split(key, (2, plan.seeds))
    deepest = max(*plan.depths, *plan.trained_depths)

    def measured(depths: Sequence[int], steps: int, names: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {"depths": depths, "steps": steps}
        for name in names:
            gain, normalise = kinds[name]
            norms, losses = [], []
            for depth in depths:
                for each, of_order in zip(of_kernels, of_orders, strict=True):
                    whole = batch_normalization.kernels(each, deepest, 128, pixels, dataset.classes, gain)
                    weights = batch_normalization.cut(whole, depth)
                    if steps:
                        order = sampling.permutation(of_order, len(dataset.train_labels))
                        rows = np.resize(order, (steps, 128))
                        weights, loss = batch_normalization.descend(
                            weights, dataset.train_images[rows], dataset.train_labels[rows], normalise, DESCENT_RATE
                        )
                        losses.append(float(loss[-20:].mean()))
                    norms.append(np.asarray(batch_normalization.gradient_norms(weights, images, labels, normalise)))
            shape = (len(depths), plan.seeds)
            found[name] = np.array([batch_normalization.growth(n) for n in norms]).reshape(shape).T.tolist()
            found[f"{name}_first"] = np.array([n[0] for n in norms]).reshape(shape).T.tolist()
            if steps:
                found[f"{name}_loss"] = np.array(losses).reshape(shape).T.tolist()
        return found

    found = {
        "theory": batch_normalization.THEORETICAL_GROWTH,
        "initial": measured(plan.depths, 0, tuple(kinds)),
        "trained": measured(plan.trained_depths, plan.descent_steps, ("normalised", "plain")),
    }
    return {"gradients": found, "timing": timing(plan, dataset, key)}


def variance_shift(plan: Plan, dataset: Dataset, key: jax.Array) -> dict:
    """Problem 1 (5)."""
    network = DenseNetwork(SHIFT_WIDTHS, dataset.classes, True, ("before", "after"))
    images, epochs = TRAIN_IMAGES.value, max(1, plan.epochs // 3)
    total = 2 * plan.seeds * len(PLACEMENTS) * len(plan.shift_rates) * images * epochs
    runs = []
    with console.progress("variance shift", total, "images") as advance:
        for rate in plan.shift_rates:
            places = shifts.placements(rate, len(SHIFT_WIDTHS))
            inputs = lanes.lanes(key, plan.seeds, images, dataset.train_labels, places)
            run = shifts.variance_shift(network, SHIFT_RECIPE, epochs, inputs, plan.seeds, dataset, advance)
            runs.append({"rate": rate} | lists(run))
    return {"variance_shift": {"placements": PLACEMENTS, "runs": runs}}


def timing(plan: Plan, dataset: Dataset, key: jax.Array) -> dict:
    """Problem 1 (3), 3: seconds of an epoch with and without normalisation, measured in turn."""
    inputs = lanes.lanes(key, 1, TRAIN_IMAGES.value, dataset.train_labels, dropout.rates_after([0.0], len(WIDTHS)))
    pool = jnp.asarray(dataset.train_images)
    recipe = NORMALISED_RECIPE

    def epoch_of(normalise: bool) -> Callable[[], jax.Array]:
        network = DenseNetwork(WIDTHS, dataset.classes, normalise, ())
        state = lanes.initial_state(network, recipe, inputs, pool)

        def run() -> jax.Array:
            nonlocal state
            state, loss = lanes.epoch(network, recipe, state, inputs, 0, pool)
            return loss

        return run

    seconds = machine.alternate_seconds({"normalised": epoch_of(True), "plain": epoch_of(False)}, plan.repeats)
    return {"seconds": seconds, "steps": TRAIN_IMAGES.value // recipe.batch_size, "batch_size": recipe.batch_size}


EXPERIMENTS = {
    "dropout": dropout_and_bagging,
    "batch_sizes": batch_sizes,
    "gradients": gradients,
    "variance_shift": variance_shift,
}


def main() -> None:
    """Runs the experiments, writes and prints what became of the claims."""
    chosen = plan()
    only = list(EXPERIMENTS) if ONLY.value is None else ONLY.value
    if not only or not set(only) <= set(EXPERIMENTS):
        raise ValueError(f"--only={','.join(only)}: must be some of {', '.join(EXPERIMENTS)}")
    dataset = datasets.load(flags.FLAGS.dataset or "mnist", flags.FLAGS.data_dir)
    if len(dataset.train_labels) < TRAIN_IMAGES.value:
        raise ValueError(f"--train_images={TRAIN_IMAGES.value}: {dataset.name} has {len(dataset.train_labels)}")
    dataset = dataset._replace(
        test_images=dataset.test_images[: chosen.test_images], test_labels=dataset.test_labels[: chosen.test_images]
    )
    keys = jax.random.split(jax.random.key(SEED.value), len(EXPERIMENTS))
    with output.results_folder("regularizers") as folder:
        results: dict[str, Any] = {
            "command": output.command(),
            "dataset": dataset.name,
            "seeds": chosen.seeds,
            "train_images": TRAIN_IMAGES.value,
            "test_images": len(dataset.test_labels),
            "epochs": chosen.epochs,
        }
        for (name, experiment), key in zip(EXPERIMENTS.items(), keys, strict=True):
            if name in only:
                results |= experiment(chosen, dataset, key)
        results["claims"] = [verdicts.as_results(claim) for claim in claims.claims(results)]
        for name in ("dropout", "bagging", "batch_sizes", "gradients", "variance_shift"):
            if name in results:
                output.write_figure(folder / f"{name}.png", getattr(figures, name)(results[name]))
        output.write_json(folder / "results.json", results)
    console.print_claims(results["claims"])
    print(f"figures and numbers: {OUTDIR.value}/regularizers")


if __name__ == "__main__":
    program.run(main)
