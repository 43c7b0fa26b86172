"""The page's sentences on document 004's problem 1 follow the numbers; tables and figures can be made."""

import pathlib

import pytest
from regularizer_results import as_document_says, changed
from seeded import seeded

from hw3.studies import regularization
from hw3.studies.regularization import answers, figures


def by_number(results):
    return {answer.number.removeprefix("004: "): answer for answer in answers(results)}


def test_the_page_answers_every_question():
    found = by_number(as_document_says())
    assert list(found) == ["1 (1)", "1 (2)", "1 (3)", "1 (4)", "1 (5)"]
    for answer in found.values():
        assert len(answer.verdict.split()) <= 30
        assert answer.made_by == (regularization.NAME,)


def test_the_figures_named_are_those_that_are_drawn(results):
    named = {pathlib.Path(figure.file).name for answer in answers(results) for figure in answer.figures}
    assert named == set(figures(results))


def test_quotations_are_marked_by_their_effects():
    marks = {entry.said: entry.mark for answer in by_number(as_document_says()).values() for entry in answer.published}
    assert marks["1 (1) 3: “learn a sparse representation”"] == "right"
    assert marks["1 (2) 4: “bagging is to ensemble several networks equally with shared weights”"] == "wrong"
    (entry,) = by_number(as_document_says())["1 (4)"].published
    assert entry.mark == ""
    assert entry.remark.endswith("(not: running statistics, test batches of 2).")


CHANGES = [
    ("1 (1)", lambda r: changed(r, "dropout", memorised=seeded(0.2, 0.9)),
     "memorise falls from", "memorise rises from"),
    ("1 (1)", lambda r: changed(r, "dropout", sparsity=seeded(0.4, 0.4)),
     "are zero rises from", "are zero does not change beyond the spread"),
    ("1 (1)", lambda r: changed(r, "dropout", epochs=seeded(9, 3)),
     "Seen throughout: slower learning", "rather the opposite: slower learning"),
    ("1 (2)", lambda r: changed(r, "bagging", bag=r.bagging.monte_carlo._replace(accuracy=seeded(0.95)[:, 0])),
     "gets more test images right than a bag", "gets fewer test images right than a bag"),
    ("1 (2)", lambda r: changed(r, "bagging", bag=r.bagging.dropout._replace(accuracy=seeded(0.9)[::-1, 0])),
     "gets more test images right than a bag", "gets as many test images right, within the spread, as a bag"),
    ("1 (2)", lambda r: changed(r, "bagging", shared=0.5),
     "by construction", "share 50.00% of their weights. "),
    ("1 (3)", lambda r: changed(r, "gradients", normalised=r.gradients.normalised._replace(growth=seeded(0.8, 0.8))),
     "norm grows by a factor of 1.198", "norm shrinks by a factor of 0.798"),
    ("1 (3)", lambda r: changed(r, "step_times", plain=(1.2, 1.25, 1.3)),
     "as long with normalisation.", ", which is within the spread."),
    ("1 (4)", lambda r: changed(r, "batch_sizes", large_then_running=seeded(0.9, 0.8)),
     ", on which the test batch has no influence.", "those of training. "),
    ("1 (5)", lambda r: r._replace(variance_shift=(r.variance_shift[0]._replace(ratio=0 * r.variance_shift[0].ratio),)),
     "in part: a shift of variance", "not seen: a shift of variance"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "change", "before", "after"), CHANGES)
def test_if_the_numbers_were_otherwise_so_were_the_sentences(number, change, before, after):
    def text(results):
        answer = by_number(results)[number]
        return f"{answer.verdict} {answer.answer}"

    results = as_document_says()
    assert before in text(results)
    assert before not in text(change(results))
    assert after in text(change(results))


def test_what_was_not_run_is_not_answered():
    results = as_document_says()._replace(dropout=None, bagging=None, batch_sizes=None)
    assert list(by_number(results)) == ["1 (5)"]


def test_tables_name_every_contender_and_every_claim():
    verdicts, contenders, duels, shifts = regularization.tables(as_document_says())
    assert len(verdicts.rows) == 16
    assert contenders.rows[0] == ("single network", "79.6 ± 1.5", "5.0 ± 2.5", "0.450 ± 0.124")
    assert duels.rows[0][0] == "dropout 0.5 against bagging, 4 networks at the cost of one"
    assert duels.rows[0][1] == "+5.00 ± 0.00"
    assert [row[1] for row in shifts.rows] == ["1.00", "2.50", "1.60", "0.99"]
    (effects,) = regularization.files(as_document_says()).values()
    assert {len(row) for row in effects.rows} == {len(effects.header)}
