"""The shift of variance between training and test that dropout causes for batch normalisation, measured.

Document 004, problem 1 (5), after Li et al. (arXiv:1801.05134): a normalisation divides by the variance of activations
that dropout has made larger, and at test time by the same number though nothing is dropped.
"""

from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from hw3.compilation import LIGHTLY
from hw3.datasets import Dataset, as_float
from hw3.ensembles import lanes
from hw3.ensembles.dense import DenseNetwork
from hw3.studies.progress import Progress, quiet
from hw3.studies.regularization.settings import Settings

SAMPLE = 2000  # of a network's own training images, on which variances are measured
OF_VARIANCES = 0  # among a lane's keys beside training
PLACEMENTS = ("no dropout", "before every normalisation", "after every block", "after the last block only")
NONE, BEFORE, AFTER, LAST = range(len(PLACEMENTS))


def placements(rate: float, blocks: int) -> jax.Array:
    """The dropout rates of `PLACEMENTS`, float32 [4, blocks, 2], as settings of a `DenseNetwork`."""
    rates = np.zeros((len(PLACEMENTS), blocks, 2), np.float32)
    rates[BEFORE, :, 0] = rate
    rates[AFTER, :, 1] = rate
    rates[LAST, -1, 1] = rate
    return jnp.asarray(rates)


@partial(jax.jit, static_argnums=(0, 5), compiler_options=LIGHTLY)
def _input_variances(
    network: nn.Module, variables: Any, groups: jax.Array, settings: Any, key: jax.Array, train: bool
) -> list[tuple[jax.Array, jax.Array]]:
    """Mean and variance of every block's input of the normalisation, averaged over batches
    [groups, lanes, batch, ...]."""

    def one(group_and_key: tuple[jax.Array, jax.Array]) -> list[tuple[jax.Array, jax.Array]]:
        group, key = group_and_key
        taps = lanes.forward(network, variables, as_float(group), settings, key, train)[1]
        inputs = [taps[f"before_{block}"] for block in range(len(taps) // 2)]
        return [(values.mean(1), values.var(1)) for values in inputs]

    found = jax.lax.map(one, (groups, jax.random.split(key, len(groups))))
    return jax.tree.map(lambda leaf: leaf.mean(0), found)


def _grouped(images: np.ndarray, batch_size: int) -> np.ndarray:
    """Images [lanes, n, ...] as whole batches [groups, lanes, batch, ...]."""
    networks, count = images.shape[:2]
    whole = images[:, : count // batch_size * batch_size]
    return whole.reshape(networks, -1, batch_size, *images.shape[2:]).swapaxes(0, 1)


def variance_ratios(
    network: nn.Module,
    variables: Any,
    images: np.ndarray,
    settings: Any,
    key: jax.Array,
    batch_size: int,
) -> np.ndarray:
    """The variance that each normalisation sees in training over that at test time, [lanes, blocks], mean over units.

    Both are variances within batches of `images` uint8 [lanes, n, height, width, channels], so that they differ in
    nothing but the way of computing: in training with dropout, at test time without it and each layer before normalised
    by its running statistics. Units without variance are left out.
    """
    groups = _grouped(images, batch_size)
    seen = _input_variances(network, variables, groups, settings, key, True)
    met = _input_variances(network, variables, groups, settings, key, False)
    ratios = []
    for (_, in_training), (_, at_test) in zip(seen, met, strict=True):
        training, test = np.asarray(in_training), np.asarray(at_test)
        alive = test > 1e-8
        ratio = np.where(alive, training / np.where(alive, test, 1.0), 0.0)
        ratios.append(ratio.sum(-1) / np.maximum(alive.sum(-1), 1))
    return np.stack(ratios, -1)


def with_test_statistics(network: nn.Module, variables: Any, images: np.ndarray, settings: Any, batch_size: int) -> Any:
    """The same networks with running statistics measured anew without dropout, layer after layer, on `images`.

    Nothing else is changed, so what they then gain in accuracy, beyond what networks without dropout gain from it, is
    what the shift of variance had cost.
    Args: images uint8 [lanes, n, height, width, channels].
    """
    groups = _grouped(images, batch_size)
    blocks = len(variables["batch_stats"])
    for block in range(blocks):  # each needs those below it to be right
        mean, variance = _input_variances(network, variables, groups, settings, jax.random.key(0), False)[block]
        statistics = {"mean": mean, "var": variance}
        variables = variables | {
            "batch_stats": variables["batch_stats"] | {f"BatchNorm_{block}": statistics},
        }
    return variables


class VarianceShift(NamedTuple):
    """By placement of the dropout, [seeds, 4] in the order of `PLACEMENTS`, for one rate."""

    rate: float
    ratio: np.ndarray  # [seeds, 4, blocks], see `variance_ratios`
    accuracy: np.ndarray  # of the test images, normalised by the running statistics
    corrected: np.ndarray  # the same with `with_test_statistics`
    plain_accuracy: np.ndarray  # of networks with the same dropout and without normalisation


def measure(
    settings: Settings, dataset: Dataset, key: jax.Array, progress: Progress = quiet
) -> tuple[VarianceShift, ...]:
    """Trains a network for each seed and placement with and one without normalisation, for each rate, and compares
    training with test time."""
    recipe, epochs, blocks = settings.shift_recipe, max(1, settings.epochs // 3), len(settings.shift_widths)
    network = DenseNetwork(settings.shift_widths, dataset.classes, True, ("before", "after"))
    plain = network.clone(normalise=False)
    pool = jnp.asarray(dataset.train_images)
    total = 2 * settings.seeds * len(PLACEMENTS) * len(settings.shift_rates) * settings.train_images * epochs
    found = []
    with progress("variance shift", total, "images") as advance:
        for rate in settings.shift_rates:
            rates = placements(rate, blocks)
            inputs = lanes.lanes(key, settings.seeds, settings.train_images, dataset.train_labels, rates)
            variables, of_plain = (
                lanes.trained(each, recipe, epochs, inputs, pool, advance) for each in (network, plain)
            )
            sample = dataset.train_images[np.asarray(inputs.rows)[:, :SAMPLE]]
            key_of_ratios = lanes.key_beside_training(inputs.key[0], OF_VARIANCES)
            ratio = variance_ratios(network, variables, sample, inputs.settings, key_of_ratios, recipe.batch_size)
            corrected = with_test_statistics(network, variables, sample, inputs.settings, recipe.batch_size)
            accuracies = [
                lanes.accuracy(lanes.logits(each, v, dataset.test_images, inputs.settings), dataset.test_labels)
                for each, v in ((network, variables), (network, corrected), (plain, of_plain))
            ]
            found.append(
                VarianceShift(rate, *(lanes.by_seed(values, settings.seeds) for values in (ratio, *accuracies)))
            )
    return tuple(found)
