"""The command line in a process of its own, forked from one that has loaded the libraries: a third of a second in place
of five. Tests that are about starting and killing start it themselves."""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

LOADED = [
    *(f"sparsight.{name}" for name in ("audit", "cli", "exporting", "plan", "study", "verifying")),
    "torch._dynamo",
    "torchvision",
]
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(LOADED)


def start(arguments: Sequence[object], cwd: Path, stdout: Path, stderr: Path) -> "multiprocessing.Process":
    """``python -m sparsight ...`` in ``cwd``, begun; what it prints goes to files."""
    words = ["sparsight", *map(str, arguments)]
    process = _SERVER.Process(target=_run, args=(words, str(cwd), dict(os.environ), str(stdout), str(stderr)))
    process.start()
    return process


def run(arguments: Sequence[object], cwd: Path, timeout: float = 300) -> "subprocess.CompletedProcess[str]":
    """The same, to its end: what it ended with and what it printed."""
    with tempfile.TemporaryDirectory() as place:
        said = [Path(place) / name for name in ("stdout", "stderr")]
        process = start(arguments, cwd, *said)
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(arguments), timeout, said[0].read_bytes(), said[1].read_bytes())
        return subprocess.CompletedProcess(list(arguments), process.exitcode, *(path.read_text() for path in said))


def kill_at(moment: Path, arguments: Sequence[object], cwd: Path) -> None:
    """The same, killed as soon as the file ``moment`` is there."""
    with tempfile.TemporaryDirectory() as place:
        said = [Path(place) / name for name in ("stdout", "stderr")]
        process = start(arguments, cwd, *said)
        while not moment.exists():
            assert process.exitcode is None, said[1].read_text()
            time.sleep(0.002)
        process.kill()
        process.join()


def _run(words: list[str], cwd: str, environment: Mapping[str, str], *said: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for number, path in enumerate((os.devnull, *said)):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    sys.argv = words
    runpy.run_module("sparsight", run_name="__main__", alter_sys=True)
