"""How long a program takes from its start to its end, for benchmark.py."""

import os
import subprocess
import sys
import tempfile
import time


def times(repeats: int) -> dict[str, list[float]]:
    """Seconds from the start of sweep_occlusion.py to its end, with an empty compilation cache and a filled one."""
    found: dict[str, list[float]] = {"empty compilation cache": [], "filled": []}
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "{}.py")
        train = ["train_cnn", "--epochs=1", "--train_images=128", f"--outdir={folder}"]
        sweep = ["sweep_occlusion", f"--outdir={folder}", "--digit=1"]
        for index, arguments in enumerate([train, *([sweep] * (2 * repeats))]):
            kind = "filled" if index % 2 == 0 else "empty compilation cache"
            cache = os.path.join(folder, f"cache{(index + 1) // 2}")
            environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": cache}
            start = time.perf_counter()
            command = [sys.executable, script.format(arguments[0]), *arguments[1:]]
            subprocess.run(command, env=environment, check=True, capture_output=True)
            if index:
                found[kind].append(time.perf_counter() - start)
    return found
