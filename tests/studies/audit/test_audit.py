import pathlib

import jax.numpy as jnp
import numpy as np
import page_rules
import pytest

from hw3.report import results as results_on_disk
from hw3.report.results import Record
from hw3.studies import audit
from hw3.studies.audit.figures import published_maps
from hw3.studies.audit.findings import FAULTS, REPRODUCED, counts
from hw3.studies.audit.images.nearest import Nearest


@pytest.fixture(scope="module")
def found():
    return audit.measure()


def test_results_are_the_same_when_they_are_read_again(found, tmp_path):
    results_on_disk.write(tmp_path, audit.NAME, Record("a command", found))
    again = results_on_disk.read(tmp_path, audit.NAME, audit.Results).results
    assert repr(again) == repr(found)  # NaN is not equal to itself


def test_one_problem_of_one_document_is_a_part_of_the_whole(found):
    part = audit.measure(audit.Settings(problems=(5,), documents=("004",)))
    assert part.findings == tuple(row for row in found.findings if (row.document, row.problem) == ("004", 5))
    assert len(part.findings) == 17
    assert not part.formulas


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (audit.Settings(problems=(4,)), "problems must be among"),
        (audit.Settings(documents=()), "documents must be among"),
        (audit.Settings(documents=("005",)), "'005'"),
        (audit.Settings(images=0), "images must be at least 1"),
        (
            audit.Settings(problems=(5,), documents=("000", "003")),
            "000 and 003 prints no numbers on problem 5",
        ),
    ],
)
def test_what_is_not_there_cannot_be_audited(settings, words):
    with pytest.raises(ValueError, match=words):
        audit.measure(settings)


def test_tables_and_files_have_every_number(found):
    drawn = {f"audit/{name}" for name in audit.figures(found)}
    assert drawn == {figure.file for answer in audit.answers(found) for figure in answer.figures}
    (every,) = audit.files(found).values()
    assert [row[3] for row in every.rows] == [row.printed for row in found.findings]
    for table in (*audit.tables(found), every):
        assert {len(row) for row in table.rows} == {len(table.header)}


def test_the_verdict_of_the_page_is_counted(found):
    (first, *_) = audit.answers(found)
    faults = sum(row.verdict in FAULTS for row in found.findings)
    assert f"{faults} are misprinted or wrong" in first.verdict
    cured = found._replace(
        findings=tuple(row._replace(verdict=REPRODUCED) if row.problem == 5 else row for row in found.findings)
    )
    assert f" {faults - 8} are misprinted" in audit.answers(cured)[0].verdict


def test_what_documents_print_for_a_part_has_a_mark(found):
    entries = audit.published(found, "5")
    assert list(dict.fromkeys((entry.document, entry.mark) for entry in entries)) == [
        ("000", "right"),
        ("001", "right under a convention"),
        ("002", "wrong"),
        ("003", "right under a convention"),
        ("004", "right under a convention"),
    ]
    (wrong,) = [entry for entry in entries if entry.mark == "wrong"]
    assert wrong.said == "loss with the new b: 3.006830735098699"
    assert wrong.remark.startswith("gradient taken at b2 - epsilon")
    assert wrong.ours == "3.006830796"
    lstm = audit.published(found, "", problem=5)
    assert {entry.document for entry in lstm} == {"004"}
    changed = [row._replace(verdict=REPRODUCED, reason="") if row.document == "002" else row for row in found.findings]
    assert "wrong" not in [entry.mark for entry in audit.published(found._replace(findings=tuple(changed)), "5")]


def test_the_pages_rules(found):
    answers = audit.answers(found)
    page_rules.check(answers, [audit.NAME])
    assert [answer.number for answer in answers] == ["audit", "audit 1", "audit 2", "audit 2 (2)", "audit 3"]
    for settings in (audit.Settings(problems=(5,)), audit.Settings(documents=("002",)), audit.Settings(problems=(1,))):
        page_rules.check(audit.answers(audit.measure(settings)), [audit.NAME])


def test_what_a_document_prints_is_listed_or_counted_but_never_a_wall_of_numbers(found):
    said = [entry.said for answer in audit.answers(found) for entry in answer.published]
    assert max(map(len, said)) < 700
    undecided = sum((row.document, row.problem, row.verdict) == ("000", 2, "possible") for row in found.findings)
    assert undecided > 100
    assert any(text.startswith(f"{undecided} numbers: the proba of 6; ") for text in said)


def test_the_sentences_on_maps_follow_the_maps(found):
    by_number = {answer.number: answer for answer in audit.answers(found)}
    assert "177 of document 004's 400 and none of document 000's 121" in by_number["audit 2"].verdict
    assert "falls from 76.7 to 53.3; rows 12, 14, 15" in by_number["audit 2"].answer
    regions = by_number["audit 2 (2)"]
    assert "documents" not in regions.verdict
    assert "under none of" in regions.verdict
    assert [entry.mark for entry in regions.published] == ["wrong", "wrong"]

    first, second = found.maps
    met = second.region._replace(said=second.region.ours, met=4)
    better = second._replace(region=met, faulty=np.zeros_like(second.faulty), variation=(53.3, 76.7))
    by_number = {answer.number: answer for answer in audit.answers(found._replace(maps=(first, better)))}
    assert "none of document 000's 121 and none of document 004's 400" in by_number["audit 2"].verdict
    assert "rises from 53.3" in by_number["audit 2"].answer
    assert "region of document 000 follows" in by_number["audit 2 (2)"].verdict
    assert [entry.mark for entry in by_number["audit 2 (2)"].published] == ["wrong", "right under a convention"]


def test_whether_an_image_explains_the_maps_is_measured(found):
    image, values = np.zeros((28, 28)), np.ones((21, 21))
    like = Nearest("004", 11, 0.97, 0.5, 900, 0.9, ((5, 3),), image, values)
    told = {answer.number: answer for answer in audit.answers(found._replace(nearest=(like,)))}["audit 2, ours"]
    assert told.verdict.startswith("A test image of a 6 explains them")
    told = {
        answer.number: answer for answer in audit.answers(found._replace(nearest=(like._replace(correlation=0.8),)))
    }["audit 2, ours"]
    assert told.verdict.startswith("No test image of a 6 quite explains them")
    assert "0.80" in told.verdict
    assert "image 11, 0.80 against a median of 0.50" in told.answer
    with_ours, without = (published_maps(found.maps[1], each) for each in (like, None))
    assert len(with_ours.axes) > len(without.axes)  # the map and its colour bar


def test_why_no_image_was_compared_is_said(found, mnist):
    assert found.left_out == "no network was given"
    assert (
        "was not looked for: no network was given" in {a.number: a for a in audit.answers(found)}["audit 2 (2)"].answer
    )
    maps_only = audit.Settings(problems=(2,), documents=("000",), images=5)

    def never_a_six(images):
        return jnp.tile(jnp.eye(10)[0], (len(images), 1))

    other = audit.measure(maps_only, never_a_six, mnist._replace(name="letters"))
    assert (other.nearest, "letters" in other.left_out) == ((), True)
    none = audit.measure(maps_only, never_a_six, mnist)
    assert (none.nearest, none.left_out) == ((), "the network takes no test image of a 6 for one")
    assert audit.measure(audit.Settings(problems=(5,)), never_a_six, mnist).left_out == "no maps were audited"


def test_build_tells_the_counts_that_the_audit_finds(found):
    total = counts(found.findings)[-1]
    said = " ".join((pathlib.Path(__file__).parents[3] / "BUILD.md").read_text().split())
    reproduced, convention, possible, misprinted, wrong = (f"{number:,}" for number in total.numbers)
    assert (
        f"Of {len(found.findings):,} printed numbers the audit finds {reproduced} reproduced, {convention} reproduced "
        f"under a stated convention, {possible} possible"
    ) in said
    assert f"{misprinted} misprinted and {wrong} wrong;" in said
