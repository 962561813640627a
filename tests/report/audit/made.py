"""An audit's data as the engine would give it."""

import numpy as np
import pandas as pd

from sparsight.report.audit import COLUMNS, AuditData, AuditHeadline, AuditMap, AuditPicture
from sparsight.report.audit.concepts import concept_table, shared_frame
from sparsight.report.audit.page import page
from sparsight.report.audit.write import sheets
from sparsight.verdict import BEYOND, WITHIN
from tests.report.conftest import CLASSES, CONCEPTS
from tests.report.markup import Page

PRIMARY = (
    ("concepts", "top_k_jaccard", "", "class"),
    ("concepts", "weight_spearman", "", "class"),
    ("concepts", "value_agreement", "", "concept"),
    ("pixels", "map_spearman", "dense", "image"),
    ("pixels", "map_iou_20", "dense", "image"),
    ("representation", "linear_cka", "", "all"),
)
OTHERS = (
    ("pixels", "map_spearman", "label", "image"),
    ("concepts", "rank_biased_overlap", "", "class"),
    ("accuracy", "flips", "", "image"),
)
LEVELS = (
    ("accuracy", "accuracy", "f", "image"),
    ("accuracy", "accuracy", "g", "image"),
    ("faithfulness", "concept_auroc", "predictor", "concept"),
    ("faithfulness", "mask_energy", "gradcam", "image"),
)


def _verdict(rng, moved: float, floor: bool, margin: float | None) -> dict[str, object]:
    drift, base = max(0.0, moved + rng.normal(0, 0.02)), 0.05 if floor else np.nan
    limit = base + 0.1 if floor else np.nan if margin is None else margin
    far, near = ("changed", "preserved") if floor else (BEYOND, WITHIN)
    word = "undecided" if np.isnan(limit) else far if drift - 0.03 > limit else near
    return {
        **{"ceiling": 0.8, "share": drift / 0.8},
        **{"drift": drift, "low": drift - 0.03, "high": drift + 0.03, "floor": base, "retrains": 3 if floor else 0},
        **{"margin": limit, "p_changed": 0.01, "p_preserved": 0.5, "verdict": word},
        "reason": f"drift {drift:.2f}: " + ("no margin was set" if np.isnan(limit) else f"held against {limit:.2f}"),
    }


def _verdicts(rng, model: str, moved: float, floor: bool, margin: float | None, kinds: tuple[str, ...]):
    for primary, family, metric, target, unit in (
        *((True, *one) for one in PRIMARY),
        *((False, *one) for one in OTHERS),
    ):
        if family in kinds:
            scale = 2.0 if metric.startswith("map") else 1.0
            found = {"axis": "similarity", "family": family, "metric": metric, "method": "", "target": target}
            yield {"model": model, **found, "primary": primary, "unit": unit, "units": 300} | _verdict(
                rng, scale * moved, floor, margin
            )
    for axis, metric, method, unit in LEVELS:
        if (method in ("g", "predictor") and "concepts" not in kinds) or (
            metric == "mask_energy" and "pixels" not in kinds
        ):
            continue
        value = -0.2 * moved + rng.normal(0, 0.004)
        found = {"axis": axis, "family": axis, "metric": metric, "method": method, "target": "", "primary": False}
        numbers = {"drift": value, "low": value - 0.01, "high": value + 0.01, "floor": 0.9 if floor else np.nan}
        numbers |= {"ceiling": np.nan, "share": np.nan, "retrains": 3 if floor else 0}
        word = ("preserved" if floor else WITHIN) if abs(value) + 0.01 < 0.02 else "undecided"
        rest = {"margin": 0.02, "p_changed": np.nan, "p_preserved": 0.03, "verdict": word, "reason": "below it"}
        yield {"model": model, **found, "unit": unit, "units": 300} | numbers | rest


def make_audit(
    *,
    models: dict[str, float] | None = None,
    original: str = "torchvision:resnet50@dense.safetensors",
    floor: tuple[str, ...] = (),
    margin: float | None = 0.2,
    classes: tuple[str, ...] = CLASSES,
    concepts: list[str] = CONCEPTS,
    images: int = 120,
    pictures: int = 4,
    masks: bool = True,
    mapless: tuple[str, ...] = (),
    title: str = "ToyBirds: does the small model look at the bird?",
    side: int = 64,
) -> AuditData:
    """Synthetic, and shaped like an audit's: ``models`` names how far the evidence of each moved."""
    rng = np.random.default_rng(5)
    moved = {"torchvision:resnet50@sparse.safetensors": 0.25} if models is None else models
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in COLUMNS}
    for role, names in (("original", [original]), ("model", list(moved)), ("floor", list(floor))):
        for name in names:
            lost = 0.1 * moved.get(name, 0.0)
            for of, metric, value in (
                *(("f", metric, 0.93 - lost) for metric in ("accuracy", "balanced_accuracy")),
                *((("g", "accuracy", 0.88 - lost), ("concepts", "auroc", 0.95 - lost)) if concepts else ()),
                *((("maps", "mask_energy", 0.6 - lost),) if masks else ()),
            ):
                rows["accuracy"].append({"model": name, "role": role, "of": of, "metric": metric, "value": value})
    for name in (original, *moved):
        far = moved.get(name, 0.0)
        for k, label in enumerate(classes):
            top = [concepts[(k + 5 * j) % len(concepts)] for j in range(3)] if concepts else []
            top = [c if rng.random() > far else concepts[int(rng.integers(len(concepts)))] for c in top]
            rows["concepts"] += [
                {"model": name, "class": label, "rank": j + 1, "concept": concept, "weight": 1 - 0.3 * j}
                for j, concept in enumerate(dict.fromkeys(top))
            ]
            own = {"model": name, "class": label, "images": images // len(classes) + 1}
            here = far * rng.uniform(0.2, 2)
            rows["classes"].append({**own, "metric": "accuracy", "value": min(1, 0.95 - 0.2 * here * rng.random())})
            known = ("top_k_jaccard", "weight_spearman") if concepts else ()
            for metric in (*known, *(() if name in mapless else ("map_spearman", "map_iou_20"))):
                if name != original:
                    rows["classes"].append({**own, "metric": metric, "value": here * rng.uniform(0.8, 1.2)})
        if name == original:
            continue
        kinds = ("representation", "accuracy") + (("concepts",) if concepts else ())
        kinds += () if name in mapless else ("pixels",)
        rows["verdicts"] += list(_verdicts(rng, name, far, bool(floor), margin, kinds))
        for i in range(images):
            label = classes[i % len(classes)]
            said = classes[(i + 1) % len(classes)] if rng.random() < 0.3 * far else label
            drift = np.nan if name in mapless else far * rng.uniform(0, 2)
            stratum = "both right" if said == label else "flipped"
            rows["images"].append(
                {
                    **{"model": name, "place": i, "label": label, "original": label, "prediction": said},
                    **{"stratum": stratum, "map_spearman": drift, "map_iou_20": drift},
                }
            )
    tables = {name: pd.DataFrame(rows[name], columns=list(COLUMNS[name])) for name in COLUMNS}
    return AuditData(
        title=title,
        command=f"sparsight audit {original} {' '.join(moved)} --data toybirds --margin 0.2",
        original=original,
        models=tuple(moved),
        floor=floor,
        classes=classes,
        settings={
            "layer": None,
            "margin": margin,
            "shown": pictures,
            "saliency": {"method": "gradcam", "smooth": False},
            "verdict": {"level": 0.05},
        },
        headlines={name: _headline(name, original, far, margin, bool(floor)) for name, far in moved.items()},
        verdicts=tables["verdicts"],
        accuracy=tables["accuracy"],
        concepts=tables["concepts"],
        classes_table=tables["classes"],
        images=tables["images"],
        gates=(
            _gate("few images", "the test images", ("map_spearman", "linear_cka"), f"{images} images (limit 30)"),
            _gate("dead maps", "gradcam", ("map_spearman", "map_iou_20"), "1 % of the maps of gradcam are dead"),
        ),
        pictures=tuple(_picture(rng, i, classes, moved, masks, mapless, side) for i in range(pictures)),
        missing={name: {"maps": "an int8 network has no gradients"} for name in mapless},
        notices=("The concept bill_color_pink is constant in training and was dropped.",),
        facts={"Images": f"toybirds: {images:,} of 64 x 64 pixels", "Wall time": "7.2 s", "Machine": "2 cores, CPU"},
        versions={"sparsight": "0.1.0", "torch": "2.11.0"},
    )


def _headline(name: str, original: str, far: float, margin: float | None, floor: bool) -> AuditHeadline:
    if margin is None and not floor:
        return AuditHeadline("undecided", f"Whether {name} decides on the evidence of {original} is undecided.")
    if not floor:
        word, where = (BEYOND, "beyond") if far > 0.1 else (WITHIN, "within")
        return AuditHeadline(word, f"The evidence of {name} is {where} the margin around that of {original}.")
    if far > 0.1:
        return AuditHeadline("changed", f"{name} decides on other evidence than {original}: 5 of 6 measures moved.")
    return AuditHeadline("preserved", f"{name} decides on the same evidence as {original}: all 6 measures lie within.")


def _gate(name: str, subject: str, voids: tuple[str, ...], reason: str) -> dict[str, object]:
    return {
        **{"name": name, "subject": subject, "value": 1.0, "limit": 2.0, "passed": True},
        **{"voids": list(voids), "reason": reason},
    }


def _picture(rng, index: int, classes, moved, masks: bool, mapless, side: int) -> AuditPicture:
    yy, xx = np.mgrid[0:side, 0:side] * 64 / side
    cy, cx = rng.uniform(24, 40, 2)
    bird = (((yy - cy) / 11) ** 2 + ((xx - cx) / 17) ** 2 < 1) | ((yy - cy + 10) ** 2 + (xx - cx - 12) ** 2 < 60)
    sky = np.stack([120 + yy, 160 + yy // 2, 210 - yy], axis=2) + rng.normal(0, 6, (side, side, 3))
    sky[bird] = rng.uniform(40, 230, 3)
    label = classes[index % len(classes)]

    def at(far: float, name: str, size: int) -> AuditMap:
        if name in mapless:
            return AuditMap(None, label, dead=False, moved=float("nan"))
        y, x = (1 - far) * cy / 64 + far * rng.uniform(), (1 - far) * cx / 64 + far * rng.uniform()
        grid = (np.mgrid[0:size, 0:size] + 0.5) / size
        raw = np.exp(-((grid[0] - y) ** 2 + (grid[1] - x) ** 2) * 16) - 0.2 + rng.normal(0, 0.03, (size, size))
        said = label if far < 0.5 else classes[(index + 1) % len(classes)]
        return AuditMap(raw.astype(np.float32), said, dead=False, moved=far if far else float("nan"))

    models = {name: at(min(1.0, 2 * far), name, 7) for name, far in moved.items()}
    return AuditPicture(
        3 * index, sky.clip(0, 255).astype(np.uint8), bird if masks else None, label, label, at(0.0, "", 8), models
    )


def show(data):
    """The page without its charts, which take most of the time."""
    shared = shared_frame(data)
    return Page(page(data, [], concept_table(data, shared), sheets(data), []).decode("utf-8"))
