"""Sentences, marks and tables on claims follow from the effects."""

import pytest

from hw3.studies import claim_words
from hw3.studies.verdicts import Claim, Effect, exact

UP, DOWN, NOTHING = Effect(2.0, 1.0), Effect(-2.0, 1.0), Effect(0.5, 1.0)


def claim(*effects, part="1 (1)"):
    return Claim(part, "it grows", "growth", "%", {f"case {i}": found for i, found in enumerate(effects)})


@pytest.mark.parametrize(
    ("effects", "words", "mark"),
    [
        ([UP, UP], "held", "right"),
        ([UP, DOWN, NOTHING], "held under conditions: case 0 (not: case 1; case 2)", ""),
        ([UP, UP, DOWN, UP, UP], "held under conditions: 4 of 5", ""),
        ([NOTHING, NOTHING], "did not hold: no effect beyond the spread over seeds", ""),
        ([NOTHING, DOWN], "did not hold: the opposite was seen with case 1", ""),
        ([DOWN, DOWN], "did not hold: the opposite was seen with case 0; case 1", "wrong"),
        ([DOWN] * 5, "did not hold: the opposite was seen under 5 of 5 conditions", "wrong"),
        ([exact(0)], "did not hold: nothing of it was seen", "wrong"),
        ([exact(1)], "held", "right"),
    ],
)
def test_words_and_marks(effects, words, mark):
    assert claim_words.judged(claim(*effects)) == words
    assert claim_words.mark(claim(*effects)) == mark
    (entry,) = claim_words.published([claim(*effects)])
    assert (entry.document, entry.said, entry.mark) == ("004", "1 (1): “it grows”", mark)
    assert entry.remark == words[0].upper() + words[1:] + "."


@pytest.mark.parametrize(
    ("effects", "ours"), [([UP], "+2 ± 1 %"), ([exact(3)], "+3 %"), ([NOTHING, UP, DOWN], "-2 to +2 %")]
)
def test_what_we_find_is_the_effect_or_the_ends_of_several(effects, ours):
    (entry,) = claim_words.published([claim(*effects)])
    assert entry.ours == ours


def test_a_summary_names_every_claim_once_by_what_was_seen():
    claims = [claim(UP), claim(NOTHING), claim(UP, DOWN), claim(DOWN), claim(UP)]
    assert claim_words.summary(claims, ["a", "b", "c", "d", "e"]) == (
        "Seen throughout: a and e; in part: c; not seen: b; rather the opposite: d."
    )
    assert claim_words.summary([claim(DOWN)], ["a"]) == "Rather the opposite: a."
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        claim_words.summary(claims, ["a"])


def test_a_change_is_one_only_beyond_the_spread():
    steady = [1.0, 2.0, 3.0]
    assert claim_words.change(steady, [2.0, 3.1, 3.9], "{:.0f}".format) == "rises from 2 to 3"
    assert claim_words.change(steady, [0.0, 1.1, 1.9], "{:.0f}".format) == "falls from 2 to 1"
    assert (
        claim_words.change(steady, [3.0, 2.0, 1.5], "{:.1f}".format)
        == "does not change beyond the spread (2.0 and 2.2)"
    )


def test_tables_have_a_row_for_each_claim_and_for_each_condition():
    claims = [claim(UP, DOWN), claim(NOTHING, part="1 (2)")]
    assert claim_words.verdict_table(claims).rows == [
        ("1 (1): it grows", "held under conditions", "1 of 2"),
        ("1 (2): it grows", "did not hold", "0 of 1"),
    ]
    effects = claim_words.effect_table(claims)
    assert effects.caption.endswith("1 (1): growth. 1 (2): growth.")
    assert effects.rows == [
        ("1 (1): case 0", "+2 ± 1 %", "yes"),
        ("1 (1): case 1", "-2 ± 1 %", "the opposite"),
        ("1 (2): case 0", "+0.5 ± 1 %", "no"),
    ]
    written = claim_words.effects_file(claims)
    assert written.rows[1] == ("1 (1)", "it grows", "growth", "%", "case 1", -2.0, 1.0, False, True)
    assert {len(row) for row in written.rows} == {len(written.header)}
