"""Tables that another version made by other rules: they do not pass for today's, and one command makes them again."""

import shutil
from pathlib import Path

import pytest

from sparsight.errors import InputError
from sparsight.io import read_json, sha256_plain, write_json
from sparsight.results.rules import RULES, other_rules
from sparsight.runs import RESULTS, read_settings
from sparsight.study import report_run, run_study
from sparsight.verifying import verify_run

pytestmark = pytest.mark.usefixtures("shapes_unchecked")


@pytest.fixture
def earlier(run, tmp_path) -> Path:
    """The run, with tables that state no rules, as those of 0.1."""
    folder = shutil.copytree(run, tmp_path / "run")
    path, manifest = folder / "results" / "verdict.json", read_json(folder / "manifest.json", "manifest")
    document = read_json(path, "verdict")
    assert document.pop("rules") == RULES
    write_json(path, document, "verdict")
    manifest["files"]["results/verdict.json"] = sha256_plain(path)
    write_json(folder / "manifest.json", manifest, "manifest")
    return folder


def results(folder):
    return next(check for check in verify_run(folder) if check.name == "results").failures


def test_they_are_told_apart_in_one_line_and_made_again(run, earlier):
    why = other_rules(earlier)
    assert why.startswith(f"made by the rules of another version of sparsight (1, and these are {RULES})")
    with pytest.raises(InputError, match="run the study's command again") as error:
        report_run(earlier)
    assert str(error.value) == f"{earlier / RESULTS}: {why}"
    assert results(earlier) == (why,)
    run_study(read_settings(earlier), earlier, workers=0)
    assert other_rules(earlier) == ""
    assert results(earlier) == ()
    for name in ("verdict.json", "verdict.csv", "drift.csv"):
        assert (earlier / "results" / name).read_bytes() == (run / "results" / name).read_bytes()


def test_what_cannot_be_read_is_another_check_s_matter(tmp_path):
    assert other_rules(tmp_path) == ""
