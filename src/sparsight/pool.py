"""Jobs that need each other's results, in worker processes that stay alive."""

import ctypes
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from sparsight import stopping
from sparsight.errors import InputError

_GOES_ON = "the same command goes on with what stands"
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LEAVE = os._exit
"""By which a worker ends with its parent, also while a user's code runs in it, which may not leave so."""
Job = TypeVar("Job", bound=Hashable)


class WorkerError(RuntimeError):
    """A job failed in a way that is our fault. The message holds its traceback."""


@contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads of which, after an error or Ctrl-C, what has not begun never begins."""
    with ThreadPoolExecutor(count) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def check_not_imported(name: str) -> None:
    """Refuse to start workers while this process is itself one that still imports the user's script.

    Raises:
        InputError: naming the function that was called.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise InputError(f"{name} was called by an import; put the call below if __name__ == '__main__':")


def run_jobs(
    jobs: Mapping[Job, Sequence[Job]],
    work: Callable[[Job, Callable[[], None]], Any],
    workers: int,
    *,
    on_tick: Callable[[], None] = lambda: None,
    on_done: Callable[[Job, Any], None] = lambda job, result: None,
) -> None:
    """Run every job after those that it needs, side by side, in the mapping's order where there is a choice.

    Args:
        jobs: each job with the jobs that must be done before it. The order is the priority.
        work: called as ``work(job, tick)`` in a worker, so it must be importable; ``tick`` reports progress.
        workers: how many processes; 0 runs everything in this one.
        on_tick: called here for every tick.
        on_done: called here with a job and its result.

    Raises:
        InputError: as raised by a job, for a file that a job cannot read or write, or if a worker dies; the other jobs
            that have begun are asked to stop where they can go on.
        WorkerError: if a job raises anything else.
        ValueError: if jobs need each other in a circle, or one that is not there.
    """
    waiting = dict(jobs)
    done: set[Job] = set()

    def next_job() -> Job | None:
        ready = next((job for job, needs in waiting.items() if done.issuperset(needs)), None)
        if ready is not None:
            del waiting[ready]
        return ready

    if workers == 0:
        while (job := next_job()) is not None:
            on_done(job, work(job, on_tick))
            done.add(job)
    else:
        staff: list[_Worker] = []
        try:
            for _ in range(min(workers, len(jobs))):
                staff.append(_Worker(work))  # noqa: PERF401 (one whose start is stopped leaves those before it to stop)
            idle, busy = list(staff), dict[Connection, tuple[_Worker, Job]]()
            while True:
                while idle and (job := next_job()) is not None:
                    worker = idle.pop(0)
                    worker.send(job)
                    busy[worker.connection] = (worker, job)
                if not busy:
                    break
                for connection in wait(list(busy)):
                    assert isinstance(connection, Connection)
                    worker, job = busy[connection]
                    kind, value = worker.receive(job)
                    if kind == "tick":
                        on_tick()
                        continue
                    del busy[connection]
                    idle.append(worker)
                    on_done(job, value)
                    done.add(job)
        except stopping.Stopped:
            _wait_for_stop(staff, said=True)
            raise
        except InputError:
            _wait_for_stop(staff, said=False)
            raise
        finally:
            for worker in staff:
                worker.stop()
    if waiting:
        raise ValueError(f"jobs wait for something that is never done: {list(waiting)[:3]}")


class _Worker:
    """A process and the connection to it."""

    def __init__(self, work: Callable[..., Any]) -> None:
        context = multiprocessing.get_context("spawn")  # a forked torch hangs once threads or CUDA have been used
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        # On Ctrl-C this process alone says so, and stops its workers; one that was half started would print an error.
        with stopping.patient(), _interrupts_ignored():
            self.process.start()
        theirs.close()

    def send(self, job: Any) -> None:
        try:
            self.connection.send(job)
        except ConnectionError:
            raise self._ended(job) from None

    def _ended(self, job: Any) -> InputError:
        self.process.join()
        code = self.process.exitcode
        return InputError(f"{job}: the worker process ended with code {code} (killed, or out of memory?); {_GOES_ON}")

    def receive(self, job: Any) -> tuple[str, Any]:
        try:
            kind, value = self.connection.recv()
        except (EOFError, ConnectionError):
            raise self._ended(job) from None
        if kind == "stopped":
            raise InputError(f"{job}: the worker process was stopped; {_GOES_ON}")
        if kind == "input error":
            raise InputError(value)
        if kind == "error":
            raise WorkerError(f"{job}: {value}")
        return kind, value

    def ask_to_stop(self) -> None:
        """Let it write where its training stands, and end."""
        self.process.terminate()

    def stop(self) -> None:
        self.process.kill()  # whatever it was writing is a partial file, which the next run removes
        self.process.join()
        self.connection.close()


def _wait_for_stop(staff: Sequence[_Worker], *, said: bool) -> None:
    """Ask workers to stop, and wait until they have; another signal ends the waiting. Where it is ``said``, that this
    one waits is printed."""
    for worker in staff:
        worker.ask_to_stop()
    if said and any(worker.process.is_alive() for worker in staff):
        stopping.say_waiting()
    for worker in staff:
        worker.process.join()


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, for its next use.

    glibc gives large blocks back to the system, which clears each of their pages when they are asked for again: a
    forward pass of a ResNet-8 over 128 images of 64 pixels takes 1.4 times as long for that, a training step of a
    MobileNetV2 on 16 images of 128 pixels 1.25 times (one thread). Numbers do not depend on it. Other systems'
    allocators are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    # A threshold stops glibc from raising the other one by itself, so it is the large blocks' first, or neither.
    if mallopt is not None and mallopt(_MMAP_THRESHOLD, 2**30):
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)


def _serve(connection: Connection, work: Callable[..., Any]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_freed_memory()
    with suppress(stopping.Stopped), stopping.heard((signal.SIGTERM,), hurried=False):
        _work(connection, work)


def _work(connection: Connection, work: Callable[..., Any]) -> None:
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            connection.send(("done", work(job, lambda: connection.send(("tick", None)))))
        except stopping.Stopped:
            with suppress(OSError):
                connection.send(("stopped", None))
            return
        except InputError as error:
            connection.send(("input error", str(error)))
        except OSError as error:
            connection.send(("input error", f"{error.filename or job}: {error.strerror or error}; {_GOES_ON}"))
        except SystemExit as error:
            why = f"code that is not ours ended the process (exit code {error.code or 0})"
            connection.send(("input error", f"{job}: {why}; take the call of exit out of the network's file"))
        except Exception:
            connection.send(("error", traceback.format_exc()))


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """What is started inside inherits it."""
    if threading.current_thread() is not threading.main_thread():  # where signals cannot be set
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _LEAVE(1)
