"""A study that goes on until it is decided: its looks, what stands after a kill, and what it refuses."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from sparsight.config import StudySettings
from sparsight.errors import InputError
from sparsight.io import read_json, write_json
from sparsight.looking import closing, more_seeds, planned
from sparsight.results.looks import unplanned
from sparsight.runs import read_settings, write_settings
from sparsight.study import Silent, read_run, report_run, run_study
from sparsight.verdict import look_levels
from sparsight.verifying import verify_run

pytestmark = pytest.mark.usefixtures("shapes_unchecked")
EXEMPT = ("training.jsonl", "manifest.json", ".lock")
SETTINGS = {
    "data": {"name": "toybirds", "train": 24, "validation": 12, "test": 24, "image_size": 32},
    "model": {"name": "resnet8", "stem_stride": 2},
    "training": {"epochs": 1, "batch_size": 12, "learning_rate": 0.05},
    "pruning": {"rate": 0.5, "rounds": 2},
    "evidence": {"interventions": 0, "sanity": 12, "refits": 0},
    # At this level no look decides anything, on whatever machine.
    "verdict": {"least_images": 1, "most_dead": 0.99, "most_randomised": 0.99, "level": 1e-9},
    "study": {"seeds": [0, 1, 2], "arms": ["magnitude"], "retrains": 1},
}


class Heard(Silent):
    """Notes, and the counts of networks that each look began with; stops at a note that begins with ``until``."""

    def __init__(self, until: str | None = None) -> None:
        self.notes: list[str] = []
        self.counts: list[tuple[int, int]] = []
        self.until = until

    def started(self, networks: int, standing: int, epochs: int) -> None:
        self.counts.append((networks, standing))

    def note(self, text: str) -> None:
        self.notes.append(text)
        if self.until is not None and text.startswith(self.until):
            raise RuntimeError("stopped here")

    def network(self, network, summary) -> None:
        if self.until is not None and str(network).endswith(self.until):
            raise RuntimeError("stopped here")


def settings(**study) -> StudySettings:
    return StudySettings.model_validate(SETTINGS | {"study": SETTINGS["study"] | study})


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in EXEMPT]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if "report" not in path.parts}


def grow(folder: Path, listener: Heard | None = None, **arguments):
    asked = {"until_decided": True, "at_most": 4, "report": False} | arguments
    return run_study(settings(), folder, workers=0, listener=listener, **asked)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """A run that was stopped when it had been judged with three seeds. Not to be changed."""
    folder = tmp_path_factory.mktemp("looking") / "run"
    with pytest.raises(RuntimeError, match="stopped here"):
        grow(folder, Heard("undecided with 3 seeds"), report=True)
    assert not (folder / "report").exists()  # which the last look writes
    return folder


@pytest.fixture(scope="module")
def grown(first, tmp_path_factory) -> Path:
    """The same run, gone on with to its last look. Not to be changed."""
    folder = shutil.copytree(first, tmp_path_factory.mktemp("looking") / "run")
    grow(folder, report=True)
    return folder


def test_a_study_goes_on_to_its_last_look(first, grown):
    before, after = read_settings(first).study, read_settings(grown).study
    assert (before.seeds, before.looks, before.looked) == ((0, 1, 2), (3, 4), ())
    assert (after.seeds, after.looks, after.looked) == ((0, 1, 2, 3), (3, 4), ((3, 1),))
    levels = look_levels((3, 4), 1e-9)
    for folder, level, seeds, looked in ((first, levels[0], 3, []), (grown, levels[1], 4, [[3, 1]])):
        judged = read_json(folder / "results" / "verdict.json", "verdict")
        assert judged["looks"] == {
            "seeds": seeds,
            "level": level,
            "planned": [3, 4],
            "levels": list(levels),
            "before": looked,
        }
        assert judged["arms"]["magnitude"]["open"]
        assert {row["seeds"] for row in judged["rows"]} == {seeds}
    notices = read_run(grown).notices
    assert sum(notice.startswith("looks at 3 and 4 seeds were planned and share a level") for notice in notices) == 1
    assert not any("which no plan of looks holds" in notice for notice in notices)
    page = (grown / "report" / "index.html").read_text()
    assert "100\u00a0% interval" in page
    assert "looks at 3 and 4 seeds were planned" in page


def test_what_it_says(first, tmp_path):
    folder, heard = shutil.copytree(first, tmp_path / "run"), Heard()
    grow(folder, heard)
    assert heard.counts == [(9, 9), (12, 9)]
    said = [note for note in heard.notes if "decided" in note]
    assert said == [
        "undecided with 3 seeds: magnitude; goes on with 4",
        "undecided with 4 seeds, the last look: magnitude",
    ]


def test_it_checks_and_reports_as_it_ended(grown, tmp_path):
    folder = shutil.copytree(grown, tmp_path / "run")
    assert not [fault for check in verify_run(folder) for fault in check.failures]
    report_run(folder)
    assert bytes_of(folder) == bytes_of(grown)


@pytest.mark.parametrize("until", ["seed 3, repeat 1", "manifest"])
def test_killed_and_resumed_it_ends_the_same(first, grown, tmp_path, monkeypatch, until):
    folder = shutil.copytree(first, tmp_path / "run")
    with monkeypatch.context() as patch:
        if until == "manifest":  # the tables of the second look stand, and nothing says that the run has ended
            patch.setattr("sparsight.study.write_manifest", _stops_at(4))
        with pytest.raises(RuntimeError, match="stopped here"):
            grow(folder, Heard(until))
    resumed = Heard()
    grow(folder, resumed)
    assert bytes_of(folder) == bytes_of(grown)
    assert resumed.counts[-1][0] == 12


def _stops_at(seeds):
    from sparsight.runs import write_manifest

    def write(folder, agreed, *rest):
        if len(agreed.study.seeds) == seeds:
            raise RuntimeError("stopped here")
        write_manifest(folder, agreed, *rest)

    return write


def test_all_at_once_is_the_same_study(grown, tmp_path):
    """Seeds that were added are the same networks as those asked for, and a stated plan gives the same words."""
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("dense", "magnitude", "retrain", "data.safetensors"):
        if (grown / name).is_dir():
            shutil.copytree(grown / name, folder / name)
        else:
            shutil.copy(grown / name, folder / name)
    write_settings(folder, read_settings(grown).model_copy(update={"study": settings(seeds=[0, 1, 2, 3]).study}))
    heard = Heard()
    run_study(settings(seeds=[0, 1, 2, 3], looks=[3, 4]), folder, workers=0, report=False, listener=heard)
    assert heard.counts == [(12, 12)]
    tables = {name: content for name, content in bytes_of(grown).items() if name.endswith(".csv")}
    assert {name: content for name, content in bytes_of(folder).items() if name.endswith(".csv")} == tables


def test_beyond_its_plan_a_run_says_so(grown, tmp_path):
    folder = shutil.copytree(grown, tmp_path / "run")
    run_study(settings(seeds=[0, 1, 2, 3, 4]), folder, workers=0, report=False)
    held = read_settings(folder).study
    assert (held.looks, held.looked) == ((3, 4), ((3, 1), (4, 1)))
    assert unplanned(held) == ((5, 1),)
    judged = read_json(folder / "results" / "verdict.json", "verdict")["looks"]
    assert judged["level"] == look_levels((3, 4), 1e-9)[-1]
    said = [notice for notice in read_run(folder).notices if "which no plan of looks holds" in notice]
    assert len(said) == 1
    assert said[0].startswith("this run was also judged with 5 seeds and 1 retrain, which")
    with pytest.raises(InputError, match="at_most: 4 is fewer than the 5 seeds that there are"):
        grow(folder)


def test_a_first_look_without_a_plan_is_not_forgotten(first, tmp_path):
    folder = shutil.copytree(first, tmp_path / "run")
    (folder / "manifest.json").unlink()
    run_study(settings(), folder, workers=0, report=False)
    assert read_settings(folder).study.looks == ()
    assert not [notice for notice in read_run(folder).notices if "look" in notice.split(":")[0]]
    heard = Heard()
    grow(folder, heard)
    held = read_settings(folder).study
    assert (held.seeds, held.looks, held.looked) == ((0, 1, 2, 3), (4,), ((3, 1),))
    assert heard.counts == [(9, 9), (12, 9)]
    said = [notice for notice in read_run(folder).notices if "which no plan of looks holds" in notice]
    assert len(said) == 1
    assert said[0].startswith("this run was also judged with 3 seeds and 1 retrain, which")
    document = read_settings(folder)
    assert unplanned(document.study) == ((3, 1),)


@pytest.mark.parametrize(
    ("study", "arguments", "words"),
    [
        ({}, {"at_most": 2}, "at_most: 2 will not do; give a whole number of 3 or more"),
        ({}, {"at_most": 0}, "at_most: 0 will not do; give a whole number of 3 or more"),
        ({}, {"at_most": "ten"}, "at_most: 'ten' will not do; give a whole number of 3 or more"),
        ({}, {"at_most": 4.0}, "at_most: 4.0 will not do; give a whole number of 3 or more"),
        ({}, {"at_most": True}, "at_most: True will not do; give a whole number of 3 or more"),
        ({}, {"at_most": 1001}, "at_most: 1001 will not do; give a whole number of 1000 or less"),
        ({}, {"at_most": 5, "until_decided": False}, "at_most: 5 bounds a study that goes on until it is decided"),
        ({}, {"until_decided": 1}, "until_decided: 1 will not do; give True or False"),
        ({"seeds": [0, 1, 2, 3, 4]}, {"at_most": 4}, "at_most: 4 is fewer than the 5 seeds that there are"),
        ({"seeds": list(range(12))}, {"at_most": None}, "at_most: 10 is fewer than the 12 seeds that there are"),
        ({"retrains": 0}, {}, "study.retrains: 0, and without a control nothing can be decided"),
        ({"looks": [3, 5]}, {"at_most": 6}, "at_most: 6, but looks at 3 and 5 seeds are planned"),
    ],
)
def test_what_is_refused(tmp_path, study, arguments, words):
    folder = tmp_path / "run"
    asked = {"until_decided": True, "at_most": 4} | arguments
    with pytest.raises(InputError) as caught:
        run_study(settings(**study), folder, workers=0, **asked)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)
    assert not folder.exists()


@pytest.mark.parametrize("looks", [[3, 3], [5, 3], [2, 5], [3, 1001], list(range(3, 24))])
def test_plans_that_are_none_are_refused(looks):
    with pytest.raises(ValueError, match="looks"):
        settings(looks=looks)


def test_another_plan_is_refused_once_a_run_was_judged(first):
    before = bytes_of(first)
    with pytest.raises(InputError, match="at_most: 6, but looks at 3 and 4 seeds are planned"):
        grow(first, at_most=6)
    with pytest.raises(InputError, match=r"was made with other settings \(study.looks: \[3, 4\], now \[3, 5\]\)"):
        run_study(settings(looks=[3, 5]), first, workers=0)
    assert bytes_of(first) == before


def test_fewer_seeds_than_a_verdict_needs_are_made_three(tmp_path):
    asked = planned(tmp_path / "run", settings(seeds=[5]), None).study
    assert (asked.seeds, asked.looks) == ((5, 0, 1), (3, 5, 7, 10))
    assert planned(tmp_path / "run", settings(seeds=[0, 4, 7], looks=[4, 8]), None).study.seeds == (0, 4, 7, 1)


@pytest.mark.parametrize(
    ("arms", "seeds", "more", "words"),
    [
        ({"a": ("undecided", True), "b": ("A", False)}, 3, (0, 1, 2, 3, 4), None),
        ({"a": ("neither", False), "b": ("A", False)}, 3, None, "decided with 3 seeds"),
        ({"a": ("undecided", False)}, 3, None, "undecided with 3 seeds, and with any number of them, by what voids"),
        ({"a": ("undecided", True)}, 6, None, "undecided with 6 seeds, the last look: a"),
    ],
)
def test_seeds_are_added_while_an_arm_is_open(tmp_path, arms, seeds, more, words):
    (tmp_path / "results").mkdir()
    judged = {arm: {"hypothesis": found, "open": open_, "rounds": [{}]} for arm, (found, open_) in arms.items()}
    write_json(tmp_path / "results" / "verdict.json", {"arms": judged}, "verdict")
    held = settings(seeds=np.arange(seeds).tolist(), looks=[3, 5, 6])
    found = more_seeds(tmp_path, held, None)
    assert (None if found is None else found.study.seeds) == more
    if words is not None:
        assert closing(tmp_path, held).startswith(words)
