"""A page of all explorables with real digits, and a network that needs no training run."""

import jax
import jax.numpy as jnp
import numpy as np

from hw3 import cnn
from hw3.datasets import as_float
from hw3.recurrent import echo_state
from hw3.report import explore
from hw3.studies import given

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src data:"
)
NETWORK = "conv5-32 maxpool2 conv3-8 conv3-16 maxpool2 dense100"  # layers of every kind; small, for JavaScript
STATIC = "The picture for readers without JavaScript."


def ridge_network(dataset, description=NETWORK, images=1000):
    """A network as drawn, its classifier fitted by ridge regression: right about most digits, and never trained."""
    model = cnn.CNN(cnn.parse(description))
    params = cnn.init(model, jax.random.key(0), (28, 28, 1))
    last = cnn.layer_names(model.layers)[-1]

    @jax.jit
    def features(params, pixels):
        return cnn.activations(model, params, as_float(pixels))[last].reshape(len(pixels), -1)

    targets = jax.nn.one_hot(dataset.train_labels[:images], 10)
    readout = echo_state.ridge(features(params, dataset.train_images[:images]), targets, 1.0)
    sharper = 12.0  # from targets of 0 and 1 to logits that differ
    logits = {"linear": {"kernel": sharper * readout.V.T, "bias": sharper * readout.c}}
    return model, {**params, "logits": logits}


def digits_of(dataset, count):
    """The first test digits: 0 to 9, then 0 to 9 again."""
    of_class = [np.flatnonzero(dataset.test_labels == label)[: count // 10] for label in range(10)]
    ordered = np.stack(of_class, axis=1).ravel()
    return explore.DigitsData(dataset.test_images[ordered, ..., 0], dataset.test_labels[ordered].astype(np.uint8))


def network_data(model, params, name=NETWORK):
    return explore.network_data(name, (28, 28, 1), cnn.layer_names(model.layers), model.layers, params)


def made_up_curves():
    """Curves with the right shapes for "long": straight lines."""
    lags = np.array([0, 1, 10, 100, 1000], np.float64)
    delays = np.arange(1, 31, dtype=np.float64)

    def curves(settings, lines):
        lines = np.array(lines)
        return explore.Curves(np.array(settings, np.float64), lines - 0.1, lines, lines + 0.1)

    return explore.LongData(
        lags=lags,
        rnn=curves([0.5, 0.9, 1.1], [np.log(rho) * lags for rho in (0.5, 0.9, 1.1)]),
        lstm=curves([-1, 1, 5], [np.log(jax.nn.sigmoid(bias)) * lags for bias in (-1.0, 1.0, 5.0)]),
        delays=delays,
        memory=curves([0.5, 0.95], [0.8 * np.exp(-delays / scale) + 0.1 for scale in (4, 10)]),
        units=50,
        forgetting=1.2,
    )


def data_of(digits, model, long=None, auc=None, finds=None):
    """Data for every explorable; "patch" comes last, as its maps are swept only when they are in sight."""
    first, second = (int(np.flatnonzero(digits.labels == label)[0]) for label in (0, 8))
    six = int(np.flatnonzero(digits.labels == 6)[0])
    layers = dict(zip(cnn.layer_names(model.layers), model.layers, strict=True))
    made_up = {n: np.linspace(0, 1, l.features, dtype=np.float32) for n, l in layers.items() if l.kind == "conv"}
    pieces = (
        explore.Find(second, (10, 10), (8, 9), (4, 10)),
        explore.Find(first, (8, 8), (8, 8), (6, 12)),
    )
    return {
        "unroll": explore.UnrollData(given.RNN_PARAMS, given.SEQUENCE, given.LOSS, 0.002, 1e-4),
        "gates": explore.GatesData(given.LSTM_PARAMS, given.SEQUENCE, given.LOSS, np.zeros(2)),
        "long": long or made_up_curves(),
        "features": explore.FeaturesData((0, 8), (first, second), (980, 974), auc or made_up),
        "piece": explore.PieceData(six, finds or pieces),
        "patch": explore.PatchData(six),
    }


def page(network, digits, data):
    """The page as HTML text; its policy lets nothing in from elsewhere."""
    parts = "".join(f"<h2>{name}</h2>{explore.explorable(name, value, STATIC)}" for name, value in data.items())
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Explorables</title>
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>body {{ margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 56rem; margin: 0 auto; padding: 0 1rem; }}</style></head>
<body><main><h1>Explorables</h1>{parts}</main>
{explore.assets(network, digits)}</body></html>
"""


def probabilities(model, params, images):
    """JAX's, float32 [n, 10], of images uint8 [n, 28, 28]."""
    return np.asarray(jax.jit(cnn.predictor(model, params))(jnp.asarray(as_float(images[..., None]))))
