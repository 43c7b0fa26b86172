"""What follows from a network's layers without computing: the shapes of maps and what their cells see."""

from hw3.cnn.notation import Layer, layer_names
from hw3.errors import InvalidInput

Shape = tuple[int, ...]  # height, width, channels, or features behind a dense layer


def shapes(layers: tuple[Layer, ...], image_shape: Shape) -> dict[str, Shape]:
    """The output shape of every layer by name, for one image (height, width, channels).

    Raises ValueError naming the first layer that would be left with no pixels.

    >>> from hw3.cnn.notation import parse
    >>> shapes(parse("conv5-32 maxpool2 dense100"), (28, 28, 1))
    {'conv1': (24, 24, 32), 'maxpool1': (12, 12, 32), 'dense1': (100,)}
    """
    found, shape = {}, image_shape
    for name, layer in zip(layer_names(layers), layers, strict=True):
        if layer.kind == "conv":
            shape = shape[0] - layer.window + 1, shape[1] - layer.window + 1, layer.features
        elif layer.kind == "maxpool":
            shape = shape[0] // layer.window, shape[1] // layer.window, shape[2]
        elif layer.kind == "dense":
            shape = (layer.features,)
        if min(shape) < 1:
            raise InvalidInput(f"images of {image_shape[0]}x{image_shape[1]} pixels are too small for layer {name}")
        found[name] = shape
    return found


def field(layers: tuple[Layer, ...], layer: str, row: int, col: int) -> tuple[int, int, int, int]:
    """Pixels of the input that the cell (row, col) of a layer's map sees: first row, last row, first and last column.

    Raises ValueError if `layer` is not a convolution or pooling of this network.
    """
    names = layer_names(layers)
    if layer not in names or not layer.startswith(("conv", "maxpool")):
        raise InvalidInput(f"no convolution or pooling {layer!r}; this network has {', '.join(names)}")
    first, last = (row, col), (row, col)
    for spec in reversed(layers[: names.index(layer) + 1]):
        if spec.kind == "conv":
            last = last[0] + spec.window - 1, last[1] + spec.window - 1
        elif spec.kind == "maxpool":
            first = first[0] * spec.window, first[1] * spec.window
            last = last[0] * spec.window + spec.window - 1, last[1] * spec.window + spec.window - 1
    return first[0], last[0], first[1], last[1]
