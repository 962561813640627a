"""Small inputs that once gave a wrong answer, an empty one or a traceback: what must come, and what must not."""

import csv
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import process
from tests.cases.draw import draw_inputs

ROWS = list(csv.DictReader(Path(__file__).with_name("cases.csv").open(newline="")))


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_case(row, tmp_path):
    """``says``: words of which one must come, by ``|``; ``never``: words that must not. In any case of letters."""
    draw_inputs(row["command"], tmp_path)
    ended = run(row["command"], tmp_path)
    printed = " ".join((ended.stdout + ended.stderr).lower().split())
    assert row["exit"] in ("", str(ended.returncode)), printed
    assert any(words.lower() in printed for words in row["says"].split("|")), printed
    for words in filter(None, (*row["never"].split("|"), "Traceback")):
        assert words.lower() not in printed, printed
    written = [path.name for path in tmp_path.iterdir() if ended.returncode and path.name in ("run", "audit")]
    assert written == [], "bad input: nothing is written"


def run(command, cwd):
    """What ``sparsight`` ended with and printed; behind a ``|`` what reads its output, which that one keeps."""
    asked, pipe, reader = command.partition(" | ")
    words = shlex.split(asked)[1:]
    if not pipe:
        return process.run(words, cwd)
    call = [sys.executable, "-m", "sparsight", *words]
    with subprocess.Popen(call, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writing:
        with subprocess.Popen(shlex.split(reader), stdin=writing.stdout, stdout=subprocess.DEVNULL):
            writing.stdout.close()
        errors = writing.stderr.read()
    return subprocess.CompletedProcess(call, writing.returncode, "", errors)
