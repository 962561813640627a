"""Which networks are compared, and what is written of a comparison."""

from collections import Counter

import numpy as np
import pytest
import torch

from sparsight.comparison import Drift
from sparsight.results.pairs import Pair, comparing, drift_rows, image_values
from tests.results.made import CONTROLS, PARENTS

nan = float("nan")


def test_every_comparison_of_a_study_once(compared):
    counts = Counter(pair.kind for pair in compared)
    # Two arms of rounds 0 to 3, controls of one and of three rounds, two rules' parents, one refit of each parent.
    assert counts == {"ticket": 3 * 2 * 4, "retrain": 3 * (1 + 3), "inheritance": 3 * 2 * 3, "seed": 3 * 2, "refit": 6}
    assert len({(pair.kind, pair.key[:4], pair.reference) for pair in compared}) == len(compared)


def test_who_is_compared_with_whom(compared):
    for pair in compared:
        arm, seed, repeat, round_ = pair.key[:4]
        if pair.kind == "ticket":
            assert pair.reference == (f"dense:{PARENTS[arm]}", seed, 0, 0)
            assert repeat is None
        elif pair.kind == "retrain":
            rule = next(parent for name, parent in PARENTS.items() if arm == f"retrain:{CONTROLS[name]}")
            assert pair.reference == (f"dense:{rule}", seed, 0, 0)
        elif pair.kind == "inheritance":
            at = 0 if arm == "magnitude" else round_
            assert pair.reference == (f"retrain:{CONTROLS[arm]}", seed, 1, at)
        elif pair.kind == "seed":
            assert arm.startswith("dense:")
            assert pair.reference[0] == arm
            assert pair.reference[1] < seed
        else:
            rule = arm.removeprefix("refit:")
            assert pair.reference == (f"dense:{rule}", seed, 0, 0)
            assert repeat == 1


def test_what_each_kind_of_comparison_holds(compared):
    targets = {kind: set() for kind in ("ticket", "retrain", "inheritance", "seed", "refit")}
    metrics = {kind: set() for kind in targets}
    for pair in compared:
        targets[pair.kind] |= {one.target for one in pair.drifts if one.family == "pixels"}
        metrics[pair.kind] |= {one.metric for one in pair.drifts}
        assert bool(pair.strata) == (pair.kind in ("ticket", "retrain"))
        if pair.kind == "inheritance":
            assert all(one.primary for one in pair.drifts)
            assert len(pair.drifts) == 6
    assert targets["ticket"] == targets["retrain"] == {"label", "prediction", "dense"}
    assert targets["seed"] == {"label", "prediction"}, "two dense networks predict different classes"
    assert targets["refit"] == set()
    assert {"do_concept", "do_part", "do_habitat", "flips"} <= metrics["ticket"] == metrics["retrain"]
    assert not any(name.startswith("do_") for name in metrics["seed"])
    assert {one.metric for pair in compared if pair.kind == "refit" for one in pair.drifts if one.primary} == {
        "top_k_jaccard",
        "weight_spearman",
        "value_agreement",
    }


def made_pair(tiny, kind="ticket"):
    """24 test images of classes 0, 1, 2, 0, 1, ..."""
    by_image = np.arange(24.0)
    by_image[[3, 6]] = nan
    drifts = (
        Drift("concepts", "weight_spearman", "pcbm", "", "train", "class", tiny.class_names, np.array([0.1, nan, 0.3])),
        Drift("pixels", "map_iou_20", "m@4x4", "dense", "test", "image", (), by_image),
        Drift("pixels", "map_iou_20", "m@4x4", "label", "test", "image", (), by_image + 1),
        Drift("accuracy", "flips", "f", "", "test", "image", (), by_image % 2),
        Drift("representation", "linear_cka", "debiased", "", "test", "all", (), np.array([0.7])),
    )
    strata = {("map_iou_20", target): (("both right", 0.5), ("flipped", nan)) for target in ("dense", "label")}
    return Pair(kind, ("magnitude", 3, None, 2, 0.25), ("dense:right", 3, 0, 0), drifts, strata)


def test_rows_by_hand(tiny):
    pair = made_pair(tiny)
    rows = list(drift_rows(pair, tiny))
    assert all(row[:9] == ("magnitude", 3, None, 2, 0.25, "dense:right", 3, 0, 0) for row in rows)
    assert all(len(row) == 17 for row in rows)
    found = {(row[10], row[12], *row[14:16]): row[16] for row in rows}
    assert len(found) == len(rows)
    of_class = [np.arange(k, 24, 3) for k in range(3)]
    first = [i for i in of_class[0] if i not in (3, 6)]
    assert found == {
        ("weight_spearman", "", "class", "class 0"): 0.1,
        ("weight_spearman", "", "class", "class 1"): pytest.approx(nan, nan_ok=True),
        ("weight_spearman", "", "class", "class 2"): 0.3,
        ("weight_spearman", "", "all", ""): pytest.approx(0.2),
        ("map_iou_20", "dense", "class", "class 0"): pytest.approx(np.mean(first)),
        **{("map_iou_20", "dense", "class", f"class {k}"): pytest.approx(of_class[k].mean()) for k in (1, 2)},
        **{("map_iou_20", target, "stratum", "both right"): 0.5 for target in ("dense", "label")},
        **{
            ("map_iou_20", target, "stratum", "flipped"): pytest.approx(nan, nan_ok=True)
            for target in ("dense", "label")
        },
        ("map_iou_20", "dense", "all", ""): pytest.approx((sum(range(24)) - 9) / 22),
        ("map_iou_20", "label", "all", ""): pytest.approx((sum(range(24)) - 9) / 22 + 1),
        **{("map_iou_20", target, "undefined", ""): 2 for target in ("dense", "label")},
        ("flips", "", "class", "class 0"): 0.5,  # of images 0, 9, 12, 15, 18 and 21
        **{("flips", "", "class", f"class {k}"): 0.5 for k in (1, 2)},
        ("flips", "", "all", ""): pytest.approx(11 / 22),
        ("linear_cka", "", "all", ""): 0.7,
    }


def test_of_an_inheritance_the_means_alone_are_written(tiny):
    rows = list(drift_rows(made_pair(tiny, "inheritance"), tiny))
    assert [row[14] for row in rows] == ["all"] * 5


def test_raw_values_of_images_are_those_of_tickets_and_controls(tiny):
    found = image_values(made_pair(tiny))
    home = "magnitude/seed-3/repeat-0/round-02"
    assert found.keys() == {f"{home}/map_iou_20/dense", f"{home}/map_iou_20/label", f"{home}/flips/"}
    assert found[f"{home}/map_iou_20/label"].dtype == torch.float32
    np.testing.assert_array_equal(found[f"{home}/map_iou_20/label"], made_pair(tiny).drifts[2].values)
    for kind in ("seed", "refit", "inheritance"):
        assert image_values(made_pair(tiny, kind)) == {}


def test_groups_follow_the_concepts_in_use(settings, tiny):
    study = comparing(("green", "drawn"), settings, tiny)
    assert study.names == ("green", "drawn")
    assert study.groups == (("color",), ("other",))
    assert study.tolerance == settings.concepts.tolerance
    assert (study.top_k, study.method, study.value, study.saliency) == (3, "predictor", "projection", "gradcam")
