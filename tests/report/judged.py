"""Verdicts, drifts and levels as a run would give them, for the report's synthetic data."""

import pandas as pd

from sparsight.report import COLUMNS

PRIMARY = (
    ("concepts", "top_k_jaccard", "pcbm", ""),
    ("concepts", "weight_spearman", "pcbm", ""),
    ("concepts", "value_agreement", "predictor", ""),
    ("pixels", "map_spearman", "gradcam@8x8", "dense"),
    ("pixels", "map_iou_20", "gradcam@8x8", "dense"),
    ("representation", "linear_cka", "debiased", ""),
)
OTHERS = (
    ("similarity", "concepts", "rank_biased_overlap", "pcbm", ""),
    ("similarity", "pixels", "map_spearman", "gradcam@8x8", "label"),
    ("similarity", "truth", "do_concept", "intervention", ""),
    ("similarity", "truth", "do_part", "intervention", "dense"),
    ("accuracy", "accuracy", "accuracy", "f", ""),
    ("accuracy", "accuracy", "accuracy", "g-random", ""),
    ("faithfulness", "faithfulness", "mask_energy", "gradcam", "dense"),
)
GATE = "The floor of weight_spearman (0.68) is not below that of a bank of random directions (0.67)"
FLOOR = 0.3


def verdict_rows(arms: dict[str, str], seeds: tuple[int, ...], rounds: int) -> pd.DataFrame:
    """Verdicts of every arm and pruned round: arms of the rule ``right`` have a control and drift little."""
    rows = [
        _verdict(arm, rule, round_, len(seeds), key)
        for arm, rule in arms.items()
        for key in (*(("similarity", *key) for key in PRIMARY), *OTHERS)
        for round_ in range(1, rounds)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["verdict"]))


def _verdict(arm: str, rule: str, round_: int, seeds: int, key: tuple[str, ...]) -> tuple[object, ...]:
    axis, metric = key[0], key[2]
    controlled = rule == "right"
    excess = {"value_agreement": 0.35, "linear_cka": 0.1}.get(metric, -0.02) * round_
    low, high = excess - 0.25, excess + (4.0 if metric == "linear_cka" and round_ == 1 else 0.25)
    word, reason = "preserved", f"Drift is {1 + excess:.2f} times the floor"
    if axis == "similarity" and low > 0:
        word = "changed"
    if seeds < 3 or not controlled:
        word, reason = "undecided", "Too few seeds" if controlled else "No retrained control to compare with"
    elif metric == "weight_spearman":
        word, reason = "undecided", GATE
    drift = FLOOR * (1 + excess) if axis == "similarity" else excess / 20
    if axis != "similarity":
        excess, low, high = excess / 20, low / 20, high / 20
    numbers = (drift, FLOOR, excess, low, high, 0.5 if axis == "similarity" else 0.02, 0.2, 0.01)
    return (arm, round_, 0.75**round_, *key, *numbers, seeds, int(controlled), 3, 3, 9, word, reason)


def judged(arms: dict[str, str], verdict: pd.DataFrame, seeds: tuple[int, ...]) -> dict[str, object]:
    """What stands above the rows in ``verdict.json``."""
    gates = [
        _gate("few images", "the test split", 600.0, 30.0, [key[1] for key in PRIMARY], "600 images (limit 30)"),
        _gate("random bank", "weight_spearman", 0.68, 0.67, ["weight_spearman"], GATE),
    ]
    return {
        "gates": gates,
        "arms": {arm: _arm(arm, verdict[verdict["arm"] == arm], seeds) for arm in arms},
        "movers": {
            arm: [
                {"kind": "part", "name": "belly", "round": 1, "moved": 0.25, "change": -0.125},
                {"kind": "habitat", "name": "", "round": 1, "moved": 0.0625, "change": 0.5},
            ]
            for arm in arms
        },
    }


def _gate(name, subject, value, limit, voids, reason) -> dict[str, object]:
    passed = value >= limit and name != "random bank"
    gate = {"name": name, "subject": subject, "value": value, "limit": limit}
    return gate | {"passed": passed, "voids": voids, "reason": reason}


def _arm(arm: str, verdict: pd.DataFrame, seeds: tuple[int, ...]) -> dict[str, object]:
    rounds, truth = [], []
    for round_, own in verdict.groupby("round"):
        words = own[own["axis"] == "similarity"]["verdict"].tolist()
        decided = own["retrains"].iloc[0] > 0 and len(seeds) > 2
        explanation = "changed" if "changed" in words else "undecided"
        weights = float(own["weights_remaining"].iloc[0])
        rounds.append(
            {
                "round": int(round_),
                "winning": "yes" if decided else "undecided",
                "explanation": explanation,
                "weights_remaining": weights,
            }
        )
        if explanation == "changed":
            found = {"metric": "value_agreement", "explanation": "changed", "excess": 0.35 * round_}
            found |= {"round": int(round_), "truth_metric": "do_concept", "truth": "preserved", "truth_excess": None}
            truth.append(found | {"sentence": "the explanation moved and the truth did not: the method moved"})
    correlations = [None, *(0.5 + 0.1 * i for i in range(1, len(seeds)))]
    known = {"mean": 0.65, "ci_low": 0.34, "ci_high": 0.96, "by_seed": correlations}
    unknown = {"mean": None, "ci_low": None, "ci_high": None, "by_seed": [None] * len(seeds)}
    return {
        "hypothesis": "neither" if truth else "undecided",
        "sentence": f"{arm}: undecided; {len(rounds)} rounds were judged.",
        "rounds": rounds,
        "association": {key[1]: known if key[1] == "value_agreement" else unknown for key in PRIMARY},
        "truth": truth,
    }


def drift_rows(row: dict[str, object], rule: str, arms: dict[str, str]) -> list[dict[str, object]]:
    """A network's drifts of all images, by what became of the answers, and beside the floor."""
    arm, round_ = str(row["arm"]), int(str(row["round"]))
    dense = {
        "reference_arm": f"dense:{rule}",
        "reference_seed": row["seed"],
        "reference_repeat": 0,
        "reference_round": 0,
    }
    if arm.startswith("dense:"):
        seed = {"reference_seed": int(str(row["seed"])) - 1}
        found = [row | dense | _whole(key, 0.4) for key in PRIMARY if key[0] == "concepts"]
        other_seed = [row | dense | seed | _whole(key, 0.5) for key in PRIMARY if key[0] != "pixels"]
        return [one | {"arm": f"refit:{rule}", "repeat": 1} for one in found] + other_seed
    value = 0.0 if arm in arms and not round_ else FLOOR
    rows = [row | dense | _whole(key, value) for key in PRIMARY]
    for key in PRIMARY[3:5]:
        for fate, further in (("both right", 0.0), ("flipped", 0.2), ("both wrong", 0.1)):
            rows.append(row | dense | _whole(key, value + further) | {"unit": "stratum", "unit_id": fate})
    if arm in arms and round_ and rule == "right":
        control = dense | {"reference_arm": "retrain:right"}
        rows += [row | control | _whole(key, value + 0.125) for key in PRIMARY]
    return rows


def _whole(key: tuple[str, ...], value: float) -> dict[str, object]:
    names = dict(zip(("family", "metric", "method", "target"), key, strict=True))
    return names | {"split": "test", "unit": "all", "unit_id": "", "value": value}


def level_rows(row: dict[str, object], parts: tuple[str, ...] = ("bill", "<i>wing</i>")) -> list[dict[str, object]]:
    """A network's pointing game, energy by part, and agreement with interventions."""
    all_images = {"unit": "all", "unit_id": ""}
    rows = [
        row | all_images | {"metric": "pointing_game", "method": "gradcam", "target": "dense", "value": 0.75},
        row | all_images | {"metric": "weights_truth", "method": "predictor", "target": "", "value": -0.25},
        row | all_images | {"metric": "energy_truth", "method": "gradcam", "target": "dense", "value": 0.375},
    ]
    for i, name in enumerate(parts):
        part = {"unit": "part", "unit_id": name, "target": "dense"}
        rows.append(row | part | {"metric": "part_energy", "method": "gradcam", "value": 0.125 * (i + 1)})
        rows.append(row | part | {"metric": "part_area", "method": "", "target": "", "value": 0.0625})
    return rows
