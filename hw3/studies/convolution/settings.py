"""What fixes the measurements on convolution, pooling and receptive fields."""

from typing import NamedTuple

from hw3.cnn.checkpoints import Checkpoint
from hw3.datasets import Dataset
from hw3.ensembles.lanes import Recipe
from hw3.errors import InvalidInput
from hw3.studies import checks

NAME = "convolution"
EXPERIMENTS = ("cost", "pooling", "by_hand", "fields")


class Layer(NamedTuple):
    """A convolution of the networks that are trained on few images."""

    window: int  # pixels a side
    features: int
    stride: int


class Settings(NamedTuple):
    """What fixes every number but the times; the defaults test document 004's claims in some minutes."""

    seeds: int = 8  # networks for each condition
    train_images: int = 1000  # that each small network with pooling is trained on
    test_images: int = 10_000  # at most
    epochs: int = 20  # of the small networks with pooling
    recipe: Recipe = Recipe(batch_size=50, learning_rate=0.05)  # of these
    features: tuple[int, ...] = (8, 16)  # of their convolutions
    distances: tuple[int, ...] = (1, 2, 3, 4)  # pixels by which digits are moved, ascending
    shifted_images: int = 1000  # test images that are moved
    canvas_sizes: tuple[int, ...] = (20, 24, 28, 36, 44, 56)  # sides in pixels, ascending
    canvas_images: int = 2000  # test images that are put on them
    few_counts: tuple[int, ...] = (100, 300, 1000, 3000)  # training images of the networks trained on few; ascending
    few_steps: int = 600  # of their training
    few_local: bool = True  # whether layers without sharing compete there too
    few_recipe: Recipe = Recipe(batch_size=50, learning_rate=0.02)
    connected: tuple[Layer, ...] = (Layer(5, 6, 2), Layer(5, 12, 2))  # their layers
    network: str = "narrow"  # whose convolutions are counted and timed: document 004's own
    timed_images: int = 64  # in one forward pass of them
    repeats: int = 20  # of such a pass
    gradient_images: int = 128  # in each of the groups over which the trained network's fields are measured
    depths: tuple[int, ...] = (4, 8, 16, 32)  # layers of random stacks of 3x3 convolutions, ascending
    only: tuple[str, ...] = EXPERIMENTS  # the measurements that are made
    seed: int = 0  # of all that is random


FULL = Settings()
QUICK = Settings(
    seeds=3,
    test_images=2000,
    epochs=4,
    shifted_images=250,
    canvas_sizes=(28, 44),
    canvas_images=250,
    few_counts=(300, 1000),
    few_steps=80,
    few_local=False,
    repeats=8,
    gradient_images=64,
    depths=(4, 16),
)


def check(settings: Settings, checkpoint: Checkpoint, dataset: Dataset) -> None:
    """Raises ValueError, one line that names the setting, for what cannot be measured on this network and set."""
    if not any(layer.kind == "conv" for layer in checkpoint.model.layers):
        raise InvalidInput(f"the network {checkpoint.run.model!r} has no convolution to look into")
    checks.seeds(settings.seeds)
    checks.experiments(settings.only, EXPERIMENTS)
    lowest, highest, images = settings.recipe.batch_size, len(dataset.train_labels), settings.train_images
    if not lowest <= images <= highest:
        raise InvalidInput(f"train_images={images}: must be in {lowest}..{highest}")
    side = dataset.train_images.shape[1]
    checks.ascending("distances", settings.distances, 1, side - 1)
    checks.ascending("depths", settings.depths, 2, 64, at_least=2)
    checks.ascending("canvas_sizes", settings.canvas_sizes, 10, 4 * side)
    if settings.canvas_sizes == (side,):
        raise InvalidInput(f"canvas_sizes={side}: must hold another size than that of the images, {side}")
    if min(settings.few_counts) >= highest:
        raise InvalidInput(f"few_counts={min(settings.few_counts)}: {dataset.name} has only {highest} training images")
    needed, there = 2 * settings.gradient_images, min(settings.test_images, len(dataset.test_labels))
    if "fields" in settings.only and there < needed:
        raise InvalidInput(
            f"gradient_images={settings.gradient_images}: two groups need {needed} test images, there are {there}"
        )
