"""All measurements once, tiny, and the network that they are made on."""

import jax
import pytest
from tiny_run import DESCRIPTION, KEY, RECIPE

from hw3.cnn import checkpoints, training
from hw3.ensembles.lanes import Recipe
from hw3.studies import convolution
from hw3.studies.convolution import Settings, pooling
from hw3.studies.convolution.settings import Layer

TINY = Settings(
    seeds=2,
    train_images=100,
    epochs=2,
    recipe=Recipe(20, 0.05),
    features=(4,),
    distances=(1, 3),
    shifted_images=40,
    canvas_sizes=(10, 12, 16),
    canvas_images=40,
    few_counts=(30, 300, 9999),
    few_steps=60,
    few_recipe=Recipe(10, 0.05),
    connected=(Layer(3, 4, 2),),
    network="conv3-2",
    timed_images=2,
    repeats=2,
    gradient_images=20,
    depths=(2, 3),
)


@pytest.fixture(scope="session")
def tiny():
    return TINY


@pytest.fixture(scope="session")
def untrained(tiny_model, stripes):
    """A checkpoint before the first epoch: nothing here needs a good network."""
    state = training.initial_state(tiny_model, RECIPE, stripes, KEY)
    run = checkpoints.Run(DESCRIPTION, stripes.name, (12, 12, 1), len(stripes.train_labels), 3, RECIPE, 0)
    return checkpoints.Checkpoint(run, state, ())


@pytest.fixture(scope="session")
def results(once, untrained, stripes):
    """Every measurement with the settings `tiny`."""
    return once("convolution", lambda _: convolution.measure(TINY, untrained, stripes))


@pytest.fixture(scope="session")
def pooled(stripes):
    """Networks of every version; the ones of `results` again."""
    of_pooling = jax.random.split(jax.random.key(TINY.seed), 4)[1]
    return pooling.train(TINY, stripes, of_pooling)
