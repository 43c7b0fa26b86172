"""The main job on a small network and real MNIST, and what every program says of itself."""

import json
import re

from programs import FOLDER, ROOT, TRAIN, run, succeeds


def test_the_main_job_writes_a_complete_page(out):
    done = succeeds("make_report.py", *TRAIN, "--quick", f"--outdir={out}")
    assert "all 3 epochs are done already" in done.stdout
    page = (out / "report.html").read_text()
    numbers = re.findall(r'<span class="number">(.*?)</span>', page)
    first, second, third, fourth = (
        [f"{problem} ({part})" for part in range(1, last)] for problem, last in ((1, 4), (2, 4), (3, 6), (4, 4))
    )
    assert numbers == ["1", *first, *second, "all 1", "all 2", "all 3", *third, "5", "audit", *fourth]
    accuracy = json.loads((out / FOLDER / "results.json").read_text())["history"][-1]["test_accuracy"]
    assert f"on 3,000 images of mnist (3 epochs, {accuracy:.2%} of the test images right)" in page
    black = json.loads((out / "overlays" / "results.json").read_text())["black"]
    assert len(list((out / "overlays" / black["folder"]).glob("*.png"))) == black["flips"]
    assert "(median of 2 networks of 4 units" in page
    assert "reservoirs of 10 units remember at most" in page
    assert "echo state, mean of states: " in page


def test_help_shows_an_example_and_the_flags_that_programs_share():
    done = run("sweep_occlusion.py", "--help")
    assert "python scripts/sweep_occlusion.py --digit=6" in done.stdout
    for flag in ("--outdir", "--checkpoint", "--dataset", "--patch_size"):
        assert flag in done.stdout


def test_every_program_has_an_example_in_its_help():
    parts = ("program.py", "machine.py", "processes.py", "shared_flags.py", "sweep_flags.py", "peers.py")
    programs = [path for path in (ROOT / "scripts").glob("*.py") if path.name not in parts]
    assert len(programs) >= 8
    for path in programs:
        assert f"python scripts/{path.name}" in path.read_text().split('"""')[1], path.name
