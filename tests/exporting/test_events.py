"""Event files: TensorBoard's own reader finds in them what the run's files hold, once."""

import csv
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from sparsight.cli import main
from sparsight.config import StudySettings
from sparsight.errors import InputError
from sparsight.exporting import export_scalars
from sparsight.exporting.scalars import result_curves
from sparsight.io import hold, read_json
from sparsight.study import read_run, run_study

ARM, HOME = "toggle:prune_norms+score_before_epoch", "toggle-prune_norms+score_before_epoch/seed-3"
SETTINGS = {
    "data": {"name": "toybirds", "train": 12, "validation": 12, "test": 12, "image_size": 32},
    "model": {"name": "resnet8", "stem_stride": 2},
    "training": {"epochs": 2, "batch_size": 6, "learning_rate": 0.05},
    "pruning": {"rate": 0.5, "rounds": 3},
    "evidence": {"interventions": 0, "sanity": 0, "refits": 1},
    "study": {"seeds": [3], "arms": [ARM], "retrains": 1},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A finished run. Not to be changed."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("events") / "run"
    return run_study(StudySettings.model_validate(SETTINGS), folder, workers=0, report=False).folder


@pytest.fixture
def copy(run, tmp_path) -> Path:
    return shutil.copytree(run, tmp_path / "run")


def read_events(folder: Path) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """Steps and values by directory and tag."""
    found = {}
    for home in {path.parent for path in folder.rglob("*tfevents*")}:
        events = EventAccumulator(str(home)).Reload()
        for tag in events.Tags()["scalars"]:
            points = [(event.step, event.value) for event in events.Scalars(tag)]
            found[home.relative_to(folder).as_posix(), tag] = points
    return found


def rows(run: Path, name: str) -> list[dict[str, str]]:
    with (run / "results" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def home(row: dict[str, str]) -> str:
    kind, _, rule = row["arm"].partition(":")
    if kind == "dense":
        return f"dense/{rule}/seed-{row['seed']}"
    if kind == "retrain":
        return f"retrain/{rule}/seed-{row['seed']}/repeat-{row['repeat']}"
    assert (row["arm"], row["seed"]) == (ARM, "3")
    return HOME


def expected_results(run: Path) -> dict[tuple[str, str], list[tuple[int, float]]]:
    found: dict[tuple[str, str], dict[int, float]] = {}
    for row in rows(run, "accuracy"):
        tag = f"{row['split']}/{row['model']}/{row['metric']}"
        found.setdefault((home(row), tag), {})[int(row["round"])] = float(row["value"] or "nan")
        found.setdefault((home(row), "weights_remaining"), {})[int(row["round"])] = float(row["weights_remaining"])
    for row in rows(run, "drift"):
        kind = row["arm"].partition(":")[0]
        if row["unit"] != "all" or kind in ("dense", "refit") or not row["reference_arm"].startswith("dense:"):
            continue
        tag = "/".join(["drift", *(row[name] for name in ("family", "metric", "method", "target") if row[name])])
        assert int(row["round"]) not in found.setdefault((home(row), tag), {}), "two numbers for one point"
        found[home(row), tag][int(row["round"])] = float(row["value"] or "nan")
    points = {key: sorted((step, value) for step, value in own.items() if value == value) for key, own in found.items()}
    return {key: own for key, own in points.items() if own}


def expected_trainings(run: Path) -> dict[tuple[str, str], list[tuple[int, float]]]:
    found = {}
    for path in run.rglob("training.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for tag, name in (
            ("training/loss", "loss"),
            ("training/accuracy", "accuracy"),
            ("training/learning_rate", "learning_rate"),
            ("validation/accuracy", "validation_accuracy"),
        ):
            points = [(line["epoch"], line[name]) for line in lines if line[name] is not None]
            if points:
                found[path.parent.relative_to(run).as_posix(), tag] = points
    return found


def same(found, expected):
    assert found.keys() == expected.keys()
    for key, points in expected.items():
        assert [step for step, _ in found[key]] == [step for step, _ in points], key
        values = [value for _, value in points]
        assert [value for _, value in found[key]] == pytest.approx(values, rel=1e-6, abs=1e-30), key


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_events_are_the_logs_and_the_tables(run, tmp_path):
    made = export_scalars(run, tmp_path / "board")
    expected = expected_trainings(run) | expected_results(run)
    same(read_events(made.folder), expected)
    assert made.points == sum(map(len, expected.values()))
    assert (made.trained, made.planned, made.results) == (4, 4, True)
    seen = {tag for where, tag in expected if where == HOME}
    assert {"test/f/accuracy", "test/g/balanced_accuracy", "drift/representation/linear_cka/debiased"} <= seen
    assert ("retrain/score_before_epoch/seed-3/repeat-1", "drift/representation/linear_cka/debiased") in expected


def test_an_empty_cell_is_no_point(run):
    data = read_run(run)
    whole = result_curves(data, 0.0)[HOME]
    drift = data.drift.copy()
    drift.loc[(drift["unit"] == "all") & (drift["round"] == 2), "value"] = float("nan")
    left = result_curves(replace(data, drift=drift), 0.0)[HOME]
    assert left == [point for point in whole if not (point.tag.startswith("drift/") and point.step == 2)]
    assert len(left) < len(whole)


def test_time_goes_on_by_the_seconds_of_the_epochs(run, tmp_path):
    made = export_scalars(run, tmp_path / "board")
    where = f"{HOME}/round-02"
    lines = [json.loads(line) for line in (run / where / "training.jsonl").read_text().splitlines()]
    events = EventAccumulator(str(made.folder / where)).Reload().Scalars("training/loss")
    assert events[1].wall_time - events[0].wall_time == pytest.approx(lines[1]["seconds"], abs=1e-5)
    assert events[1].wall_time == pytest.approx((run / where / "ticket.safetensors").stat().st_mtime, abs=1e-5)


def test_written_twice_is_written_once(run, tmp_path):
    for _ in range(2):
        export_scalars(run, tmp_path / "board")
        assert len(list((tmp_path / "board" / HOME).glob("*tfevents*"))) == 1
        same(read_events(tmp_path / "board"), expected_trainings(run) | expected_results(run))
    assert [path.name for path in tmp_path.iterdir()] == ["board"]


def test_a_run_that_goes_on_gives_what_is_trained_by_now(run, copy, tmp_path):
    (copy / "manifest.json").unlink()
    shutil.rmtree(copy / HOME / "round-02")
    before = files(copy)
    with hold(copy):
        made = export_scalars(copy, tmp_path / "board")
    assert (made.trained, made.planned, made.results) == (3, 4, False)
    same(read_events(made.folder), expected_trainings(copy))
    assert files(copy) == before | {".lock": b""}
    shutil.copytree(run, copy, dirs_exist_ok=True)
    assert export_scalars(copy, tmp_path / "board").results
    same(read_events(tmp_path / "board"), expected_trainings(copy) | expected_results(copy))


def test_the_card_names_the_run_and_is_sealed(run, tmp_path):
    export_scalars(run, tmp_path / "board")
    assert read_json(tmp_path / "board" / "scalars.json", "scalars")["run"] == "run"


def test_the_command_says_where_to_look(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["sparsight", "tensorboard", str(run)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "4 of 4 trainings, and the result tables" in said
    assert said.endswith("look at them: tensorboard --logdir exports/run/tensorboard\n")
    assert (tmp_path / "exports/run/tensorboard/scalars.json").exists()


def untouched(folder: Path, message: str, run: Path, out: Path) -> None:
    before = files(folder)
    with pytest.raises(InputError, match=message):
        export_scalars(run, out)
    assert files(folder) == before


def test_a_folder_of_something_else_is_refused(run, copy, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    untouched(tmp_path, r"holds other files \(notes\.txt\)", run, other)
    untouched(tmp_path, "is no folder", run, other / "notes.txt")
    untouched(tmp_path, "lies in the run", copy, copy / "board")
    export_scalars(run, tmp_path / "board")
    untouched(tmp_path, "holds the scalars of another run", copy.rename(tmp_path / "mine"), tmp_path / "board")
    (tmp_path / "board" / "scalars.json").write_text("{}")
    untouched(tmp_path, "holds other files", run, tmp_path / "board")


def test_bad_runs_are_refused_and_nothing_is_written(copy, tmp_path):
    out = tmp_path / "deep" / "board"
    untouched(tmp_path, "absent: not a run's folder", tmp_path / "absent", out)
    table = copy / "results" / "drift.csv"
    table.write_text(table.read_text().replace("0.", "1.", 1))
    untouched(tmp_path, r"drift\.csv: damaged or changed", copy, out)
    (copy / "manifest.json").unlink()
    (copy / HOME / "round-01" / "training.jsonl").write_text("{}\n")
    untouched(tmp_path, r"round-01/training\.jsonl: damaged", copy, out)
    for ticket in copy.rglob("ticket.safetensors"):
        ticket.unlink()
    untouched(tmp_path, "no network is trained yet", copy, out)
    assert not out.parent.exists()


@pytest.mark.parametrize("standing", [True, False])
def test_an_error_in_the_middle_leaves_the_folder_as_it_was(run, tmp_path, monkeypatch, standing):
    out = tmp_path / "deep" / "board"
    if standing:
        export_scalars(run, out)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("torch.utils.tensorboard.SummaryWriter.add_scalar", full)
    untouched(tmp_path, r"cannot be written \(No space left on device\)", run, out)
    assert [path.name for path in out.parent.iterdir()] == ["board"] if standing else not out.parent.exists()


def test_without_tensorboard_the_extra_is_named(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    untouched(tmp_path, r"tensorboard: is not installed; pip install 'sparsight\[tensorboard\]'", run, tmp_path / "x")
    assert not (tmp_path / "x").exists()
