"""What a notebook shows of a result that is named in it: HTML without a script and without anything from elsewhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from hw3.report import heatmap, math, style

# Three maps of three images with so many positions each stay below 1 MB.
IMAGES = 3
POSITIONS = 600
SIDE = 73  # positions along an axis
ROWS = 5  # of a table that stands in for maps
AXES = {1: ("sample",), 2: ("row", "column"), 3: ("depth", "row", "column")}
TITLES = {
    1: ("first sample of the patch",),
    2: ("top row of the patch (pixel)", "left column of the patch (pixel)"),
}

STEPS = 5  # of a longer sequence the last ones: the loss is there
ENTRIES = 4  # of a vector, or along each side of a matrix
GATES = {"forget": "f", "input": "g", "output": "q", "candidate": "k"}
LETTERS = {"y": "ŷ", "y_hat": "ŷ"}


class Maps(NamedTuple):
    """The maps of a sweep's first images."""

    true: np.ndarray  # float [shown, ...positions], probability, or another score, of the label
    highest: np.ndarray  # float [shown, ...positions], the highest among the classes
    predicted: np.ndarray  # int [shown, ...positions]
    clean: np.ndarray  # float [shown, classes], of the images without a patch
    labels: np.ndarray  # int [shown]
    starts: Sequence[np.ndarray]  # int [positions] along each axis, first pixels of the patch
    patch: Sequence[int]  # pixels along each axis
    image_shape: Sequence[int]  # pixels along each axis
    images: int  # in the whole sweep


def maps(given: Maps) -> str:
    """The three maps of each image, with all that is known of a position where one points; below them how many images
    are not shown.

    Of maps with more than `POSITIONS` positions, or `SIDE` along an axis, every so manieth is shown, which is said. Of
    more than two axes there is a table of the most harmful positions instead.
    """
    sizes = [len(starts) for starts in given.starts]
    positions = _count(int(np.prod(sizes)), "position")
    parts = [
        Markup("<div><b>Sweep</b> of {} of {} {}: patch {}, {}, {}.</div>").format(
            _count(given.images, _noun(given)),
            _sizes(given.image_shape),
            "pixels" if len(sizes) > 1 else "samples",
            _sizes(given.patch),
            positions if len(sizes) == 1 else f"{_sizes(sizes)} = {positions}",
            _count(given.clean.shape[-1], "class", "es"),
        )
    ]
    flat = len(sizes) in TITLES
    steps = thinning(sizes)
    if flat and max(steps) > 1:
        few = [f"one {name} in {step}" for step, name in zip(steps, AXES[len(sizes)], strict=True) if step > 1]
        parts.append(
            Markup("<div>The maps show {}; the sentences count all positions.</div>").format(" and ".join(few))
        )
    if flat:
        parts.append(Markup("<div>Point at a cell for its numbers.</div>"))
    for image in range(len(given.labels)):
        parts.append(_sentence(given, image))
        parts.append(_three(given, image, steps) if flat else _most_harmful(given, image))
    if more := given.images - len(given.labels):
        parts.append(
            Markup("<div>{} not shown; <code>to_xarray()</code> has all.</div>").format(
                _count(more, f"more {_noun(given)}")
            )
        )
    return str(_scrolling("Occlusion maps", parts))


def thinning(sizes: Sequence[int]) -> tuple[int, ...]:
    """For one position that is shown along each axis, how many there are.

    >>> thinning([21, 21]), thinning([209, 209]), thinning([1000])
    ((1, 1), (9, 9), (14,))
    """
    steps, shown = [1] * len(sizes), list(sizes)
    while np.prod(shown) > POSITIONS or max(shown) > SIDE:
        axis = int(np.argmax(shown))
        steps[axis] += 1
        shown[axis] = -(-sizes[axis] // steps[axis])
    return tuple(steps)


def unrolled(title: str, fields: Mapping[str, Any]) -> str | None:
    """The steps of an unrolled network side by side, every quantity as a vector or a matrix, and the gradient.

    Args: fields: of an unrolled network of `hw3.recurrent`: `loss`, `do_dh` and `gradient`, and all others by step,
    time the first axis. Returns None if they are not arrays of one sequence.
    """
    leaves = list(_leaves((), fields))
    lasting = [(path, values) for path, values in leaves if path[0] in ("do_dh", "gradient")]
    by_step = [(path, values) for path, values in leaves if path[0] not in ("loss", "do_dh", "gradient")]
    if np.ndim(fields["loss"]) or any(values.ndim not in (2, 3) for _, values in by_step):
        return None
    steps = len(by_step[0][1])
    shown = range(max(0, steps - STEPS), steps)
    table = _table(
        ["", *(f"t = {t + 1}" for t in shown)],
        ([_name(path, values[0]), *(_matrix(values[t]) for t in shown)] for path, values in by_step),
    )
    sums = (
        Markup('<div style="display:inline-block;margin:4px 20px 4px 0">{} = {}</div>').format(
            _name(path, values), _matrix(values)
        )
        for path, values in lasting
    )
    which = f"; the last {STEPS} are shown" if steps > STEPS else ""
    parts = [
        # Inside a class, so that the notebook's other outputs keep their looks.
        Markup("<style>.hw3-unrolled {{ {} .matrix mtd {{ padding: .3em; }} }}</style>").format(Markup(math.STYLE)),
        Markup("<div><b>{}</b>: loss {:.9g} over {}{}.</div>").format(
            title, float(fields["loss"]), _count(steps, "step"), which
        ),
        table,
        Markup("<div>Direct: through the output of its own step alone; without that word all later steps count.</div>"),
        Markup("<div><b>Gradient</b>, and ∂o/∂h = V, the same in every step</div>"),
        Markup("<div>{}</div>").format(Markup(" ").join(sums)),
    ]
    return str(_scrolling(title, parts, "hw3-unrolled"))


def _scrolling(name: str, parts: Iterable[Markup], group: str = "hw3-maps") -> Markup:
    # What scrolls sideways must be reached by the keyboard.
    return Markup('<div class="{}" style="overflow-x:auto" tabindex="0" role="group" aria-label="{}">{}</div>').format(
        group, name, Markup("").join(parts)
    )


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"


def _table(heads: Iterable[object], rows: Iterable[Iterable[object]]) -> Markup:
    def line(tag: str, cells: Iterable[object]) -> Markup:
        joined = Markup("").join(Markup(f"<{tag}>{{}}</{tag}>").format(cell) for cell in cells)
        return Markup("<tr>{}</tr>").format(joined)

    body = Markup("").join(line("td", cells) for cells in rows)
    return Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(line("th", heads), body)


def _sizes(numbers: Iterable[int]) -> str:
    return "×".join(str(int(number)) for number in numbers)


def _word(given: Maps) -> str:
    """What the classes' numbers are called: probabilities, if they sum to 1."""
    sums = bool(np.all(given.clean >= 0)) and np.allclose(given.clean.sum(-1), 1, atol=1e-3)
    return "probability" if sums else "score"


def _noun(given: Maps) -> str:
    return "signal" if len(given.starts) == 1 else "image"


def _position(given: Maps, index: Sequence[Any]) -> str:
    axes = zip(AXES[len(given.starts)], given.starts, index, strict=True)
    return ", ".join(f"{name} {int(starts[at])}" for name, starts, at in axes)


def _sentence(given: Maps, image: int) -> Markup:
    """What all positions of an image come to."""
    true, label, clean = given.true[image], int(given.labels[image]), given.clean[image]
    predicted = "" if clean.argmax() == label else f", predicted {int(clean.argmax())}"
    return Markup(
        '<div style="margin-top:10px"><b>{} {}, label {}</b>: {} {:.6g} without a patch{}; lowest {:.6g} at {}; '
        "predicted {} at {} of {} positions.</div>"
    ).format(
        _noun(given).capitalize(),
        image,
        label,
        _word(given),
        clean[label],
        predicted,
        true.min(),
        _position(given, np.unravel_index(true.argmin(), true.shape)),
        label,
        int((given.predicted[image] == label).sum()),
        true.size,
    )


def _three(given: Maps, image: int, steps: Sequence[int]) -> Markup:
    """The three maps of an image, side by side where there is room."""
    few = tuple(slice(None, None, step) for step in steps)
    starts = [each[some] for each, some in zip(given.starts, few, strict=True)]
    true, highest, predicted = (each[image][few] for each in (given.true, given.highest, given.predicted))
    label, word = int(given.labels[image]), _word(given)
    titles = np.empty(true.shape, object)
    for index in np.ndindex(true.shape):
        at = _position(given._replace(starts=starts), index)
        titles[index] = (
            f"{at}: {word} of {label} {true[index]:.6g}, highest {highest[index]:.6g}, predicted {predicted[index]}"
        )
    names = TITLES[true.ndim]
    drawn = [
        heatmap.figure(title, heatmap.graded(values), titles, starts, names, heatmap.scale(values))
        for title, values in ((f"{word.capitalize()} of {label}", true), (f"Highest {word}", highest))
    ]
    colour = style.label_colours(map(int, np.unique(given.predicted[image])), label)
    colours = heatmap.discrete(predicted, colour)
    drawn.append(
        heatmap.figure("Predicted label", colours, titles, starts, names, texts=predicted)
        + heatmap.legend(given.predicted[image], colour)
    )
    beside = Markup('<div style="display:inline-block;vertical-align:top;margin-top:6px">{}</div>')
    return Markup("<div>{}</div>").format(Markup(" ").join(beside.format(each) for each in drawn))


def _most_harmful(given: Maps, image: int) -> Markup:
    """The positions at which the label's probability is lowest, for maps that no plane holds."""
    true, word = given.true[image], _word(given)
    order = np.argsort(true, axis=None, kind="stable")[:ROWS]
    rows = (
        [
            *(int(starts[at]) for starts, at in zip(given.starts, index, strict=True)),
            f"{true[index]:.6g}",
            f"{given.highest[image][index]:.6g}",
            int(given.predicted[image][index]),
        ]
        for index in zip(*np.unravel_index(order, true.shape), strict=True)
    )
    heads = [*AXES[true.ndim], f"{word} of {int(given.labels[image])}", f"highest {word}", "predicted"]
    return Markup("<div>Maps along three axes are not drawn. The positions that harm most:</div>{}").format(
        _table(heads, rows)
    )


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
    """The arrays of nested NamedTuples with the fields' names on the way to them."""
    parts = value if isinstance(value, Mapping) else value._asdict() if hasattr(value, "_asdict") else None
    if parts is None:
        yield path, np.asarray(value)
        return
    for name, part in parts.items():
        yield from _leaves((*path, name), part)


def _name(path: Sequence[str], values: np.ndarray) -> Markup:
    """What a field is called in formulas, and how much of it is shown."""
    index = next((GATES[name] for name in path if name in GATES), "")
    sub = Markup("<sub>{}</sub>").format(index) if index else ""
    cut = f" (the first {ENTRIES} of {_sizes(values.shape)})" if max(values.shape) > ENTRIES else ""
    if path[0] == "forward":
        return Markup("{}{}").format(LETTERS.get(path[-1], path[-1]), cut)
    of, by, *rest = ("dL", f"d{path[-1]}") if path[0] == "gradient" else path[0].split("_")
    of, by = (LETTERS.get(name[1:], name[1:]) for name in (of, by))
    before = Markup("<sup>(t)</sup>"), Markup("<sup>(t−1)</sup>")
    above, below = before if of == by else ("", "")
    return Markup("∂{}{}/∂{}{}{}{}{}").format(of or index, above, by, sub, below, f" {rest[0]}" if rest else "", cut)


def _matrix(values: np.ndarray) -> Markup:
    """The first entries of a vector or a matrix; spaces keep numbers apart where a filter takes the mathematics out."""
    shown = values[(slice(ENTRIES),) * values.ndim]
    written = math.vector(shown) if shown.ndim == 1 else math.matrix(shown)
    return Markup(str(math.inline(written)).replace("</mtd>", " </mtd>"))
