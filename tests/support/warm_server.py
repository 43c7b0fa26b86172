"""Starts programs without their imports: a process that has imported everything and forks itself for each of them.

A third of the suite's time went into importing JAX a hundred times. MNIST, too, is read and verified once for all.
Requests come as lines of JSON on stdin, and the ends of the programs are told as lines on stdout. A forked child runs
the program's file as `python` does, up to its exit. Most of a short program's time would then go into taking the
imported modules apart again, of which the fork has to copy every page: that is left out.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import sys
import threading
import traceback

import jax
from quick import keep_mlir_context

import hw3
from hw3.datasets import mnist

OTHERS = ["jax.experimental.multihost_utils", "rich.progress", "matplotlib.backends.backend_agg"]
WITHOUT_FLAGS = ["common.program", "common.output", "common.own_classifier"]  # of their own, which all would have


def preload():
    """Imports what programs import, and no more: a JAX backend would not survive a fork."""
    for module in pkgutil.walk_packages(hw3.__path__, "hw3."):
        importlib.import_module(module.name)
    for name in (*OTHERS, *WITHOUT_FLAGS):
        importlib.import_module(name)
    mnist.read = functools.cache(mnist.read)
    for array in mnist.read()[:4]:
        array.flags.writeable = False
    if jax.__version_info__ < (0, 11):
        keep_mlir_context()  # made in each program, for its threads would not survive a fork
    gc.freeze()  # a collection in a fork would write to every object, and so copy it
    gc.set_threshold(100_000, 50, 100)


def wait_for_a_program():
    """Serves until stdin ends; returns the request in the child that is to run it."""
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    names, requests = {}, b""
    while True:
        ready = select.select([0, ended], [], [])[0]
        if ended in ready:
            os.read(ended, 4096)
            with contextlib.suppress(ChildProcessError):
                while (found := os.waitpid(-1, os.WNOHANG))[0]:
                    print(json.dumps([names.pop(found[0]), os.waitstatus_to_exitcode(found[1])]), flush=True)
        if 0 in ready:
            received = os.read(0, 65536)
            if not received:
                sys.exit()
            *lines, requests = (requests + received).split(b"\n")
            for line in lines:
                request = json.loads(line)
                pid = os.fork()
                if not pid:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    return request
                names[pid] = request["name"]
                print(json.dumps([request["name"], -pid, "started"]), flush=True)


def exit_status(program):
    """With what status `python` would end that ran this file."""
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as error:
        return error.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def end(status):
    """As `python` ends, up to the functions that ask to be called then."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    preload()
    request = wait_for_a_program()
    for descriptor, path in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    # JAX has read its part of the environment already; of that the tests change this alone.
    jax.config.update("jax_disable_most_optimizations", os.environ.get("JAX_DISABLE_MOST_OPTIMIZATIONS") == "1")
    sys.argv = request["command"][1:]
    sys.path[0] = os.path.dirname(sys.argv[0])
    end(exit_status(sys.argv[0]))
