"""The benchmark as bars: how long each contender takes beside hw3."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from hw3.report import style

OURS, OTHERS = style.BLUE, "#BBBBBB"


@style.styled
def ratio_bars(rows: Mapping[str, Mapping[str, float]], machine: str) -> Figure:
    """Horizontal bars. Args: rows: for each kind of work, each contender's time over that of hw3."""
    count = sum(len(times) + 1 for times in rows.values())
    figure = style.new_figure(style.WIDTH, 0.19 * count + 0.8)
    ax = figure.subplots()
    names: dict[float, str] = {}
    height = 0
    for row, times in rows.items():
        names[height] = rf"$\bf{{{row.replace(' ', '~').replace(',', '{,}')}}}$"
        for name, ratio in times.items():
            height += 1
            names[height] = name
            ax.barh(height, ratio, color=OURS if name == "hw3" else OTHERS)
            ax.text(ratio, height, f" {ratio:.2f}", va="center")
        height += 1
    ax.set_yticks(list(names), list(names.values()))
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    ax.margins(x=0.08, y=0.01)
    ax.axvline(1, color="black", linewidth=0.8)
    ax.set_xlabel("time beside hw3 (hw3 = 1; longer is slower)")
    ax.set_title(f"hw3 beside its peers: {machine}")
    return figure
