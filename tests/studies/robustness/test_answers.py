"""The page's sentences on problem 2 say what the numbers say, in every case that a network may bring about."""

import numpy as np
import pytest
from page_rules import by_document, check, marks

from hw3.occlusion import Sweep
from hw3.occlusion.maps import Case, Region
from hw3.occlusion.overlays import Overlay
from hw3.studies import robustness
from hw3.studies.robustness import claims, covering, pasting
from hw3.studies.robustness.covering.measure import ClassFragility, Drops, Fragility, Wrong
from hw3.studies.robustness.pasting.measure import Black, Donor, DonorClass, Find, Flip, Said, Window

PICTURE = np.zeros((28, 28, 1), np.float32)
REGION = Region(6, 22, 2, 20)
TAKEN = (Wrong(0, 4), Wrong(5, 6))


def fragility(upper_left=0.2, upper_right=0.04, lower_left=0.15, lower_right=0.05):
    halves = (upper_left + upper_right) / 2, (lower_left + lower_right) / 2
    return Fragility(PICTURE[..., 0], (14, 9), 0.58, Drops(*halves, upper_left, upper_right, lower_left, lower_right))


def covered(taken=TAKEN, region=REGION, accuracies=(), of_class=None, settings=None, dataset="mnist"):
    probabilities = np.full((1, 21, 21, 10), 0.1, np.float32)
    sweep = Sweep(probabilities, np.arange(21), np.arange(21), (8, 8), (28, 28), probabilities[:, 0, 0], np.array([6]))
    classes = tuple(
        ClassFragility(label, accuracy, PICTURE[..., 0], of_class or fragility())
        for label, accuracy in enumerate(accuracies)
    )
    settings = settings or covering.Settings(fragility_images=20 if classes else 0)
    cases = (Case("most harmful", 9, 6, 0.001249, 5, 0.9),)
    wrong = sum(row.positions for row in taken)
    return covering.Results(
        settings,
        dataset,
        11,
        PICTURE,
        np.zeros((), np.float32),
        sweep,
        1 - wrong / 441,
        0.999993,
        0.001249,
        taken,
        region,
        fragility(),
        cases,
        0,
        classes,
    )


def find(patch, label, predicted, probability, beyond=True):
    overlay = Overlay(0, (patch, patch), (1, 2), (3, 4), predicted, probability, beyond)
    said = Said(predicted, probability)
    return Find(overlay, Donor(7, label, PICTURE), said, said, said, said)


def pasted(
    flips=((0, 6, 10), (0, 0, 14)),
    beyond=((0, 0, 1), (0, 0, 4)),
    finds=True,
    black=((11, 5, 5),),
    **others,
):
    donors = (Donor(7, 3, PICTURE), Donor(8, 5, PICTURE))
    sure = sum(map(sum, beyond)) > 0
    labels = np.zeros((19, 19), int)
    return pasting.Results(
        pasting.Settings(patch_sizes=(3, 4, 6)),
        "mnist",
        11,
        PICTURE,
        donors,
        Black(441, tuple(Flip(*at, 0.9) for at in black)),
        0.734,
        np.arange(19),
        np.arange(19),
        (Window(donors[0], 0.657, labels), Window(donors[1], 0.881, labels)),
        tuple(DonorClass(d.label, (100, 60, 40), f, b) for d, f, b in zip(donors, flips, beyond, strict=True)),
        (find(6, 5, 0, 0.9991, sure), find(6, 3, 8, 0.99, sure)) if finds else (),
        find(4, 3, 8, 0.421, sure) if finds else None,
    )._replace(**others)


def answers(cover=None, paste=None):
    return robustness.answers(cover or covered(), paste or pasted())


def test_every_answer_keeps_the_rules_of_the_page():
    check(answers(), ("sweep", "overlays"))
    check(answers(covered(accuracies=(0.9,) * 10)))
    check(answers(covered(taken=tuple(Wrong(label, 9) for label in range(3))), pasted(finds=False, black=())))
    assert [answer.number for answer in answers()] == ["2 (1)", "2 (2)", "2 (3)"]


def test_maps():
    maps = answers()[0]
    assert maps.question.startswith("What does the network say when a black 8x8 patch covers each part of a 6")
    assert (
        maps.verdict
        == "At 97.732% of 441 positions of the patch it still says 6, elsewhere it becomes a 5 (6x) and a 0 (4x)."
    )
    assert "P(6) is 0.999993 without a patch and 0.001249 at the worst position, row 9, column 6." in maps.answer
    assert answers(covered(taken=()))[0].verdict == "At 100.000% of 441 positions of the patch it still says 6."


@pytest.mark.parametrize(
    ("fill", "colour"), [("0", "black"), ("0.0", "black"), ("1", "white"), ("0.5", "grey (0.5)"), ("blur", "blurring")]
)
def test_the_patch_is_called_what_it_is(fill, colour):
    assert f"when a {colour} 8x8 patch" in answers(covered(settings=covering.Settings(fill=fill)))[0].question


def test_what_the_documents_print_is_judged_by_arithmetic():
    maps = answers()[0]
    [(_, mark), _] = by_document(maps, "001")
    assert mark == "misprinted", "97.723 for 97.732"
    assert marks(maps, "000") == ["", "misprinted"]
    assert marks(maps, "004") == ["", "wrong", "misprinted"]
    assert [entry.ours for entry in maps.published][:2] == [
        "test image 11: 97.732%",
        "test image 11: taken for 0 and 5",
    ]
    assert {entry.ours for entry in answers(covered(dataset="others"))[0].published} == {"", "21"}
    assert claims.judge_share("97.732", 441) == ("", "")
    assert claims.judge_share("12.345", 441).mark == "wrong"
    assert claims.judge_list((1, 2, 3), (1, 2, 3)) == ("right", "")
    assert claims.judge_list((1, 2, 9), (1, 2, 3)).mark == "wrong"


def test_where_it_is_fragile():
    where = answers()[1]
    assert where.verdict == (
        "Test image 11, a 6, is most fragile at row 14, column 9, in the left of the image: patches over that pixel "
        "lower P(6) by 0.580 on average."
    )
    assert "within rows 6-22 and columns 2-20" in where.answer
    assert "no patch changes its label." in answers(covered(region=None))[1].answer
    assert "over the first" not in where.answer
    [parts] = where.tables
    assert parts.header == ["part", "test image 11"]


def test_fragile_and_robust_digits():
    accuracies = (0.9, 0.7, 0.95, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8)
    where = answers(covered(accuracies=accuracies))[1]
    assert "the 1 is the most fragile (70.00% of all occluded images right) and the 2 the most robust (95.00%)" in (
        where.answer
    )
    assert where.verdict == (
        "Test image 11, a 6, is most fragile at row 14, column 9, in the left of the image; over 20 images of 6 there "
        "too."
    )
    assert "Of this one image: patches over that pixel lower P(6) by 0.580 on average; all patches" in where.answer
    assert "over the first 20 correctly classified images of 6: the drop is largest at row 14, column 9" in where.answer
    assert where.tables[0].header == ["part", "test image 11", "mean of 20 images of 6"]
    other = fragility()._replace(most_important_pixel=(20, 9))
    elsewhere = answers(covered(accuracies=accuracies, of_class=other))[1].verdict
    assert elsewhere.endswith("; over 20 images of 6 at row 20, column 9.")
    assert {entry.ours[:18] for entry in where.published if entry.mark} == {"mean of 20 images:", "test image 11: row"}
    assert "covering the upper left quarter costs most" in where.answer
    lower = answers(covered(accuracies=accuracies, of_class=fragility(lower_left=0.3)))[1]
    assert "covering the lower left quarter costs most" in lower.answer
    assert "sweep/fragility.png" in {figure.file for figure in where.figures}


def test_the_mean_map_judges_which_quarter_matters():
    accuracies = (0.8,) * 10
    first = answers(covered(accuracies=accuracies, of_class=fragility(lower_left=0.3)))[1]
    assert marks(first, "000") == marks(first, "001") == ["right"]
    assert marks(first, "003") == ["wrong"]
    second = answers(covered(accuracies=accuracies))[1]
    assert marks(second, "001") == [""]
    head = answers(covered(accuracies=accuracies, of_class=fragility(upper_right=0.3, lower_left=0.01)))[1]
    assert (marks(head, "001"), marks(head, "003")) == (["wrong"], ["right"])
    for undecided in (covered(), covered(accuracies=accuracies, dataset="others")):
        assert marks(answers(undecided)[1], "003") == [""]


def test_pieces_are_counted_once_over_all_candidates():
    pieces = answers()[2]
    assert pieces.verdict == (
        "Yes: 30 of 400 pasted pieces (7.50%) flip the label, 5 (1.25%) where a black patch there does not; 4x4 pixels "
        "of a 3 make it an 8."
    )
    assert pieces.answer.startswith("1 of 441 black 8x8 patches flip the label by covering alone.")
    assert "lowest for a 3, 65.700%, lower than with a black window (73.400%)" in pieces.answer
    assert "cut from 1 image of each other digit" in pieces.answer
    assert "30 (7.50%) change the label" in pieces.answer
    assert (
        "those of the 5 succeed most often. The smallest size tried that flips it measures 4x4 pixels (not 3x3): "
        in (pieces.answer)
    )
    assert "The most confident mistake, where covering alone is not to blame, comes from a 5: 0 with 0.9991." in (
        pieces.answer
    )
    assert (marks(pieces, "001"), marks(pieces, "002"), marks(pieces, "003")) == (["wrong"], ["right"], ["right"])
    assert "one piece in 80" in {entry.document: entry.remark for entry in pieces.published}["003"]
    assert "no lower than with a black window" in answers(paste=pasted(black_window_accuracy=0.6))[2].answer


def test_pieces_that_only_cover_are_no_yes():
    pieces = answers(paste=pasted(beyond=((0, 0, 0), (0, 0, 0))))[2]
    assert pieces.verdict == (
        "No: 30 of 400 pasted pieces (7.50%) flip the label, none where a black patch there does not."
    )
    assert "not to blame" not in pieces.answer
    assert "succeed most often" not in pieces.answer
    assert marks(pieces, "002") == marks(pieces, "003") == [""]


def test_no_piece_flips():
    nothing = ((0, 0, 0), (0, 0, 0))
    pieces = answers(paste=pasted(flips=nothing, beyond=nothing, finds=False, black=()))[2]
    assert pieces.verdict.startswith("No: ")
    assert "0 (0.00%) change the label" in pieces.answer
    assert [figure.file for figure in pieces.figures] == ["overlays/success.png", "overlays/windows.png"]


def test_document_004s_black_patch_is_put_at_the_same_place():
    assert [(entry.mark, entry.ours) for entry in answers()[2].published if entry.document == "004"] == [
        ("right", "5 at row 11, column 5")
    ]
    for black, seen in (((11, 5, 3),), 3), ((), 6):
        [entry] = [e for e in answers(paste=pasted(black=black))[2].published if e.document == "004"]
        assert (entry.mark, entry.ours) == ("", f"{seen} at row 11, column 5")
