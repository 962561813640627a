import json
import shutil
import subprocess
import sys
import time

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from tests.process import kill_at

NETWORKS = 2 + 1 + 2 + 2 * 2  # two dense parents, a retrain, another of two rounds, two arms of two rounds


def test_the_run_says_what_it_does(finished):
    run, ended = finished
    assert f"{NETWORKS} networks to train and explain" in ended.stdout
    assert ended.stdout.count("magnitude, seed 0, round") == 2
    assert f"report: {run.name}/report/index.html" in ended.stdout
    assert ended.stderr == ""


def test_the_folder_is_the_contract(finished):
    run, _ = finished
    for rule in ("right", "freeze_negative+score_before_epoch"):
        assert (run / "dense" / rule / "seed-0" / "ticket.safetensors").exists()
    for folder in (
        "retrain/right/seed-0/repeat-1",
        *(f"{arm}/seed-0/round-{r:02d}" for arm in ("magnitude", "released-code") for r in (1, 2)),
    ):
        for name in ("ticket.safetensors", "training.jsonl", "evidence.safetensors", "metrics.json"):
            assert (run / folder / name).exists(), f"{folder}/{name}"
    for name in ("accuracy.csv", "faithfulness.csv", "concepts.csv", "drift.csv", "verdict.csv", "verdict.json"):
        assert (run / "results" / name).exists()
    assert (run / "report" / "index.html").exists()
    manifest = json.loads((run / "manifest.json").read_text())
    hashed = {"data.safetensors", "results/accuracy.csv", "dense/right/seed-0/ticket.safetensors"}
    assert manifest["files"].keys() >= hashed
    assert not list(run.rglob("*.partial"))


def test_tickets_hold_zeros_where_the_mask_does_and_masks_nest(finished):
    run, _ = finished
    before = None
    for round_ in (1, 2):
        ticket = load_file(run / "magnitude" / "seed-0" / f"round-{round_:02d}" / "ticket.safetensors")
        masks = {name: tensor for name, tensor in ticket.items() if name.startswith("mask/")}
        total = sum(mask.numel() for mask in masks.values())
        assert sum(int(mask.sum()) for mask in masks.values()) == pytest.approx(total * 0.5**round_, abs=len(masks))
        for name, mask in masks.items():
            assert bool((ticket[name.removeprefix("mask/")][~mask] == 0).all())
            if before is not None:
                assert bool((mask <= before[name]).all())
        before = masks


def test_tables_agree_with_the_evidence(finished):
    run, _ = finished
    table = pd.read_csv(run / "results" / "accuracy.csv")
    data = load_file(run / "data.safetensors")
    for arm, folder, round_ in (("magnitude", "magnitude/seed-0/round-02", 2), ("magnitude", "dense/right/seed-0", 0)):
        evidence = load_file(run / folder / "evidence.safetensors")
        labels = data["labels"][data["splits/test"]]
        for model, logits in (("f", evidence["logits/test"]), ("g", evidence["g/logits/test"])):
            rows = table[(table.arm == arm) & (table["round"] == round_) & (table.model == model)]
            value = rows[(rows.split == "test") & (rows.metric == "accuracy")].value.item()
            assert value == pytest.approx(float((logits.argmax(1) == labels).double().mean()), abs=0)
    drift = pd.read_csv(run / "results" / "drift.csv")
    still = drift[(drift["round"] == 0) & (drift.arm == "magnitude")].value.dropna()
    assert len(still) > 50
    assert (still == 0).all()
    sequence = "retrain:freeze_negative+alias_biases+keep_norm_statistics+score_before_epoch"
    assert set(drift.arm) >= {"magnitude", "released-code", "retrain:right", sequence}
    correlated = drift.metric.str.contains("spearman|agreement|do_")
    assert drift[correlated].value.dropna().between(0, 2).all()
    assert drift[~correlated].value.dropna().between(0, 1).all()
    certified = [json.loads(path.read_text())["g"] for path in run.rglob("metrics.json")]
    assert len(certified) == NETWORKS
    assert all(g["converged"] and g["duality_gap"] <= 1e-6 for g in certified)


def test_any_number_of_workers_gives_the_same_bytes(finished, small, sparsight, results_of):
    run, _ = finished
    ended = sparsight("study", small, "--out", "alone", "--workers", "0", "--no-report", cwd=small.parent)
    assert ended.returncode == 0, ended.stderr
    assert results_of(small.parent / "alone") == results_of(run)


MOMENTS = (
    "data.safetensors",
    "dense/right/seed-0/ticket.safetensors",
    "dense/right/seed-0/metrics.json",
    "magnitude/seed-0/round-01/evidence.safetensors",
    "results/accuracy.csv",
)
"""Files on whose appearance the run is killed, one after the other."""


def test_killed_in_every_stage_and_resumed_ends_with_the_same_bytes(finished, small, sparsight, results_of):
    run, _ = finished
    out = small.parent / "killed"
    for moment, workers in zip(MOMENTS, "02000", strict=True):
        options = ("study", small, "--out", out, "--no-report", "--workers", workers)
        kill_at(out / moment, options, small.parent)
        assert not (out / "manifest.json").exists()
    ended = sparsight("study", small, "--out", out, "--no-report", "--workers", "0", cwd=small.parent)
    assert ended.returncode == 0, ended.stderr
    assert "stand already" in ended.stdout
    assert results_of(out) == results_of(run)
    assert not list(out.rglob("*.partial"))


def test_a_run_that_stands_is_not_done_again(finished, tmp_path, sparsight):
    run, _ = finished
    shutil.copytree(run, tmp_path / "run")
    kept = [path for path in (tmp_path / "run").rglob("*.safetensors") if path.parent.name != "results"]
    times = {path: path.stat().st_mtime_ns for path in kept}
    shutil.copy(run.parent / "small.yaml", tmp_path / "small.yaml")
    ended = sparsight("study", "small.yaml", "--out", "run", "--no-report", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert f"of which {NETWORKS} stand already" in ended.stdout
    assert "tables: run/results" in ended.stdout
    assert times == {path: path.stat().st_mtime_ns for path in times}
    assert (tmp_path / "run" / "report" / "index.html").exists(), "the tables are those that it shows"
    assert sparsight("verify", "run", cwd=tmp_path).returncode == 0


def test_more_rounds_seeds_and_arms_extend_a_run(finished, tmp_path, sparsight, results_of):
    run, _ = finished
    shutil.copytree(run, tmp_path / "run")
    shutil.copy(run.parent / "small.yaml", tmp_path / "small.yaml")
    extended = ("--rounds", "4", "--seeds", "2", "--arms", "magnitude-global", "--no-report")
    for name in ("notes.txt", "figures/mine.png", "tables/mine.csv"):
        (tmp_path / "run" / "report" / name).write_text("not a part of the report")
    ended = sparsight("study", "small.yaml", "--out", "run", *extended, "--workers", "0", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "report: removed, as the tables have changed; sparsight report writes it again" in ended.stdout
    left = {path.name for path in (tmp_path / "run" / "report").rglob("*") if path.is_file()}
    assert left == {"notes.txt", "mine.png", "mine.csv"}
    before, after = results_of(run), results_of(tmp_path / "run")
    changed = {name for name in before if after[name] != before[name]}
    assert all(name.startswith("results/") or name == "study.yaml" for name in changed)
    for folder in ("magnitude/seed-1/round-03", "magnitude-global/seed-0/round-03", "retrain/right/seed-1/repeat-1"):
        assert f"{folder}/metrics.json" in after
    table = pd.read_csv(tmp_path / "run" / "results" / "accuracy.csv")
    assert set(table.arm) >= {"magnitude", "released-code", "magnitude-global"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("--rate", "0.3"), "pruning.rate: 0.5, now 0.3"),
        (("--set", "training.epochs=3"), "training.epochs: 2, now 3"),
        (("--set", "data.train=60"), "data.train: 48, now 60"),
    ],
)
def test_other_settings_are_refused_by_name_and_nothing_is_touched(finished, sparsight, results_of, change, says):
    run, _ = finished
    before = results_of(run)
    ended = sparsight("study", "small.yaml", "--out", "run", *change, cwd=run.parent)
    assert (ended.returncode, ended.stdout.strip()) == (2, "")
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert results_of(run) == before


def test_a_second_process_on_the_same_run_is_refused(small, command, sparsight):
    out = small.parent / "run"
    first = subprocess.Popen(
        command("study", small, "--out", out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=small.parent
    )
    try:
        while not (out / "study.yaml").exists():
            assert first.poll() is None
            time.sleep(0.05)
        second = sparsight("study", small, "--out", out, cwd=small.parent)
    finally:
        first.kill()
        first.communicate()
    assert second.returncode == 2
    assert "another sparsight process works on this run" in second.stderr


def test_a_diverging_training_stops_naming_arm_round_and_step(small, sparsight):
    ended = sparsight("study", small, "--set", "training.learning_rate=1e30", "--workers", "0", cwd=small.parent)
    assert ended.returncode == 2
    assert "dense:" in ended.stderr
    assert "seed 0, round 0, epoch 0, step" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_weights_from_a_file(small, sparsight, tmp_path):
    from safetensors.torch import save_file

    from sparsight.models import ModelSettings, build_model

    state = build_model(ModelSettings(stem_stride=2), 12, 99).state_dict()
    save_file(state, tmp_path / "start.safetensors")
    still = ("model.weights=start.safetensors", "training.learning_rate=1e-30", "training.weight_decay=0")
    options = [part for setting in still for part in ("--set", setting)]
    few = ("--rounds", "1", "--arms", "magnitude", "--retrains", "0", "--no-report")
    ended = sparsight("study", small, *options, *few, "--out", "run", "--workers", "0", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    ticket = load_file(tmp_path / "run" / "dense" / "right" / "seed-0" / "ticket.safetensors")
    assert torch.allclose(ticket["fc.weight"], state["fc.weight"])


def test_a_script_without_a_main_guard_is_told_so(small, tmp_path):
    (tmp_path / "script.py").write_text(f"import sparsight\nsparsight.run_study({str(small)!r}, 'run', workers=1)\n")
    ended = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode != 0
    assert "below if __name__ == '__main__'" in ended.stderr
