"""Filters, feature maps, the features that tell two classes apart, shifted images."""

from typing import Any

import numpy as np
from matplotlib import colors
from matplotlib.figure import Figure

from hw3.cnn.inspection import separation
from hw3.report import style
from hw3.report.words import with_article
from hw3.studies.inspection.measure import FilterBank, Results

FEATURE_MAPS, LAYER_PATH, DISCRIMINATION = "feature_maps.png", "layer_path.png", "discrimination.png"
SHIFTED, SHIFT_CURVES = "shifted.png", "shift_curves.png"
TILES_ACROSS = 8  # channels in a row of a mosaic of feature maps; twice as many for the whole way, which is long
CHANNELS_SHOWN = 5  # the most telling ones


def filters_file(layer: str) -> str:
    """The file with the filters of a layer."""
    return f"filters_{layer}.png"


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    return {
        **{filters_file(bank.layer): filters(bank, results.settings.channels) for bank in results.filters},
        FEATURE_MAPS: feature_maps(results),
        LAYER_PATH: layer_path(results),
        DISCRIMINATION: discrimination(results),
        SHIFTED: shifted(results),
        SHIFT_CURVES: shift_curves(results),
    }


@style.styled
def filters(bank: FilterBank, channels: str) -> Figure:
    """All filters of a layer on one symmetric colour scale.

    With `channels` "all", a row a filter and a column an input channel; with "mean", each filter's mean over its
    inputs.
    """
    kernels, layer = bank.kernels, bank.layer
    count, inputs, height, width = kernels.shape
    if channels == "mean" or inputs == 1:
        tiles, columns = kernels.mean(1), 8 if count <= 32 else 16
        what = "mean over its input channels" if inputs > 1 else "one input channel"
    else:
        tiles, columns, what = (
            kernels.reshape(-1, height, width),
            inputs,
            "a row a filter, a column an input channel",
        )
    canvas = style.mosaic(tiles, columns)
    aspect = canvas.shape[0] / canvas.shape[1]
    figure = style.new_figure(style.WIDTH, min(0.9 * style.WIDTH * aspect, 12.0) + 0.5)
    ax = figure.subplots()
    ax.set_facecolor("#444444")
    artist = style.show(ax, canvas, cmap=style.DIVERGING, norm=style.symmetric(canvas), vmin=None, vmax=None)
    ax.set_title(f"{layer}: {count} filters of {height}x{width}, {what}")
    figure.colorbar(artist, ax=ax, label="weight", shrink=0.9, aspect=30, pad=0.01)
    return figure


def _names(results: Results) -> list[str]:
    """What the two pictures are."""
    pairs = zip(results.features.images, results.settings.classes, strict=True)
    return [f"test image {row}, {with_article(label)}" for row, label in pairs]


def _channel_mosaic(activation: np.ndarray, columns: int = TILES_ACROSS) -> np.ndarray:
    """Channels [height, width, channels] as one map; a vector [features] in lines of 20."""
    if activation.ndim == 1:
        return style.mosaic(activation[:, None, None], min(20, len(activation)))
    return style.mosaic(activation.transpose(2, 0, 1), columns)


@style.styled
def feature_maps(results: Results) -> Figure:
    """The maps of one layer for two images side by side, on one colour scale."""
    layer = results.features.layer
    [maps] = (step.maps for step in results.features.path if step.layer == layer)
    canvases = [_channel_mosaic(activation) for activation in maps]
    aspect = canvases[0].shape[0] / canvases[0].shape[1]
    figure = style.new_figure(style.WIDTH, 0.45 * style.WIDTH * aspect + 1.3)
    figure.suptitle(f"Feature maps of {layer}, {maps[0].shape[-1]} channels")
    axes = figure.subplots(2, 2, height_ratios=[0.9, 0.45 * style.WIDTH * aspect])
    norm = colors.Normalize(0, max(float(np.nanmax(canvas)) for canvas in canvases))
    for column, (image, canvas, name) in enumerate(
        zip(results.features.pictures, canvases, _names(results), strict=True)
    ):
        style.show(axes[0, column], image, name)
        axes[1, column].set_facecolor("white")
        artist = style.show(axes[1, column], canvas, cmap=style.SEQUENTIAL, norm=norm, vmin=None, vmax=None)
    figure.colorbar(artist, ax=axes[1, :], label="activation after ReLU", aspect=40, pad=0.01)
    return figure


@style.styled
def layer_path(results: Results) -> Figure:
    """The whole way of two images through the network: every layer's output, one colour scale a layer."""
    path = results.features.path
    canvases = [[_channel_mosaic(activation, 2 * TILES_ACROSS) for activation in step.maps] for step in path]
    half = 0.42 * style.WIDTH
    heights = [0.9, *(half * both[0].shape[0] / both[0].shape[1] for both in canvases)]
    figure = style.new_figure(style.WIDTH, sum(heights) + 0.33 * len(heights))
    axes = figure.subplots(len(heights), 2, height_ratios=heights)
    for column, (image, name) in enumerate(zip(results.features.pictures, _names(results), strict=True)):
        style.show(axes[0, column], image, name)
    for row, (step, both) in enumerate(zip(path, canvases, strict=True), start=1):
        layer = step.layer
        low = min(0.0, *(float(np.nanmin(canvas)) for canvas in both))
        high = max(float(np.nanmax(canvas)) for canvas in both)
        shape = "x".join(map(str, step.maps.shape[1:]))
        for column, canvas in enumerate(both):
            artist = style.show(
                axes[row, column],
                canvas,
                cmap=style.SEQUENTIAL,
                vmin=low,
                vmax=high or 1.0,
                title=f"{layer} {shape}",
            )
            features = step.maps.shape[-1]
            if layer == "logits" and features <= 20:
                axes[row, column].set_xticks((np.arange(features) + 0.5) * canvas.shape[1] / features, range(features))
        figure.colorbar(
            artist, ax=axes[row, :], aspect=12, pad=0.01, label="value" if layer == "logits" else "activation"
        )
    return figure


@style.styled
def discrimination(results: Results) -> Figure:
    """Mean maps of the channels with the most telling cells, for both classes, their difference, each cell's AUC."""
    layer, result = results.features.layer, results.features.discrimination
    best = separation(result.cell_auc)
    order = best.max((0, 1)).argsort()[::-1][:CHANNELS_SHOWN]
    figure = style.new_figure(style.WIDTH, 1.15 * len(order) + 0.9)
    first, second = results.settings.classes
    figure.suptitle(
        f"{layer}: the channels whose single cells best tell {first} from {second} ({result.counts[0]} and "
        f"{result.counts[1]} test images)",
        fontsize=9,
    )
    axes = figure.subplots(len(order), 4, squeeze=False)
    top = float(max(result.first_mean[..., order].max(), result.second_mean[..., order].max()))
    difference = (result.second_mean - result.first_mean)[..., order]
    norm = style.symmetric(difference)
    artists: list[Any] = [None] * 4
    for row, (line, channel) in enumerate(zip(axes, order, strict=True)):
        panels = (
            (
                result.first_mean[..., channel],
                {"cmap": style.SEQUENTIAL, "vmin": 0, "vmax": top},
                f"mean over all {first}",
            ),
            (
                result.second_mean[..., channel],
                {"cmap": style.SEQUENTIAL, "vmin": 0, "vmax": top},
                f"mean over all {second}",
            ),
            (
                difference[..., row],
                {"cmap": style.DIVERGING, "norm": norm, "vmin": None, "vmax": None},
                "difference",
            ),
            (best[..., channel], {"cmap": "magma", "vmin": 0.5, "vmax": 1.0}, "AUC of each cell"),
        )
        at = np.unravel_index(best[..., channel].argmax(), best.shape[:2])
        for column, (values, options, title) in enumerate(panels):
            artists[column] = style.show(line[column], values, title if row == 0 else "", **options)
            line[column].plot(at[1], at[0], marker="s", markersize=9, fillstyle="none", color="white", mew=1.8)
            line[column].plot(at[1], at[0], marker="s", markersize=9, fillstyle="none", color="black", mew=0.8)
        larger = second if result.cell_auc[(*at, channel)] >= 0.5 else first
        line[0].set_ylabel(
            f"channel {channel}\ncell ({at[0]}, {at[1]})\nAUC {best[(*at, channel)]:.4f}\nlarger for {larger}",
            rotation=0,
            ha="right",
            va="center",
        )
    figure.colorbar(artists[1], ax=axes[:, :2], label="activation", location="bottom", aspect=40, shrink=0.8, pad=0.01)
    figure.colorbar(artists[2], ax=axes[:, 2], label="activation", location="bottom", aspect=20, pad=0.01)
    figure.colorbar(artists[3], ax=axes[:, 3], label="AUC", location="bottom", aspect=20, pad=0.01)
    return figure


@style.styled
def shifted(results: Results) -> Figure:
    """An image and its shifted versions with what the network says of each."""
    versions, pictures = results.shifts.versions, results.shifts.pictures
    figure = style.new_figure(1.7 * len(versions), 2.0)
    for ax, picture, version in zip(style.grid(figure, len(versions), len(versions)), pictures, versions, strict=True):
        style.show(ax, picture, f"{version.name}\npredicted {version.prediction} with {version.probability:.5f}")
    return figure


@style.styled
def shift_curves(results: Results) -> Figure:
    """Accuracy against the shift along either axis; shifts as large as those of the pictures have a grey ground."""
    settings, found = results.settings, results.shifts
    label, marked = settings.shift_digit, settings.shift_pixels
    figure = style.new_figure(style.WIDTH, 2.8)
    ax = figure.subplots()
    for accuracy, colour, marker, name in (
        (found.horizontal, style.BLUE, "o", "to the right (left: negative)"),
        (found.vertical, style.VERMILION, "s", "down (up: negative)"),
    ):
        ax.plot(found.shifts, 100 * np.array(accuracy), color=colour, marker=marker, markersize=4, label=name)
    ax.axvspan(-marked, marked, color="#F0F0F0", zorder=0, label=f"up to {marked} pixels")
    ax.set_title(f"Every test image of {label} ({found.images}), shifted with clamped borders")
    ax.set_xlabel("shift (pixels)")
    ax.set_ylabel(f"classified as {label} (% of images)")
    ax.set_xticks(found.shifts)
    ax.set_ylim(0, 103)
    ax.grid(True, linewidth=0.3, alpha=0.6)
    ax.legend(frameon=False, loc="lower center")
    return figure
