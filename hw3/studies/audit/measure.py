"""Audits the numbers of the problems and documents that are asked for."""

from typing import NamedTuple

from hw3.studies.audit.findings import Finding
from hw3.studies.audit.recurrent import comparison, formulas
from hw3.studies.audit.recurrent.formulas import Formula
from hw3.studies.audit.recurrent.numbers import NUMBERS

DOCUMENTS = ("000", "001", "002", "003", "004")
PROBLEMS = (3, 5)


class Settings(NamedTuple):
    """What is audited: everything."""

    problems: tuple[int, ...] = PROBLEMS  # as the assignment numbers them
    documents: tuple[str, ...] = DOCUMENTS


FULL = Settings()


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    findings: tuple[Finding, ...]  # one a printed number, in the documents' order
    formulas: tuple[Formula, ...]  # printed formulas that can't give the number beside them


def measure(settings: Settings = FULL) -> Results:
    """Every printed number of the problems and documents with its verdict.

    Raises ValueError for a problem or document that there isn't.
    """
    _check(settings)
    numbers = [row for row in NUMBERS if row.document in settings.documents]
    found = [finding for finding in comparison.audit(numbers) if finding.problem in settings.problems]
    slips = [row for row in formulas.formulas() if row.document in settings.documents and 3 in settings.problems]
    return Results(settings, tuple(found), tuple(slips))


def _check(settings: Settings) -> None:
    for name, given, allowed in (
        ("problems", settings.problems, PROBLEMS),
        ("documents", settings.documents, DOCUMENTS),
    ):
        if not given or not set(given) <= set(allowed):
            raise ValueError(f"{name} must be among {allowed}, not {given}")
