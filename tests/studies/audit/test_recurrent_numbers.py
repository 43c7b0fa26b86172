import collections

import jax
import numpy as np
import pytest

from hw3.studies.audit import findings as verdicts
from hw3.studies.audit.findings import CONVENTION, MISPRINTED, POSSIBLE, REPRODUCED, VERDICTS, WRONG
from hw3.studies.audit.recurrent import comparison
from hw3.studies.audit.recurrent.formulas import formulas
from hw3.studies.audit.recurrent.numbers import NUMBERS, Printed


@pytest.fixture(scope="module")
def findings():
    return comparison.audit()


def of(findings, document, part, what):
    return next(f for f in findings if (f.document, f.part) == (document, part) and f.what.startswith(what))


def test_nothing_printed_is_left_out(findings):
    assert len(findings) == sum(len(row.digits.split()) for row in NUMBERS) == 286
    assert [finding.printed for finding in findings] == [text for row in NUMBERS for text in row.digits.split()]


def test_counts(findings):
    assert VERDICTS == (REPRODUCED, CONVENTION, POSSIBLE, MISPRINTED, WRONG)
    assert dict(verdicts.counts(findings)) == {
        "000": (37, 0, 0, 0, 0),
        "001": (17, 11, 0, 0, 4),
        "002": (49, 7, 0, 2, 2),
        "003": (60, 30, 0, 4, 0),
        "004": (35, 16, 0, 4, 8),
        "all": (198, 64, 0, 10, 14),
    }


def test_problems_are_the_assignments(findings):
    assert {row.problem for row in findings if row.document != "004"} == {3}
    assert {row.part: row.problem for row in findings if row.document == "004"} == {
        **{f"5({part})": 3 for part in range(1, 6)},
        "7": 5,
    }


@pytest.mark.parametrize(
    ("document", "part", "what", "verdict", "reason"),
    [
        ("001", "3(4)", "learning rate", CONVENTION, "learning rate 0.01"),
        ("001", "3(5)", "loss with the new b, t=2", CONVENTION, "learning rate 0.01"),
        ("001", "3(4)", "new b1", WRONG, "no mistake that was tried"),
        ("001", "3(3)", "da1/db1, t=3", WRONG, "perhaps"),
        ("002", "3(3)", "dL/db1", CONVENTION, "the central difference in place of the unrolled"),
        ("002", "3(3)", "dh2/db2, t=2", MISPRINTED, "it should read 0.0129927"),
        ("002", "3(4)", "new b1", MISPRINTED, "sign lost: it should read -0.99998008"),
        ("002", "3(4)", "new b2", WRONG, "b2 not put back"),
        ("002", "3(5)", "loss with the new b", WRONG, "b2 not put back"),
        ("003", "3(1)", "loss", CONVENTION, "the loss summed over the steps"),
        ("003", "3(3)", 'dl/da, "t=1", entry 1', MISPRINTED, "it should read -0.00417528"),
        ("003", "3(3)", 'dl/da, "t=1", entry 2', CONVENTION, "summed"),
        ("003", "3(3)", 'dh/db used at "t=1", second row, entry 2', MISPRINTED, "a digit lost"),
        (
            "003",
            "3(3)",
            'dl/do, "t=1" (three entries), entry 3',
            MISPRINTED,
            "one entry too many: there are 2",
        ),
        ("003", "3(5)", "loss with the new b", CONVENTION, "a step up the gradient instead of down"),
        ("004", "5(1)", "loss", CONVENTION, "the mirrored loss"),
        ("004", "5(2)", "dL/db2", MISPRINTED, "-0.0045452736375795055; epsilon 0.0005"),
        ("004", "5(3)", "dh(2)/dh(1), entry 2,2", MISPRINTED, "dh_dh of step 3, entry 2,2 stands here"),
        ("004", "7", "loss", CONVENTION, "the mirrored loss"),
        ("004", "7", "dL/db_f, entry 2", WRONG, "1 - h^2 in place of tanh'(s)"),
    ],
)
def test_verdicts_that_were_checked_by_hand(findings, document, part, what, verdict, reason):
    finding = of(findings, document, part, what)
    assert finding.verdict == verdict
    assert reason in finding.reason


def test_the_right_values_beside_wrong_ones(findings):
    assert of(findings, "004", "7", "dL/db_f, entry 1").ours == pytest.approx(2.3666022e-05, rel=1e-7)
    assert of(findings, "001", "3(4)", "new b1").ours == pytest.approx(-0.99990039, abs=5e-9)
    assert np.isnan(of(findings, "003", "3(3)", 'dl/do, "t=1" (three entries), entry 3').ours)


def test_the_whole_lstm_gradient_of_document_004_is_one_mistake(findings):
    reasons = collections.Counter(f.reason for f in findings if f.part == "7" and f.what.startswith("dL/db_f"))
    everything, in_the_last_step = reasons.most_common()
    assert (everything[1], in_the_last_step[1]) == (6, 2)  # the last step has no recursion to go wrong
    assert everything[0].startswith(in_the_last_step[0])


def change_last_digit(text):
    return text[:-1] + str((int(text[-1]) + 5) % 10)


def test_a_right_number_with_a_changed_digit_is_not_reproduced():
    right = [
        Printed("000", "3", "y", "y_hat", (2, 0), "0.94001124"),
        Printed("000", "3", "loss", "loss", (), "3.007207986556634"),
        Printed("000", "3", "new b2", "new_b", (1,), "0.99913198"),
    ]
    assert [f.verdict for f in comparison.audit(right)] == [REPRODUCED] * 3
    changed = [row._replace(digits=change_last_digit(row.digits)) for row in right]
    assert [f.verdict for f in comparison.audit(changed)] == [MISPRINTED] * 3
    nonsense = [
        row._replace(digits=digits) for row, digits in zip(right, ("0.31415926", "2.718281828", "-7.0"), strict=True)
    ]
    found = comparison.audit(nonsense)
    assert [f.verdict for f in found] == [WRONG] * 3
    assert all("no mistake" in f.reason for f in found)


@pytest.mark.parametrize(
    ("digits", "verdict", "reason"),
    [
        ("0.0599888", REPRODUCED, ""),
        ("0.0599887", CONVENTION, "cut off"),
        ("-0.0599888", MISPRINTED, "sign lost"),
        ("0.0599988", MISPRINTED, ""),
        ("0.06", REPRODUCED, ""),
        ("0", WRONG, "no mistake"),
    ],
)
def test_rounding_cutting_and_misprints(digits, verdict, reason):
    (finding,) = comparison.audit([Printed("002", "3", "y2", "y_hat", (2, 1), digits)])
    assert (finding.verdict, reason in finding.reason) == (verdict, True)


def test_the_audit_leaves_the_precision_alone():
    assert not jax.config.jax_enable_x64
    comparison.audit(NUMBERS[:1])
    assert not jax.config.jax_enable_x64


def test_formulas_as_printed():
    rows = {(row.document, row.formula.split(" = ")[0]): row for row in formulas()}
    assert rows["002", "da2(2)/db2"].gives == 1
    assert rows["001", "dL/do2"].gives == pytest.approx(-rows["001", "dL/do2"].right, rel=1e-12)
    assert rows["002", "dh1(2)/db1"].gives == pytest.approx(4.2735983, abs=5e-8)
