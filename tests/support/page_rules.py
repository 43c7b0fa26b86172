"""What the tests of answers share."""

import re


def check(answers, studies=()):
    """Every answer of a section keeps the page's rules: one short verdict, figures of its own studies, known marks."""
    for answer in answers:
        assert re.fullmatch(r"[A-Z].*[^.]\.", answer.verdict), answer.verdict
        assert not re.search(r"[.!?] [A-Z]", answer.verdict), f"more than a sentence: {answer.verdict}"
        assert len(answer.verdict.split()) <= 30, answer.verdict
        assert answer.figures
        assert answer.made_by
        assert {entry.mark for entry in answer.published} <= {
            "",
            "right",
            "right under a convention",
            "misprinted",
            "wrong",
        }
        if studies:
            assert {figure.file.split("/")[0] for figure in answer.figures} <= set(studies)


def by_document(answer, document):
    """(what a document says, its mark) for everything that an answer has of it."""
    return [(entry.said, entry.mark) for entry in answer.published if entry.document == document]


def marks(answer, document):
    """The marks of everything that an answer has of a document."""
    return [entry.mark for entry in answer.published if entry.document == document]
