"""Timed functions take turns, after a first call that isn't timed."""

from hw3.studies import timing


def test_functions_take_turns():
    called = []
    times = timing.alternate_seconds([lambda: called.append("a"), lambda: called.append("b")], 3)
    assert called == ["a", "b"] * 4
    assert [len(taken) for taken in times] == [3, 3]
    assert min(map(min, times)) >= 0
