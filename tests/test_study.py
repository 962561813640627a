"""The study as a Python function: what it refuses, what it names, and how it goes on."""

import json
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from sparsight.arms import read_log, read_ticket, ticket_origin, write_checkpoint, write_ticket
from sparsight.config import StudySettings
from sparsight.data import dataset_bytes, load_dataset
from sparsight.errors import InputError
from sparsight.exporting.subject import read_subject
from sparsight.io import hold, read_json, read_tensors, sha256
from sparsight.making import check_concepts
from sparsight.models import ModelSettings, build_model
from sparsight.runs import open_run, write_settings
from sparsight.study import report_run, run_study
from sparsight.training import Checkpoint, Optimiser
from sparsight.verifying import verify_run

DENSE = "dense/freeze_negative+score_before_epoch/seed-0"
FIRST, LAST = "released-code/seed-0/round-01", "released-code/seed-0/round-02"
EXEMPT = ("training.jsonl", "manifest.json", ".lock")
SETTINGS = {
    "data": {"name": "toybirds", "train": 12, "validation": 12, "test": 12, "image_size": 32},
    "model": {"name": "resnet8", "stem_stride": 2},
    "training": {"epochs": 1, "batch_size": 6, "learning_rate": 0.05},
    "pruning": {"rate": 0.5, "rounds": 3},
    "study": {"seeds": [0], "arms": ["released-code"], "retrains": 0},
}
CONSTANT = (2, 5)
"""Concepts that every image of the study has."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run's folder and what the function returned. Not to be changed."""
    torch.set_num_threads(1)
    folder, settings = tmp_path_factory.mktemp("study") / "run", StudySettings.model_validate(SETTINGS)
    data = load_dataset(settings.data)
    concepts = data.concepts.clone()
    concepts[:, CONSTANT] = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sparsight.study.load_dataset", lambda *_: replace(data, concepts=concepts))
        return folder, run_study(settings, folder, workers=0)


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    return shutil.copytree(finished[0], tmp_path / "run")


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in EXEMPT]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if "report" not in path.parts}


def times_of(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}


def with_weights(path: Path) -> StudySettings:
    return StudySettings.model_validate(SETTINGS | {"model": SETTINGS["model"] | {"weights": path}})


def test_a_run_goes_on_from_what_stands_and_ends_with_the_same_bytes(finished, copy):
    folder, _ = finished
    gone = [f"{DENSE}/metrics.json", f"{DENSE}/evidence.safetensors"]
    gone += [f"{LAST}/{name}" for name in ("ticket.safetensors", "metrics.json", "evidence.safetensors")]
    gone += [f"{FIRST}/metrics.json", "results/drift.csv", "manifest.json"]
    for name in gone:
        (copy / name).unlink()
    before = times_of(copy)
    result = run_study(StudySettings.model_validate(SETTINGS), copy, workers=0)
    assert bytes_of(copy) == bytes_of(folder)
    assert (copy / "manifest.json").exists()
    after = times_of(copy)
    made = {name for name in after if after[name] != before.get(name)}
    again = {f"{FIRST}/evidence.safetensors", f"{LAST}/end.safetensors", "results/strips.safetensors"}
    again.add("results/drift.safetensors")
    assert made == {name for name in gone if name.endswith(".safetensors")} | again
    pd.testing.assert_frame_equal(result.drift, finished[1].drift)


def test_a_report_is_written_again_from_the_tables(finished, copy):
    shutil.rmtree(copy / "report")
    before = bytes_of(copy)
    result = report_run(copy)
    assert result.folder == copy
    assert result.report == copy / "report" / "index.html"
    assert "<html" in result.report.read_text(encoding="utf-8")
    for name in ("accuracy", "faithfulness", "concepts", "drift"):
        pd.testing.assert_frame_equal(getattr(result, name), getattr(finished[1], name))
    assert result.notices == finished[1].notices
    assert bytes_of(copy) == before


def test_a_study_shows_itself_in_a_notebook(finished):
    shown = finished[1]._repr_html_()
    assert "<td>released-code</td>" in shown
    assert "means of 1 seed; always " in shown
    assert f": {finished[1].constant.share:.3f}; the report" in shown
    assert shown.count("<li>") == 1
    assert str(finished[1].report) in shown


def test_no_report_of_a_run_that_has_not_ended(copy):
    (copy / "manifest.json").unlink()
    with pytest.raises(InputError, match="has not ended"):
        report_run(copy)


def test_no_report_and_no_study_while_somebody_works_on_the_run(copy):
    before = bytes_of(copy)
    with hold(copy):
        with pytest.raises(InputError, match="another sparsight process works on this run"):
            report_run(copy)
        with pytest.raises(InputError, match="another sparsight process works on this run"):
            run_study(StudySettings.model_validate(SETTINGS), copy, workers=0)
    assert (copy / "manifest.json").exists()
    assert bytes_of(copy) == before


def test_a_checkpoint_that_was_left_behind_is_removed_and_not_listed(finished, copy):
    left = copy / FIRST / "checkpoint.safetensors"
    write_checkpoint(copy / FIRST, {}, Checkpoint(1, {}, Optimiser(), None, ()))
    run_study(StudySettings.model_validate(SETTINGS), copy, workers=0)
    assert not left.exists()
    assert not any("checkpoint" in name for name in json.loads((copy / "manifest.json").read_text())["files"])
    assert bytes_of(copy) == bytes_of(finished[0])


EDITS = [
    ("training", "learning_rate", 0.06),
    ("data", "train", 13),
    ("model", "stem_stride", 1),
    ("pruning", "rate", 0.4),
    ("concepts", "C", 0.02),
    ("evidence", "batch_size", 64),
]


def edited(settings: StudySettings, room: str, key: str, value: object) -> StudySettings:
    document = settings.as_dict()
    document[room][key] = value
    return StudySettings.model_validate(document)


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize(("room", "key", "value"), EDITS)
def test_settings_that_were_edited_and_sealed_again_are_refused(finished, copy, room, key, value, ended):
    if not ended:
        (copy / "manifest.json").unlink()
    forged = edited(finished[1].settings, room, key, value)
    write_settings(copy, forged)
    before = bytes_of(copy)
    for wanted in (forged, edited(forged, "study", "seeds", [0, 1]), edited(forged, "pruning", "rounds", 4)):
        with pytest.raises(InputError, match=r"study\.yaml: the run was made with other settings than it holds now"):
            run_study(wanted, copy, workers=0)
        if not ended:
            write_settings(copy, forged)
        assert bytes_of(copy) == before
    if ended:
        with pytest.raises(InputError, match="the run was made with other settings"):
            report_run(copy)


def test_settings_that_decide_no_network_are_held_to_the_manifest(finished, copy):
    forged = edited(finished[1].settings, "verdict", "margin", 0.9)
    write_settings(copy, forged)
    with pytest.raises(InputError, match="the run was made with other settings"):
        run_study(forged, copy, workers=0)


def test_a_run_whose_tickets_name_no_settings_is_refused(finished, copy):
    ticket, origin = read_ticket(copy / DENSE), ticket_origin(copy / DENSE)
    write_ticket(copy / DENSE, ticket, (), {name: origin[name] for name in ("network", "before", "data", "weights")})
    with pytest.raises(
        InputError, match="made by an earlier version, whose files do not name their settings; make it anew"
    ):
        run_study(finished[1].settings, copy, workers=0)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("conv1.weight", float("nan"), "of 432 NaN"), ("bn1.running_var", float("inf"), "of 16 infinite")],
)
def test_a_ticket_whose_weights_are_no_numbers_is_named_by_study_verify_and_export(finished, copy, name, value, said):
    ticket = read_ticket(copy / LAST)
    kept = ticket.mask.get(name, torch.ones_like(ticket.weights[name], dtype=torch.bool))
    ticket.weights[name][kept] = value
    write_ticket(copy / LAST, ticket, read_log(copy / LAST), ticket_origin(copy / LAST))
    named = f"not finite numbers: {name} ({int(kept.sum())} {said})"
    failures = [line for check in verify_run(copy) for line in check.failures]
    assert any(named in line for line in failures)
    with pytest.raises(InputError) as error:
        read_subject(copy, "released-code", 0, 2)
    assert f"{LAST}/ticket.safetensors: {named}: its training has diverged" in str(error.value)
    with pytest.raises(InputError) as error:
        run_study(finished[1].settings, copy, workers=0)
    assert f"{LAST}/ticket.safetensors: {named}: its training has diverged" in str(error.value)


def test_the_report_has_a_list_of_its_files(finished, copy):
    def listed() -> dict[str, str]:
        return read_json(copy / "report" / "files.json", "report")["files"]

    (copy / "report" / "index.html").write_text("another page")
    (copy / "report" / "figures" / "mine.txt").write_text("a note")
    report_run(copy)
    files = {path for path in (copy / "report").rglob("*") if path.is_file()}
    own = {path for path in files if path.name not in ("files.json", "mine.txt")}
    assert len(own) == len(files) - 2
    assert listed() == {path.relative_to(copy / "report").as_posix(): sha256(path) for path in own}


def test_the_reports_numbers_follow_the_schema_and_name_the_files_of_the_run(finished):
    folder, result = finished
    schema = json.loads(files("sparsight.report").joinpath("schema.json").read_text(encoding="utf-8"))
    found = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found)
    assert found["results"] == {f"results/{path.name}": sha256(path) for path in (folder / "results").iterdir()}
    test = result.accuracy[result.accuracy["split"] == "test"]
    assert [row["value"] for row in found["accuracy"]] == test["value"].tolist()
    assert found["settings"] == result.settings.as_dict()


@pytest.mark.parametrize("name", ["empty", "absent"])
def test_no_report_of_a_folder_that_is_no_run(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="not a run's folder"):
        report_run(tmp_path / name)
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_concepts_that_are_constant_in_training_are_named_and_left_out(finished):
    folder, result = finished
    names = load_dataset(result.settings.data).concept_names
    first, second = (names[j] for j in CONSTANT)
    notice = f"2 of {len(names)} concepts are constant in training and were dropped: {first}, {second}"
    assert notice in json.loads((folder / "manifest.json").read_text())["notices"]
    assert notice in result.notices
    told = result.faithfulness[result.faithfulness.metric == "concept_auroc"]
    several = read_json(folder / DENSE / "metrics.json")["concepts"]["all_names"]
    shown = set(told.unit_id)
    assert (shown - several.keys()) | {name for own in several.values() for name in own} == set(names) - {first, second}
    assert several.keys() <= shown


def test_a_data_set_may_have_no_concepts(tiny):
    none = replace(tiny, concepts=tiny.concepts[:, :0], concept_names=(), concept_groups=())
    assert check_concepts(StudySettings.model_validate(SETTINGS), none) == []


def test_check_concepts(tiny):
    def settings(top_k: int) -> StudySettings:
        return StudySettings.model_validate(SETTINGS | {"concepts": {"top_k": top_k}})

    said = ["1 of 4 concepts are constant in training and were dropped: constant"]
    assert check_concepts(settings(3), tiny) == said
    with pytest.raises(InputError, match=r"tiny: 3 concepts differ .* concepts.top_k 4; lower it"):
        check_concepts(settings(4), tiny)


def test_no_room_for_the_runs_own_copy_is_said_before_anything_is_written(tmp_path, monkeypatch):
    settings = StudySettings.model_validate(SETTINGS)
    needed = dataset_bytes(load_dataset(settings.data))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=needed - 1))
    with pytest.raises(InputError, match=r"the run's own copy of the images takes \d+ KiB, \d+ KiB are free; make"):
        run_study(settings, tmp_path / "run" / "below", workers=0)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_start_left_does_not_block_the_next(tmp_path):
    class ReachedError(Exception):
        pass

    folder = tmp_path / "run"
    folder.mkdir()
    left = folder / ".study.yaml.12-34.partial"
    left.write_text("data: {name: toy")
    settings = StudySettings.model_validate(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sparsight.study.load_dataset", lambda *_: (_ for _ in ()).throw(ReachedError))
        with pytest.raises(ReachedError):
            run_study(settings, folder, workers=0)
    with open_run(folder, settings) as agreed:
        assert agreed == settings
        assert (folder / "study.yaml").exists()
        assert not left.exists()


def test_other_content_in_the_weights_file_is_refused(tmp_path):
    state = build_model(ModelSettings(stem_stride=2), 12, 1).state_dict()
    path, folder = tmp_path / "start.safetensors", tmp_path / "run"
    save_file(state, path)
    settings = with_weights(path)
    with open_run(folder, settings):
        pass  # a run that was killed as soon as it had begun
    before, kept = bytes_of(folder), path.read_bytes()
    kept_tensors = read_tensors(folder / "weights.safetensors", "weights")
    assert all(torch.equal(kept_tensors[name], tensor) for name, tensor in state.items())
    save_file(state | {"fc.bias": state["fc.bias"] + 1}, path)
    with pytest.raises(InputError, match=r"model.weights: .*start.safetensors has changed since"):
        run_study(settings, folder, workers=0)
    assert bytes_of(folder) == before
    path.write_bytes(kept)
    with open_run(folder, settings) as agreed:
        assert agreed == settings


def test_more_networks_than_anybody_can_train_are_refused_before_anything_is_written(tmp_path):
    settings = StudySettings.model_validate(SETTINGS | {"study": {"seeds": list(range(1000)), "retrains": 1000}})
    with pytest.raises(InputError, match="more than 50,000; ask for fewer"):
        run_study(settings, tmp_path / "run", workers=0)
    assert not (tmp_path / "run").exists()
