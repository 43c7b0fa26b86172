"""Dropout and bagging, measured: what document 004 says of them in its problem 1 (1) and (2).

Dropout (Srivastava et al. 2014): speed of learning, capacity, overfitting, sparsity and co-adaptation of the hidden
units against its rate. Bagging (Breiman 1996) against dropout, and against averaging over dropout masks at test time
(Monte Carlo dropout, Gal and Ghahramani, arXiv:1506.02142), at equal training cost: accuracy and calibration.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from scipy import special

from hw3.datasets import Dataset, as_float
from hw3.ensembles import lanes, sampling
from hw3.ensembles.dense import DenseNetwork
from hw3.ensembles.lanes import Lanes, Recipe

TARGET = 0.95  # of its training images; the epochs until a network gets so many right are its speed
BINS = 15  # of confidence, as in Guo et al.
MEASURED_IMAGES = 2000  # of the test set, for sparsity and co-adaptation


def sparsity(hidden: jax.Array) -> jax.Array:
    """The share of activations [images, units] that are zero, as after a ReLU."""
    return jnp.mean(hidden == 0)


def co_adaptation(hidden: jax.Array) -> jax.Array:
    """Mean absolute correlation over all pairs of different units of activations [images, units].

    Units that never change have no correlation and are left out; 0 if fewer than two are left.
    """
    centred = hidden - hidden.mean(0, keepdims=True)
    norm = jnp.linalg.norm(centred, axis=0)
    alive = norm > 1e-6 * math.sqrt(len(hidden))
    unit = jnp.where(alive[None], centred / jnp.where(alive, norm, 1.0)[None], 0.0)
    units = alive.sum().astype(jnp.float32)
    total = jnp.abs(unit.T @ unit).sum() - units
    return jnp.where(units > 1, total / jnp.maximum(units * (units - 1), 1.0), 0.0)


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Mean distance of confidence from accuracy, over bins of equal width of the confidence, weighted by their images.

    Guo et al. (arXiv:1706.04599), equation (3). Args: probabilities [n, classes]; labels [n]. Returns a fraction.
    """
    confidence, right = probabilities.max(-1), probabilities.argmax(-1) == labels
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, right - confidence.astype(float), bins)
    return float(np.abs(gaps).sum() / len(labels))


def first_epoch(curve: np.ndarray, target: float = TARGET) -> np.ndarray:
    """The first epoch, counted from 1, in which a curve [..., epochs] reaches `target`; one more than the last if none.

    >>> first_epoch(np.array([[0.5, 0.97, 0.9], [0.1, 0.2, 0.3]]))
    array([2, 4])
    """
    reached = curve >= target
    return np.where(reached.any(-1), reached.argmax(-1) + 1, curve.shape[-1] + 1)


class DropoutRun(NamedTuple):
    """One network a seed and rate; [seeds, rates] but for what is said."""

    epochs: np.ndarray  # until 95% of the training images are right, see `first_epoch`
    curve: np.ndarray  # [seeds, rates, epochs], training accuracy without dropping
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray
    memorised: np.ndarray  # training accuracy of a second network on random labels
    sparsity: np.ndarray  # mean over the hidden layers, on test images
    co_adaptation: np.ndarray
    test_logits: np.ndarray  # float32 [seeds, rates, n, classes]
    variables: Any  # of the networks, leaves [seeds * rates, ...]


def rates_after(rates: Any, blocks: int) -> jax.Array:
    """Settings of a `DenseNetwork`: each rate after every ReLU, none before the normalisation; [rates, blocks, 2]."""
    settings = np.zeros((len(rates), blocks, 2), np.float32)
    settings[..., 1] = np.asarray(rates, np.float32)[:, None]
    return jnp.asarray(settings)


@partial(jax.jit, static_argnums=0)
def _hidden_measures(
    network: nn.Module, variables: Any, images: jax.Array, settings: Any
) -> tuple[jax.Array, jax.Array]:
    """Sparsity and co-adaptation of every lane [lanes], means over its hidden layers."""
    taps = lanes.forward(network, variables, as_float(images), settings, jax.random.key(0))[1]
    hidden = [values for name, values in taps.items() if name.startswith("hidden")]
    zeros, correlations = (
        jnp.stack([jax.vmap(measure)(values) for values in hidden]).mean(0) for measure in (sparsity, co_adaptation)
    )
    return zeros, correlations


def dropout_lanes(key: jax.Array, seeds: int, images: int, dataset: Dataset, rates: Any, blocks: int) -> Lanes:
    """The lanes of `dropout`: [seed, rate]."""
    return lanes.lanes(key, seeds, images, dataset.train_labels, rates_after(rates, blocks))


def dropout(
    network: DenseNetwork,
    recipe: Recipe,
    count: int,
    inputs: Lanes,
    seeds: int,
    dataset: Dataset,
    advance: Callable[[int], None] = lambda images: None,
) -> DropoutRun:
    """Trains one network a lane on its labels and another on random ones, which can only be memorised.

    Args: inputs: as `dropout_lanes` gives them. `advance(n)` is called as n images have been trained on.
    """
    pool = jnp.asarray(dataset.train_images)
    curve = []
    for state in lanes.epochs(network, recipe, count, inputs, pool, advance):
        curve.append(np.asarray(lanes.train_accuracy(network, state.variables, inputs, pool)))
    variables = state.variables
    zeros, correlations = _hidden_measures(network, variables, dataset.test_images[:MEASURED_IMAGES], inputs.settings)
    predicted = lanes.logits(network, variables, dataset.test_images, inputs.settings)
    test_accuracy = lanes.accuracy(predicted, dataset.test_labels)

    # A key of its own: labels must not depend on what the lanes' keys are used for elsewhere.
    images = inputs.rows.shape[1]
    drawn = [sampling.integers(jax.random.fold_in(k, 10**6), images, dataset.classes) for k in inputs.key]
    shuffled = inputs._replace(labels=jnp.asarray(np.stack(drawn)))
    memorising = lanes.trained(network, recipe, count, shuffled, pool, advance)
    memorised = lanes.train_accuracy(network, memorising, shuffled, pool)
    curves = lanes.by_seed(np.stack(curve, -1), seeds)
    by_seed = partial(lanes.by_seed, seeds=seeds)
    return DropoutRun(
        first_epoch(curves),
        curves,
        curves[..., -1],
        by_seed(test_accuracy),
        by_seed(memorised),
        by_seed(zeros),
        by_seed(correlations),
        by_seed(predicted),
        variables,
    )


class Quality(NamedTuple):
    """How good the probabilities of one contender are, [seeds]."""

    accuracy: np.ndarray
    calibration_error: np.ndarray
    log_loss: np.ndarray  # nats per image


def quality(probabilities: np.ndarray, labels: np.ndarray) -> Quality:
    """Of probabilities [seeds, n, classes] and labels [n]."""
    of_label = np.take_along_axis(probabilities, labels[None, :, None], -1)[..., 0]
    return Quality(
        lanes.accuracy(probabilities, labels),
        np.array([expected_calibration_error(p, labels) for p in probabilities]),
        -np.log(np.maximum(of_label, 1e-12)).mean(-1),
    )


def bootstrap(inputs: Lanes, members: int) -> Lanes:
    """Each lane `members` times, every copy with its own key and its own sample with replacement of the lane's images.

    Ordered [lane, member].
    """
    split = jax.vmap(lambda key: jax.random.split(jax.random.fold_in(key, 10**6 + 1), (members, 2)))(inputs.key)
    keys, of_samples = split[..., 0].reshape(-1), split[..., 1].reshape(-1)
    count = inputs.rows.shape[1]
    sample = np.stack([sampling.integers(key, count, count) for key in of_samples])
    rows, labels = (
        jnp.asarray(np.take_along_axis(np.repeat(np.asarray(leaf), members, 0), sample, 1))
        for leaf in (inputs.rows, inputs.labels)
    )
    settings = jax.tree.map(lambda leaf: jnp.asarray(np.repeat(np.asarray(leaf), members, 0)), inputs.settings)
    return Lanes(keys, rows, labels, settings)


def shared_parameters(variables: Any, members: int) -> float:
    """The share of parameters that are equal in the first two of every `members` networks; biases begin equal and are
    left out. Leaves [networks * members, ...]."""
    kernels = [leaf.reshape(-1, members, *leaf.shape[1:]) for leaf in jax.tree.leaves(variables) if leaf.ndim > 2]
    equal = sum(int((kernel[:, 0] == kernel[:, 1]).sum()) for kernel in kernels)
    return equal / sum(kernel[:, 0].size for kernel in kernels)


def averaged(predicted: np.ndarray) -> np.ndarray:
    """Mean over the second axis of the probabilities of logits [seeds, members, n, classes]: [seeds, n, classes]."""
    return special.softmax(predicted, -1).mean(1)


class BaggingRun(NamedTuple):
    """What competes, all networks of one size, and what the networks of one bag have in common."""

    # By name: "single" and "dropout" as `dropout` trained them, "monte_carlo" the latter averaged over masks; "bagging"
    # at the same cost in all, "bagging_long" with every network trained as long as the single one, "member" one of it.
    quality: dict[str, Quality]
    shared: float  # see `shared_parameters`
    co_adaptation: np.ndarray  # [seeds], mean over the networks of "bagging_long"


def bagging(
    network: DenseNetwork,
    recipe: Recipe,
    count: int,
    inputs: Lanes,
    seeds: int,
    members: int,
    masks: int,
    dataset: Dataset,
    run: DropoutRun,
    rate_index: int,
    advance: Callable[[int], None] = lambda images: None,
) -> BaggingRun:
    """Compares what `dropout` trained for `count` epochs with bags of `members` networks a seed.

    Args: inputs: the lanes of `dropout`, the first condition of which drops nothing; masks: of Monte Carlo dropout;
      rate_index: of the dropout that competes.
    Raises ValueError if the epochs cannot be shared out equally.
    """
    if count % members:
        raise ValueError(f"{count} epochs cannot be shared out equally to the {members} networks of a bag")
    conditions = len(inputs.rows) // seeds
    single, dropped = (jax.tree.map(lambda leaf, i=i: leaf[i::conditions], inputs) for i in (0, rate_index))
    bags = bootstrap(single, members)
    pool = jnp.asarray(dataset.train_images)
    votes = []
    for epoch, state in enumerate(lanes.epochs(network, recipe, count, bags, pool, advance), 1):
        if epoch in (count // members, count):
            predicted = lanes.logits(network, state.variables, dataset.test_images, bags.settings)
            votes.append(lanes.by_seed(predicted, seeds))
    correlated = _hidden_measures(network, state.variables, dataset.test_images[:MEASURED_IMAGES], bags.settings)[1]

    weights = jax.tree.map(lambda leaf: np.asarray(leaf)[rate_index::conditions], run.variables)
    sampled = np.zeros_like(run.test_logits[:, 0])
    for key in jax.random.split(jax.random.fold_in(inputs.key[0], 10**6 + 2), masks):
        drawn = lanes.logits(network, weights, dataset.test_images, dropped.settings, key, True)
        sampled += special.softmax(drawn, -1) / masks
    probabilities = {
        "single": averaged(run.test_logits[:, :1]),
        "dropout": averaged(run.test_logits[:, rate_index : rate_index + 1]),
        "monte_carlo": sampled,
        "bagging": averaged(votes[0]),
        "bagging_long": averaged(votes[-1]),
        "member": averaged(votes[-1][:, :1]),
    }
    return BaggingRun(
        {name: quality(values, dataset.test_labels) for name, values in probabilities.items()},
        shared_parameters(state.variables, members),
        lanes.by_seed(correlated, seeds).mean(1),
    )
