"""Formulas for the page as MathML, which every browser draws: symbols, matrices, derivations with their numbers.

Everything returns `Markup`, so that templates take it as it is; text that is given is escaped. `inline` and
`derivation` make whole `<math>` elements, the rest are their parts. A page that shows them embeds `STYLE`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from hw3.errors import InvalidInput

DIGITS = 6  # significant ones
POSITIONAL = (1e-7, 1e15)  # numbers of these sizes are written without a power of ten

# A matrix gets its brackets from here: brackets that stretch need a mathematical font, which many machines lack. And a
# cell's content is a block, which text-align moves only under the browsers' own names for it.
STYLE = """
.derivation { overflow-x: auto; margin: .6rem 0 1rem; padding-bottom: .3rem; }
.derivation mtable { math-style: normal; }
.derivation mtd { padding: .14em .22em; vertical-align: middle; text-align: center; text-align: -webkit-center; }
.derivation math > mtable > mtr > mtd:first-child { width: 6.4em; }
.derivation p { margin: .9em 0 0; font-size: .92em; color: var(--muted, #5a5d66); }
.derivation .values { color: var(--accent, #0b5cad); }
.matrix {
  --edge: linear-gradient(currentColor, currentColor); --tip: .3em .09em;
  border: solid currentColor; border-width: 0 .09em; padding: .08em .22em; margin: .1em;
  background: var(--edge) 0 0 / var(--tip), var(--edge) 0 100% / var(--tip),
    var(--edge) 100% 0 / var(--tip), var(--edge) 100% 100% / var(--tip);
  background-repeat: no-repeat; background-origin: border-box; print-color-adjust: exact;
}
.matrix mtd, .derivation .matrix mtd { padding: .13em .3em; text-align: right; text-align: -webkit-right; }
.column mtd, .derivation .column mtd { text-align: center; text-align: -webkit-center; }
@media print { .derivation { overflow: visible; } .derivation .line { break-inside: avoid; } }
"""


class Term(NamedTuple):
    """A symbol, or an expression of symbols, and the number, vector or matrix that it stands for."""

    symbol: Markup
    value: Markup


class Line(NamedTuple):
    """A line of a derivation: what is done, in words, and the terms with the operators between them as strings."""

    words: str
    parts: Sequence[Term | str]


def symbol(name: str, sub: str | Markup = "", sup: str | Markup = "", over: str = "") -> Markup:
    """A symbol with what stands below, above and over it, as `symbol("y", sub="1", sup="(3)", over="^")`."""
    found = _atom(name)
    if over:
        found = Markup('<mover accent="true">{}<mo>{}</mo></mover>').format(found, over)
    if sub and sup:
        return Markup("<msubsup>{}{}{}</msubsup>").format(found, _atom(sub), _atom(sup))
    if sub:
        return Markup("<msub>{}{}</msub>").format(found, _atom(sub))
    return Markup("<msup>{}{}</msup>").format(found, _atom(sup)) if sup else found


def power(base: Markup, exponent: str | Markup) -> Markup:
    """A base to an exponent, or a matrix transposed (exponent "T")."""
    return Markup("<msup>{}{}</msup>").format(base, _atom(exponent))


def row(*parts: str | Markup) -> Markup:
    """Parts one after the other; strings are operators and brackets."""
    return Markup("<mrow>{}</mrow>").format(Markup("").join(map(_operator, parts)))


def fraction(top: str | Markup, bottom: str | Markup) -> Markup:
    """One over the other."""
    return Markup("<mfrac>{}{}</mfrac>").format(_atom(top), _atom(bottom))


def derivative(of: str | Markup, by: str | Markup) -> Markup:
    """The partial derivative of one with respect to the other."""
    return fraction(row("∂", _atom(of)), row("∂", _atom(by)))


def apply(function: str, argument: Markup) -> Markup:
    """A function with its name upright, as softmax, of an argument in brackets."""
    return row(
        Markup("<mi mathvariant='normal'>{}</mi>").format(function), "\N{FUNCTION APPLICATION}", "(", argument, ")"
    )


def number(value: float, digits: int = DIGITS) -> Markup:
    """A number of so many significant digits, without zeros that say nothing."""
    text = _text(value, digits)
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return Markup("<mn>{}</mn>").format(text)
    ten = Markup("<msup><mn>10</mn><mn>{}</mn></msup>").format(exponent)
    return row(Markup("<mn>{}</mn>").format(mantissa), "×", ten)


def matrix(values: Any, digits: int = DIGITS) -> Markup:
    """A matrix `[rows, columns]`, the digits of a column aligned at the decimal point.

    Raises ValueError for another number of dimensions.
    """
    array = np.asarray(values, float)
    if array.ndim != 2:
        raise InvalidInput(f"a matrix has two dimensions, not {array.ndim}")
    columns = [_aligned(column, digits) for column in array.T]
    lines = [Markup("").join(map(Markup("<mtd>{}</mtd>").format, cells)) for cells in zip(*columns, strict=True)]
    body = Markup("").join(map(Markup("<mtr>{}</mtr>").format, lines))
    return Markup('<mtable class="matrix">{}</mtable>').format(body)


def vector(values: Any, digits: int = DIGITS) -> Markup:
    """A column `[n]`."""
    return matrix(np.asarray(values, float)[:, None], digits)


def column(entries: Sequence[Markup]) -> Markup:
    """A column of expressions."""
    body = Markup("").join(map(Markup("<mtr><mtd>{}</mtd></mtr>").format, entries))
    return Markup('<mtable class="matrix column">{}</mtable>').format(body)


def inline(*parts: str | Markup) -> Markup:
    """A formula in a sentence or in a table's cell; strings are operators and brackets."""
    return Markup('<math displaystyle="true">{}</math>').format(row(*parts))


def derivation(lines: Sequence[Line]) -> Markup:
    """Lines under each other, what is equal aligned, and under every symbol its value.

    Each line is a table of its own: columns in common would make every line as wide as the widest symbols together.
    """
    # What scrolls sideways must be reached by the keyboard.
    return Markup('<div class="derivation" tabindex="0" role="group" aria-label="Line by line">{}</div>').format(
        Markup("").join(map(_line, lines))
    )


def _line(line: Line) -> Markup:
    symbols, values = (
        Markup("").join(
            Markup("<mtd>{}</mtd>").format(_operator(part) if isinstance(part, str) else part[index])
            for part in line.parts
        )
        for index in (0, 1)
    )
    words = Markup("<p>{}</p>").format(line.words) if line.words else Markup()
    return Markup(
        '<div class="line">{}<math displaystyle="true"><mtable><mtr>{}</mtr><mtr class="values">{}</mtr></mtable>'
        "</math></div>"
    ).format(words, symbols, values)


def _operator(part: str | Markup) -> Markup:
    return part if isinstance(part, Markup) else Markup('<mo stretchy="false">{}</mo>').format(part)


def _atom(part: str | Markup) -> Markup:
    """A number, a letter, or anything else as text."""
    if isinstance(part, Markup):
        return part
    element = "mn" if part.replace(".", "").isdigit() else "mi" if part.isalpha() else "mtext"
    return Markup(f"<{element}>{{}}</{element}>").format(part)


def _text(value: float, digits: int) -> str:
    """The number with a proper minus sign; "2.5e−9" where it is too small or too large to write out."""
    value = float(value) + 0.0  # no minus zero
    smallest, largest = POSITIONAL
    if not np.isfinite(value) or (value and not smallest <= abs(value) < largest):
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}e{int(exponent)}" if exponent else {"nan": "NaN", "inf": "∞", "-inf": "-∞"}[mantissa]
    else:
        text = np.format_float_positional(value, digits, unique=False, fractional=False, trim="-")
    return text.replace("-", "−")


def _aligned(values: np.ndarray, digits: int) -> list[Markup]:
    """The entries of a column, padded on the right with what nobody sees."""
    texts = [_text(value, digits) for value in values]
    after = [0 if "e" in text else len(text) - len(text.partition(".")[0]) for text in texts]  # the point included
    cells = []
    for value, text, count in zip(values, texts, after, strict=True):
        missing = 0 if "e" in text else max(after) - count
        padding = ("." if missing and not count else "") + "0" * (missing - (not count)) if missing else ""
        hidden = Markup("<mphantom><mn>{}</mn></mphantom>").format(padding) if padding else ""
        cells.append(row(number(value, digits), Markup(hidden)))
    return cells
