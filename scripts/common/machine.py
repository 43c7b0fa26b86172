"""What the programs ask of the machine: memory kept, compiled programs kept, a device a core."""

import ctypes
import os
import pathlib
import platform
import warnings

import jax


def keep_freed_memory() -> None:
    """Tells glibc to keep freed memory for the next allocation instead of giving it back to the system, and JAX to
    compute on a CPU in the thread that calls it; before JAX computes anything.

    XLA:CPU allocates what a call needs anew each time; without this a sixth of a training step goes into page faults
    (BUILD.md, Speed). Only the first thread keeps blocks of more than 64 MB. Other C libraries are left as they are.
    """
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-4, 0)  # M_MMAP_MAX: no mapping of its own for a large block
        mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


def keep_compiled() -> None:
    """Turns JAX's persistent compilation cache on, in the user's cache directory unless JAX_COMPILATION_CACHE_DIR names
    another; programs run without it where nothing can be written."""
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = pathlib.Path(os.environ.get("JAX_COMPILATION_CACHE_DIR") or home / "hw3" / "compiled")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
        # A program that calls oneDNN can't be stored, which is no trouble of the user's.
        warnings.filterwarnings("ignore", message="Error writing persistent compilation cache entry")


def use_all_cores() -> None:
    """Makes a JAX device of each core, for work that is too small for more than one; before JAX computes anything.

    Nothing if XLA_FLAGS say how many devices there are.
    """
    if "xla_force_host_platform_device_count" not in os.environ.get("XLA_FLAGS", ""):
        jax.config.update(
            "jax_num_cpu_devices", len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        )
