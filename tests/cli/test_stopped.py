"""Ctrl-C, and a signal to end: a line that says what is kept, a checkpoint, and the same bytes in the end."""

import os
import shlex
import signal
import subprocess
import time

import pytest

from sparsight.arms import CHECKPOINT
from sparsight.cli.main import WAITING

pytestmark = pytest.mark.usefixtures("interruptible")
LONGER = """\
data: {name: toybirds, train: 48, validation: 24, test: 24, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 60, batch_size: 16, learning_rate: 0.05}
pruning: {rate: 0.5, rounds: 2}
evidence: {interventions: 0, sanity: 0, refits: 0}
study: {seeds: [0], arms: [magnitude], retrains: 0}
"""


@pytest.fixture
def longer(tmp_path):
    (tmp_path / "longer.yaml").write_text(LONGER)
    return ("study", "longer.yaml", "--no-report")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, sparsight, results_of):
    folder = tmp_path_factory.mktemp("whole")
    (folder / "longer.yaml").write_text(LONGER)
    ended = sparsight("study", "longer.yaml", "--no-report", "--out", "run", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return results_of(folder / "run")


def at_epoch(monkeypatch, count, number):
    """Send this process a signal when so many epochs are trained."""
    ticks = []

    def epoch(self):
        ticks.append(1)
        if len(ticks) == count:
            os.kill(os.getpid(), number)

    monkeypatch.setattr("sparsight.cli.progress.Progress.epoch", epoch)


@pytest.mark.parametrize(("workers", "number"), [(0, signal.SIGINT), (2, signal.SIGINT), (2, signal.SIGTERM)])
def test_what_is_stopped_goes_on_where_it_was(call, longer, whole, results_of, tmp_path, monkeypatch, workers, number):
    command = (*longer, "--out", "run", "--workers", str(workers))
    with monkeypatch.context() as patch:
        at_epoch(patch, 3, number)
        code, _, errors = call(*command)
    assert code == 128 + number
    again = shlex.join(["sparsight", *command])
    assert (
        errors == f"sparsight: stopped: 0 of 2 networks are done, 1 training kept between two steps; go on by {again}\n"
    )
    assert (tmp_path / "run/dense/right/seed-0" / CHECKPOINT).is_file()
    assert not list((tmp_path / "run").rglob("*.partial"))
    ticks = []
    with monkeypatch.context() as patch:
        patch.setattr("sparsight.cli.progress.Progress.epoch", lambda self: ticks.append(1))
        code, _, errors = call(*command)
    assert code == 0, errors
    assert len(ticks) <= 2 * 60 - 3, "it began again"
    assert results_of(tmp_path / "run") == whole


COMMANDS = [
    (("data", "check", "toybirds"), signal.SIGINT),
    (("verify", "RUN", "--deep"), signal.SIGINT),
    (("plan", "toybirds", "--workers", "2"), signal.SIGTERM),
]


@pytest.mark.parametrize(("words", "number"), COMMANDS)
def test_a_command_that_is_stopped_says_so_in_one_line(command, finished, tmp_path, words, number):
    arguments = [str(finished[0]) if word == "RUN" else word for word in words]
    process = subprocess.Popen(
        command(*arguments), cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    time.sleep(2.5)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    again = shlex.join(["sparsight", *arguments])
    assert process.returncode == 128 + number, errors
    says = f"sparsight: stopped: nothing is left half-written; begin again by {again}\n"
    assert errors.removeprefix(f"{WAITING}\n") == says
    assert list(tmp_path.iterdir()) == []
