"""Every cell of the result tables, made again from the networks' files without sparsight."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

RIGHT, RELEASED = "dense/right/seed-0", "dense/freeze_negative+score_before_epoch/seed-0"
ROWS = {
    ("magnitude", "", "0"): (RIGHT, RIGHT),
    ("magnitude", "", "1"): ("magnitude/seed-0/round-01", RIGHT),
    ("magnitude", "", "2"): ("magnitude/seed-0/round-02", RIGHT),
    ("released-code", "", "0"): (RELEASED, RELEASED),
    ("released-code", "", "1"): ("released-code/seed-0/round-01", RELEASED),
    ("released-code", "", "2"): ("released-code/seed-0/round-02", RELEASED),
    ("dense:freeze_negative+score_before_epoch", "0", "0"): (RELEASED, RELEASED),
    ("dense:right", "0", "0"): (RIGHT, RIGHT),
    ("retrain:right", "1", "0"): ("retrain/right/seed-0/repeat-1", RIGHT),
}
"""Arm, repeat and round of a table's row: the folder of its network, and of the one that it is compared with."""
FOLDERS = sorted({folder for folder, _ in ROWS.values()})
TICKETS = [folder for folder in FOLDERS if "round-" in folder]
TARGETS = ("label", "prediction", "dense")
TOP = 3


@dataclass(frozen=True)
class Made:
    """The files of a run, read by safetensors alone."""

    run: Path
    data: Mapping[str, torch.Tensor]
    classes: list[str]
    concepts: list[str]
    evidence: Mapping[str, Mapping[str, torch.Tensor]]
    tickets: Mapping[str, Mapping[str, torch.Tensor]]

    def labels(self, split: str) -> np.ndarray:
        return self.data["labels"][self.data[f"splits/{split}"]].numpy()

    @property
    def usable(self) -> list[int]:
        train = self.data["concepts"][self.data["splits/train"]].numpy()
        return [j for j in range(train.shape[1]) if {0, 1} <= set(train[:, j].tolist())]

    def table(self, name: str, *by: str) -> dict[tuple[str, ...], float]:
        """Values by arm, repeat, round and the named columns; no two rows may be of the same thing."""
        with (self.run / "results" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["seed"] for row in rows} == {"0"}
        assert {(row["arm"], row["repeat"], row["round"]) for row in rows} == ROWS.keys()
        keys = [tuple(row[column] for column in ("arm", "repeat", "round", *by)) for row in rows]
        assert len(set(keys)) == len(keys)
        value = "weight" if name == "concepts" else "value"
        return {key: float(row[value] or "nan") for key, row in zip(keys, rows, strict=True)}


@pytest.fixture(scope="session")
def made(run: Path) -> Made:
    with safe_open(run / "data.safetensors", framework="pt") as file:
        note = json.loads(file.metadata()["sparsight"])
    return Made(
        run,
        load_file(run / "data.safetensors"),
        note["class_names"],
        note["concept_names"],
        {folder: load_file(run / folder / "evidence.safetensors") for folder in FOLDERS},
        {folder: load_file(run / folder / "ticket.safetensors") for folder in FOLDERS},
    )


def same(found: Mapping[tuple[str, ...], float], expected: Mapping[tuple[str, ...], float], tolerance: float = 1e-9):
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=0, abs=tolerance, nan_ok=True), key


def concept_scores(arrays: Mapping[str, torch.Tensor], split: str) -> np.ndarray:
    phi = arrays[f"embedding/{split}"].numpy().astype(np.float64)
    return phi @ arrays["bank/Q"].numpy().T + arrays["bank/intercepts"].numpy()


def top(weights: np.ndarray) -> list[list[int]]:
    """The largest positive weights of every class, by Python's own sort."""
    ranked = [sorted(range(len(row)), key=lambda j, row=row: (-row[j], j))[:TOP] for row in weights.tolist()]
    return [[j for j in order if row[j] > 0] for order, row in zip(ranked, weights.tolist(), strict=True)]


@pytest.mark.parametrize("name", ["accuracy", "faithfulness", "concepts", "drift"])
def test_weights_remaining_is_the_share_that_the_ticket_keeps(made, name):
    with (made.run / "results" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        found = {(r["arm"], r["repeat"], r["round"]): float(r["weights_remaining"]) for r in csv.DictReader(file)}
    for key, (folder, _) in ROWS.items():
        masks = [tensor for entry, tensor in made.tickets[folder].items() if entry.startswith("mask/")]
        assert found[key] == pytest.approx(sum(int(m.sum()) for m in masks) / sum(m.numel() for m in masks), abs=1e-12)
    for arm in ("magnitude", "released-code"):
        assert [found[arm, "", r] for r in "012"] == pytest.approx([1, 0.5, 0.25], abs=1e-3)


def test_constant_concepts_shift_the_places_of_the_others(made):
    assert made.usable[:3] == [0, 2, 3]
    assert len(made.usable) == len(made.concepts) - 2


def test_accuracy(made):
    expected = {}
    for key, (folder, _) in ROWS.items():
        arrays, ticket = made.evidence[folder], made.tickets[folder]
        for split in ("train", "validation", "test"):
            embedding = arrays[f"embedding/{split}"].numpy().astype(np.float64)
            f = embedding @ ticket["fc.weight"].numpy().T + ticket["fc.bias"].numpy()
            q = arrays["bank/Q"].numpy()
            values = embedding @ q.T / (q**2).sum(1)
            g = (values - arrays["g/mean"].numpy()) / arrays["g/scale"].numpy() @ arrays["g/weights"].numpy().T
            g += arrays["g/intercepts"].numpy()
            if split != "train":
                np.testing.assert_allclose(f, arrays[f"logits/{split}"].numpy(), atol=1e-4)
                np.testing.assert_allclose(g, arrays[f"g/logits/{split}"].numpy(), atol=1e-6)
            for model, logits in (("f", f), ("g", g)):
                labels, predicted = made.labels(split), logits.argmax(1)
                expected[*key, split, model, "accuracy"] = float((predicted == labels).mean())
                expected[*key, split, model, "balanced_accuracy"] = balanced_accuracy_score(labels, predicted)
    same(made.table("accuracy", "split", "model", "metric"), expected)


def test_faithfulness(made):
    test = made.data["splits/test"]
    labels, truth = made.labels("test"), made.data["concepts"][test].numpy()
    masks = made.data["object_masks"][test]
    assert (truth >= 0).all()
    expected = {}

    def by_class(key: tuple[str, ...], values: np.ndarray) -> None:
        groups = {("class", name): values[labels == k] for k, name in enumerate(made.classes)} | {("all", ""): values}
        for unit, group in groups.items():
            defined = [value for value in group.tolist() if value == value]
            expected[*key, *unit] = sum(defined) / len(defined) if defined else float("nan")

    for key, (folder, _) in ROWS.items():
        arrays = made.evidence[folder]
        scores = concept_scores(arrays, "test")
        for column, j in enumerate(made.usable):
            present, score, name = truth[:, j], scores[:, column], made.concepts[j]
            area = roc_auc_score(present, score) if len(set(present.tolist())) == 2 else float("nan")
            right = (score > 0) == present
            expected[*key, "concept_accuracy", "predictor", "", "concept", name] = float(right.mean())
            expected[*key, "concept_auroc", "predictor", "", "concept", name] = area
        for t, target in enumerate(TARGETS):
            maps = arrays["saliency/maps"][:, t].double().clamp(min=0)
            grown = torch.nn.functional.interpolate(maps[:, None], masks.shape[1:], mode="bilinear")[:, 0]
            energy = ((grown * masks).sum((1, 2)) / grown.sum((1, 2))).numpy()
            by_class((*key, "mask_energy", "gradcam", target), energy)
            dead = (arrays["saliency/maps"][:, t].flatten(1).amax(1) <= 0).double().mean()
            expected[*key, "dead_maps", "gradcam", target, "all", ""] = float(dead)
        found = json.loads((made.run / folder / "metrics.json").read_text())["interventions"]
        for unit, kind in (("concept", "concepts"), ("part", "parts"), ("habitat", "habitats")):
            change = arrays[f"interventions/{kind}"].numpy().astype(np.float64)
            moved = np.sqrt(((change - change.mean(2, keepdims=True)) ** 2).mean(2)).mean(0)
            for name, value in zip(found[kind], moved, strict=True):
                expected[*key, f"do_{unit}", "intervention", "logits", unit, name] = float(value)
            if kind == "concepts":
                for group in set(found["groups"]):
                    own = [value for value, name in zip(moved, found["groups"], strict=True) if name == group]
                    expected[*key, "do_concept", "intervention", "logits", "group", group] = sum(own) / len(own)
            if kind == "habitats":
                expected[*key, "do_habitat", "intervention", "logits", "all", ""] = float(moved.mean())
        by_class((*key, "mask_area", "", ""), masks.double().mean((1, 2)).numpy())
    same(made.table("faithfulness", "metric", "method", "target", "unit", "unit_id"), expected, 1e-5)


@pytest.mark.parametrize("folder", FOLDERS)
def test_maps_explain_the_label_the_prediction_and_what_the_dense_parent_predicts(made, folder):
    parent = next(dense for own, dense in ROWS.values() if own == folder)
    arrays, ticket = made.evidence[folder], made.tickets[folder]
    classes = arrays["saliency/classes"]
    assert classes[:, 0].tolist() == made.labels("test").tolist()
    assert classes[:, 1].tolist() == arrays["logits/test"].argmax(1).tolist()
    assert classes[:, 2].tolist() == made.evidence[parent]["logits/test"].argmax(1).tolist()
    # Summed over positions, a map of a class is what its row of the head makes of the embedding.
    explained = (ticket["fc.weight"][classes] * arrays["embedding/test"][:, None]).sum(2)
    assert torch.allclose(arrays["saliency/maps"].sum((2, 3)), explained, atol=1e-4)


def test_the_parents_and_the_targets_differ_so_that_a_mix_up_would_show(made):
    first, second = (made.evidence[parent] for parent in (RIGHT, RELEASED))
    assert (first["logits/test"].argmax(1) != second["logits/test"].argmax(1)).any()
    assert top(first["g/weights"].numpy()) != top(second["g/weights"].numpy())
    for folder in TICKETS:
        classes = made.evidence[folder]["saliency/classes"]
        assert (classes[:, 1] != classes[:, 2]).any()
        assert (classes[:, 0] != classes[:, 2]).any()


def test_concepts(made):
    expected = {}
    names = [made.concepts[j] for j in made.usable]
    for key, (folder, _) in ROWS.items():
        weights = made.evidence[folder]["g/weights"].numpy()
        for k, order in enumerate(top(weights)):
            for rank, j in enumerate(order, start=1):
                expected[*key, made.classes[k], str(rank), names[j]] = float(weights[k, j])
    assert all(weight > 0 for weight in expected.values())
    same(made.table("concepts", "class", "rank", "concept"), expected)


def test_drift(made):
    by = ("family", "metric", "method", "target", "split", "unit", "unit_id")
    reference = ("reference_arm", "reference_seed", "reference_repeat", "reference_round")
    expected = {}
    for key, (folder, parent) in ROWS.items():
        lists = [[set(order) for order in top(made.evidence[side]["g/weights"].numpy())] for side in (parent, folder)]
        compared = (f"dense:{parent.split('/')[1]}", "0", "0", "0")
        for name, first, second in zip(made.classes, *lists, strict=True):
            longer, union = max(len(first), len(second)), len(first | second)
            for metric, whole in (("top_k_overlap", longer), ("top_k_jaccard", union)):
                value = 1 - len(first & second) / whole if whole else float("nan")
                expected[*key, *compared, "concepts", metric, "pcbm", "", "train", "class", name] = value
    found = made.table("drift", *reference, *by)
    same(found, expected)
    assert all(np.isnan(value) or value == 0 for key, value in found.items() if key[0].startswith("dense:"))
    for arm in ("magnitude", "released-code", "retrain:right"):
        assert any(value > 0 for key, value in found.items() if key[0] == arm)


@pytest.mark.parametrize("name", ["accuracy", "faithfulness", "concepts", "drift"])
def test_round_0_of_an_arm_repeats_the_rows_of_its_parent(made, name):
    with (made.run / "results" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    for arm, rule in (("magnitude", "right"), ("released-code", "freeze_negative+score_before_epoch")):
        own = [row[4:] for row in rows if row[0] == arm and row[3] == "0"]
        assert own
        assert own == [row[4:] for row in rows if row[0] == f"dense:{rule}"]
    repeats = {row[0].partition(":")[0]: row[2] for row in rows}
    assert repeats == {"magnitude": "", "released-code": "", "dense": "0", "retrain": "1"}
