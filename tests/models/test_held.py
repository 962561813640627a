"""Codes of users in several threads at once: in whatever order they begin and end, the process is as it was."""

import os
import subprocess
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from sparsight.models import UserCodeError, users_code


def state():
    return (
        os._exit,
        list(warnings.filters),
        torch.get_default_dtype(),
        sys.getrecursionlimit(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        np.geterr(),
    )


def meddle():
    warnings.simplefilter("ignore")
    torch.set_default_dtype(torch.float64)
    sys.setrecursionlimit(4321)
    torch.set_grad_enabled(False)
    np.seterr(all="raise")


def codes(order, meddles):
    """Run contexts of several threads; ``order``: a letter each, that begins the first time and ends the second."""
    steps = {letter: (threading.Semaphore(0), threading.Semaphore(0)) for letter in set(order)}
    failed = []

    def run(letter):
        go, done = steps[letter]
        try:
            go.acquire()
            with users_code(letter):
                if letter in meddles:
                    meddle()
                done.release()
                go.acquire()
                with suppress(SystemExit):
                    os._exit(0)
                    failed.append("os._exit was not held")
        except Exception as error:
            failed.append(error)
        done.release()

    threads = [threading.Thread(target=run, args=(letter,), daemon=True) for letter in steps]
    for thread in threads:
        thread.start()
    for letter in order:
        go, done = steps[letter]
        go.release()
        assert done.acquire(timeout=60)
    for thread in threads:
        thread.join(60)
    return failed


@pytest.mark.parametrize("order", ["abab", "abba", "abcacb", "abacbc", "abcbca"])
@pytest.mark.parametrize("meddles", ["", "a", "b", "abc"])
def test_overlapping_codes_leave_nothing(order, meddles):
    before = state()
    assert codes(order, meddles) == []
    assert state() == before


def test_codes_within_each_other_end_with_what_held_around_each():
    before = state()
    with users_code("outer"):
        torch.set_default_dtype(torch.float64)
        with users_code("inner"):
            torch.set_default_dtype(torch.float16)
            os._exit = print
        assert torch.get_default_dtype() == torch.float64
        with pytest.raises(UserCodeError, match="last ends the process"), users_code("last"):
            os._exit(0)
        with pytest.raises(SystemExit):
            os._exit(0)
    assert state() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_a_process_that_is_forked_inside_ends_as_it_would():
    with users_code("forking"):
        if not (child := os.fork()):
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


PARENT = """\
import multiprocessing, os, threading, time
from sparsight import pool
from sparsight.models import users_code

def work():
    threading.Thread(target=pool._end_with_parent, daemon=True).start()
    with users_code("a long forward pass"):
        print(os.getpid(), flush=True)
        time.sleep(120)

if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=work)
    child.start()
    child.join(3)
    os._exit(0)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_worker_ends_with_its_parent_also_while_a_users_code_runs_in_it(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    ended = subprocess.Popen([sys.executable, "parent.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    child = int(ended.stdout.readline())
    ended.kill()
    ended.wait()
    end = time.monotonic() + 60
    while alive(child):
        assert time.monotonic() < end, "the worker outlived its parent"
        time.sleep(0.05)


def alive(process):
    """Whether a process runs: one that has ended and that nobody asks for counts as ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
