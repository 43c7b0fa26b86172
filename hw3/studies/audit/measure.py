"""Audits the numbers of the problems and documents that are asked for."""

from typing import NamedTuple

from hw3.classifiers import Predict
from hw3.datasets import Dataset
from hw3.errors import InvalidInput
from hw3.report.words import enumerated
from hw3.studies.audit.findings import Finding
from hw3.studies.audit.images import checks, nearest, published, transcription
from hw3.studies.audit.images.nearest import Nearest
from hw3.studies.audit.images.published import PublishedMaps
from hw3.studies.audit.recurrent import comparison, formulas
from hw3.studies.audit.recurrent.formulas import Formula
from hw3.studies.audit.recurrent.numbers import NUMBERS
from hw3.studies.progress import Progress, quiet

DOCUMENTS = ("000", "001", "002", "003", "004")
PROBLEMS = (1, 2, 3, 5)
MAPS = {"000": published.of_000, "004": published.of_004}  # the documents that print maps as numbers


class Settings(NamedTuple):
    """What is audited: everything."""

    problems: tuple[int, ...] = PROBLEMS  # as the assignment numbers them
    documents: tuple[str, ...] = DOCUMENTS
    images: int | None = None  # test images of a 6 that published maps are compared with, from the first; None: all


FULL = Settings()


class Results(NamedTuple):
    """What `measure` found."""

    settings: Settings
    findings: tuple[Finding, ...]  # one a printed number: document by document, problems 1 and 2 first
    formulas: tuple[Formula, ...]  # printed formulas that can't give the number beside them
    maps: tuple[PublishedMaps, ...]  # of problem 2
    nearest: tuple[Nearest, ...]  # one for each of `maps`; none without a network
    left_out: str  # why `nearest` is empty; "" if it isn't


def measure(
    settings: Settings = FULL,
    predict: Predict | None = None,
    dataset: Dataset | None = None,
    *,
    progress: Progress = quiet,
) -> Results:
    """Every printed number of the problems and documents with its verdict; what follows from their maps.

    Args: predict, dataset: a trained network and the images whose maps are compared with the published ones; without
      them that comparison is left out.
    Raises ValueError for a problem or document that there isn't, for no images, and where there is nothing to audit.
    """
    _check(settings)
    numbers = [row for row in NUMBERS if row.document in settings.documents]
    recurrent = comparison.audit(numbers) if {3, 5} & set(settings.problems) else []
    slips = [row for row in formulas.formulas() if row.document in settings.documents and 3 in settings.problems]
    found: list[Finding] = []
    maps: list[PublishedMaps] = []
    for document in settings.documents:
        blocks = transcription.document(document)
        images, verdicts = checks.audit(blocks)
        found += [*images, *(finding for finding in recurrent if finding.document == document)]
        if document in MAPS and 2 in settings.problems:
            maps.append(MAPS[document](blocks, verdicts))
    kept = tuple(finding for finding in found if finding.problem in settings.problems)
    if not kept:
        documents, problems = enumerated(settings.documents), enumerated(settings.problems)
        raise InvalidInput(f"nothing to audit: document {documents} prints no numbers on problem {problems}")
    like, left_out = _nearest(settings, tuple(maps), predict, dataset, progress)
    return Results(settings, kept, tuple(slips), tuple(maps), like, left_out)


def _nearest(
    settings: Settings,
    maps: tuple[PublishedMaps, ...],
    predict: Predict | None,
    dataset: Dataset | None,
    progress: Progress,
) -> tuple[tuple[Nearest, ...], str]:
    if not maps:
        return (), "no maps were audited"
    if predict is None or dataset is None:
        return (), "no network was given"
    if not nearest.comparable(dataset):
        return (), f"the network was trained on {dataset.name}, the published maps are of an MNIST digit"
    found = nearest.find(maps, predict, dataset, images=settings.images, progress=progress)
    return found, "" if found else "the network takes no test image of a 6 for one"


def _check(settings: Settings) -> None:
    for name, given, allowed in (
        ("problems", settings.problems, PROBLEMS),
        ("documents", settings.documents, DOCUMENTS),
    ):
        if not given or not set(given) <= set(allowed):
            raise InvalidInput(f"{name} must be among {allowed}, not {given}")
    if settings.images is not None and settings.images < 1:
        raise InvalidInput(f"images must be at least 1, not {settings.images}")
