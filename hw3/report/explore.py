"""What a reader can explore on a page: small programs in the page itself, with the data that they need.

The programs are the ES modules in `hw3/report/explore/`, as they are: no build step, no library, no network. They lie
in the page as text; a loader makes each a module of a blob URL, which works from `file://`. Where a page's policy
forbids what is not named (Content-Security-Policy), it must allow inline scripts and styles and, for scripts and
workers, `blob:`.

A page takes `assets` once, and `explorable` wherever one is wanted. Without JavaScript the reader sees what the caller
gave as `static`. Arrays travel as base64 in their own type, so a trained network is as large as its weights.

Colours are CSS variables (`--ink`, `--paper`, `--accent`, `--muted`, `--grid`, `--wash`) that a page's own style sheet
may set.
"""

import base64
import importlib.resources
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from hw3.errors import InvalidInput

# In the order in which they import one another: a module imports only from those before it.
MODULES = (
    "draw",
    "data",
    "colours",
    "grid",
    "chart",
    "formula",
    "matrices",
    "network",
    "sweep",
    "digits",
    "rnn",
    "lstm",
    "derivation",
    "diagram",
    "patch",
    "piece",
    "features",
    "unroll",
    "gates",
    "long",
    "main",
)


class LayerData(NamedTuple):
    """One layer; a convolution and a dense layer are followed by ReLU, but not the last dense layer, the classifier."""

    kind: str  # conv (stride 1, no padding), maxpool (stride: its window) or dense (flattens)
    name: str  # "conv1", as `hw3.cnn.layer_names`
    window: int = 0  # side of the kernel or of the pooling window, in pixels
    kernel: np.ndarray | None = None  # float32 [window, window, inputs, filters] or [inputs, units]
    bias: np.ndarray | None = None  # float32 [filters] or [units]


class NetworkData(NamedTuple):
    """A trained network, for the explorables patch, piece and features."""

    name: str
    image_shape: tuple[int, int, int]  # height, width, channels (1)
    layers: tuple[LayerData, ...]  # the classifier last


class DigitsData(NamedTuple):
    """The images that a reader chooses from, for patch, piece and features."""

    images: np.ndarray  # uint8 [n, height, width]
    labels: np.ndarray  # uint8 [n]


class PatchData(NamedTuple):
    """Explorable "patch": a grey rectangle over a digit, the ten probabilities and three maps."""

    digit: int  # position among the digits of the one shown first
    side: int = 8  # pixels
    grey: float = 0.0  # in [0, 1]


class Find(NamedTuple):
    """One pasted piece; rows and columns are those of its top left pixel."""

    donor: int  # position among the digits
    size: tuple[int, int]  # height and width in pixels
    cut: tuple[int, int]  # row and column in the donor
    paste: tuple[int, int]  # row and column in the target


class PieceData(NamedTuple):
    """Explorable "piece": a rectangle of another digit, dropped on the target."""

    target: int  # position among the digits
    finds: tuple[Find, ...]  # one-click examples, the first shown first


class FeaturesData(NamedTuple):
    """Explorable "features": the channels of every convolution, and how well each tells two classes apart."""

    classes: tuple[int, int]
    digits: tuple[int, int]  # positions among the digits: one of the first class and one of the second, shown first
    counts: tuple[int, int]  # how many images of either class the AUC was measured on
    auc: Mapping[str, np.ndarray]  # by layer: float32 [channels], of the activation summed over the channel


class UnrollData(NamedTuple):
    """Explorable "unroll": the RNN by hand."""

    params: Any  # b [2], c [2], W [2, 2], U [2, 2], V [2, 2] by these names, as `hw3.recurrent.rnn.RNNParams`
    x: np.ndarray  # [steps, 2]; at most 8 steps
    loss: Any  # squared, logged, every_step, as `hw3.recurrent.rnn.Loss`
    learning_rate: float
    epsilon: float  # of central differences


class GatesData(NamedTuple):
    """Explorable "gates": the LSTM under other biases."""

    params: Any  # gates, c [2], V [2, n], as `hw3.recurrent.lstm.LSTMParams`
    x: np.ndarray  # [steps, inputs]; repeated for longer sequences
    loss: Any  # as for `UnrollData`
    s0: np.ndarray  # [n]
    tanh_candidate: bool = False


class Curves(NamedTuple):
    """A quantity for each of some settings: 10% quantile, median and 90% quantile over many random networks.

    Where the quantiles equal the median no band is seen.
    """

    settings: np.ndarray  # [settings], ascending
    low: np.ndarray  # [settings, points]
    median: np.ndarray  # [settings, points]
    high: np.ndarray  # [settings, points]


class LongData(NamedTuple):
    """Explorable "long": what spectral radius and forget bias do to gradients, and the radius to memory."""

    lags: np.ndarray  # [points], in steps
    rnn: Curves  # by spectral radius: log norm of dh(T)/dh(T-lag), natural logarithm
    lstm: Curves  # by forget bias: the same of d(h, s)(T)/d(h, s)(T-lag)
    delays: np.ndarray  # [delays], 1, 2, ...
    memory: Curves  # by spectral radius: the share of the input so many steps back that is remembered, in [0, 1]
    units: int  # of an echo state network, the bound of its memory capacity
    forgetting: float  # the largest spectral radius at which an echo state network still forgets its start


DATA: Mapping[str, type] = {
    "patch": PatchData,
    "piece": PieceData,
    "features": FeaturesData,
    "unroll": UnrollData,
    "gates": GatesData,
    "long": LongData,
}


def network_data(
    name: str, image_shape: tuple[int, int, int], names: Sequence[str], layers: Sequence[Any], params: Any
) -> NetworkData:
    """A network of `hw3.cnn` for the page.

    Args:
      name: what the network is called.
      image_shape: height, width, channels.
      names, layers: `hw3.cnn.layer_names(layers)` and the layers as `hw3.cnn.parse` gives them.
      params: a mapping of layer names, `logits` among them, to {"linear": {"kernel", "bias"}}.
    """

    def weights(layer: str) -> dict[str, np.ndarray]:
        return {part: np.asarray(params[layer]["linear"][part], np.float32) for part in ("kernel", "bias")}

    found = []
    for label, layer in zip(names, layers, strict=True):
        if layer.kind == "maxpool":
            found.append(LayerData("maxpool", label, layer.window))
        elif layer.kind != "dropout":  # which does nothing after training
            found.append(LayerData(layer.kind, label, layer.window, **weights(label)))
    return NetworkData(name, image_shape, (*found, LayerData("dense", "logits", 0, **weights("logits"))))


def assets(network: NetworkData | None = None, digits: DigitsData | None = None) -> Markup:
    """Style sheet, modules and shared data: once a page, before its explorables or after."""
    modules = Markup("\n").join(
        Markup('<script type="text/plain" data-module="{}">{}</script>').format(name, Markup(_source(f"{name}.js")))
        for name in MODULES
    )
    shared = Markup("\n").join(
        _json_script(value, f'data-shared="{name}"')
        for name, value in (("network", network), ("digits", digits))
        if value is not None
    )
    style, loader = Markup(_source("explore.css")), Markup(_source("loader.js"))
    return Markup("<style>{}</style>\n{}\n{}\n<script>{}</script>").format(style, shared, modules, loader)


def explorable(name: str, data: Any, static: str | Markup = "") -> Markup:
    """One explorable as an HTML fragment.

    Args:
      name: a key of `DATA`; patch, piece and features need the network and the digits of `assets`.
      data: of the type in `DATA`.
      static: HTML (`Markup`) or text that a reader without JavaScript sees in its place.

    Raises ValueError for another name, TypeError for data of another type.
    """
    if name not in DATA:
        raise InvalidInput(f"no explorable {name!r}; there are {', '.join(DATA)}")
    if not isinstance(data, DATA[name]):
        raise TypeError(f"the explorable {name!r} takes {DATA[name].__name__}, not {type(data).__name__}")
    return Markup('<div class="explorable" data-explorable="{}">\n{}\n<div class="static">{}</div>\n</div>').format(
        name, _json_script(data, "data-own"), static
    )


def _source(file: str) -> str:
    """A file of `explore/`, checked not to end the element of the page that it lies in."""
    text = importlib.resources.files("hw3.report").joinpath("explore", file).read_text(encoding="utf-8")
    if "</script" in text or "<!--" in text or "</style" in text:
        raise InvalidInput(f"explore/{file} holds </script, </style or <!--, which a page cannot hold")
    return text


def _json_script(value: Any, attribute: str) -> Markup:
    text = json.dumps(packed(value), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return Markup('<script type="application/json" {}>{}</script>').format(Markup(attribute), Markup(text))


def packed(value: Any) -> Any:
    """JSON of nested NamedTuples, mappings, sequences, numbers and arrays.

    An array becomes {"dtype", "shape", "base64"}, little-endian, in its own type: uint8, int32, float32 or float64.
    Raises ValueError for an array of another type, or of numbers that are not finite.
    """
    if hasattr(value, "_asdict"):
        return {name: packed(field) for name, field in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: packed(field) for name, field in value.items()}
    if isinstance(value, list | tuple):
        return [packed(entry) for entry in value]
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.name not in ("uint8", "int32", "float32", "float64"):
            raise InvalidInput(f"an array of {array.dtype}; it must be uint8, int32, float32 or float64")
        if not np.isfinite(array).all():
            raise InvalidInput("an array holds a value that is not finite")
        content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        return {
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "base64": base64.b64encode(content).decode("ascii"),
        }
    return value
