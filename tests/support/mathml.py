"""Reads numbers and formulas back from the page's MathML."""

from xml.etree import ElementTree

import numpy as np


def number_in(element):
    """The number that an element shows, whatever is hidden in it left out."""
    shown = "".join(_shown(element)).strip("()").replace("−", "-").replace("∞", "inf")
    mantissa, _, exponent = shown.partition("×10")
    return float(f"{mantissa}e{exponent}" if exponent else mantissa)


def _shown(element):
    if element.tag == "mphantom":
        return
    yield element.text or ""
    for part in element:
        yield from _shown(part)


def values_in(element):
    """The number or the matrix that an element shows."""
    if element.get("class") != "matrix":
        return np.array(number_in(element))
    return np.array([[number_in(cell) for cell in row] for row in element])


def lines_of(derivation):
    """Each line of a derivation: its cells' symbols as text, and what stands below each, an array or an operator."""
    for symbols, values in ElementTree.fromstring(derivation).findall(".//math/mtable"):
        cells = [cell[0] for cell in values]
        below = ["".join(cell.itertext()) if _operator(cell) else values_in(cell) for cell in cells]
        yield ["".join(_shown(cell)) for cell in symbols], below


def _operator(cell):
    return cell.tag == "mo" or (cell.find("mo") is not None and cell.find(".//mn") is None)


def evaluate(parts):
    """What a line's right side comes to: products before sums, "·" of matrices, "⊙" entry by entry."""
    total, sign, product = 0.0, 1.0, None
    operator = "·"
    for part in [*parts, "+"]:
        if isinstance(part, str):
            if part in "+−":
                total = total + sign * product
                sign, product = 1.0 if part == "+" else -1.0, None
            operator = part
        elif product is None:
            product = part
        elif operator == "⊙" or not product.ndim or not part.ndim:
            product = product * part
        else:
            product = product @ part
    return total
