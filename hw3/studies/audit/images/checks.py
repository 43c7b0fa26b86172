"""Which check belongs to which printed block; every number of a block gets a verdict."""

from collections.abc import Callable, Iterator

from hw3.studies import given
from hw3.studies.audit.findings import Finding
from hw3.studies.audit.images import networks, published, rules, statements, tables
from hw3.studies.audit.images.rules import Verdict
from hw3.studies.audit.images.transcription import Block, Document, Number

Verdicts = dict[str, list[Verdict]]  # of a document's blocks by key, one a number
Check = Callable[[Block], Iterator[Verdict]]


def audit(blocks: Document) -> tuple[list[Finding], Verdicts]:
    """All numbers of a document, and their verdicts by block."""
    found: Verdicts = {}
    checks = CHECKS[next(iter(blocks.values())).document](blocks, found)
    findings = []
    for key, block in blocks.items():
        found[key] = list(checks[key](block))
        findings += [
            Finding(block.problem, block.document, block.part, _what(block, number), number.text, *verdict)
            for number, verdict in zip(block.numbers, found[key], strict=True)
        ]
    return findings, found


def _what(block: Block, number: Number) -> str:
    return f"{block.what}, {number.where}" if number.where else block.what


def _document_000(blocks: Document, found: Verdicts) -> dict[str, Check]:
    return {
        "filters": networks.kernel_shapes,
        "probability": lambda block: tables.list_of_probabilities(block, blocks),
        "highest": lambda block: tables.list_of_highest(block, blocks),
        "places": lambda block: statements.places(block, published.where_lists_differ(blocks)),
        "region": lambda block: statements.region(block, published.of_000(blocks, found).region, (2, 3, 0, 1)),
        "covered": lambda block: statements.row_of_labels(block, int(blocks["places"].values[0])),
    }


def _document_001(blocks: Document, found: Verdicts) -> dict[str, Check]:
    patch, _, stride = (int(value) for value in blocks["patch"].values)
    return {
        "description": lambda block: networks.description(block, "wide"),
        "training": statements.training,
        "layers": lambda block: networks.summary(block, "wide"),
        "filters": lambda block: networks.filters(block, "wide"),
        "feature_maps": lambda block: networks.feature_maps(block, "wide"),
        "cells": lambda block: networks.cells(block, "wide"),
        "shift": statements.shift,
        "patch": lambda block: statements.as_given(block, (given.PATCH, given.PATCH, given.STRIDE)),
        "accuracy": lambda block: (rules.share(number, statements.count(patch, stride)) for number in block.numbers),
        "cases": statements.cases,
        "window": statements.window,
        "fooled": statements.fooled,
    }


def _document_002(blocks: Document, found: Verdicts) -> dict[str, Check]:
    least = 100 * given.TRAINING_ACCURACY
    return {
        "network": lambda block: statements.as_given(block, (given.CONVOLUTIONS, least)),
        "shift": lambda block: statements.as_given(block, (given.SHIFT, given.SHIFT)),
        "patch": lambda block: statements.as_given(block, (given.PATCH, given.PATCH, given.STRIDE)),
    }


def _document_003(blocks: Document, found: Verdicts) -> dict[str, Check]:
    return {"shift": statements.labels, "covered": statements.labels}


def _document_004(blocks: Document, found: Verdicts) -> dict[str, Check]:
    return {
        "layers": lambda block: networks.summary(block, "narrow"),
        "totals": lambda block: networks.totals(block, "narrow"),
        "depth": lambda block: networks.depth(block, "narrow"),
        "data": lambda block: statements.as_given(block, (given.TRAINING_IMAGES, given.TEST_IMAGES)),
        "accuracy": lambda block: map(rules.share, block.numbers, (given.TRAINING_IMAGES, given.TEST_IMAGES)),
        "filters": lambda block: networks.filters_and_channels(block, "narrow"),
        "probability": lambda block: tables.table(block, blocks),
        "highest": lambda block: tables.table(block, blocks),
        "labels": lambda block: tables.table(block, blocks),
        "patch": lambda block: statements.as_given(block, [given.PATCH] * len(block.numbers)),
        "region": lambda block: statements.region(block, published.of_004(blocks, found).region, (0, 1, 2, 3)),
        "adversarial": lambda block: statements.adversarial(block, blocks),
        "caption": lambda block: statements.adversarial_label(block, blocks),
    }


CHECKS = {
    "000": _document_000,
    "001": _document_001,
    "002": _document_002,
    "003": _document_003,
    "004": _document_004,
}
