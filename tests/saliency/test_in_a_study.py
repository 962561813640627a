"""Another method than Grad-CAM goes through everything: evidence, drift, gates, verdict, report, and the deep check."""

import json

import pandas as pd
import pytest
import torch

from sparsight.config import StudySettings
from sparsight.evidence import read_evidence
from sparsight.study import run_study
from sparsight.verifying import verify_run

WORDS = {"captum:Saliency": "Captum Saliency with SmoothGrad", "layercam": "LayerCAM"}
NOTICE = {
    "captum:Saliency": "Captum Saliency explains pixels: maps are sums over channels, averaged down to a grid of at",
    "layercam": "LayerCAM by autograd: it has no closed form",
}
AT = {"captum:Saliency": "28x28", "layercam": "4x4"}


@pytest.mark.parametrize(("method", "beside"), [("captum:Saliency", "layercam"), ("layercam", "captum:Saliency")])
def test_a_study_by(method, beside, tmp_path):
    torch.set_num_threads(1)
    settings = StudySettings.model_validate(
        {
            "data": {"name": "toybirds", "train": 24, "validation": 12, "test": 24, "image_size": 32},
            "model": {"name": "resnet8", "stem_stride": 2},
            "training": {"epochs": 1, "batch_size": 12, "learning_rate": 0.05},
            "pruning": {"rate": 0.5, "rounds": 2},
            "saliency": {"method": method, "beside": beside, "smooth": 2},
            "evidence": {"interventions": 2, "sanity": 4, "refits": 0},
            "study": {"seeds": [0], "arms": ["magnitude"], "retrains": 1},
        }
    )
    result = run_study(settings, tmp_path / "run", workers=0)
    folder = result.folder
    arrays = read_evidence(folder / "magnitude/seed-0/round-01")
    side = int(AT[method].split("x")[0])
    assert arrays["saliency/maps"].shape == (24, 3, side, side)
    assert arrays["saliency/beside"].shape[1:] == (28 if side == 4 else 4,) * 2
    assert arrays["saliency/mask_energy"].isfinite().any()

    drift = pd.read_csv(folder / "results/drift.csv")
    pixels = drift[(drift["family"] == "pixels") & (drift["unit"] == "all")]
    assert set(pixels["method"]) == {f"{method}@{AT[method]}"}
    assert pixels["value"].between(0, 2).all()
    faithful = pd.read_csv(folder / "results/faithfulness.csv")
    for metric in ("mask_energy", "pointing_game", "part_energy", "dead_maps"):
        assert set(faithful[faithful["metric"] == metric]["method"]) == {method}
    judged = json.loads((folder / "results/verdict.json").read_text())
    gate = next(one for one in judged["gates"] if one["name"] == "randomised model")
    assert gate["subject"] == method
    text = (folder / "report/index.html").read_text(encoding="utf-8")
    assert f"Where it looks: {WORDS[method]}" in text
    assert f"as {WORDS[method]} and as {WORDS[beside]}." in text
    assert sum(notice.startswith(NOTICE[method]) for notice in result.notices) == 1
    assert ("is coarse and shows one layer" in text) == (method == "layercam")

    for check in verify_run(folder, deep=True):
        assert check.failures == (), check.name
