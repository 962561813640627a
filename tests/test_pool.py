import multiprocessing
import os
import platform
import time
from pathlib import Path

import pytest

from sparsight import stopping
from sparsight.errors import InputError
from sparsight.pool import WorkerError, check_not_imported, run_jobs

CHAIN = {"a": [], "b": ["a"], "c": ["b"], "x": [], "y": ["x"]}


def echo(job, tick):
    tick()
    return job.upper(), os.getpid()


def bad_input(job, tick):
    raise InputError(f"{job}: is bad; mend it")


def goes_on_or_fails(job, tick):
    """One job keeps what it has when it is asked to stop; the other fails once that one has begun."""
    with stopping.patient():
        begun = Path("begun")
        while job == "bad" and not begun.exists():
            time.sleep(0.01)
        if job == "bad":
            raise InputError(f"{job}: is bad; mend it")
        begun.touch()
        while stopping.asked() is None:
            time.sleep(0.01)
        Path("kept").write_text(job)


def bug(job, tick):
    raise RuntimeError("oops")


def full_disk(job, tick):
    raise OSError(28, "No space left on device", "ticket.safetensors")


def die(job, tick):
    os._exit(7)


def pages_cleared(job, tick):
    """Page faults of a block of 64 MiB that is asked for a second time."""
    import resource

    faults = []
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        block = bytearray(64 * 2**20)
        block[::4096] = bytes(len(block) // 4096)
        del block
        faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return faults


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_jobs_run_after_what_they_need(workers):
    done, ticks = {}, []
    run_jobs(CHAIN, echo, workers, on_tick=lambda: ticks.append(1), on_done=done.__setitem__)
    order = list(done)
    assert sorted(order) == sorted(CHAIN)
    assert all(order.index(need) < order.index(job) for job, needs in CHAIN.items() for need in needs)
    assert [done[job][0] for job in order] == [job.upper() for job in order]
    assert len(ticks) == 5
    processes = {pid for _, pid in done.values()}
    assert processes == {os.getpid()} if workers == 0 else os.getpid() not in processes
    assert len(processes) <= max(workers, 1), "workers stay alive"


def test_order_is_the_priority():
    done = []
    run_jobs(CHAIN, echo, 0, on_done=lambda job, _: done.append(job))
    assert done == list(CHAIN)


def test_input_errors_come_through_as_they_are():
    with pytest.raises(InputError, match="a: is bad; mend it"):
        run_jobs({"a": []}, bad_input, 1)


def test_jobs_beside_one_that_fails_stop_where_they_can_go_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="bad: is bad; mend it"):
        run_jobs({"beside": [], "bad": []}, goes_on_or_fails, 2)
    assert (tmp_path / "kept").read_text() == "beside"


def test_a_bug_is_named_with_its_traceback():
    with pytest.raises(WorkerError, match="oops"):
        run_jobs({"a": []}, bug, 1)


def test_a_full_disk_is_one_line():
    with pytest.raises(
        InputError, match=r"^ticket\.safetensors: No space left on device; the same command goes on with what stands$"
    ):
        run_jobs({"a": []}, full_disk, 1)


def test_a_dead_worker_is_named():
    with pytest.raises(InputError, match="a: the worker process ended with code 7"):
        run_jobs({"a": []}, die, 1)


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="never done"):
        run_jobs({"a": ["b"], "b": ["a"]}, echo, 1)


def test_no_jobs():
    run_jobs({}, echo, 2)


def test_workers_are_gone_afterwards():
    done = {}
    run_jobs({"a": []}, echo, 1, on_done=done.__setitem__)
    time.sleep(0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(done["a"][1], 0)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators keep or return memory as they do")
def test_a_worker_keeps_the_memory_that_it_frees():
    found = []
    run_jobs({"a": []}, pages_cleared, 1, on_done=lambda _, faults: found.append(faults))
    first, second = found[0]
    assert second < first / 10, "a large block went back to the system"


def test_a_worker_that_imports_the_users_script_starts_no_workers_of_its_own(monkeypatch):
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(InputError, match="plan_study was called by an import; put the call below if __name__"):
        check_not_imported("plan_study")
