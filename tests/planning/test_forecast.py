"""From measured parts to the whole."""

import pytest

from sparsight.networks import Network
from sparsight.planning import STAGES, Disk, Memory, Pace, Work, forecast

A, B, C = Network("dense:right", 0, 0, 0), Network("magnitude", 0, None, 1), Network("retrain:right", 0, 1, 0)
JOBS = {A: [], B: [A], C: [A]}
WORKS = {
    A: Work(steps=10, scores=0, looks=True, dense=True, states=1),
    B: Work(steps=10, scores=2, looks=True, dense=False, states=2),
    C: Work(steps=0, scores=0, looks=True, dense=False, states=1),
}
WALL = Pace(images=5, start=3, step=2, score=1, look=4, look_dense=7, tables=6, report=8)
PROCESSOR = Pace(images=4, start=2, step=1, score=1, look=2, look_dense=3, tables=5, report=6)
MEMORY = Memory(main=100, worker=50, tables=180)
DISK = Disk(data=1000, state=10, mask=3, evidence=20, evidence_dense=30, results=500)


def test_wall_time_is_that_of_the_pool():
    said = forecast(JOBS, WORKS, WALL, PROCESSOR, 2, MEMORY, DISK)
    making = (20 + 7) + max(20 + 2 + 4, 4)  # the parent first, then the other two side by side
    share = (7 + 4 + 4) / (27 + 26 + 4)
    assert said.seconds == pytest.approx(
        {"images": 5, "training": making * (1 - share), "evidence": making * share + 3, "tables": 6, "report": 8}
    )
    assert said.wall == pytest.approx(5 + 3 + making + 6 + 8)
    assert tuple(said.seconds) == tuple(said.processor_seconds) == STAGES


def test_one_after_the_other_is_the_sum():
    for workers in (0, 1):
        assert forecast(JOBS, WORKS, WALL, PROCESSOR, workers, MEMORY, DISK).wall == pytest.approx(22 + 27 + 26 + 4)


def test_processor_time_does_not_depend_on_the_order_and_every_process_starts():
    said = forecast(JOBS, WORKS, WALL, PROCESSOR, 2, MEMORY, DISK)
    assert said.processor_seconds == {
        "images": 4,
        "training": 10 + 12,
        "evidence": 3 + 2 + 2 + 2 * 2,
        "tables": 5,
        "report": 6,
    }
    assert forecast(JOBS, WORKS, WALL, None, 2, MEMORY, DISK).processor_seconds == {}


@pytest.mark.parametrize(("workers", "peak"), [(0, 180), (1, 180), (2, 200), (9, 250)])
def test_memory_is_that_of_the_workers_or_of_the_tables(workers, peak):
    # no more processes start than there are networks to make
    assert forecast(JOBS, WORKS, WALL, PROCESSOR, workers, MEMORY, DISK).memory == peak


def test_the_disk_holds_what_stands_as_well():
    said = forecast({C: []}, WORKS, WALL, PROCESSOR, 2, None, DISK)
    assert said.disk == 1000 + 500 + (10 + 3 + 30) + (2 * 10 + 3 + 20) + (10 + 3 + 20)
    assert said.memory is None
    assert said.seconds["training"] == 0


def test_where_all_stands_the_tables_are_left():
    said = forecast({}, WORKS, WALL, PROCESSOR, 2, MEMORY, DISK)
    assert said.wall == 5 + 6 + 8
    assert said.memory == 180
