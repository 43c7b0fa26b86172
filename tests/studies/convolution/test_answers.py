"""The page's sentences on document 004's problem 2 follow the numbers; tables and figures can be made."""

import pathlib

import pytest
from convolution_results import as_document_says, changed
from seeded import seeded

from hw3.studies import convolution
from hw3.studies.convolution import answers, figures


def by_number(results):
    return {answer.number.removeprefix("004: "): answer for answer in answers(results)}


def test_every_question_is_answered():
    found = by_number(as_document_says())
    assert list(found) == ["2 (1)", "2 (2)", "2 (3)", "2 (4)"]
    for answer in found.values():
        assert len(answer.verdict.split()) <= 30
        assert answer.made_by == (convolution.NAME,)
        assert {entry.mark for entry in answer.published} == {"right"}


def test_the_figures_named_are_those_that_are_drawn():
    results = as_document_says()
    named = {pathlib.Path(figure.file).name for answer in answers(results) for figure in answer.figures}
    drawn = figures(results)
    assert named == set(drawn)
    assert drawn["few_images.png"].axes[0].get_legend_handles_labels()[1] == [
        "convolution",
        "local, no sharing",
        "dense",
    ]
    without = changed(results, "costs", few_images=results.costs.few_images._replace(local=None))
    left = figures(without._replace(shifts=None, canvases=None, by_hand=None, fields=None))
    assert list(left) == ["cost.png", "few_images.png"]
    assert left["few_images.png"].axes[0].get_legend_handles_labels()[1] == ["convolution", "dense"]


def inexact(results):
    return changed(results, "by_hand", layers=(results.by_hand.layers[0]._replace(float64=1e-6),))


def filled(results):
    first, last = results.fields.layers
    return changed(results, "fields", layers=(first, last._replace(trained=(24.0, 24.0, 24.0))))


CHANGES = [
    ("2 (1)", lambda r: changed(r, "costs", few_images=r.costs.few_images._replace(dense=seeded(0.95, 0.95))),
     "Seen throughout: fewer parameters, better from few images", "rather the opposite: better from few images"),
    ("2 (2)", lambda r: changed(r, "shifts", accuracy=seeded(0.9, 0.7, 0.8, 0.7)),
     "Seen throughout: maps steadier", "in part: better from few images"),
    ("2 (3)", inexact, "they give every feature map again, to", "they do not give every feature map again: they miss"),
    ("2 (4)", filled, "but the pixels that matter fill only 21.5x21.5", "and as far as seen all matter: 24.0x24.0"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "change", "before", "after"), CHANGES)
def test_if_the_numbers_were_otherwise_so_were_the_sentences(number, change, before, after):
    results = as_document_says()
    assert before in by_number(results)[number].verdict
    assert after in by_number(change(results))[number].verdict


def test_tables_name_every_layer_version_and_size():
    verdicts, costs, shifts, sizes, fields = convolution.tables(as_document_says())
    assert len(verdicts.rows) == 14
    assert costs.rows[0] == ("conv1: convolution", "120", "146,016", "1e+03")
    assert [row[0] for row in shifts.rows] == ["max pooling", "average pooling", "strides alone", "global max pooling"]
    assert {len(row) for row in (*shifts.rows, *sizes.rows)} == {3}
    assert fields.rows[1] == ("conv2", 24, "22.2", "21.5")
    (effects,) = convolution.files(as_document_says()).values()
    assert {len(row) for row in effects.rows} == {len(effects.header)}
