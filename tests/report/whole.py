"""A small run's data in which every part of the page has something to show."""

from dataclasses import replace

import pandas as pd

from sparsight.report import COLUMNS, ReportData
from tests.report.conftest import make_data
from tests.report.judged import PRIMARY

BIRDS = ("Rusty Blackbird", "Mourning Warbler", "House Sparrow", "No such bird")
"""Three of them are classes of the paper's tables, one of its figures."""
SEVERAL = {"name": "wing <b> (= 1 more)", "names": ["wing <b>", 'bill, "blue"']}
"""A concept of two names, which are data."""
SHARES = {0: 1.0, 1: 0.729, 2: 0.23}


def make_whole(**options: object) -> ReportData:
    """A study of ``cub200`` with interventions, switches, maps by two methods and a dense network of equal accuracy."""
    data = make_data(**{"classes": BIRDS, "rounds": len(SHARES), "strips": 2, **options})
    tables = {
        name: getattr(data, name).assign(weights_remaining=getattr(data, name)["round"].map(SHARES))
        for name in ("accuracy", "faithfulness", "concepts", "drift", "verdict")
    }
    accuracy = tables["accuracy"]
    unequal = accuracy["value"] - 0.1 * (accuracy["metric"] == "balanced_accuracy")
    looks = [tables["faithfulness"], *(_depends(data, arm, seed) for arm in data.arms for seed in data.seeds)]
    switches = [
        (switch, 1, seed, 2, model, 0.4, 0.3 / place, 0.2)
        for place, switch in enumerate(("freeze_negative", "prune_norms"), 1)
        for seed in data.seeds
        for model in ("f", "g")
    ]
    found = {"arm": "dense-at:magnitude:2", "round": 2, "difference": 0.25, "ci_low": -0.5, "ci_high": 1.0}
    matched = {arm: [{"metric": key[1], **found} for key in PRIMARY] for arm in data.arms}
    return replace(
        data,
        **{
            **tables,
            "accuracy": accuracy.assign(value=unequal),
            "faithfulness": pd.concat(looks, ignore_index=True),
            "ablation": pd.DataFrame(switches, columns=list(COLUMNS["ablation"])),
            "judged": {**data.judged, "matched": matched, "concepts": [SEVERAL]},
            "settings": {
                **data.settings,
                "data": {"name": "cub200"},
                "saliency": {"method": "gradcam", "beside": "released"},
            },
            "strips": tuple(replace(strip, beside=strip.arms) for strip in data.strips),
        },
    )


def _depends(data: ReportData, arm: str, seed: int) -> pd.DataFrame:
    """What interventions on scenes do to the logits of one arm's networks."""
    rows = []
    for round_, share in SHARES.items():
        key = (arm, seed, float("nan"), round_, share)
        for unit, name, metric in (
            ("part", "bill", "do_part"),
            ("all", "", "do_habitat"),
            ("group", "x", "do_concept"),
        ):
            rows.append((*key, metric, "intervention", "logits", unit, name, 1.5 + seed))
    return pd.DataFrame(rows, columns=list(COLUMNS["faithfulness"]))


def without_concepts(data: ReportData) -> ReportData:
    """The same run of a data set without concepts."""
    of_concepts = {"top_k_jaccard", "weight_spearman", "value_agreement"}
    gates = [
        {**gate, "voids": [metric for metric in gate["voids"] if metric not in of_concepts]}
        for gate in data.judged["gates"]
        if set(gate["voids"]) - of_concepts
    ]
    arms = {
        arm: {
            **one,
            "association": {key: own for key, own in one["association"].items() if key not in of_concepts},
            "truth": [],
        }
        for arm, one in data.judged["arms"].items()
    }
    accuracy, looks, drift = data.accuracy, data.faithfulness, data.drift
    gone = data.verdict["family"].isin(["concepts", "truth"]) | data.verdict["method"].isin(["g", "g-random"])
    return replace(
        data,
        has_concepts=False,
        accuracy=accuracy[accuracy["model"].isin(["f", "probe"])],
        faithfulness=looks[~looks["metric"].isin(["concept_auroc", "weights_truth"])],
        concepts=data.concepts.iloc[:0],
        drift=drift[drift["family"] != "concepts"],
        verdict=data.verdict[~gone],
        judged={**data.judged, "gates": gates, "arms": arms, "movers": {}},
        notices=(),
        facts={},
    )
