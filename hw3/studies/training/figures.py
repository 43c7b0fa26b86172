"""Curves of training."""

from matplotlib import ticker
from matplotlib.figure import Figure

from hw3.report import style
from hw3.report.words import percent
from hw3.studies.training.measure import Results

CURVES = "curves.png"
SETS = (("train", style.BLUE, "o"), ("test", style.VERMILION, "s"))


def figures(results: Results) -> dict[str, Figure]:
    """All figures of the study by file name."""
    return {CURVES: curves(results)}


@style.styled
def curves(results: Results) -> Figure:
    """Error and loss of both sets after every epoch; the error on a log scale, where 99% and 99.5% lie apart."""
    history, published = results.history, results.published_accuracy
    figure = style.new_figure(style.WIDTH, 2.7)
    figure.suptitle(f"{results.run.model} on {results.run.dataset}")
    error_ax, loss_ax = figure.subplots(1, 2)
    epochs = [row.epoch for row in history]
    for name, colour, marker in SETS:
        metrics = [getattr(row, name) for row in history]
        options = {"color": colour, "marker": marker, "markersize": 3.5, "label": name}
        error_ax.semilogy(epochs, [max(100 * (1 - m.accuracy), 1e-3) for m in metrics], **options)
        loss_ax.semilogy(epochs, [m.loss for m in metrics], **options)
    if published is not None:
        error_ax.axhline(
            100 * (1 - published), color=style.GREY, linestyle="--", linewidth=0.9, label="published, test"
        )
    last = history[-1]
    error_ax.set_title(f"accuracy {percent(last.train.accuracy)} train, {percent(last.test.accuracy)} test")
    error_ax.set_ylabel("error (% of images)")
    loss_ax.set_title(f"loss {last.train.loss:.4f} train, {last.test.loss:.4f} test")
    loss_ax.set_ylabel("cross-entropy (nats per image)")
    for ax in (error_ax, loss_ax):
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        ax.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        ax.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        ax.yaxis.set_minor_formatter(ticker.NullFormatter())
        ax.grid(True, which="both", linewidth=0.3, alpha=0.6)
        ax.legend(frameon=False)
    return figure
