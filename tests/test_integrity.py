"""No damaged file of a run is used: it is made again, byte for byte, and named, or refused."""

import os
import shutil
from itertools import cycle
from pathlib import Path

import pytest
import torch

from sparsight.arms import Ticket, read_ticket, ticket_origin, write_ticket
from sparsight.config import StudySettings
from sparsight.errors import InputError
from sparsight.io import read_json, write_bytes, write_json, write_list, write_tensors
from sparsight.runs import write_settings
from sparsight.study import Silent, report_run, run_study
from sparsight.verifying import verify_run

pytestmark = pytest.mark.usefixtures("shapes_unchecked")
SETTINGS = StudySettings.model_validate(
    {
        "data": {"name": "toybirds", "train": 12, "validation": 12, "test": 30, "image_size": 32},
        "model": {"name": "resnet8", "stem_stride": 2},
        "training": {"epochs": 2, "batch_size": 6, "learning_rate": 0.05},
        "pruning": {"rate": 0.5, "rounds": 3},
        "study": {"seeds": [0], "arms": ["released-code"], "retrains": 0},
    }
)
DENSE = "dense/freeze_negative+score_before_epoch/seed-0"
FIRST, LAST = "released-code/seed-0/round-01", "released-code/seed-0/round-02"
OF_A_NETWORK = ("ticket.safetensors", "end.safetensors", "training.jsonl", "evidence.safetensors", "metrics.json")
RESULTS = tuple(f"{name}.csv" for name in ("accuracy", "faithfulness", "concepts", "drift", "ablation", "verdict"))
RESULTS += ("verdict.json", "drift.safetensors", "strips.safetensors")
FILES = (
    "study.yaml",
    "manifest.json",
    "data.safetensors",
    *(f"{home}/{name}" for home in (DENSE, FIRST, LAST) for name in OF_A_NETWORK),
    *(f"results/{name}" for name in RESULTS),
)
TIMED = ("training.jsonl", "manifest.json", ".lock")
READ_BY_REPORT = ("study.yaml", "manifest.json", "metrics.json", *RESULTS)


class Ear(Silent):
    """Remembers what was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.made: list[str] = []

    def note(self, text: str) -> None:
        if not text.startswith(("took ", "study.arms: ")):  # other matters
            self.notes.append(text)

    def network(self, network, summary) -> None:
        self.made.append(network.folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A run that nothing disturbed. Not to be changed."""
    torch.set_num_threads(1)
    return run_study(SETTINGS, tmp_path_factory.mktemp("integrity") / "run", workers=0, report=False).folder


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def kept(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in TIMED]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if "report" not in path.parts}


def other_of(folder: Path, name: str) -> bytes:
    """Another file of the run that could be taken for this one: of another network, or at least of its format."""
    places = [f"{home}/{Path(name).name}" for home in (DENSE, FIRST, LAST)]
    if name in places:
        return (folder / places[(places.index(name) + 1) % 3]).read_bytes()
    same = [other for other in FILES if other != name and Path(other).suffix == Path(name).suffix]
    return (folder / (same or ["manifest.json"])[0]).read_bytes()


DAMAGE = {
    "truncated": lambda folder, name: (folder / name).read_bytes()[: (folder / name).stat().st_size // 2],
    "a bit flipped": lambda folder, name: flipped((folder / name).read_bytes()),
    "emptied": lambda folder, name: b"",
    "replaced": other_of,
}


def flipped(data: bytes) -> bytes:
    place = len(data) * 2 // 3
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


def failures(folder: Path) -> str:
    return "\n".join(line for check in verify_run(folder) for line in check.failures)


def test_all_files_of_a_run_are_damaged_below(finished):
    found = {str(path.relative_to(finished)) for path in finished.rglob("*") if path.is_file()}
    assert {name for name in found if not name.startswith("report/")} == {*FILES, ".lock"}


@pytest.mark.parametrize("name", FILES)
def test_every_way_of_damage_is_named_by_verify_and_refused_by_the_report(finished, copy, name):
    for kind, damage in DAMAGE.items():
        (copy / name).write_bytes(damage(finished, name))
        assert f"{name}: " in failures(copy), kind
        if name.endswith(READ_BY_REPORT):
            with pytest.raises(InputError) as caught:
                report_run(copy)
            assert str(caught.value).count(name) == 1, kind


def piped(path: Path, elsewhere: Path) -> None:
    os.mkfifo(path)


def linked(path: Path, elsewhere: Path) -> None:
    """A whole copy outside of the run: the same bytes, but another's."""
    path.symlink_to(elsewhere)


PUT = cycle((piped, linked))
STRANGE = [(name, next(PUT)) for name in (*FILES, "data.safetensors", "manifest.json", f"{LAST}/metrics.json")]


@pytest.mark.parametrize(("name", "put"), STRANGE)
def test_what_is_no_plain_file_is_named_made_again_and_never_followed(finished, copy, tmp_path, name, put):
    outside = shutil.copy(copy / name, tmp_path / "outside")
    before = Path(outside).read_bytes()
    (copy / name).unlink()
    put(copy / name, Path(outside))
    words = "is a pipe" if put is piped else "is a link"
    assert f"{name}: {words}, not a plain file" in failures(copy)
    ear = Ear()
    if name == "study.yaml":
        with pytest.raises(InputError, match=r"study\.yaml: (is a|damaged)"):
            run_study(SETTINGS, copy, workers=0, report=False, listener=ear)
        return
    run_study(SETTINGS, copy, workers=0, report=False, listener=ear)
    assert [note.split(": ")[0] for note in ear.notes] == [name]
    assert (copy / name).is_file()
    assert not (copy / name).is_symlink()
    assert kept(copy) == kept(finished)
    assert Path(outside).read_bytes() == before


PLACES = ("dense", "released-code/seed-0", "results", "report", "report/figures")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("act", ["study", "report", "verify"])
def test_a_folder_of_the_run_that_is_a_link_is_named_and_what_it_leads_to_is_left_alone(finished, tmp_path, place, act):
    copy = shutil.copytree(finished, tmp_path / "run")
    write_bytes(copy / "report" / "figures" / "x.svg", b"drawn")
    write_bytes(copy / "report" / "index.html", b"written")
    write_list(copy / "report", ["figures/x.svg", "index.html"], "report")
    outside = tmp_path / "outside"
    shutil.move(copy / place, outside)
    (copy / place).symlink_to(outside)
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    if act == "verify":
        assert f"{place}: is a link where the run has a folder" in failures(copy)
    else:
        with pytest.raises(InputError, match=f"/{place}: is a link where the run has a folder"):
            run_study(SETTINGS, copy, workers=0) if act == "study" else report_run(copy)
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before
    (copy / place).unlink()  # the remedies: what was there is put in its place, or it is made again
    if act != "study" or "report" in place:
        shutil.move(outside, copy / place)
    run_study(SETTINGS, copy, workers=0, report=False)
    assert failures(copy) == ""


def test_a_link_of_the_users_beside_the_report_is_left_alone(copy, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "note").write_text("mine")
    (copy / "report").mkdir()
    (copy / "report" / "mine").symlink_to(tmp_path / "theirs")
    report_run(copy)
    run_study(SETTINGS, copy, workers=0, report=False)
    assert failures(copy) == ""
    assert (copy / "report" / "mine" / "note").read_text() == "mine"


def test_the_lock_is_no_link(finished, copy, tmp_path):
    (tmp_path / "theirs").write_text("mine")
    (copy / ".lock").unlink()
    (copy / ".lock").symlink_to(tmp_path / "theirs")
    for act in (lambda: run_study(SETTINGS, copy, workers=0), lambda: report_run(copy)):
        with pytest.raises(InputError, match=r"\.lock: is a link"):
            act()
    assert ".lock: is a link" in failures(copy)
    assert (tmp_path / "theirs").read_text() == "mine"


def test_a_run_below_a_link_is_a_run(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "disk" / "run")
    (tmp_path / "runs").symlink_to("disk")
    (tmp_path / "own").symlink_to("disk/run")
    for folder in (tmp_path / "runs" / "run", tmp_path / "own"):
        assert failures(folder) == ""
        run_study(SETTINGS, folder, workers=0, report=False)
    report_run(tmp_path / "own")


# What breaks a file's seal is found by it, whichever way it was broken, so of three ways each file takes one, by turns;
# another whole file in its place is found by what it comes from.
BROKEN = cycle(kind for kind in DAMAGE if kind != "replaced")
REMADE = [(name, kind) for name in FILES for kind in (next(BROKEN), "replaced")]


@pytest.mark.parametrize(("name", "kind"), REMADE)
def test_a_damaged_file_is_made_again_and_named_or_refused(finished, copy, name, kind):
    (copy / name).write_bytes(DAMAGE[kind](copy, name))
    assert (copy / name).read_bytes() != (finished / name).read_bytes()
    ear = Ear()
    if name == "study.yaml":
        before = kept(copy)
        with pytest.raises(
            InputError, match=r"study\.yaml: damaged or edited by hand; restore it, or make the run anew"
        ):
            run_study(SETTINGS, copy, workers=0, report=False, listener=ear)
        assert kept(copy) == before
        return
    run_study(SETTINGS, copy, workers=0, report=False, listener=ear)
    assert [note.split(": ")[0] for note in ear.notes] == [name]
    assert ear.notes[0].endswith("; made again")
    assert set(ear.made) <= {str(Path(name).parent)}, "what comes from it gave the same bytes, and stands"
    assert kept(copy) == kept(finished)
    assert failures(copy) == ""


def test_two_networks_that_changed_places_are_found(finished, copy):
    for name in OF_A_NETWORK:
        first, last = (copy / home / name for home in (FIRST, LAST))
        kept_first = first.read_bytes()
        first.write_bytes(last.read_bytes())
        last.write_bytes(kept_first)
    ear = Ear()
    run_study(SETTINGS, copy, workers=0, report=False, listener=ear)
    assert ear.made == [FIRST, LAST]
    assert f"{FIRST}/ticket.safetensors: belongs to another network; made again" in ear.notes
    assert kept(copy) == kept(finished)


def test_metrics_with_numbers_of_another_sealed_file_are_found(finished, copy):
    path = copy / FIRST / "metrics.json"
    metrics = read_json(path, "metrics")
    metrics["accuracy"]["f"]["test"]["accuracy"] = 1.0
    write_json(path, metrics, "metrics")  # a whole file, of somebody who knows how to seal
    assert f"{FIRST}: scores of f on test do not follow" in failures(copy)
    write_json(path, {"evidence": metrics["evidence"], "accuracy": 3}, "metrics")
    assert f"{FIRST}/metrics.json: damaged (no fit value of" in failures(copy)
    ear = Ear()
    run_study(SETTINGS, copy, workers=0, report=False, listener=ear)
    assert ear.made == [FIRST]
    assert kept(copy) == kept(finished)


@pytest.mark.parametrize("name", ["ticket.safetensors", "evidence.safetensors"])
def test_a_sealed_file_without_what_it_should_hold_is_made_again(finished, copy, name):
    write_tensors(copy / FIRST / name, {}, {}, name.split(".")[0])
    write_tensors(copy / "data.safetensors", {}, {}, "data")
    ear = Ear()
    run_study(SETTINGS, copy, workers=0, report=False, listener=ear)
    assert ear.made == [FIRST]
    assert kept(copy) == kept(finished)


def test_what_comes_from_a_ticket_that_was_made_again_differently_is_made_again(copy):
    """As on a GPU, where the same training gives other last bits."""
    ticket, origin = read_ticket(copy / DENSE), ticket_origin(copy / DENSE)
    weights = {**ticket.weights, "fc.bias": ticket.weights["fc.bias"] + 1e-3}
    origin = {name: origin[name] for name in ("network", "before", "data", "weights", "settings")}
    write_ticket(copy / DENSE, Ticket(ticket.mask, weights, weights, ticket.selected_epoch), (), origin)
    ear = Ear()
    run_study(SETTINGS, copy, workers=0, report=False, listener=ear)
    assert ear.made == [DENSE, FIRST, LAST]
    assert ear.notes == [
        f"{DENSE}/evidence.safetensors: belongs to another ticket; made again",
        f"{FIRST}/ticket.safetensors: comes from another ticket than now lies before it; made again",
        f"{LAST}: comes from another network than before; made again",
    ]
    assert failures(copy) == ""


def test_data_that_have_changed_are_refused(finished, copy, monkeypatch):
    (copy / "data.safetensors").write_bytes(b"")
    before = kept(copy)
    from sparsight import study

    load = study.load_dataset
    other = StudySettings.model_validate({"data": {**SETTINGS.data.model_dump(), "seed": 5}}).data
    monkeypatch.setattr("sparsight.study.load_dataset", lambda *_: load(other))
    with pytest.raises(
        InputError, match="the data have changed since this run was made; make a run of them in another folder"
    ):
        run_study(SETTINGS, copy, workers=0, report=False)
    assert kept(copy) == before


def test_a_lost_settings_file_is_told_from_a_folder_of_somebody_else(copy):
    (copy / "study.yaml").unlink()
    with pytest.raises(InputError, match=r"run: its study\.yaml is missing; restore it or choose another --out"):
        run_study(SETTINGS, copy, workers=0, report=False)


def test_dates_decide_nothing(finished, copy):
    for i, path in enumerate(sorted(copy.rglob("*"))):
        os.utime(path, (4e9 - i * 1e8, 4e9 - i * 1e8))
    ear = Ear()
    run_study(SETTINGS, copy, workers=0, report=False, listener=ear)
    assert (ear.made, ear.notes) == ([], [])
    assert kept(copy) == kept(finished)


def rounds(number: int) -> StudySettings:
    return SETTINGS.model_copy(update={"pruning": SETTINGS.pruning.model_copy(update={"rounds": number})})


class StopError(Exception):
    pass


class Stops(Silent):
    """Stops the study when a network is done."""

    def network(self, network, summary) -> None:
        raise StopError


def test_an_extension_by_mistake_is_undone_by_asking_again(finished, copy):
    with pytest.raises(StopError):
        run_study(rounds(200), copy, workers=0, report=False, listener=Stops())
    assert report_run(copy).settings == SETTINGS, "what had ended is still there"
    assert failures(copy) == ""
    assert run_study(rounds(3), copy, workers=0, report=False).settings == SETTINGS
    extra = kept(copy).keys() - kept(finished).keys()
    assert {Path(name).parent.name for name in extra} == {"round-03"}
    assert {name: data for name, data in kept(copy).items() if name not in extra} == kept(finished)
    assert run_study(rounds(4), copy, workers=0, report=False).settings.pruning.rounds == 4
    assert run_study(rounds(2), copy, workers=0, report=False).settings.pruning.rounds == 4, (
        "a run that has ended is not cut"
    )


def test_a_run_that_has_not_ended_works_by_what_is_asked_now(finished, copy):
    (copy / "manifest.json").unlink()
    write_settings(copy, rounds(200))
    with pytest.raises(InputError, match="has not ended"):
        verify_run(copy)
    assert run_study(SETTINGS, copy, workers=0, report=False).settings == SETTINGS
    assert kept(copy) == kept(finished)


def test_weights_that_were_copied_are_checked(tmp_path):
    from safetensors.torch import save_file

    from sparsight.models import ModelSettings, build_model

    save_file(build_model(ModelSettings(stem_stride=2), 12, 1).state_dict(), tmp_path / "start.safetensors")
    model = SETTINGS.model.model_copy(update={"weights": tmp_path / "start.safetensors"})
    settings = rounds(1).model_copy(update={"model": model})
    folder = run_study(settings, tmp_path / "run", workers=0, report=False).folder
    before = kept(folder)
    assert failures(folder) == ""
    copied = folder / "weights.safetensors"
    copied.write_bytes(flipped(copied.read_bytes()))
    assert "weights.safetensors: damaged" in failures(folder)
    ear = Ear()
    run_study(settings, folder, workers=0, report=False, listener=ear)
    assert ear.notes == ["weights.safetensors: damaged; made again"]
    assert kept(folder) == before
