"""What a study would take, told before anything is written."""

import os
from pathlib import Path

import pytest
import torch
from PIL import Image

from sparsight import plan
from sparsight.config import StudySettings
from sparsight.errors import InputError
from sparsight.io import read_tensors
from sparsight.plan import plan_study
from sparsight.planning import STAGES, Forecast
from sparsight.planning.bench import PHASES
from sparsight.study import run_study

pytestmark = pytest.mark.usefixtures("shapes_unchecked")
SETTINGS = {
    "data": {"name": "toybirds", "train": 48, "validation": 24, "test": 24, "image_size": 32},
    "model": {"name": "resnet8", "stem_stride": 2},
    "training": {"epochs": 2, "batch_size": 12, "learning_rate": 0.05},
    "pruning": {"rate": 0.5, "rounds": 2},
    "evidence": {"interventions": 2, "sanity": 12, "refits": 1},
    "study": {"seeds": [0], "arms": ["magnitude"], "retrains": 1},
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def everything(*folders: Path) -> dict[Path, tuple[int, int]]:
    found = [path for folder in folders for path in [folder, *folder.rglob("*")]]
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in found}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run that stands. Not to be changed."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("plan") / "run"
    run_study(StudySettings.model_validate(SETTINGS), folder, workers=0)
    return folder


def test_a_plan_of_what_has_not_begun(tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cache = Path(os.environ["SPARSIGHT_CACHE"])
    before, told = everything(tmp_path, cache), []
    monkeypatch.setattr("sparsight.plan.free_room", lambda folder: 3 << 20)
    found = plan_study(StudySettings.model_validate(SETTINGS), workers=2, tell=told.append)
    assert everything(tmp_path, cache) == before
    assert told == ["images", *PHASES, "tables"]
    assert [one.kind for one in found.networks] == ["dense", "ticket", "retrain"]
    assert (found.standing, found.workers, found.folder) == (0, 2, Path("runs/toybirds"))
    assert found.notes[-1] == "3 MiB are free where runs/toybirds would be: make room, or choose another --out"
    assert tuple(found.said.seconds) == STAGES
    assert all(seconds > 0 for seconds in (*found.said.seconds.values(), *found.said.processor_seconds.values()))
    held = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    report = sum(path.stat().st_size for path in (run / "report").rglob("*") if path.is_file())
    assert found.said.disk == pytest.approx(held, rel=0.25)
    assert report < held
    assert found.said.memory is None or found.said.memory > 100 << 20


@pytest.mark.parametrize(("seconds", "rough"), [(0.0, False), (29.0, True), (31.0, False)])
def test_a_plan_says_what_it_is_worth(tmp_path, seconds, rough):
    said = Forecast({"training": seconds, "evidence": 0.0}, {}, None, 1 << 10)
    (tmp_path / "run").mkdir()
    told = plan._warnings(tmp_path / "run", said)
    assert told == ["of so short a study this is a rough guess: most of its time goes into first steps"] * rough


def test_what_stands_is_taken_off(run):
    before = everything(run)
    more = StudySettings.model_validate(SETTINGS | {"pruning": {"rate": 0.5, "rounds": 3}})
    found = plan_study(more, run, workers=1, report=False)
    assert everything(run) == before
    assert found.said.seconds["report"] == 0
    assert len(found.networks) == 4
    assert found.standing == 3
    assert found.said.processor_seconds["training"] > 0


def test_the_disk_of_the_networks_is_known_beforehand(run):
    from sparsight.data import Glimpse, load_dataset, readable
    from sparsight.planning import specimen
    from sparsight.planning.bench import measure
    from sparsight.planning.scale import _bytes

    settings = StudySettings.model_validate(SETTINGS)
    data = load_dataset(settings.data, Glimpse(most=40))
    assert len(readable(data)) == 40
    import pickle

    arrays, _ = pickle.loads(measure(specimen(data, settings, readable(data)), ("collect", 0))["arrays"])
    kept = read_tensors(run / "dense/right/seed-0/evidence.safetensors")
    of_images = {name for name in arrays if name != "gates/cascade"}
    assert of_images <= kept.keys()
    for name in of_images:
        assert _bytes(name, arrays[name], data) == kept[name].nbytes, name


def folder_of(root: Path) -> StudySettings:
    for k, name in enumerate(("round", "square", "long")):
        (root / name).mkdir(parents=True)
        for i in range(20):
            colour = tuple(40 + 60 * k + 5 * i if channel == k else i for channel in range(3))
            Image.new("RGB", (40 + i % 3, 40), colour).save(root / name / f"{i}.png")
    return StudySettings.model_validate(
        SETTINGS | {"data": {"name": "folder", "path": root, "image_size": 32}, "evidence": {"sanity": 4}}
    )


def test_images_that_are_not_decoded_are_not_decoded_by_a_plan(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSIGHT_CACHE", str(tmp_path / "cache"))
    settings = folder_of(tmp_path / "images")
    before = everything(tmp_path)
    found = plan_study(settings, tmp_path / "run", workers=1)
    assert everything(tmp_path) == before
    assert found.cache == 60 * (3 * 32 * 32 + 3 * 8 + 4 * 8 + 2 * 4 + 48 * 48 + 16)
    assert "the images are not decoded yet: reckoned from 60 of 60" in found.notes
    assert [note for note in found.notes if note.startswith("12 test images are fewer than the 30")]
    assert found.augmentation == "half of the images mirrored, left to right"


BAD = [
    ({"training": {"crop_padding": 40}}, "crop_padding: 40 pixels around images of 32"),
    ({"concepts": {"top_k": 46}}, "too few for concepts.top_k"),
    ({"saliency": {"layer": "layer9"}}, "layer9"),
    (
        {"study": {"seeds": list(range(1000)), "arms": ["magnitude"], "retrains": 1000}},
        r"seeds x rounds x arms x \(1 \+ retrains\) are 2,002,000, more than 50,000; ask for fewer",
    ),
]


@pytest.mark.parametrize(("change", "words"), BAD)
def test_what_a_study_would_refuse_is_refused(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        plan_study(StudySettings.model_validate(SETTINGS | change), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_of_other_settings_is_refused(run):
    other = StudySettings.model_validate(SETTINGS | {"training": {"epochs": 3, "batch_size": 12}})
    with pytest.raises(InputError, match="was made with other settings"):
        plan_study(other, run)
