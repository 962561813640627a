"""The command line as users meet it: a process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import process

SMALL = """\
data: {name: toybirds, train: 48, validation: 24, test: 24, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 2, batch_size: 16, learning_rate: 0.05}
pruning: {rate: 0.5, rounds: 3}
evidence: {interventions: 12, sanity: 12, refits: 1}
study: {seeds: [0], arms: [magnitude, released-code], retrains: 1}
quick: {pruning: {rounds: 2}}
"""
EXEMPT = ("training.jsonl", "manifest.json", ".lock")
"""Files that hold times or nothing; the report's are exempt as well."""


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "sparsight", *map(str, arguments)]


def _run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return process.run(arguments, cwd)


def _results(run: Path) -> dict[str, bytes]:
    files = [path for path in run.rglob("*") if path.is_file() and path.name not in EXEMPT]
    return {str(path.relative_to(run)): path.read_bytes() for path in files if "report" not in path.parts}


@pytest.fixture(scope="session")
def command() -> Callable[..., list[str]]:
    """The command line as a list, to start it oneself."""
    return _command


@pytest.fixture(scope="session")
def sparsight() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the command in ``cwd`` and wait for it."""
    return _run


@pytest.fixture(scope="session")
def results_of() -> Callable[[Path], dict[str, bytes]]:
    """Every file of a run that must be the same byte for byte."""
    return _results


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A settings file of a study that takes seconds."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, subprocess.CompletedProcess[str]]":
    """A run of the small study that nothing disturbed, and what it printed. Not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "small.yaml").write_text(SMALL)
    ended = _run("study", "small.yaml", "--out", "run", "--workers", "2", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder / "run", ended


@pytest.fixture
def call(monkeypatch, tmp_path, capsys):
    """Run the command in ``tmp_path``, or in ``cwd``, in this process: exit code, output, errors."""

    def run(*arguments, cwd=tmp_path):
        from sparsight.cli import main

        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["sparsight", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run
