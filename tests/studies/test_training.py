"""What a training run is said to have come to."""

from tiny_run import DESCRIPTION, RECIPE

from hw3.cnn.checkpoints import Checkpoint, Run
from hw3.report import results as on_disk
from hw3.report.results import Record
from hw3.studies import training


def checkpoint(tiny_run, model=DESCRIPTION, dataset="stripes", side=12):
    run = Run(model, dataset, (side, side, 1), 500, 3, RECIPE, 7)
    return Checkpoint(run, tiny_run[-1][0], tuple(metrics for _, metrics in tiny_run))


def test_layers_history_and_published_accuracy(tiny_run):
    results = training.measure(checkpoint(tiny_run), "train_tiny")
    assert [(layer.name, layer.parameters) for layer in results.layers] == [
        ("conv1", 9 * 8 + 8),
        ("maxpool1", 0),
        ("conv2", 9 * 8 * 8 + 8),
        ("logits", 3 * 3 * 8 * 3 + 3),
    ]
    assert results.parameters == 80 + 584 + 219
    assert [row.epoch for row in results.history] == [1, 2, 3]
    assert results.published_accuracy is None
    assert training.measure(checkpoint(tiny_run, "narrow", "mnist", 28), "").published_accuracy == 0.9592
    assert training.measure(checkpoint(tiny_run, "narrow", "others", 28), "").published_accuracy is None


def test_tables_files_figures_and_the_way_to_disk_and_back(tiny_run, tmp_path):
    results = training.measure(checkpoint(tiny_run), "train_tiny")
    (table,) = training.tables(results)
    assert [row[0] for row in table.rows] == ["train", "test"]
    history = training.files(results)["history.csv"]
    assert history.rows[0] == (1, *results.history[0].train, *results.history[0].test)
    assert set(training.figures(results)) == {"curves.png"}
    on_disk.write(tmp_path, training.NAME, Record("", results))
    assert on_disk.read(tmp_path, training.NAME, training.Results).results == results
