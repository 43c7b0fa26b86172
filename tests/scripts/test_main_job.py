"""The main job on a small network and real MNIST, and what every program says of itself."""

import re

from programs import FOLDER, ROOT, TRAIN, run, succeeds

from hw3.report import results
from hw3.studies import training
from hw3.studies.robustness import pasting


def test_the_main_job_writes_a_complete_page(out):
    done = succeeds("make_report.py", *TRAIN, "--quick", f"--outdir={out}")
    assert "all 3 epochs are done already" in done.stdout
    page = (out / "report.html").read_text()
    numbers = re.findall(r'<span class="number">(.*?)</span>', page)
    first, second, third, fourth = (
        [f"{problem} ({part})" for part in range(1, last)] for problem, last in ((1, 4), (2, 4), (3, 6), (4, 4))
    )
    audited = ["audit", "audit 1", "audit 2", "audit 2 (2)", "audit 2, ours", "audit 3"]
    assert numbers == ["1", *first, *second, "all 1", "all 2", "all 3", *third, "5", *audited, *fourth]
    network = results.read(out / FOLDER, training.NAME, training.Results).results
    assert f"on 3,000 images of mnist (3 epochs, {network.history[-1].test.accuracy:.2%} of the test images" in page
    pasted = results.read(out / pasting.NAME, pasting.NAME, pasting.Results).results
    assert len(list((out / pasting.NAME).glob("black_*/*.png"))) == len(pasted.black.flips)
    explorables = re.findall(r'data-explorable="(\w+)"', page)
    assert sorted(explorables) == ["features", "gates", "long", "patch", "piece", "unroll"]
    assert len(page) < 8e6
    assert "(median of 2 networks of 4 units" in page
    assert "reservoirs of 10 units remember at most" in page
    assert "echo state, mean of states: " in page


def test_help_shows_an_example_and_the_flags_that_programs_share():
    done = run("sweep_occlusion.py", "--help")
    assert "python scripts/sweep_occlusion.py --digit=6" in done.stdout
    for flag in ("--outdir", "--checkpoint", "--dataset", "--patch_size"):
        assert flag in done.stdout


def test_every_program_has_an_example_in_its_help():
    programs = list((ROOT / "scripts").glob("*.py"))
    assert len(programs) >= 8
    for path in programs:
        assert f"python scripts/{path.name}" in path.read_text().split('"""')[1], path.name
