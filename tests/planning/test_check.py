"""A study's own forecast, held against a run that stands."""

import os
import time

import pytest
import torch

from sparsight.config import StudySettings
from sparsight.data import load_dataset
from sparsight.footprint import private_peak
from sparsight.networks import plan
from sparsight.planning import Check
from sparsight.runs import read_manifest
from sparsight.standing import Standing
from sparsight.study import run_study

pytestmark = pytest.mark.usefixtures("shapes_unchecked")

SETTINGS = StudySettings.model_validate(
    {
        "data": {"name": "toybirds", "train": 36, "validation": 12, "test": 24, "image_size": 32},
        "model": {"name": "resnet8", "stem_stride": 2},
        "training": {"epochs": 1, "batch_size": 12, "learning_rate": 0.05},
        "pruning": {"rate": 0.5, "rounds": 3},
        "evidence": {"interventions": 0, "sanity": 4, "refits": 1},
        "study": {"seeds": [0], "arms": ["magnitude"], "retrains": 1},
    }
)
TRAINING, LOOKING, ONCE = 30.0, 20.0, 5.0
"""Seconds that the networks are said to have taken."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder. Not to be changed."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("check") / "run"
    told: list[str] = []

    class Told:
        def note(self, text):
            told.append(text)

        def __getattr__(self, name):
            return lambda *arguments: None

    run_study(SETTINGS, folder, workers=0, listener=Told())
    return folder, told


@pytest.fixture(scope="module")
def data():
    return load_dataset(SETTINGS.data)


def check(folder, data, standing=(), **how):
    networks = plan(SETTINGS)
    found = {one: Standing(one in standing, one in standing) for one in networks}
    return Check(folder, SETTINGS, data, found, 1, time.monotonic() - 100, **how), networks


def summary(once=0.0):
    seconds = TRAINING + LOOKING + once
    own = {"training_seconds": TRAINING, "once_seconds": once, "seconds": seconds}
    return own | {"process": os.getpid(), "private_bytes": 7 << 20}


def test_every_run_says_what_it_took_and_keeps_what_was_predicted(run):
    folder, told = run
    predicted = told[-1].startswith("predicted ")
    assert predicted or told[-1].endswith("too short a study, or too few networks, to predict")
    assert ("forecast" in read_manifest(folder)) == predicted
    assert sum(line.startswith("expected from ") for line in told) == predicted


def test_a_study_that_writes_no_report_expects_none(run, data):
    folder, _ = run
    said = []
    for wanted in (True, False):
        watched, (dense, ticket, *_) = check(folder, data, report=wanted)
        watched.network(dense, summary())
        watched.network(ticket, summary())
        said.append(watched.said)
    assert said[0].seconds["report"] > 1 > said[1].seconds["report"] == 0
    assert said[1].seconds["tables"] > 0
    assert said[1].disk < said[0].disk - 2_000_000


def test_a_forecast_is_made_of_one_network_of_each_kind_and_checked(run, data):
    folder, _ = run
    watched, (dense, ticket, *others) = check(folder, data)
    assert watched.network(dense, summary(once=ONCE)) is None
    line = watched.network(ticket, summary())
    assert line.startswith("expected from the first 2 of 4 networks: ")
    said = watched.said
    # the second look of each kind is as long as the first, and what is drawn once is drawn once
    assert said.seconds["training"] + said.seconds["evidence"] == pytest.approx(4 * (TRAINING + LOOKING) + ONCE)
    assert said.seconds["images"] == pytest.approx(100 - (TRAINING + LOOKING + ONCE), abs=5)
    assert said.processor_seconds == {}
    for other in others:
        assert watched.network(other, summary()) is None  # it stays as it is
    watched.made_all()
    words, document = watched.ended()
    assert words.startswith("predicted ")
    actual = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert document["was"]["disk"] == actual
    assert watched.said.disk == pytest.approx(actual, rel=0.25)
    if private_peak() is not None:
        assert said.memory >= private_peak() // 2
        assert document["was"]["memory"] >= 7 << 20


def test_the_rest_of_a_run_is_predicted_from_the_rest(run, data):
    folder, _ = run
    networks = plan(SETTINGS)
    watched, _ = check(folder, data, standing=networks[:2])
    line = watched.network(networks[2], summary())
    assert line.startswith("expected from the first 1 of 2 networks: ")
    assert watched.said.seconds["training"] + watched.said.seconds["evidence"] == pytest.approx(
        2 * (TRAINING + LOOKING)
    )


def test_nothing_is_said_once_all_is_made_or_of_a_short_study(run, data):
    folder, _ = run
    watched, networks = check(folder, data, least=1000)
    assert [watched.network(one, summary()) for one in networks] == [None] * 4
    last, networks = check(folder, data, standing=plan(SETTINGS)[:3])
    assert last.network(networks[3], summary()) is None
    done, _ = check(folder, data, standing=plan(SETTINGS))
    assert done.ended() == ("took 1 min 40 s: everything stood already", None)
