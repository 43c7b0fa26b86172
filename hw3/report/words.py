"""Numbers and places in words, for sentences that follow from results."""

from collections.abc import Sequence

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction as a percentage; never rounded up to a false 100%.

    >>> percent(0.99531), percent(0.99999), percent(1.0)
    ('99.53%', '99.99%', '100.00%')
    """
    scale = 10 ** (digits + 2)
    value = int(fraction * scale + 0.5) / scale
    if value >= 1 > fraction:
        value = (scale - 1) / scale
    return f"{value:.{digits}%}"


def scientific(value: float, digits: int = 2) -> str:
    """A number of so many digits with a power of ten.

    >>> scientific(1.4e-9), scientific(-0.0002, 1), scientific(0)
    ('1.4×10⁻⁹', '−2×10⁻⁴', '0')
    """
    if not value:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.replace('-', '−')}×10{power(exponent)}"


def power(exponent: str) -> str:
    """An exponent as it stands behind a base.

    >>> power("-09"), power("+2")
    ('⁻⁹', '²')
    """
    return str(int(exponent.replace("−", "-"))).translate(SUPERSCRIPTS)


def possible_share(printed: str, total: int) -> bool:
    """Whether any whole number out of `total` is the percentage `printed`, to its digits.

    >>> possible_share("97.732", 441), possible_share("97.723", 441)
    (True, False)
    """
    digits = len(printed.partition(".")[2])
    return any(f"{100 * count / total:.{digits}f}" == printed for count in range(total + 1))


def enumerated(items: Sequence[object]) -> str:
    """Items in a sentence.

    >>> enumerated([1]), enumerated([1, 2, 3])
    ('1', '1, 2 and 3')
    """
    words = list(map(str, items))
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def with_article(label: int) -> str:
    """A digit with its article.

    >>> with_article(7), with_article(8), with_article(18)
    ('a 7', 'an 8', 'an 18')
    """
    return f"an {label}" if str(label)[0] == "8" or label in (11, 18) else f"a {label}"


def where(top: int, bottom: int, left: int, right: int, size: int = 28) -> str:
    """Where the middle of a rectangle of pixels lies in an image of `size` pixels a side, in words.

    >>> where(10, 17, 10, 17)
    'the middle of the image'
    >>> where(0, 8, 10, 17)
    'the upper middle of the image'
    """
    middle_row, middle_col = (top + bottom) / 2, (left + right) / 2
    vertical = "upper" if middle_row < 0.4 * (size - 1) else "lower" if middle_row > 0.6 * (size - 1) else ""
    horizontal = "left" if middle_col < 0.4 * (size - 1) else "right" if middle_col > 0.6 * (size - 1) else ""
    if horizontal:
        return f"the {vertical + ' ' if vertical else ''}{horizontal} of the image"
    return f"the {vertical + ' ' if vertical else ''}middle of the image"
