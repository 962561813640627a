"""Drifts of two networks' evidence, and what they are read against, on arrays made by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from sparsight.comparison import (
    PRIMARY,
    Comparing,
    Drift,
    by_stratum,
    compare,
    concept_drifts,
    of_explained,
    random_drifts,
    visible_parts,
)
from sparsight.data import ConceptDataset
from sparsight.verdict import primary_names

CONCEPTS = 9


def evidence(seed: int, n: int = 24, classes: int = 3, width: int = 12) -> dict[str, torch.Tensor]:
    """Random arrays of one network, by the names of its file."""
    draws = np.random.default_rng(seed)

    def normal(*shape):
        return torch.from_numpy(draws.normal(size=shape))

    return {
        "bank/Q": normal(CONCEPTS, width),
        "bank/intercepts": normal(CONCEPTS),
        "g/weights": normal(classes, CONCEPTS),
        "g-random/Q": normal(CONCEPTS, width),
        "g-random/weights": normal(classes, CONCEPTS),
        "embedding/test": normal(n, width).float(),
        "logits/test": normal(n, classes).float(),
        "saliency/maps": normal(n, 3, 6, 6).float(),
        "saliency/classes": torch.from_numpy(draws.integers(0, classes, (n, 3))),
    }


@pytest.fixture
def study(tiny: ConceptDataset) -> Comparing:
    names = tuple(f"concept {j}" for j in range(CONCEPTS))
    return Comparing(tiny, names, (("a",), ("b",), ("c",)) * 3, 1e-6, 3, "predictor", "projection", "gradcam")


def means(drifts):
    return {(one.family, one.metric, one.target): float(np.nanmean(one.values)) for one in drifts}


def test_the_primary_ones_are_six_and_the_same_as_among_all(study):
    first, second = evidence(0), evidence(1)
    every = means(compare(study, first, second))
    primary = list(compare(study, first, second, primary=True))
    assert [(one.family, one.metric, one.target) for one in primary] == list(PRIMARY)
    assert all(one.primary for one in primary)
    assert means(primary) == {key: every[key] for key in PRIMARY}
    assert {one.method for one in primary} == {"pcbm", "predictor", "gradcam@6x6", "debiased"}
    assert {key[1:] for key in every.keys() - set(PRIMARY)} == {
        *((name, "") for name in ("top_k_overlap", "rank_biased_overlap", "group_top_k_jaccard", "group_spearman")),
        *((name, target) for name in ("map_spearman", "map_iou_20") for target in ("label", "prediction")),
        ("flips", ""),
    }


def test_without_concepts_the_others_are_as_with_them(study):
    silent = replace(study, names=(), groups=())
    first, second = (
        {name: array for name, array in evidence(i).items() if not name.startswith(("bank", "g/", "g-"))}
        for i in (0, 1)
    )
    with_concepts = means(compare(study, evidence(0), evidence(1)))
    found = means(compare(silent, first, second))
    assert found == {key: value for key, value in with_concepts.items() if key[0] != "concepts"}
    primary = [one.metric for one in compare(silent, first, second, primary=True)]
    assert tuple(primary) == primary_names(concepts=False) == ("map_spearman", "map_iou_20", "linear_cka")
    assert primary_names(concepts=True) == tuple(metric for _, metric, _ in PRIMARY)


def test_networks_of_other_targets_are_not_compared_on_them(study):
    found = means(compare(study, evidence(0), evidence(1), same_targets=False))
    assert {key[2] for key in found} == {"", "label", "prediction"}


def test_a_network_is_at_no_distance_from_itself_and_comparing_goes_both_ways(study):
    first, second = evidence(0), evidence(1)
    assert set(means(compare(study, first, first)).values()) == {0.0}
    there, back = (means(compare(study, *sides)) for sides in ((first, second), (second, first)))
    assert there == pytest.approx(back)
    assert min(there.values()) > 0.1


def test_random_drifts_are_those_of_random_directions(study):
    first, second = evidence(0), evidence(1)
    found = random_drifts(study, first, second)
    assert found.keys() == {"top_k_jaccard", "weight_spearman", "value_agreement"}
    rows = [side["g-random/weights"].numpy() for side in (first, second)]
    expected = [1 - spearmanr(x, y).statistic for x, y in zip(*rows, strict=True)]
    assert found["weight_spearman"] == pytest.approx(np.mean(expected))
    lists = [[set(np.argsort(-row)[:3][np.sort(-row)[:3] < 0]) for row in side] for side in rows]
    assert found["top_k_jaccard"] == pytest.approx(
        np.mean([1 - len(a & b) / len(a | b) for a, b in zip(*lists, strict=True)])
    )
    values = [side["embedding/test"].double().numpy() @ side["g-random/Q"].numpy().T for side in (first, second)]
    agree = [np.corrcoef(values[0][:, j], values[1][:, j])[0, 1] for j in range(CONCEPTS)]
    assert found["value_agreement"] == pytest.approx(1 - np.mean(agree))
    assert found != pytest.approx(
        {one.metric: one.values.mean() for one in concept_drifts(study, first, second) if one.primary}
    )


def test_images_by_what_became_of_their_answers(study, tiny):
    labels = tiny.labels[tiny.splits["test"]]  # 0, 1, 2, 0, ...
    first, second = evidence(0), evidence(1)
    eye = torch.eye(3)
    first["logits/test"] = eye[labels].clone()  # right, but for the last two
    second["logits/test"] = eye[labels].clone()
    wrong = (labels[-2:] + 1) % 3
    first["logits/test"][-2:] = eye[wrong]
    second["logits/test"][-2] = eye[wrong[0]]  # the same wrong answer; the last is right now
    second["logits/test"][0] = eye[(labels[0] + 1) % 3]
    drift = Drift("pixels", "map_iou_20", "m", "dense", "test", "image", (), np.arange(24.0))
    found = {name: values.tolist() for name, values in by_stratum(study, first, second, drift)}
    assert found == {"both right": list(range(1, 22)), "flipped": [0, 23], "both wrong": [22]}


def test_of_explained_by_hand():
    change = torch.tensor([[[3.0, 0.0, 0.0], [0.0, 0.0, 6.0]], [[1.0, 1.0, 1.0], [0.0, -3.0, 0.0]]])
    explained = torch.tensor([0, 1, 2])  # one image more than was changed
    assert of_explained(change, explained).tolist() == [[2.0, -2.0], [0.0, -2.0]]


def test_visible_parts_by_hand(tiny):
    test = tiny.splits["test"]
    masks = torch.zeros(72, 16, 16, dtype=torch.uint8)
    masks[test[0], 3, 3] = 2
    masks[test[1], 0, :2] = torch.tensor([1, 3], dtype=torch.uint8)
    masks[test[2]] = 1
    data = replace(tiny, part_masks=masks, part_names=("bill", "eye", "tail"))
    assert visible_parts(data, 2).tolist() == [[False, True, False], [True, False, True]]


def test_the_truth_is_compared_where_there_is_one(study, tiny):
    draws = np.random.default_rng(3)
    masks = torch.from_numpy(draws.integers(0, 5, (72, 16, 16)).astype(np.uint8))
    data = replace(tiny, part_masks=masks, part_names=("bill", "eye", "tail", "wing"))
    sides = []
    for seed in (0, 1):
        own = evidence(seed)
        for name, count in (("concepts", 4), ("parts", 4), ("habitats", 3)):
            own[f"interventions/{name}"] = torch.from_numpy(draws.normal(size=(5, count, 3))).float()
        sides.append(own)
    with_truth = replace(study, data=data)
    found = {one.metric: one for one in compare(with_truth, *sides) if one.family == "truth"}
    assert found.keys() == {"do_concept", "do_part", "do_habitat"}
    assert (found["do_concept"].unit, found["do_concept"].ids) == ("class", tiny.class_names)
    effects = [side["interventions/concepts"].double().mean(0).numpy() for side in sides]
    expected = [1 - np.corrcoef(effects[0][:, k], effects[1][:, k])[0, 1] for k in range(3)]
    np.testing.assert_allclose(found["do_concept"].values, expected)
    explained = sides[0]["saliency/classes"][:, 2].tolist()  # the dense network's prediction, for both
    for name in ("part", "habitat"):
        moved = [side[f"interventions/{name}s"].double().numpy() for side in sides]
        rows = [[own[i, :, k] - own[i].mean(1) for i, k in enumerate(explained[:5])] for own in moved]
        expected = [1 - np.corrcoef(x, y)[0, 1] for x, y in zip(*rows, strict=True)]
        np.testing.assert_allclose(found[f"do_{name}"].values, expected)
    assert not any(one.family == "truth" for one in compare(with_truth, *sides, same_targets=False))
    # Of parts and habitats, what moves all logits alike moves no decision; docs/report.md states where it counts.
    shifted = {**sides[1]}
    for name in ("concepts", "parts", "habitats"):
        own = sides[1][f"interventions/{name}"]
        shifted[f"interventions/{name}"] = own + torch.from_numpy(draws.normal(size=(*own.shape[:2], 1))).float()
    again = {one.metric: one.values for one in compare(with_truth, sides[0], shifted) if one.family == "truth"}
    for name in ("do_part", "do_habitat"):
        np.testing.assert_allclose(again[name], found[name].values, atol=1e-6)
    assert np.abs(again["do_concept"] - found["do_concept"].values).max() > 0.1
