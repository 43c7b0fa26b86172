"""What a run came to, as tables for the console and files."""

from hw3.report.page import Table
from hw3.studies.training.measure import Results

HEADER = ("epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy")


def tables(results: Results) -> list[Table]:
    """The last epoch's metrics."""
    last = results.history[-1]
    return [
        Table(
            f"{results.run.model} on {results.run.dataset} after {last.epoch} epochs",
            ("set", "accuracy", "loss"),
            [(name, f"{m.accuracy:.2%}", f"{m.loss:.4f}") for name, m in (("train", last.train), ("test", last.test))],
        )
    ]


def files(results: Results) -> dict[str, Table]:
    """The history, every number in full."""
    rows = [
        (row.epoch, row.train.loss, row.train.accuracy, row.test.loss, row.test.accuracy) for row in results.history
    ]
    return {"history.csv": Table("history", HEADER, rows)}
