"""Files of a run whose hashes fit, but which hold what no study writes: one line, exit code 2, or a failed check."""

import json
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch

from sparsight.io import read_json, read_metadata, read_tensors, sha256, write_json
from sparsight.seals import ZEROS, seal_of, sealed

pytestmark = pytest.mark.usefixtures("shapes_unchecked")
SMALL = """\
data: {name: toybirds, train: 24, validation: 24, test: 36, image_size: 32}
model: {name: resnet8, stem_stride: 2}
training: {epochs: 1, batch_size: 8, learning_rate: 0.05}
pruning: {rate: 0.5, rounds: 1}
evidence: {interventions: 4, sanity: 0, refits: 1}
study: {seeds: [0], arms: [magnitude], retrains: 0}
"""
DENSE = "dense/right/seed-0"
MANIFEST, METRICS, VERDICT = "manifest.json", f"{DENSE}/metrics.json", "results/verdict.json"
EVIDENCE, TICKET, STRIPS = f"{DENSE}/evidence.safetensors", f"{DENSE}/ticket.safetensors", "results/strips.safetensors"
KINDS = {MANIFEST: "manifest", METRICS: "metrics", VERDICT: "verdict"}
KINDS |= {EVIDENCE: "evidence", TICKET: "ticket", STRIPS: "strips"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, sparsight):
    folder = tmp_path_factory.mktemp("whole")
    (folder / "small.yaml").write_text(SMALL)
    ended = sparsight("study", "small.yaml", "--out", "run", "--workers", "0", "--no-report", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture
def run(whole, tmp_path):
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    return tmp_path / "run"


def entry(document, place, value):
    """Put a value at a place of a document; take the place away where there is no value."""
    *way, last = place
    for key in way:
        document = document[key]
    if value is ...:
        del document[last]
    else:
        document[last] = value


def forge_json(run, name, place, value):
    document = read_json(run / name, KINDS[name])
    entry(document, place, value)
    write_json(run / name, document, KINDS[name])


def forge_tensors(run, name, changes, note=()):
    tensors, kept = read_tensors(run / name), read_metadata(run / name)
    for key, change in changes.items():
        tensors[key] = change(tensors[key]).contiguous() if change is not ... else None
    for place, value in note:
        entry(kept, place, value)
    text = json.dumps({"seal": f"sha256:{ZEROS.decode()}", "kind": KINDS[name], **kept})
    made = safetensors.torch.save({k: v for k, v in tensors.items() if v is not None}, {"sparsight": text})
    (run / name).write_bytes(sealed(made, ".safetensors"))


def agree(run):
    """Let metrics and manifest name the files that lie there now."""
    if read_json(run / METRICS, "metrics").get("evidence") is not None:
        forge_json(run, METRICS, ("evidence",), seal_of(run / EVIDENCE))
    listed = read_json(run / MANIFEST, "manifest")["files"]
    for name in listed if isinstance(listed, dict) else ():
        forge_json(run, MANIFEST, ("files", name), sha256(run / name))


IN_JSON = {
    "no count of images": (MANIFEST, ("images", "test"), ...),
    "a count that is a list": (MANIFEST, ("images", "test"), []),
    "notices that are numbers": (MANIFEST, ("notices",), [1, None]),
    "hashes that are numbers": (MANIFEST, ("files", EVIDENCE), 7),
    "versions that are lists": (MANIFEST, ("versions", "torch"), [{}]),
    "wall time that is no time": (MANIFEST, ("wall_seconds",), 1e308),
    "dead layers that are numbers": (METRICS, ("dead_layers",), [3, {}]),
    "a cascade of words": (METRICS, ("cascade",), ["x"]),
    "names of concepts that are lists": (METRICS, ("concepts", "names"), [[], {}]),
    "interventions without names": (METRICS, ("interventions",), 5),
    "accuracy below none": (METRICS, ("accuracy", "f", "test", "accuracy"), None),
    "gates of another kind": (VERDICT, ("gates",), 3),
    "a gate without a name": (VERDICT, ("gates",), [{"value": "x"}]),
    "no arms": (VERDICT, ("arms",), ...),
}
IN_TENSORS = {
    "float8": (EVIDENCE, {"logits/test": lambda t: t.to(torch.float8_e4m3fn)}, ()),
    "bool logits": (EVIDENCE, {"logits/test": torch.Tensor.bool}, ()),
    "whole numbers for maps": (EVIDENCE, {"saliency/maps": torch.Tensor.long}, ()),
    "floats for classes": (EVIDENCE, {"saliency/classes": torch.Tensor.float}, ()),
    "a scalar": (EVIDENCE, {"refit/1/weights": lambda t: t.new_zeros(())}, ()),
    "no rows": (EVIDENCE, {"embedding/test": lambda t: t[:0]}, ()),
    "a row too few": (EVIDENCE, {"g/logits/test": lambda t: t[1:]}, ()),
    "no bank": (EVIDENCE, {"bank/Q": ...}, ()),
    "a mask of floats": (TICKET, {"mask/conv1.weight": torch.Tensor.float}, ()),
    "a mask of another shape": (TICKET, {"mask/conv1.weight": lambda t: t[:1]}, ()),
    "weights in float8": (TICKET, {"conv1.weight": lambda t: t.to(torch.float8_e5m2)}, ()),
    "an epoch that is a word": (TICKET, {}, ((("selected_epoch",), "x"),)),
    "strips without labels": (STRIPS, {"labels": ...}, ()),
    "strips of one row": (STRIPS, {"images": lambda t: t.flatten()}, ()),
    "classes beyond all": (STRIPS, {"labels": lambda t: t + 99}, ()),
    "arms that are a number": (STRIPS, {}, ((("arms",), 3),)),
    "a round that is a word": (STRIPS, {}, ((("weights_remaining",), {"0/x": 1.0}),)),
}
EXPORT = ("export", "run", "--arm", "magnitude", "--seed", "0", "--round", "0", "--formats", "state")
COMMANDS = {
    "verify": ("verify", "run"),
    "report": ("report", "run"),
    "tensorboard": ("tensorboard", "run"),
    "export": EXPORT,
}


def judged(call, tmp_path, command):
    code, _, errors = call(*COMMANDS[command])
    assert code in ((0, 1) if command == "verify" else (0, 2)), errors
    if code == 2:
        assert errors.startswith("sparsight: ")
        assert errors.count("\n") == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "small.yaml"]
        assert not list((tmp_path / "run").rglob("*.partial"))
    return code


@pytest.mark.parametrize("case", IN_JSON)
def test_json_that_no_study_writes(call, run, tmp_path, case):
    name, place, value = IN_JSON[case]
    forge_json(run, name, place, value)
    if name != MANIFEST:
        agree(run)
    judged(call, tmp_path, "verify")
    judged(call, tmp_path, "report" if name == VERDICT else "tensorboard")  # both read all; the first draws, too


@pytest.mark.parametrize("case", IN_TENSORS)
def test_tensors_that_no_study_writes(call, run, tmp_path, case):
    name, changes, note = IN_TENSORS[case]
    forge_tensors(run, name, changes, note)
    agree(run)
    commands = ("verify", *{TICKET: ("export",), STRIPS: ("report",)}.get(name, ()))
    codes = [judged(call, tmp_path, command) for command in commands]
    assert any(codes), "nothing has noticed it"


@pytest.mark.parametrize(("name", "place", "value"), [IN_JSON["a count that is a list"]])
def test_the_remedy_ends_well(call, run, name, place, value):
    forge_json(run, name, place, value)
    code, _, errors = call("tensorboard", "run")
    assert code == 2
    assert MANIFEST in errors
    assert "delete the file" in errors
    Path(run / MANIFEST).unlink()
    assert call("study", "small.yaml", "--out", "run", "--workers", "0", "--no-report")[0] == 0
    assert call("verify", "run")[0] == 0


def test_a_study_makes_again_what_does_not_hold_what_it_should(call, run):
    forge_tensors(run, EVIDENCE, {"refit/1/weights": lambda t: t.new_zeros(())})
    agree(run)
    code, _, errors = call("study", "small.yaml", "--out", "run", "--workers", "0", "--no-report")
    assert code == 0, errors
    assert call("verify", "run")[0] == 0


def test_a_fault_of_ours_is_not_blamed_on_the_run(call, run, monkeypatch):
    def fails(folder):
        raise KeyError("ours")

    monkeypatch.setattr("sparsight.study.report_run", fails)
    code, _, errors = call("report", "run")
    assert code == 3
    assert "a fault of ours" in errors
