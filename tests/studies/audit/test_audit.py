import pytest

from hw3.report import results as results_on_disk
from hw3.report.results import Record
from hw3.studies import audit
from hw3.studies.audit.findings import FAULTS, REPRODUCED


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
    ],
)
def test_what_is_not_there_cannot_be_audited(settings, words):
    with pytest.raises(ValueError, match=words):
        audit.measure(settings)


def test_tables_and_files_have_every_number(found):
    assert set(audit.figures(found)) == {audit.COUNTS, audit.ORDER, "maps_000.png", "maps_004.png"}
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
