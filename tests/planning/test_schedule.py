"""How long jobs take side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsight.planning.schedule import makespan
from sparsight.pool import run_jobs

CHAINS = {"a": [], "b": ["a"], "c": ["b"], "x": [], "y": ["x"]}
SECONDS = {"a": 3.0, "b": 2.0, "c": 1.0, "x": 4.0, "y": 5.0}


@pytest.mark.parametrize(("workers", "seconds"), [(0, 15.0), (1, 15.0), (2, 9.0), (3, 9.0)])
def test_chains_side_by_side(workers, seconds):
    assert makespan(CHAINS, SECONDS, workers) == seconds


def test_a_free_worker_takes_the_first_job_that_can_run_not_the_best():
    jobs = {"short": [], "also": [], "long": []}
    assert makespan(jobs, {"short": 1.0, "also": 1.0, "long": 10.0}, 2) == 11.0
    assert makespan(dict(reversed(jobs.items())), {"short": 1.0, "also": 1.0, "long": 10.0}, 2) == 10.0


def test_no_jobs_take_no_time():
    assert makespan({}, {}, 2) == 0.0


def test_jobs_that_can_never_run_are_a_mistake():
    with pytest.raises(ValueError, match="never done"):
        makespan({"a": ["b"], "b": ["a"]}, {"a": 1.0, "b": 1.0}, 2)


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 8))
    jobs = {i: sorted(draw(st.sets(st.integers(0, i - 1)))) if i else [] for i in range(n)}
    return jobs, {i: float(draw(st.integers(1, 9))) for i in range(n)}


@given(graphs(), st.integers(1, 4))
def test_between_the_longest_chain_and_one_after_the_other(graph, workers):
    jobs, seconds = graph
    ends: dict[int, float] = {}
    for job, needs in jobs.items():
        ends[job] = max((ends[need] for need in needs), default=0.0) + seconds[job]
    took = makespan(jobs, seconds, workers)
    total = sum(seconds.values())
    assert max(*ends.values(), total / workers) <= took <= total
    assert makespan(jobs, seconds, len(jobs)) == max(ends.values())
    # Graham's bound of any schedule that leaves no worker idle while a job is ready
    assert took <= total / workers + (1 - 1 / workers) * max(ends.values()) + 1e-9


@given(graphs())
def test_one_at_a_time_is_the_order_of_the_pool(graph):
    jobs, seconds = graph
    clock, ended = 0.0, []

    def work(job, tick):
        nonlocal clock
        clock += seconds[job]
        ended.append(clock)

    run_jobs(jobs, work, 0)
    assert makespan(jobs, seconds, 0) == ended[-1]
