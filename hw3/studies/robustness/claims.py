"""What the documents say on problem 2, each judged by a rule where a rule can judge it.

Statements on their own networks and images that ours can't decide get no mark; ours stands beside them.
"""

from collections import Counter
from typing import NamedTuple

from hw3 import occlusion
from hw3.occlusion.maps import Region
from hw3.report.page import MISPRINTED, RIGHT, WRONG, Published
from hw3.report.words import enumerated, percent, possible_share
from hw3.studies.audit.images import transcription
from hw3.studies.robustness import covering, pasting

MNIST, SIX = "mnist", 6
SIDE, PATCH, WINDOW = 28, 8, 10  # pixels of an image, of the assignment's patch, of document 001's window

# Document 000, problem 2 (1): the positions that it lists, and those where its two lists of probabilities differ.
LISTED_000, DIFFERENT_000 = (59, 60, 60, 71, 82, 93), (59, 60, 70, 71, 82, 93)

# Document 004, problem 4.
PRINTED_POSITIONS_004 = 20  # rows and columns of its tables of probabilities
CLASSES = 10
REGION_004 = Region(4, 21, 5, 19)  # its row(4, 22) and column(5, 20), whose ends are not in it
CHANGED_ROWS_004, CHANGED_COLS_004 = (4, 14), (3, 12)  # first and last place of a changed label in its own table
FLIP_004 = (11, 5, 5)  # row and column of the black patch of its example, and the label


class Judged(NamedTuple):
    """What a rule makes of a statement."""

    mark: str  # as in `Published`
    remark: str = ""


def judge_share(printed: str, positions: int) -> Judged:
    """Whether a percentage can be a share of so many positions; a misprint if exchanging digits gives the nearest one.

    >>> judge_share("97.723", 441)
    Judged(mark='misprinted', remark='no number of 441 positions gives that; 431 give 97.732%')
    >>> judge_share("87.658", 361).mark, judge_share("97.732", 441)
    ('wrong', Judged(mark='', remark=''))
    """
    if possible_share(printed, positions):
        return Judged("")  # of another network: nothing decides it
    count = round(float(printed) / 100 * positions)
    nearest = f"{100 * count / positions:.{len(printed.partition('.')[2])}f}"
    return Judged(
        MISPRINTED if sorted(nearest) == sorted(printed) else WRONG,
        f"no number of {positions} positions gives that; {count} give {nearest}%",
    )


def judge_list(listed: tuple[int, ...], different: tuple[int, ...]) -> Judged:
    """Whether a document lists the positions where its own numbers differ; a misprint if one stands for another.

    >>> judge_list((1, 2, 2), (1, 2, 3))
    Judged(mark='misprinted', remark='its two lists of probabilities differ at 3, not at 2 twice')
    """
    missing, extra = Counter(different) - Counter(listed), Counter(listed) - Counter(different)
    if not missing and not extra:
        return Judged(RIGHT)
    repeated = set(extra) <= set(different) and len(listed) == len(different)
    wrong = f"{enumerated(sorted(extra))}{' twice' if repeated else ''}"
    return Judged(
        MISPRINTED if repeated else WRONG,
        f"its two lists of probabilities differ at {enumerated(sorted(missing))}, not at {wrong}",
    )


def _positions(patch: int) -> int:
    """Places of a patch along one side of an MNIST image."""
    return len(occlusion.positions(SIDE, patch, 1))


def maps(results: covering.Results) -> list[Published]:
    """On the three maps."""
    as_asked = _as_asked(results.dataset, results.settings.digit)
    of_ours = f"test image {results.image}: "
    right = of_ours + percent(results.accuracy, 3) if as_asked else ""
    taken_for = enumerated([wrong.label for wrong in results.taken_for]) if as_asked and results.taken_for else ""
    labels = taken_for and f"{of_ours}taken for {taken_for}"
    share = judge_share("97.723", _positions(PATCH) ** 2)
    listed = judge_list(LISTED_000, DIFFERENT_000)
    fit, floor = _positions(PATCH), 1 / CLASSES
    tables = transcription.document("004")
    lowest = tables["highest"].grid().min()
    elsewhere = bool((tables["probability"].grid() == lowest).any())
    return [
        Published("001", "97.723% of the positions right.", share.remark, share.mark, right),
        Published("001", "in its examples P(6) is 1.0 or 0.0, taken for 5 and 1.", ours=labels),
        Published("000", "stride 2, 121 positions; a 5 at six of them.", ours=labels),
        Published("000", f"the six are numbers {enumerated(LISTED_000)}.", listed.remark, listed.mark),
        Published("003", "taken for 4 or 0 at the right place.", ours=labels),
        Published("004", "taken for 0, 5, 8 and 9.", ours=labels),
        Published(
            "004",
            f"tables of probabilities with {PRINTED_POSITIONS_004} rows and columns.",
            f"{fit} fit, as in its table of labels, where row and column 0 stand between 8 and 9",
            RIGHT if fit == PRINTED_POSITIONS_004 else WRONG,
            str(fit),
        ),
        Published(
            "004",
            f"its highest probabilities go down to {lowest:.4f}.",
            f"the highest of {CLASSES} that sum to 1 is at least {floor:g}"
            + (f"; {lowest:.4f} stands in its table of P(6)" if elsewhere else ""),
            "" if lowest >= floor else MISPRINTED if elsewhere else WRONG,
            f"{of_ours}{results.sweep.highest_probability.min():.4f}" if as_asked else "",
        ),
    ]


def important(results: covering.Results) -> list[Published]:
    """On the parts of a 6 that matter. Which quarter matters most is judged by the mean over many images of 6."""
    as_asked = _as_asked(results.dataset, results.settings.digit)
    region, drops = results.region, results.fragility.drops
    ours = f"test image {results.image}: {_region(region)}" if as_asked and region else ""
    many = as_asked and bool(results.classes)
    if many:
        drops = results.classes[SIX].fragility.drops
    quarters = sorted((drops.upper_left, drops.upper_right, drops.lower_left, drops.lower_right))

    def quarter(said: str, document: str, drop: float) -> Published:
        """A statement that one quarter matters most."""
        if not many:
            return Published(document, said)
        place = 4 - quarters.index(drop)
        order = ("first", "second", "third", "last")[place - 1]
        return Published(
            document,
            said,
            f"it comes {order} of the four quarters",
            {1: RIGHT, 4: WRONG}.get(place, ""),
            f"mean of {results.settings.fragility_images} images: a drop of {drop:.3f} a pixel; the four: "
            f"{', '.join(f'{each:.3f}' for each in quarters)}",
        )

    own = Region(
        CHANGED_ROWS_004[0], CHANGED_ROWS_004[1] + PATCH - 1, CHANGED_COLS_004[0], CHANGED_COLS_004[1] + PATCH - 1
    )
    return [
        quarter(
            "the lower left; covered, it looks like a 5 (for its x:(6:16) y:(15:23) see audit 2 (2)).",
            "000",
            drops.lower_left,
        ),
        quarter("the lower left, where the handle meets the round part.", "001", drops.lower_left),
        Published("002", "the main curves and the round portion."),
        quarter("the head, in the upper right corner.", "003", drops.upper_right),
        Published(
            "004",
            "row(4, 22), column(5, 20), the circle.",
            f"that is {_region(REGION_004)}, ends included; its own table of labels gives {_region(own)}",
            RIGHT if own == REGION_004 else WRONG,
            ours,
        ),
    ]


def _region(region: Region) -> str:
    return f"rows {region.first_row}-{region.last_row}, columns {region.first_col}-{region.last_col}"


def overlays(results: pasting.Results) -> list[Published]:
    """On patches of other digits."""
    as_asked = _as_asked(results.dataset, results.settings.digit)
    share = judge_share("87.658", _positions(WINDOW) ** 2)
    fives = [window.accuracy for window in results.windows if window.donor.label == 5]
    eights = [row for row in results.search if row.label == 8]
    still = (
        f"{percent(1 - sum(eights[0].flips) / sum(eights[0].tried))} of the pieces of an 8 leave it a 6"
        if eights
        else ""
    )
    found = as_asked and results.beyond_black > 0
    row, col, label = FLIP_004
    there = [flip.predicted for flip in results.black.flips if (flip.row, flip.col) == (row, col)] or [SIX]
    same_patch = as_asked and results.settings.black == PATCH
    return [
        Published("000", "the important place covered with an 8: still a 6.", ours=still if as_asked else ""),
        Published(
            "001",
            "a 10x10 window onto a 5: accuracy falls to 87.658%.",
            share.remark,
            share.mark,
            percent(fives[0], 3) if as_asked and fives and results.settings.window == WINDOW else "",
        ),
        Published("002", "possible, as in “The Elephant in the Room”.", mark=RIGHT if found else ""),
        Published(
            "003",
            "should be possible; many tries by hand failed.",
            f"one piece in {results.tried / results.beyond_black:.0f} does it where covering alone does not"
            if found
            else "",
            RIGHT if found else "",
        ),
        Published(
            "004",
            "with a black 8x8 patch at row(11, 19), column(5, 13): a 5.",
            mark=RIGHT if same_patch and there[0] == label else "",
            ours=f"{there[0]} at row {row}, column {col}" if same_patch else "",
        ),
    ]


def _as_asked(dataset: str, digit: int) -> bool:
    """Whether a study is on what the documents speak of."""
    return (dataset, digit) == (MNIST, SIX)
