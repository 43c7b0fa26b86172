"""What a reader of the page can explore: the data of each explorable, from the studies' results and the network."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from hw3 import cnn
from hw3.cnn.checkpoints import Checkpoint
from hw3.datasets import Dataset
from hw3.report import explore
from hw3.report.explore import Curves, DigitsData, Find
from hw3.studies import given, inspection
from hw3.studies.long_sequences import echo_states, gradient_flow
from hw3.studies.long_sequences.echo_states.measure import DRAWN_SCALE
from hw3.studies.robustness import covering, pasting
from hw3.studies.robustness.pasting.measure import Find as Found

OF_EACH_CLASS = 2  # digits to choose from
FINDS = 6  # one-click examples
SLIDER_INPUT_SCALE = 0.1  # of the RNN whose gradients the sliders show
SLIDER_LSTM_RADIUS = 1.0  # spectral radius of every gate of the LSTM


class Explorables(NamedTuple):
    """What the page takes."""

    by_answer: Mapping[str, Markup]  # by the number of the answer that it belongs to
    assets: Markup  # once a page


class Studied(NamedTuple):
    """The results that the explorables show."""

    inspection: inspection.Results
    covering: covering.Results
    pasting: pasting.Results
    gradient_flow: gradient_flow.Results
    echo_states: echo_states.Results


STUDIES = (inspection, covering, pasting, gradient_flow, echo_states)  # in the order of `Studied`


def explorables(checkpoint: Checkpoint, dataset: Dataset, studied: Studied) -> Explorables:
    """All explorables; none for images that aren't digits in one channel, for which the page has its figures."""
    run = checkpoint.run
    if run.image_shape[2] != 1 or run.classes != 10:
        return Explorables({}, Markup())
    digits = _Digits(dataset, _shown(dataset, studied))
    model = checkpoint.model
    network = explore.network_data(
        run.model, run.image_shape, cnn.layer_names(model.layers), model.layers, checkpoint.state.params
    )
    found = {
        "1 (2)": explore.explorable("features", _features(studied.inspection, dataset, digits)),
        "2 (1)": explore.explorable("patch", _patch(studied.covering, digits)),
        "2 (3)": explore.explorable("piece", _piece(studied.pasting, digits)),
        "3 (2)": explore.explorable(
            "unroll",
            explore.UnrollData(given.RNN_PARAMS, given.SEQUENCE, given.LOSS, given.LEARNING_RATE, given.EPSILON),
        ),
        "5": explore.explorable(
            "gates",
            explore.GatesData(given.LSTM_PARAMS, given.SEQUENCE, given.LOSS, np.zeros(given.RNN_PARAMS.b.shape)),
        ),
        "4 (3)": explore.explorable("long", _long(studied.gradient_flow, studied.echo_states)),
    }
    return Explorables(found, explore.assets(network, digits.data))


class _Digits:
    """The images that travel in the page, found again by their positions in the test set."""

    def __init__(self, dataset: Dataset, rows: list[int]) -> None:
        self.at = {row: place for place, row in enumerate(rows)}
        self.data = DigitsData(dataset.test_images[rows, ..., 0], dataset.test_labels[rows].astype(np.uint8))


def _shown(dataset: Dataset, studied: Studied) -> list[int]:
    """Positions in the test set: first what the studies looked at, then the first images of every class."""
    rows = [
        studied.covering.image,
        *studied.inspection.features.images,
        studied.pasting.image,
        *(find.donor.image for find in _finds(studied.pasting)),
    ]
    for label in range(dataset.classes):
        rows += np.flatnonzero(dataset.test_labels == label)[:OF_EACH_CLASS].tolist()
    return sorted(set(rows), key=lambda row: (dataset.test_labels[row], row))


def _finds(results: pasting.Results) -> list[Found]:
    """The smallest piece first, then the most confident ones."""
    return [*([results.smallest] if results.smallest else []), *results.best][:FINDS]


def _features(results: inspection.Results, dataset: Dataset, digits: _Digits) -> explore.FeaturesData:
    features = results.features
    first, second = results.settings.classes
    pictures = [digits.at[row] for row in features.images]
    counts = [int((dataset.test_labels == label).sum()) for label in (first, second)]
    return explore.FeaturesData(
        (first, second),
        (pictures[0], pictures[1]),
        (counts[0], counts[1]),
        {found.layer: found.aucs.astype(np.float32) for found in features.channel_aucs},
    )


def _patch(results: covering.Results, digits: _Digits) -> explore.PatchData:
    return explore.PatchData(digits.at[results.image], results.settings.patch_size[0])


def _piece(results: pasting.Results, digits: _Digits) -> explore.PieceData:
    finds = tuple(
        Find(digits.at[find.donor.image], find.overlay.patch, find.overlay.cut, find.overlay.paste)
        for find in _finds(results)
    )
    return explore.PieceData(digits.at[results.image], finds)


def _long(flow: gradient_flow.Results, echo: echo_states.Results) -> explore.LongData:
    rnn = min(flow.rnn_grids, key=lambda grid: abs(grid.input_scale - SLIDER_INPUT_SCALE))
    lstm = flow.lstm_grid
    radius = int(np.abs(np.array(lstm.radii) - SLIDER_LSTM_RADIUS).argmin())
    forgetting = next(left for left in echo.left if left.input_scale == DRAWN_SCALE)
    return explore.LongData(
        lags=np.asarray(flow.slider_lags, float),
        rnn=_medians(rnn.radii, rnn.log_norm),
        lstm=_medians(lstm.forget_biases, lstm.log_norm[radius]),
        delays=np.arange(1, echo.delays + 1, dtype=float),
        memory=_medians(echo.memory.radii, echo.memory.by_delay),
        units=echo.settings.hidden,
        forgetting=float(np.nanmedian(forgetting.last_radii)),
    )


def _medians(settings: Sequence[float], medians: np.ndarray) -> Curves:
    """Curves [settings, points] without a band."""
    values = medians.astype(float)
    return Curves(np.array(settings, float), values, values, values)
