"""The files of a run, read by safetensors and csv alone."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

RELEASED = "freeze_negative+score_before_epoch"
SEQUENCE = "freeze_negative+alias_biases+keep_norm_statistics+score_before_epoch"
SEEDS, ROUNDS = (0, 1, 2), (0, 1, 2, 3)
PARENTS = {"magnitude": "right", "released-code": RELEASED}
CONTROLS = {"magnitude": "right", "released-code": SEQUENCE}
TARGETS = ("label", "prediction", "dense")
TOP = 3

Key = tuple[str, ...]
"""Arm, seed, repeat and round of a table's row, as they are written."""


def _rows() -> dict[Key, tuple[str, str]]:
    found: dict[Key, tuple[str, str]] = {}
    for s in SEEDS:
        dense = {rule: f"dense/{rule}/seed-{s}" for rule in ("right", RELEASED)}
        for arm, rule in PARENTS.items():
            for r in ROUNDS:
                folder = f"{arm}/seed-{s}/round-{r:02d}" if r else dense[rule]
                found[arm, str(s), "", str(r)] = (folder, dense[rule])
        for rule, folder in dense.items():
            found[f"dense:{rule}", str(s), "0", "0"] = (folder, folder)
        found["retrain:right", str(s), "1", "0"] = (f"retrain/right/seed-{s}/repeat-1", dense["right"])
        for r in ROUNDS[1:]:
            folder = f"retrain/{SEQUENCE}/seed-{s}/repeat-1/round-{r:02d}"
            found[f"retrain:{SEQUENCE}", str(s), "1", str(r)] = (folder, dense[RELEASED])
    return found


ROWS = _rows()
"""The folder of each row's network, and of the one that it is compared with."""
FOLDERS = sorted({folder for folder, _ in ROWS.values()})
TICKETS = [folder for folder in FOLDERS if folder.startswith(tuple(PARENTS))]


@dataclass(frozen=True)
class Made:
    """The files of a run."""

    run: Path
    data: Mapping[str, torch.Tensor]
    note: Mapping[str, list[str]]
    evidence: Mapping[str, Mapping[str, torch.Tensor]]
    tickets: Mapping[str, Mapping[str, torch.Tensor]]
    metrics: Mapping[str, Mapping[str, object]]

    @property
    def classes(self) -> list[str]:
        return self.note["class_names"]

    @property
    def concepts(self) -> list[str]:
        return self.note["concept_names"]

    def labels(self, split: str) -> np.ndarray:
        return self.data["labels"][self.data[f"splits/{split}"]].numpy()

    @cached_property
    def usable(self) -> list[int]:
        train = self.data["concepts"][self.data["splits/train"]].numpy()
        return [j for j in range(train.shape[1]) if {0, 1} <= set(train[:, j].tolist())]

    @cached_property
    def in_use(self) -> list[list[int]]:
        """The columns of each concept in use: those that are equal in training are one."""
        train = self.data["concepts"][self.data["splits/train"]].numpy()
        found: dict[tuple[int, ...], list[int]] = {}
        for j in self.usable:
            found.setdefault(tuple(train[:, j].tolist()), []).append(j)
        return list(found.values())

    def called(self, columns: list[int]) -> str:
        more = f" (= {len(columns) - 1} more)" if len(columns) > 1 else ""
        return f"{self.concepts[columns[0]]}{more}"

    @cached_property
    def parts(self) -> np.ndarray:
        """Of the test images: 0, or one more than the part's number."""
        return self.data["part_masks"][self.data["splits/test"]].numpy()

    def numbers(self, folder: str, name: str) -> np.ndarray:
        return self.evidence[folder][name].numpy().astype(np.float64)

    def values(self, folder: str, split: str, bank: str = "bank") -> np.ndarray:
        """The paper's concept values."""
        q = self.evidence[folder][f"{bank}/Q"].numpy()
        return self.numbers(folder, f"embedding/{split}") @ q.T / (q**2).sum(1)

    def energies(self, folder: str) -> np.ndarray:
        """Share of each positive map, of the dense network's prediction, in each part: (images, parts)."""
        maps = self.evidence[folder]["saliency/maps"][:, 2].double().clamp(min=0)
        grown = torch.nn.functional.interpolate(maps[:, None], self.parts.shape[1:], mode="bilinear")[:, 0].numpy()
        inside = [(grown * (self.parts == p)).sum((1, 2)) for p in range(1, len(self.note["part_names"]) + 1)]
        with np.errstate(invalid="ignore"):
            return np.stack(inside, axis=1) / grown.sum((1, 2))[:, None]

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.run / "results" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def table(self, name: str, *by: str) -> dict[tuple[str, ...], float]:
        """Values by arm, seed, repeat, round and the named columns; no two rows may be of the same thing."""
        rows = self.rows(name)
        keys = [tuple(row[column] for column in ("arm", "seed", "repeat", "round", *by)) for row in rows]
        assert len(set(keys)) == len(keys)
        value = "weight" if name == "concepts" else "value"
        return {key: float(row[value] or "nan") for key, row in zip(keys, rows, strict=True)}


def read_made(run: Path) -> Made:
    with safe_open(run / "data.safetensors", framework="pt") as file:
        note = json.loads(file.metadata()["sparsight"])
    return Made(
        run,
        load_file(run / "data.safetensors"),
        note,
        {folder: load_file(run / folder / "evidence.safetensors") for folder in FOLDERS},
        {folder: load_file(run / folder / "ticket.safetensors") for folder in FOLDERS},
        {folder: json.loads((run / folder / "metrics.json").read_text()) for folder in FOLDERS},
    )


def same(found: Mapping[tuple[str, ...], float], expected: Mapping[tuple[str, ...], float], tolerance: float = 1e-9):
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=0, abs=tolerance, nan_ok=True), key


def average(values: np.ndarray) -> float:
    """Over what is defined."""
    defined = [value for value in np.ravel(values).tolist() if value == value]
    return sum(defined) / len(defined) if defined else float("nan")


def ranked(weights: np.ndarray) -> np.ndarray:
    """Weights in multiples of the tolerance of g's solver, by default 1e-6 of the largest."""
    unit = 1e-6 * np.abs(weights).max()
    return np.rint(weights / unit) if unit else weights


def top(weights: np.ndarray, count: int = TOP) -> list[list[int]]:
    """The largest positive weights of every class, by Python's own sort."""
    ranked = [sorted(range(len(row)), key=lambda j, row=row: (-row[j], j)) for row in weights.tolist()]
    return [[j for j in order[:count] if row[j] > 0] for order, row in zip(ranked, weights.tolist(), strict=True)]
