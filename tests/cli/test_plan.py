"""``sparsight plan`` as users meet it."""

from itertools import takewhile

import pytest


def test_the_command_says_what_a_study_would_take_and_writes_nothing(sparsight, small, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    ended = sparsight("plan", small.name, "--quick", "--workers", "2", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert sorted(tmp_path.rglob("*")) == before
    head, *lines, last = ended.stdout.splitlines()
    table = list(takewhile(lambda line: line[0] in "┏┃┡│└", lines))
    sentence, *designs, augmentation = takewhile(lambda line: not line.startswith("note: "), lines[len(table) :])
    notes = lines[len(table) + len(designs) + 2 :]
    assert any("seeds or controls" in line for line in designs)
    assert augmentation == "augmentation: half of the images mirrored, left to right"
    assert all(line.startswith("note: ") for line in notes)  # there is one where the machine is fast
    assert head == "6 networks: 2 dense, 2 trained again without pruning, 2 tickets"
    assert all(len(line) <= 80 for line in table)
    stages = [line.split("│")[1].strip() for line in table if line.startswith("│")]
    assert stages == ["reading the images", "training", "evidence", "result tables", "report"]
    assert " of wall time with trainings 2 side by side, a thread each (" in sentence
    assert sentence.endswith(" MiB in runs/small-quick.")
    assert last.endswith("; nothing was written")


def test_what_stands_is_taken_off(sparsight, finished):
    run, _ = finished
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    ended = sparsight("plan", "small.yaml", "--out", "run", "--seeds", "2", "--workers", "1", cwd=run.parent)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("18 networks, of which 9 stand already: ")
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["toybird"], "did you mean toybirds"),
        (["small.yaml", "--seeds", "many"], "--seeds 'many'"),
        (["small.yaml", "--set", "concepts.top_k=46"], "too few for concepts.top_k"),
        (["small.yaml", "--set", "saliency.layer=layer9"], "layer9"),
        (["folder:nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(call, small, tmp_path, arguments, words):
    before = sorted(tmp_path.rglob("*"))
    code, _, errors = call("plan", *arguments)
    assert code == 2
    assert words in errors
    assert len(errors.strip().splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before
