"""Programs that run beside others."""

import multiprocessing
import os

import pytest
from common import companions


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["common.companions"])
    return context


def fail(name, status):
    raise RuntimeError(f"{name}: {status}")


@pytest.fixture
def program(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text("import os, pathlib, sys, time\n" + text)
        return str(path)

    return write


def test_they_run_in_order_while_another_is_waited_for_and_say_what_they_printed_as_a_whole(
    processes, program, capfd, tmp_path
):
    others = companions.Companions(processes, fail, tmp_path / "output")
    log = tmp_path / "log"
    saying = f"open({str(log)!r}, 'a').write(sys.argv[1]); print('said', sys.argv[1]); print('err', file=sys.stderr)"
    for word in ("first", "second"):
        others.add(program(f"{word}.py", saying), word)
    foreground = program("waits.py", f"while open({str(log)!r}).read() != 'firstsecond': time.sleep(0.01)")
    process = processes.Process(target=companions.program.execute, args=((foreground,),))
    log.touch()
    process.start()
    others.wait_for(process)
    others.finish()
    assert process.exitcode == 0
    text = capfd.readouterr().out
    parts = ["== first.py, beside", "said first", "err", "== first.py took", "== second.py, beside", "said second"]
    assert [text.find(part) for part in parts] == sorted(text.find(part) for part in parts)
    assert all(part in text for part in parts)


def test_one_that_fails_is_told_of_with_what_it_printed_and_none_follows(processes, program, capfd, tmp_path):
    others = companions.Companions(processes, fail, tmp_path / "output")
    others.add(program("bad.py", "print('a reason'); sys.exit(3)"))
    others.add(program("next.py", f"pathlib.Path({str(tmp_path / 'ran')!r}).touch()"))
    with pytest.raises(RuntimeError, match=r"bad.py: 3"):
        others.finish()
    assert "a reason" in capfd.readouterr().out
    assert not multiprocessing.active_children()
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(not hasattr(os, "nice"), reason="priorities as Unix has them")
def test_they_have_a_lower_priority(processes, program, tmp_path):
    others = companions.Companions(processes, fail, tmp_path / "output")
    others.add(program("nice.py", f"pathlib.Path({str(tmp_path / 'nice')!r}).write_text(str(os.nice(0)))"))
    others.finish()
    assert (tmp_path / "nice").read_text() == str(os.nice(0) + companions.NICENESS)
