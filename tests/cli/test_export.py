"""``sparsight export``."""

import json
import shutil

import pytest


def test_a_ticket_in_every_form(finished, sparsight, tmp_path):
    run, _ = finished
    made = sparsight("export", run, "--arm", "magnitude", "--seed", 0, "--round", 2, cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    folder = tmp_path / "exports/run/magnitude/seed-0/round-02"
    assert {path.name for path in folder.iterdir()} == {
        "state.safetensors",
        "mask.safetensors",
        "model.onnx",
        "card.json",
    }
    assert "Unstructured sparsity by itself makes nothing faster" in made.stdout
    assert "layer1.0.conv1.weight" in made.stdout
    assert made.stdout.count("75.0 %") == 9
    for name, about in json.loads((folder / "card.json").read_text())["files"].items():
        assert f"{name}: {about['checked']}" in made.stdout
    assert made.stdout.endswith("files: exports/run/magnitude/seed-0/round-02\n")


def test_some_forms_to_a_folder_of_ones_own(finished, call, tmp_path):
    arguments = ("--arm", "released-code", "--seed", 0, "--round", 1, "--out", "mine", "--formats", "state, mask")
    code, out, err = call("export", finished[0], *arguments)
    assert (code, err) == (0, "")
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {
        "state.safetensors",
        "mask.safetensors",
        "card.json",
    }
    assert "bn1.weight" in out
    assert "onnx" not in out


BAD = {
    "no run": (["absent", "--arm", "magnitude", "--seed", "0", "--round", "1"], "absent: not a run's folder"),
    "arm": (["RUN", "--arm", "magnitde", "--seed", "0", "--round", "1"], "did you mean magnitude"),
    "no arm": (["RUN", "--seed", "0", "--round", "1"], "--arm"),
    "seed": (["RUN", "--arm", "magnitude", "--seed", "7", "--round", "1"], "has no such seed; it has 0"),
    "no number": (["RUN", "--arm", "magnitude", "--seed", "x", "--round", "1"], "valid integer"),
    "round": (["RUN", "--arm", "magnitude", "--seed", "0", "--round", "9"], "it has 0, 1, 2"),
    "format": (["RUN", "--arm", "magnitude", "--seed", "0", "--round", "1", "--formats", "onx"], "did you mean onnx"),
    "no format": (["RUN", "--arm", "magnitude", "--seed", "0", "--round", "1", "--formats", ""], "formats are state"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_with_exit_code_2_and_writes_nothing(finished, call, tmp_path, arguments, message):
    code, out, err = call("export", *(str(finished[0]) if word == "RUN" else word for word in arguments))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_ticket_is_named(finished, call, tmp_path):
    shutil.copytree(finished[0], tmp_path / "copy")
    (tmp_path / "copy/magnitude/seed-0/round-02/ticket.safetensors").write_bytes(b"x")
    code, out, err = call("export", "copy", "--arm", "magnitude", "--seed", 0, "--round", 2)
    assert (code, out) == (2, "")
    assert "round-02/ticket.safetensors: damaged" in err
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
