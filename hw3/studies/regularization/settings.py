"""What fixes the experiments on dropout, bagging and batch normalisation."""

from typing import NamedTuple

from hw3.datasets import Dataset
from hw3.ensembles.lanes import Recipe
from hw3.errors import InvalidInput
from hw3.studies import checks

NAME = "regularizers"
EXPERIMENTS = ("dropout", "batch_sizes", "gradients", "variance_shift")
REFERENCE_BATCH = 128  # the batch for which the learning rate of normalised networks is given


class Settings(NamedTuple):
    """What fixes every number but the times; the defaults test document 004's claims in some minutes."""

    seeds: int = 8  # networks for each condition
    train_images: int = 2000  # that each network is trained on
    test_images: int = 10_000  # at most
    epochs: int = 32  # of the longest training, the others in proportion; a multiple of `members`
    rates: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # of dropout, 0 first, ascending
    members: int = 4  # networks in a bag
    masks: int = 50  # of Monte Carlo dropout
    batch_sizes: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256)  # ascending
    depths: tuple[int, ...] = (4, 8, 16, 32, 64)  # hidden layers of fresh deep networks, ascending
    trained_depths: tuple[int, ...] = (4, 16, 32)  # and of those that are trained
    descent_steps: int = 200  # of plain SGD on them
    descent_rate: float = 0.1
    shift_rates: tuple[float, ...] = (0.2, 0.5, 0.7)  # of dropout beside normalisation
    repeats: int = 30  # of a timed epoch
    widths: tuple[int, ...] = (128, 128)  # hidden units of the networks with dropout, and of those of all batch sizes
    shift_widths: tuple[int, ...] = (128, 128, 128)  # of the networks with both
    recipe: Recipe = Recipe(batch_size=50, learning_rate=0.02)  # with dropout, and in bags
    normalised_recipe: Recipe = Recipe(REFERENCE_BATCH, learning_rate=0.1)  # scaled to every size of the batch
    shift_recipe: Recipe = Recipe(batch_size=100, learning_rate=0.05)  # with both
    only: tuple[str, ...] = EXPERIMENTS  # the experiments that are made
    seed: int = 0  # of all that is random


FULL = Settings()
QUICK = Settings(
    seeds=3,
    test_images=2048,
    epochs=8,
    rates=(0.0, 0.4, 0.8),
    masks=10,
    batch_sizes=(2, 16, 128),
    depths=(4, 32),
    trained_depths=(32,),
    descent_steps=60,
    shift_rates=(0.5,),
    repeats=10,
)


def check(settings: Settings, dataset: Dataset) -> None:
    """Raises ValueError, one line that names the setting, for what cannot be run on this set."""
    checks.seeds(settings.seeds)
    checks.experiments(settings.only, EXPERIMENTS)
    if settings.epochs < 1 or settings.epochs % settings.members:
        raise InvalidInput(
            f"epochs={settings.epochs}: must be a multiple of {settings.members}, the networks of a bag that share them"
        )
    images = settings.train_images
    recipes = (settings.recipe, settings.normalised_recipe, settings.shift_recipe)
    lowest, highest = max(recipe.batch_size for recipe in recipes), len(dataset.train_labels)
    if not lowest <= images <= highest:
        raise InvalidInput(
            f"train_images={images}: must be in {lowest}..{highest}, a batch and the training images of {dataset.name}"
        )
    checks.ascending("rates", settings.rates, 0.0, 0.95, at_least=2)
    if settings.rates[0] != 0:
        raise InvalidInput(f"rates={settings.rates[0]:g},...: must begin with 0, which the others are compared with")
    checks.ascending("batch_sizes", settings.batch_sizes, 2, min(512, images), at_least=2)
    checks.ascending("depths", settings.depths, 3, 256, at_least=2)
