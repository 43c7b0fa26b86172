"""Charts as SVG for the page: sharp at every size, and most of them smaller than their pixels.

An SVG lies beside its PNG, under the same name, only where it is the smaller of the two on the page, which takes what
it finds.
"""

import io
import re
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup
from matplotlib import collections, image
from matplotlib.figure import Figure

SVG, LINK = "http://www.w3.org/2000/svg", "{http://www.w3.org/1999/xlink}href"
# Text stays text, in fonts that most readers have; names of shared parts follow from what they name, not from chance.
SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "hw3",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
}
# Of the bytes of a figure's PNG on disk, what the same takes on the page (256 colours, base64) at the very least.
ON_PAGE = 1 / 3
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_PICTURES = (image.AxesImage, collections.QuadMesh)


def file_beside(png: str) -> str:
    """Where the SVG of a figure lies.

    >>> file_beside("rnn/shares.png")
    'rnn/shares.svg'
    """
    return png.removesuffix(".png") + ".svg"


def chart(figure: Figure) -> str | None:
    """A figure as SVG text without what a page does not need; None for one with pictures, which are made of pixels.

    Lengths keep four digits, a tenth of a point. The same figure gives the same text.
    """
    if figure.findobj(lambda artist: isinstance(artist, _PICTURES)):
        return None
    written = io.StringIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ElementTree.fromstring(written.getvalue())
    _tidy(root, set(re.findall(r'(?:href="|url\()#([^")]+)', written.getvalue())))
    _share_styles(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return text.replace(f'xmlns:ns0="{SVG}"', f'xmlns="{SVG}"').replace("ns0:", "")


def address(svg: str) -> Markup:
    """SVG text as an address that stands in an HTML attribute between double quotation marks."""
    safe = svg.replace("%", "%25").replace("#", "%23").replace("//", "%2F%2F").replace('"', "'")
    return Markup("data:image/svg+xml,") + Markup(safe.replace("&", "&amp;"))


def _tidy(element: ElementTree.Element, referred: set[str]) -> None:
    """Leaves out names that nothing refers to, groups that group nothing, blanks, and digits that nobody sees."""
    if element.get("id") not in referred:
        element.attrib.pop("id", None)
    if target := element.attrib.pop(LINK, None):
        element.set("href", target)
    for name, value in element.attrib.items():
        # A quotation mark around a font's name would have to be escaped in an address.
        element.set(name, " ".join(_NUMBER.sub(_shortened, value).replace("'", "").split()))
    for child in list(element):
        _tidy(child, referred)
        if child.tag == f"{{{SVG}}}metadata":
            element.remove(child)
        elif child.tag == f"{{{SVG}}}g" and not child.attrib:
            place = list(element).index(child)
            element[place : place + 1] = list(child)
    if not (element.text or "").strip():
        element.text = None
    element.tail = None


def _shortened(number: re.Match[str]) -> str:
    return f"{float(number[0]):.4g}"


def _share_styles(root: ElementTree.Element) -> None:
    """Says a style once that several elements have."""
    styles = Counter(style for element in root.iter() if (style := element.get("style")))
    names = {style: f"c{place}" for place, (style, count) in enumerate(styles.items()) if count > 1}
    for element in root.iter():
        if element.get("style") in names:
            element.set("class", names[element.attrib.pop("style")])
    sheet = ElementTree.Element(f"{{{SVG}}}style")
    sheet.text = "".join(f".{name}{{{style}}}" for style, name in names.items())
    root.insert(0, sheet)
