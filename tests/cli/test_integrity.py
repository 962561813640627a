"""Full disks, folders that cannot be written, several processes at one run, and ``verify`` as a process."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sparsight.seals import seal_of
from tests.process import start

FEW = ("--rounds", "2", "--arms", "magnitude", "--retrains", "0", "--no-report")
OTHERS = "another sparsight process works on this run; wait for it to end"


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    shutil.copy(finished[0].parent / "small.yaml", tmp_path / "small.yaml")
    return shutil.copytree(finished[0], tmp_path / "run")


def test_verify_says_what_is_well_and_what_is_not(copy, sparsight):
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    well = sparsight("verify", "run", cwd=copy.parent)
    assert (well.returncode, well.stderr) == (0, "")
    assert "failed" not in well.stdout
    for check in ("seals", "manifest", "origins", "tickets", "evidence", "results"):
        assert check in well.stdout
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
    table = copy / "results" / "drift.csv"
    table.write_text(table.read_text().replace("0.5", "0.4", 1))
    (copy / "magnitude/seed-0/round-01/evidence.safetensors").unlink()
    (copy / "results" / "more.csv").write_text("")
    ended = sparsight("verify", "run", cwd=copy.parent)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "manifest: results/drift.csv: not what the manifest lists" in ended.stdout
    assert "manifest: magnitude/seed-0/round-01/evidence.safetensors: missing" in ended.stdout
    assert "manifest: results/more.csv: not listed in the manifest" in ended.stdout
    told = sparsight("report", "run", cwd=copy.parent)
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert "results/drift.csv: damaged or changed since the run ended" in told.stderr


def test_verify_refuses_what_is_no_run_or_has_not_ended(copy, sparsight):
    (copy.parent / "empty").mkdir()
    (copy / "manifest.json").unlink()
    for name, says in (("empty", "not a run's folder"), ("none", "not a run's folder"), ("run", "has not ended")):
        ended = sparsight("verify", name, cwd=copy.parent)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
        assert says in ended.stderr


def test_what_was_damaged_is_told_in_one_line(finished, copy, sparsight, results_of):
    (copy / "magnitude/seed-0/round-01/evidence.safetensors").write_bytes(b"")
    ended = sparsight("study", "small.yaml", "--out", "run", "--no-report", "--workers", "0", cwd=copy.parent)
    assert ended.returncode == 0, ended.stderr
    assert "\nmagnitude/seed-0/round-01/evidence.safetensors: damaged; made again\n" in f"\n{ended.stdout}"
    assert results_of(copy) == results_of(finished[0])


def whole(folder: Path) -> bool:
    """Whether nothing below a folder is half-written."""
    files = [path for path in folder.rglob("*") if path.is_file() and "report" not in path.parts]
    sealed = [path for path in files if path.suffix in (".safetensors", ".json", ".jsonl", ".yaml")]
    return not list(folder.rglob("*.partial")) and all(seal_of(path) for path in sealed)


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("limit", [500, 420_000])
def test_a_disk_that_takes_no_more_is_told_and_the_same_command_goes_on(small, sparsight, command, workers, limit):
    """A file may not grow beyond ``limit``: writing fails, of the settings or of the data."""
    options = ("study", "small.yaml", "--out", "run", *FEW, "--workers", workers)
    ended = subprocess.run(
        command(*options),
        cwd=small.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert "File too large" in ended.stderr
    assert ".partial" not in ended.stderr
    assert whole(small.parent / "run")
    if limit == 420_000:
        again = sparsight(*options, cwd=small.parent)
        assert again.returncode == 0, again.stderr


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of its own of 700 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.name == "nt" or shutil.which("mount") is None:
        pytest.skip("no disk can be made here")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no disk can be made here: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_told_and_with_more_room_the_same_command_goes_on(tiny_disk, small, sparsight):
    options = ("study", "small.yaml", "--out", tiny_disk / "run", *FEW, "--workers", "1")
    ended = sparsight(*options, cwd=small.parent)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert "No space left on device" in ended.stderr
    assert whole(tiny_disk / "run")
    subprocess.run(["mount", "-o", "remount,size=20m", tiny_disk], check=True)
    again = sparsight(*options, cwd=small.parent)
    assert again.returncode == 0, again.stderr
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    for command in (("report", tiny_disk / "run"), options):
        refused = sparsight(*command, cwd=small.parent)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
        assert "Read-only file system" in refused.stderr or "cannot be written" in refused.stderr
    looked = sparsight("verify", tiny_disk / "run", cwd=small.parent)
    assert (looked.returncode, looked.stderr) == (0, ""), looked.stdout
    assert "another process may be changing" in " ".join(looked.stdout.replace("│", " ").split())


def test_a_report_that_cannot_be_written_is_told_in_one_line(copy, sparsight):
    shutil.rmtree(copy / "report")
    (copy / "report").write_text("a file")
    ended = sparsight("report", "run", cwd=copy.parent)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert "run/report: is a file where the run has a folder" in ended.stderr


@pytest.mark.parametrize("many", [4])
def test_of_several_processes_at_one_run_exactly_one_works(small, sparsight, many):
    options = ("study", "small.yaml", "--out", "run", *FEW, "--workers", "0")
    said = [[small.parent / f"{name}-{i}" for name in ("stdout", "stderr")] for i in range(many)]
    started = [start(options, small.parent, *files) for files in said]
    for process in started:
        process.join(300)
    ended = [
        ([path.read_text() for path in files], process.exitcode) for files, process in zip(said, started, strict=True)
    ]
    refused = [err for (_, err), code in ended if code == 2]
    worked = [out for (out, _), code in ended if code == 0]
    assert len(refused) + len(worked) == many
    assert all(err.count("\n") == 1 and OTHERS in err for err in refused)
    trained = [out for out in worked if "stand already" not in out]
    assert len(trained) == 1, "who comes when the first has ended finds all of it"
    assert sparsight("verify", "run", cwd=small.parent).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_the_lock_of_a_process_that_died_does_not_block(copy, sparsight):
    code = f"import pathlib, time, sparsight.io\nwith sparsight.io.hold(pathlib.Path({str(copy)!r})):\n"
    code += "    print('held', flush=True)\n    time.sleep(600)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    held = sparsight("verify", "run", cwd=copy.parent)
    assert held.returncode == 2
    assert "another sparsight process works on this run" in held.stderr
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert (copy / ".lock").exists()
    assert sparsight("verify", "run", cwd=copy.parent).returncode == 0
