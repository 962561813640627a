"""Whether anybody reads what a command prints changes neither what it does nor what it ends with."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def closed() -> int:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.fixture
def damaged(finished, tmp_path):
    run = shutil.copytree(finished[0], tmp_path / "damaged")
    (run / "results" / "accuracy.csv").write_text("x")
    return run


def ended(command, arguments, cwd, stdout, stderr=subprocess.PIPE):
    return subprocess.run(command(*arguments), cwd=cwd, stdout=stdout, stderr=stderr, text=True, check=False)


def test_a_closed_pipe_does_not_change_what_verify_found(command, finished, damaged, tmp_path):
    for run, code in ((finished[0], 0), (damaged, 1)):
        found = ended(command, ["verify", run], tmp_path, closed())
        assert (found.returncode, found.stderr) == (code, "")


@pytest.mark.parametrize(
    "arguments", [["data", "list"], ["--help"], ["data", "where"], ["--version"], ["data", "check", "toybirds"]]
)
def test_a_closed_pipe_is_no_failure(command, arguments, tmp_path):
    found = ended(command, arguments, tmp_path, closed())
    assert (found.returncode, found.stderr) == (0, "")


def test_errors_that_nobody_reads_keep_their_exit_code(command, tmp_path):
    assert ended(command, ["verify", "nowhere"], tmp_path, closed(), closed()).returncode == 2


def test_no_output_at_all(command, tmp_path):
    line = f"{sys.executable} -m sparsight data list >&- 2>&-"
    assert subprocess.run(["sh", "-c", line], cwd=tmp_path, check=False).returncode == 0


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")
def test_a_full_disk_behind_the_output_is_said(command, damaged, tmp_path):
    with FULL.open("w") as full:
        for arguments, code in ((["data", "list"], 2), (["verify", damaged], 1)):
            found = ended(command, arguments, tmp_path, full)
            assert found.returncode == code
            assert found.stderr == "sparsight: standard output: cannot be written (No space left on device)\n"


def test_letters_that_the_terminal_cannot_show_are_no_fault(command, tmp_path, monkeypatch):
    (tmp_path / "鳥").mkdir()
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    found = ended(command, ["verify", "鳥"], tmp_path, subprocess.PIPE)
    assert found.returncode == 2
    assert r"\u9ce5: not a run's folder" in found.stderr
