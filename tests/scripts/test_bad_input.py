"""Whatever is wrong with the input of the CNN half: one clear line, and nothing that was there before is touched."""

from programs import FOLDER, TRAIN, end, fails_in_one_line, hashes, start

from hw3.cnn import checkpoints


def test_bad_input_is_one_line_and_touches_nothing(out, checkpoint, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    damaged = tmp_path / "damaged"
    (damaged / "checkpoint" / "3").mkdir(parents=True)
    blocked = tmp_path / "blocked"
    (blocked / FOLDER).mkdir(parents=True)
    (blocked / FOLDER / "checkpoint").write_text("a file where a folder should be")
    train = ["train_cnn.py", *TRAIN]
    cases = [
        (
            ["sweep_occlusion.py", checkpoint, "--patch_size=29"],
            "--patch_size=29: larger than the images, 28x28",
        ),
        (["sweep_occlusion.py", checkpoint, "--stride=two"], "--stride=two: must be one or two positive whole numbers"),
        (["sweep_occlusion.py", checkpoint, "--index=99999"], r"index 99999 is past the last of the \d+ correctly"),
        (
            ["sweep_occlusion.py", checkpoint, "--fill=white"],
            r"fill=white: must be a number in \[0, 1\]",
        ),
        (["sweep_occlusion.py", checkpoint, "--batch_size=0"], "flag --batch_size=0: 0 is not a positive integer"),
        (["sweep_occlusion.py", f"--checkpoint={empty}"], f"{empty}/checkpoint holds no checkpoint: train one"),
        (["sweep_occlusion.py", f"--checkpoint={damaged}"], f"the checkpoint in {damaged}/checkpoint is damaged"),
        (["inspect_cnn.py", checkpoint, "--classes=3,3"], "classes=3,3: must be two different classes in"),
        (
            ["find_overlays.py", checkpoint, "--patch_sizes=4,40"],
            r"patch_sizes=4,40: must be whole numbers in",
        ),
        (["find_overlays.py", checkpoint, "--digt=6"], "Unknown command line flag 'digt'"),
        (["train_cnn.py", "--model=wider"], "unknown network or layer 'wider'; networks: wide, narrow"),
        (["train_cnn.py", "--outdir=/dev/null/out"], "--outdir: cannot write in /dev/null/out"),
        (["train_cnn.py", "--dataset=mnits"], "mnits"),
        (
            [*train, f"--model={'dense50 ' * 10}", "--recipe=published", "--learning_rate=100", f"--outdir={empty}"],
            r"the loss is (nan|inf) in epoch 1",
        ),
        (["benchmark.py", "--rows=train,lunch"], "--rows: unknown row 'lunch'; choose from train, forward"),
        (["train_cnn.py", "wide"], "unexpected argument 'wide'"),
        (["train_cnn.py", "--seed=-1"], "flag --seed=-1: "),
        (["train_cnn.py", "--model="], "flag --model= is empty: leave it out for the default"),
        (["sweep_dataset.py", "--sweep="], "flag --sweep= is empty: leave it out for the default"),
        (
            ["train_cnn.py", f"--outdir={tmp_path}/\udcff"],
            r"--outdir=.*/\\udcff' is not UTF-8: name files and folders in",
        ),
        (["train_cnn.py", "--max_shift=28"], "max_shift is 28; it must be smaller than the images, 28x28 pixels"),
        (["train_cnn.py", "--dataset=fashion-mnist"], "did you mean fashion_mnist"),
        (
            [*train, f"--outdir={blocked}"],
            f"{blocked}/{FOLDER} was not made by this program: train_cnn.py replaces its own",
        ),
    ]
    before = hashes(out)
    processes = []
    for arguments, _ in cases:
        where = [] if any(a.startswith("--outdir") for a in arguments) else [f"--outdir={out}"]
        processes.append(start(*arguments, *where))
        if len(processes) % 3 == 0:
            processes[-3].wait()
    for process, (_, message) in zip(processes, cases, strict=True):
        fails_in_one_line(end(process), message)
    assert hashes(out) == before
    assert not checkpoints.exists(empty / FOLDER / "checkpoint")
