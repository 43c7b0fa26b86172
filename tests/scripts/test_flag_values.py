"""One rule for the values of all flags: none empty, ASCII digits, and bounds on both sides of every number."""

import ast

import pytest
from absl import flags
from common import flag_values
from programs import ROOT


@pytest.fixture
def values():
    found = flags.FlagValues()
    flags.DEFINE_integer("epochs", None, "", flag_values=found)
    flags.DEFINE_float("learning_rate", 0.1, "", flag_values=found)
    flags.DEFINE_list("radii", ["1"], "", flag_values=found)
    flags.DEFINE_string("sweep", None, "", flag_values=found)
    flags.DEFINE_string("fill", "0", "", flag_values=found)
    flags.DEFINE_bool("quick", False, "", flag_values=found)
    return found


def check(values, *arguments):
    argv = ["probe.py", *arguments]
    values(argv)
    flag_values.check(argv, values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sweep="], "flag --sweep= is empty: leave it out for the default"),
        (["--sweep", " "], "flag --sweep= is empty"),
        (["--radii="], "flag --radii= is empty"),
        (["--radii=,"], "flag --radii= is empty"),
        ([f"--radii={'1,' * 2000}"], "flag --radii has 2,001 entries; 1,000 at most"),
        (["--epochs=1000000000"], "flag --epochs=1000000000: must be from 1 to 10,000"),
        (["--epochs=0"], "flag --epochs=0: must be from 1 to 10,000"),
        (["--learning_rate=1e30"], r"flag --learning_rate=1e\+30: must be from -100 to 100"),
        (["--learning_rate=nan"], "flag --learning_rate=nan: must be from -100 to 100"),
        (["--epochs=\u0663"], "flag --epochs=\u0663: write digits as 0 to 9"),
        (["--epochs", "\u0663"], "flag --epochs=\u0663: write digits as 0 to 9"),
        (["--radii=1,\uff12"], "flag --radii=1,\uff12: write digits as 0 to 9"),
        (["--fill=0.\u0967"], "flag --fill=0.\u0967: write digits as 0 to 9"),
    ],
)
def test_what_breaks_the_rule_is_one_line(values, arguments, message):
    with pytest.raises(flags.Error, match=message):
        check(values, *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--epochs=4", "--quick", "--radii=1,2", "--fill=mean", "--learning_rate=-0.01"],
        ["--sweep=/data/\u0e51\u0e52/\u96f6"],
        ["--noquick", "--sweep", "x"],
    ],
)
def test_everything_else_is_taken(values, arguments):
    check(values, *arguments)


def test_every_number_that_a_program_takes_is_bounded_on_both_sides():
    unbounded = []
    for path in [*(ROOT / "scripts").glob("*.py"), *(ROOT / "scripts" / "common").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (
                isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("DEFINE_integer", "DEFINE_float")
            ):
                continue
            own = {keyword.arg for keyword in node.keywords}
            name = ast.literal_eval(node.args[0])
            if not {"lower_bound", "upper_bound"} <= own and name not in flag_values.LIMITS:
                unbounded.append(f"{path.name} --{name}")
    assert not unbounded
