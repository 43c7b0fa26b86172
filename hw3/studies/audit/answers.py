"""What the audit found, for the page; and each document's numbers of a part, for the answers to that part."""

import re
from collections.abc import Sequence

import numpy as np

from hw3.report.page import DOCUMENTS, Answer, Figure, Published, See
from hw3.report.words import enumerated
from hw3.studies.audit import tables
from hw3.studies.audit.figures import COUNTS, ORDER, PROBLEM_1, PROBLEM_2, PROBLEMS_3_5, REGIONS, maps_of
from hw3.studies.audit.findings import FAULTS, MARKS, REPRODUCED, VERDICTS, Finding, counts
from hw3.studies.audit.images.published import PublishedMaps
from hw3.studies.audit.images.regions import PLAIN
from hw3.studies.audit.measure import Results

NAME = "audit"  # of the folder with the figures
EXPLAINS = 0.95  # a rank correlation above it is more than a likeness
LISTED, LONGEST = 8, 32  # places, and numbers in all, that a document's entry says one by one; of more, how many


def answers(results: Results) -> list[Answer]:
    """The answers of the section: those that the audited problems and documents allow."""
    problems = {row.problem for row in results.findings}
    return [
        every_number(results),
        *([networks(results)] if 1 in problems else []),
        *([occlusion(results), *map_answers(results)] if 2 in problems else []),
        *([recurrent(results)] if {3, 5} & problems else []),
    ]


def _tally(findings: Sequence[Finding]) -> str:
    """How many got each verdict, in words."""
    totals = dict(zip(VERDICTS, counts(findings)[-1].numbers, strict=True))
    return enumerated([f"{count:,} {verdict}" for verdict, count in totals.items() if count])


def _faulty(findings: Sequence[Finding]) -> int:
    return sum(row.verdict in FAULTS for row in findings)


def every_number(results: Results) -> Answer:
    """How many numbers are right."""
    documents = [row.document for row in counts(results.findings)[:-1]]
    faults = {name: _faulty([row for row in results.findings if row.document == name]) for name in documents}
    worst = max(documents, key=lambda name: faults[name])
    total = sum(faults.values())
    whose = f", {faults[worst]:,} of them in document {worst}" if total else ""
    return Answer(
        "audit",
        "Is every number right that the five documents print?",
        f"Of {len(results.findings):,} printed numbers {total:,} are misprinted or wrong{whose}.",
        f"{_tally(results.findings)}. Each verdict is found by trying: the assignment as it stands, then conventions, "
        "then known mistakes and misprints, until the digits come out. What somebody's network said can't be computed "
        "again: such a number is possible if it keeps every rule that it must obey.",
        figures=[Figure(f"{NAME}/{COUNTS}", "Verdicts by document.")],
        tables=[tables.counted(results), tables.every_number(results)],
        made_by=[NAME],
        see=[See(DOCUMENTS, "what is misprinted or wrong in each, with the reason")],
    )


def networks(results: Results) -> Answer:
    """Problem 1: layers, parameters, accuracies, shifts."""
    rows = [row for row in results.findings if row.problem == 1]
    faulty = [row for row in rows if row.verdict in FAULTS]
    which = list(dict.fromkeys(f"{row.what.split(', ')[0]} (document {row.document})" for row in faulty))
    return Answer(
        "audit 1",
        "Do the layers, filters and parameters fit together that are printed for problem 1?",
        f"Of {len(rows)} numbers on networks {len(faulty) or 'none'} {'is' if len(faulty) < 2 else 'are'} misprinted "
        f"or wrong{': ' + enumerated(which) if len(which) in (1, 2) else ''}.",
        f"{_tally(rows)}. Output shapes and parameters are computed from the layers.",
        figures=[Figure(f"{NAME}/{PROBLEM_1}", "Verdicts on the numbers of problem 1 by document.")],
        tables=[tables.faults(results, (1,)), tables.reasons(results, (1,))],
        published=said(rows),
        made_by=[NAME],
    )


def occlusion(results: Results) -> Answer:
    """Problem 2: the maps against each other."""
    rows = [row for row in results.findings if row.problem == 2]
    told = [
        f"{int(maps.faulty[1].sum()) or 'none'} of document {maps.document}'s {maps.faulty[1].size}"
        for maps in sorted(results.maps, key=lambda maps: -maps.faulty[1].sum())
    ]
    verdict = (
        f"Of the highest probabilities {enumerated(told)} cannot be as printed, by what stands beside them."
        if told
        else f"Of {len(rows)} numbers {_faulty(rows)} are misprinted or wrong."
    )
    return Answer(
        "audit 2",
        "Do the maps of a covered 6 that are printed as numbers agree with themselves?",
        verdict,
        " ".join([f"{_tally(rows)}.", *(_order(maps) for maps in results.maps if maps.moved)]),
        figures=[
            *(
                Figure(f"{NAME}/{maps_of(maps.document)}", f"Document {maps.document}'s maps; crosses: not possible.")
                for maps in reversed(results.maps)
            ),
            *(
                Figure(f"{NAME}/{ORDER}", "Document 004's P(6) as printed and in order; which row stands where.")
                for maps in results.maps
                if maps.moved
            ),
            Figure(f"{NAME}/{PROBLEM_2}", "Verdicts on the numbers of problem 2 by document."),
        ],
        tables=[tables.reasons(results, (2,))],
        published=said([row for row in rows if row.verdict != REPRODUCED]),
        made_by=[NAME],
    )


def _order(maps: PublishedMaps) -> str:
    """Which rows of the tables stand in the wrong place."""
    before, after = maps.variation
    smoother = "falls" if after < before else "rises"
    drifted = [row + 1 for row, source in enumerate(maps.row_sources) if source not in (row, -1)]
    which = f"; rows {enumerated(drifted)} of the highest probabilities repeat other rows of P(6)" if drifted else ""
    return (
        f"Document {maps.document}'s row and column 0 stand in place {maps.moved + 1}: with them in front the total "
        f"variation of P(6) {smoother} from {before:.1f} to {after:.1f}{which}."
    )


def map_answers(results: Results) -> list[Answer]:
    """What the documents conclude from their maps, and whether a digit of ours gives the same."""
    if not results.maps:
        return []
    wrong = [maps for maps in results.maps if maps.region.met < len(maps.region.said)]
    one = len(wrong) == 1
    verdict = (
        f"The important region{'' if one else 's'} of {enumerated([f'document {maps.document}' for maps in wrong])} "
        f"{'follows' if one else 'follow'} from {'its' if one else 'their'} own maps under none of "
        f"{max(maps.region.tried for maps in wrong)} ways of counting."
        if wrong
        else "The important regions follow from the maps printed beside them."
    )
    covered = [
        f"document {maps.document}'s network is still right at {maps.right} of {maps.labels.size} positions "
        f"({maps.accuracy:.2%})" + (f" and else says {tables.taken_for(maps.taken_for)}" if maps.taken_for else "")
        for maps in results.maps
    ]
    return [
        Answer(
            "audit 2 (2)",
            "Do the conclusions follow from the maps that they are drawn from?",
            verdict,
            f"By their own numbers {enumerated(covered)}."
            + (f" A test image like theirs was not looked for: {results.left_out}." if results.left_out else ""),
            figures=[Figure(f"{NAME}/{REGIONS}", "Importance by the documents' own maps, and the regions they print.")],
            tables=[tables.published_maps(results)],
            published=[_conclusion(maps) for maps in results.maps],
            made_by=[NAME],
        ),
        *([like_ours(results)] if results.nearest else []),
    ]


def _conclusion(maps: PublishedMaps) -> Published:
    reading = maps.region
    met, all_of_them = reading.met, len(reading.said)
    mark = "wrong" if met < all_of_them else "right" if reading.convention == PLAIN else "right under a convention"
    return Published(
        maps.document,
        tables.region(reading.said),
        f"{met} of the {all_of_them} numbers, counting {reading.convention.words()}.",
        mark,
        tables.region(reading.plain),
    )


def like_ours(results: Results) -> Answer:
    """Is there a test image that explains the published maps?"""
    best = max(results.nearest, key=lambda like: like.correlation)
    told = [
        f"for document {like.document} image {like.test_index}, {like.correlation:.2f} against a median of "
        f"{like.median:.2f}, which agrees on 6 or not at {like.same_label:.0%} of the positions"
        for like in results.nearest
    ]
    found = "explains" if best.correlation > EXPLAINS else "quite explains"
    return Answer(
        "audit 2, ours",
        "Is there a test image that explains the published maps?",
        f"{'A' if best.correlation > EXPLAINS else 'No'} test image of a 6 {found} them: the closest of "
        f"{best.images} reaches a rank correlation of {best.correlation:.2f}, with document {best.document}.",
        f"Most like the published map of P(6) are, with our network: {enumerated(told)}. Rank correlation is "
        "Spearman's, over the positions.",
        figures=[
            Figure(f"{NAME}/{maps_of(like.document)}", f"Document {like.document}'s maps and ours most like them.")
            for like in sorted(results.nearest, key=lambda like: -like.correlation)
        ],
        tables=[tables.like_ours(results)],
        made_by=[NAME],
    )


def recurrent(results: Results) -> Answer:
    """Problems 3 and 5."""
    rows = [row for row in results.findings if row.problem in (3, 5)]
    return Answer(
        "audit 3",
        "Are the numbers and formulas right that are printed for the RNN and the LSTM?",
        f"Of {len(rows)} numbers {_faulty(rows)} are misprinted or wrong, and {len(results.formulas)} formulas do not "
        "give what stands beside them.",
        f"{_tally(rows)}.",
        figures=[Figure(f"{NAME}/{PROBLEMS_3_5}", "Verdicts on the numbers of problems 3 and 5 by document.")],
        tables=[tables.faults(results, (3, 5)), tables.reasons(results, (3, 5)), tables.formulas(results)],
        made_by=[NAME],
    )


def said(findings: Sequence[Finding]) -> list[Published]:
    """What the documents print, an entry for each verdict and reason."""
    groups: dict[tuple[str, int, str], list[Finding]] = {}
    for row in findings:
        groups.setdefault((row.document, VERDICTS.index(row.verdict), row.reason), []).append(row)
    entries = []
    for (document, verdict, reason), rows in sorted(groups.items(), key=lambda item: item[0][:2]):
        ours = "" if VERDICTS[verdict] not in FAULTS else _values(rows)
        entries.append(Published(document, _said(rows), reason, MARKS[VERDICTS[verdict]], ours))
    return entries


def published(results: Results, part: str, problem: int = 3) -> list[Published]:
    """What each document prints for a part of problem 3 ("1" to "5"), or for problem 5, and what became of it.

    Numbers of a document with the same verdict and reason are one entry. Document 000's summary repeats its parts and
    is left out.
    """
    return said(
        [row for row in results.findings if row.problem == problem and (problem == 5 or row.part.endswith(f"({part})"))]
    )


def _said(rows: Sequence[Finding]) -> str:
    """Numbers that stand together, after one another; only how many there are of many."""
    places: dict[str, list[str]] = {}
    for row in rows:
        places.setdefault(re.sub(r", (entry|number) .*", "", row.what), []).append(row.printed)
    if len(places) > LISTED or len(rows) > LONGEST:
        kinds = dict.fromkeys(row.what.split(", ")[0] for row in rows)
        return f"{len(rows)} numbers" if len(kinds) > LISTED else f"{len(rows)} numbers: {'; '.join(kinds)}"
    return "; ".join(f"{what}: {' '.join(numbers)}" for what, numbers in places.items())


def _values(rows: Sequence[Finding]) -> str:
    if len(rows) > LISTED:
        return ""
    return ", ".join("" if np.isnan(row.ours) else f"{row.ours:.10g}" for row in rows).strip(", ")
