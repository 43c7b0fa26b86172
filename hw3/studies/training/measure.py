"""What a training run came to; the training itself is `hw3.cnn.training`'s."""

from typing import NamedTuple

from hw3 import cnn
from hw3.cnn.checkpoints import Checkpoint, Run
from hw3.cnn.training import EpochMetrics
from hw3.studies import given


class LayerRow(NamedTuple):
    """One line of a network's table."""

    name: str
    shape: tuple[int, ...]  # of the output for one image
    parameters: int


class Results(NamedTuple):
    """A finished run."""

    run: Run  # its settings
    folder: str  # under --outdir, of the figures and the checkpoint
    layers: tuple[LayerRow, ...]
    history: tuple[EpochMetrics, ...]  # after every epoch
    published_accuracy: float | None  # on the test set, in [0, 1], where a document gives one for this network

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(layer.parameters for layer in self.layers)


def measure(checkpoint: Checkpoint, folder: str) -> Results:
    """The results of a run. Args: folder: where it lies, for the figures' names."""
    run = checkpoint.run
    published = given.NETWORKS.get(run.model) if run.dataset == "mnist" else None
    return Results(
        run,
        folder,
        tuple(LayerRow(*row) for row in cnn.layer_rows(checkpoint.model, run.image_shape)),
        checkpoint.history,
        published and published.test_accuracy,
    )
