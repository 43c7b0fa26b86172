"""Bagging beside dropout, measured: what document 004 says of the two in its problem 1 (2).

Bagging (Breiman 1996) against dropout, and against averaging over dropout masks at test time (Monte Carlo dropout, Gal
and Ghahramani, arXiv:1506.02142), at equal training cost: accuracy and calibration.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import special

from hw3.datasets import Dataset
from hw3.ensembles import lanes, sampling
from hw3.ensembles.lanes import Lanes
from hw3.studies.progress import Advance
from hw3.studies.regularization import dropout
from hw3.studies.regularization.dropout import Trained
from hw3.studies.regularization.settings import Settings

BINS = 15  # of confidence, as in Guo et al.
OF_SAMPLES, OF_MASKS = 1, 2  # among a lane's keys beside training


class Quality(NamedTuple):
    """How good the probabilities of one contender are, [seeds]."""

    accuracy: np.ndarray
    calibration_error: np.ndarray  # a fraction
    log_loss: np.ndarray  # nats per image


class Bagging(NamedTuple):
    """What competes, all networks of one size, and what the networks of one bag have in common."""

    rate: float  # of the dropout that competes
    single: Quality  # one network without dropout
    dropout: Quality
    monte_carlo: Quality  # the same, averaged over masks
    bag: Quality  # at the cost of the single network in all
    long_bag: Quality  # every network trained as long as the single one
    member: Quality  # one of the long bag
    shared: float  # share of weights equal in two networks of a bag, see `shared_parameters`
    co_adaptation: np.ndarray  # [seeds], mean over the networks of the long bag


class Contender(NamedTuple):
    """One that competes, with its name for readers."""

    name: str
    quality: Quality


def contenders(found: Bagging, settings: Settings) -> list[Contender]:
    """All that compete, in the order in which they are shown."""
    members, dropped = settings.members, f"dropout {found.rate:g}"
    return [
        Contender("single network", found.single),
        Contender(dropped, found.dropout),
        Contender(f"{dropped}, {settings.masks} masks averaged", found.monte_carlo),
        Contender(f"bagging, {members} networks at the cost of one", found.bag),
        Contender(f"bagging, {members} networks at {members} times the cost", found.long_bag),
        Contender("one network of that bag", found.member),
    ]


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Mean distance of confidence from accuracy, over bins of equal width of the confidence, weighted by their images.

    Guo et al. (arXiv:1706.04599), equation (3). Args: probabilities [n, classes]; labels [n]. Returns a fraction.
    """
    confidence, right = probabilities.max(-1), probabilities.argmax(-1) == labels
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, right - confidence.astype(float), bins)
    return float(np.abs(gaps).sum() / len(labels))


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
    split = jax.vmap(lambda key: jax.random.split(lanes.key_beside_training(key, OF_SAMPLES), (members, 2)))(inputs.key)
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
    leaves = map(np.asarray, jax.tree.leaves(variables))
    kernels = [leaf.reshape(-1, members, *leaf.shape[1:]) for leaf in leaves if leaf.ndim > 2]
    equal = sum(int((kernel[:, 0] == kernel[:, 1]).sum()) for kernel in kernels)
    return equal / sum(kernel[:, 0].size for kernel in kernels)


def averaged(predicted: np.ndarray) -> np.ndarray:
    """Mean over the second axis of the probabilities of logits [seeds, members, n, classes]: [seeds, n, classes]."""
    return special.softmax(predicted, -1).mean(1)


def measure(settings: Settings, dataset: Dataset, trained: Trained, advance: Advance) -> Bagging:
    """Compares what `dropout.measure` trained with bags of networks; the dropout that competes has the middle rate.

    Its first rate is 0. `advance(n)` is called as n images have been trained on.
    """
    network, inputs, seeds, members = trained.network, trained.inputs, settings.seeds, settings.members
    conditions, middle = len(settings.rates), len(settings.rates) // 2
    single, dropped = (jax.tree.map(lambda leaf, i=i: leaf[i::conditions], inputs) for i in (0, middle))
    bags = bootstrap(single, members)
    pool = jnp.asarray(dataset.train_images)
    short = settings.epochs // members  # at the cost of one network in all
    votes = []
    states = lanes.epochs(network, settings.recipe, settings.epochs, bags, pool, advance)
    for epoch, state in enumerate(states, 1):
        if epoch in (short, settings.epochs):
            predicted = lanes.logits(network, state.variables, dataset.test_images, bags.settings)
            votes.append(lanes.by_seed(predicted, seeds))
    correlated = dropout.hidden_measures(network, state.variables, dataset, bags.settings)[1]

    weights = jax.tree.map(lambda leaf: np.asarray(leaf)[middle::conditions], trained.variables)
    sampled = np.zeros_like(trained.logits[:, 0])
    for key in jax.random.split(lanes.key_beside_training(inputs.key[0], OF_MASKS), settings.masks):
        drawn = lanes.logits(network, weights, dataset.test_images, dropped.settings, key, True)
        sampled += special.softmax(drawn, -1) / settings.masks

    def judge(probabilities: np.ndarray) -> Quality:
        return quality(probabilities, dataset.test_labels)

    return Bagging(
        rate=settings.rates[middle],
        single=judge(averaged(trained.logits[:, :1])),
        dropout=judge(averaged(trained.logits[:, middle : middle + 1])),
        monte_carlo=judge(sampled),
        bag=judge(averaged(votes[0])),
        long_bag=judge(averaged(votes[-1])),
        member=judge(averaged(votes[-1][:, :1])),
        shared=shared_parameters(state.variables, members),
        co_adaptation=lanes.by_seed(correlated, seeds).mean(1),
    )
