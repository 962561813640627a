"""``sparsight compare``."""


def test_a_run_that_the_paper_does_not_report_on_is_refused(small, sparsight):
    made = sparsight("study", "small.yaml", "--out", "run", "--rounds", "2", "--workers", "0", cwd=small.parent)
    assert made.returncode == 0, made.stderr
    found = sparsight("compare", "run", cwd=small.parent)
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert "the paper reports on cub200 and ham10000" in found.stderr
    assert sparsight("compare", "absent", cwd=small.parent).returncode == 2
