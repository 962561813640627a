"""The quantities that the report shows, picked from a run's tables."""

import math
from dataclasses import dataclass

import pandas as pd

from sparsight.report.data import ReportData
from sparsight.report.quantity import Quantity, quantity, select
from sparsight.stats import mean

TARGETS = {
    "dense": "the dense network's prediction",
    "prediction": "the network's own prediction",
    "label": "the image's label",
}
_METHODS_OF_MAPS = {
    "gradcam": "Grad-CAM",
    "gradcam++": "Grad-CAM++",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "released": "released-code saliency",
}
UNEQUAL = 0.02
"""How far balanced accuracy must be from accuracy to be another number."""
METHODS = {"predictor": "predictor t", "svm": "linear SVMs", "svm-hinge": "linear SVMs (hinge)"}


@dataclass(frozen=True)
class Measures:
    """Every quantity of the report.

    Attributes:
        f: accuracy of the classifier on the test images.
        g: accuracy of the concept bottleneck on the test images.
        probe: accuracy of a linear probe on the embedding, on the test images.
        random: accuracy of g on as many random directions in the place of concepts.
        unequal: balanced accuracy of f and g where it is another number than accuracy, which a class of many images
            decides; and their AUROC where there are two classes.
        shared: share of a class's top concepts that the dense network's have in common.
        energy: share of the saliency inside the object's mask.
        pointing: share of the images whose map has its maximum inside the object's mask.
        area: share of the image that the mask covers.
        dead: share of the images whose map is nowhere positive.
        target: the class that energy and dead maps explain, in words.
        weights_truth: rank agreement of g's weights with what interventions on concepts do.
        energy_truth: rank agreement of the energy in parts with what removing them does.
        auroc: the concepts' held-out AUROC by the method that learned them; its range is over concepts.
    """

    f: Quantity
    g: Quantity
    probe: Quantity
    random: Quantity
    unequal: tuple[Quantity, ...]
    shared: Quantity
    energy: Quantity
    pointing: Quantity
    area: Quantity
    dead: Quantity
    target: str
    weights_truth: Quantity
    energy_truth: Quantity
    auroc: dict[str, Quantity]


def measures(data: ReportData) -> Measures:
    """Pick the report's quantities from the tables of a run."""
    rules = {arm: data.rules[arm] for arm in data.arms}
    right = select(data.accuracy, split="test", metric="accuracy")
    line = math.nan if data.constant is None else data.constant.share
    looks = data.faithfulness
    energy = select(looks, metric="mask_energy")
    target = next((name for name in TARGETS if (energy["target"] == name).any()), "dense")
    overlap = _overall(select(data.drift, family="concepts", metric="top_k_overlap"))
    auroc = select(looks, metric="concept_auroc")
    known = [method for method in dict.fromkeys(auroc["method"]) if pd.notna(method)]
    return Measures(
        f=quantity("f", "f, the classifier", select(right, model="f"), rules, constant=line),
        g=quantity("g", "g, from concepts", select(right, model="g"), rules, constant=line),
        probe=quantity("probe", "linear probe", select(right, model="probe"), rules, constant=line),
        random=quantity("g-random", "g, random concepts", select(right, model="g-random"), rules, constant=line),
        unequal=_unequal(data, rules),
        # Drift is the distance; what is read is the share in common.
        shared=quantity("shared", "Shared", overlap.assign(value=1 - overlap["value"]), rules),
        energy=quantity("energy", "Energy in mask", _overall(select(energy, target=target)), rules),
        pointing=quantity(
            "pointing", "Pointing game", _overall(select(looks, metric="pointing_game", target=target)), rules
        ),
        area=quantity("area", "Mask area", _overall(select(looks, metric="mask_area")), rules),
        dead=quantity("dead", "Dead maps", _overall(_of_target(select(looks, metric="dead_maps"), target)), rules),
        target=TARGETS[target],
        weights_truth=quantity("weights_truth", "g's weights", _overall(select(looks, metric="weights_truth")), rules),
        energy_truth=quantity("energy_truth", "energy in parts", _overall(select(looks, metric="energy_truth")), rules),
        auroc={
            method: quantity(f"auroc_{i}", _method_label(method), select(auroc, method=method), rules, ("unit_id",))
            for i, method in enumerate(known)
        },
    )


def _differ(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities of the same networks are further apart anywhere than ``UNEQUAL``."""
    pairs = ((point, other.at(arm, point.round)) for arm, own in one.arms.items() for point in own)
    return any(abs(point.mean - at.mean) > UNEQUAL for point, at in pairs if at is not None)


def _unequal(data: ReportData, rules: dict[str, str]) -> tuple[Quantity, ...]:
    found, rows = [], select(data.accuracy, split="test")
    chance = {} if data.constant is None else {"balanced_accuracy": data.constant.balanced}
    for metric, words in (("balanced_accuracy", "balanced"), ("auroc", "AUROC")):
        for model in ("f", "g"):
            of_model = select(rows, metric=metric, model=model)
            line = chance.get(metric, math.nan)
            own = quantity(f"{metric}-{model}", f"{model}, {words}", of_model, rules, constant=line)
            plain = quantity("", "", select(rows, metric="accuracy", model=model), rules)
            if not own.empty and (metric == "auroc" or _differ(own, plain)):
                found.append(own)
    return tuple(found)


def top_k(data: ReportData) -> int:
    """How many concepts a class's list holds."""
    return int(str(data.settings.get("concepts", {}).get("top_k", data.concepts["rank"].nunique())))


def method_words(method: str, smooth: bool = False) -> str:
    """What maps are called.

    Args:
        method: ``saliency.method``; one of Captum's by the name of its class, as ``Captum Saliency``.
        smooth: whether one of Captum's is averaged by SmoothGrad.
    """
    kind, _, name = method.partition(":")
    if kind != "captum":
        return _METHODS_OF_MAPS[method]
    return f"Captum {name}{' with SmoothGrad' if smooth else ''}"


def maps_name(data: ReportData) -> str:
    """What the maps of a report are called."""
    saliency = data.settings.get("saliency", {})
    return method_words(str(saliency.get("method", "gradcam")), bool(saliency.get("smooth")))


def beside_name(data: ReportData) -> str | None:
    """What the maps beside those of a report are called; None where there are none."""
    saliency = data.settings.get("saliency", {})
    beside = saliency.get("beside")
    return None if beside is None else method_words(str(beside), bool(saliency.get("smooth")))


def weakest_concepts(data: ReportData, method: str, count: int) -> dict[str, list[tuple[str, float, float]]]:
    """Each arm's concepts with the lowest held-out AUROC at its last round, means over the seeds.

    Returns:
        For each arm up to ``count`` triples of concept, AUROC when dense, AUROC at the last round; the lowest first.
    """
    weakest = {}
    for arm in data.arms:
        rows = select(data.faithfulness, metric="concept_auroc", method=method, arm=arm)
        ends = [select(rows, round=end) for end in (rows["round"].min(), rows["round"].max())]
        dense, last = (
            {str(name): mean(own["value"].to_numpy(dtype=float)) for name, own in end.groupby("unit_id")}
            for end in ends
        )
        ranked = sorted((value, name) for name, value in last.items() if math.isfinite(value))
        weakest[arm] = [(name, dense.get(name, math.nan), value) for value, name in ranked[:count]]
    return weakest


def _method_label(method: str) -> str:
    return f"AUROC, {METHODS.get(method, method)}"


def _overall(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows for all images together where they are given, else those of the classes."""
    overall = rows[rows["unit"] == "all"]
    return overall if len(overall) else rows


def _of_target(rows: pd.DataFrame, target: str) -> pd.DataFrame:
    """The target's rows where the metric is kept by target."""
    own = rows[rows["target"] == target]
    return own if len(own) else rows
