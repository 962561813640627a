"""What drifts are where nothing is shared, on arrays made by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sparsight.ceiling import _within_rows, unrelated
from sparsight.comparison import Comparing, compare
from tests.test_comparison import evidence, study

__all__ = ["study"]


def test_every_drift_of_a_retrained_network_has_a_ceiling(study: Comparing):
    first, second = evidence(0), evidence(1)
    found = unrelated(study, first, second)
    assert found.keys() == {(one.metric, one.target) for one in compare(study, first, second)}
    assert all(np.isfinite(value) for value in found.values())
    silent = replace(study, names=(), groups=())
    bare = [
        {name: array for name, array in side.items() if not name.startswith(("bank", "g/", "g-"))}
        for side in (first, second)
    ]
    alone = unrelated(silent, *bare)
    assert alone == {(one.metric, one.target): found[one.metric, one.target] for one in compare(silent, *bare)}


def test_answers_agree_by_chance(study: Comparing):
    """Of 600 images in three classes two thirds flip, of which none did; of one answer for all none can."""
    first = evidence(0, n=600)
    assert unrelated(study, first, first)["flips", ""] == pytest.approx(2 / 3, abs=0.06)
    first["logits/test"][:, 1] = 99
    assert unrelated(study, first, first)["flips", ""] == 0


def test_the_lists_that_are_not_primary_share_what_chance_gives(study: Comparing):
    many = evidence(0, n=60, classes=200)
    many["g/weights"] = many["g/weights"].abs() + 0.1
    found = unrelated(study, many, many)
    assert found["top_k_overlap", ""] == pytest.approx(2 / 3, abs=0.05), "three of nine: one in three is shared"
    assert found["group_spearman", ""] == pytest.approx(1, abs=0.2)
    assert 0.3 < found["rank_biased_overlap", ""] < 0.6
    assert found["map_spearman", "label"] == pytest.approx(1, abs=0.1)


def test_what_concepts_parts_and_habitats_do_is_mixed_among_what_counts(study: Comparing):
    draws = np.random.default_rng(3)
    test = study.data.splits["test"]
    masks = torch.zeros(72, 16, 16, dtype=torch.uint8)
    masks[test] = torch.from_numpy(draws.integers(0, 5, (len(test), 16, 16)).astype(np.uint8))
    data = replace(study.data, part_masks=masks, part_names=("bill", "eye", "tail", "wing"))
    own = evidence(0)
    for name, count in (("concepts", 12), ("parts", 4), ("habitats", 5)):
        own[f"interventions/{name}"] = torch.from_numpy(draws.normal(size=(24, count, 3))).float()
    found = unrelated(replace(study, data=data), own, own)
    for name, target in (("do_concept", ""), ("do_part", "dense"), ("do_habitat", "dense")):
        assert found[name, target] == pytest.approx(1, abs=0.25)


def test_hidden_parts_stay_where_they_are():
    change = torch.arange(6 * 5 * 2.0).reshape(6, 5, 2)
    visible = torch.ones(6, 5, dtype=torch.bool)
    visible[:, 1] = visible[2] = False
    mixed = _within_rows(change, visible, "parts")
    assert torch.equal(mixed[~visible], change[~visible])
    assert torch.equal(mixed.sort(dim=1).values, change)
    assert not torch.equal(mixed, change)
    assert torch.equal(_within_rows(change, None, "parts").sort(dim=1).values, change)


def test_what_has_nothing_in_common_is_at_the_distance_of_chance(study):
    """Of a network from itself in a random order: correlations vanish, lists share what lots of three share."""
    many = evidence(0, n=600)
    many["g/weights"] = many["g/weights"].abs() + 0.1  # so that every list has three concepts
    found = unrelated(study, many, many)
    # Of two lots of 3 from 9: they share i with probability C(3, i) C(6, 3 - i) / 84.
    chance = 1 - sum(share * weight / 84 for share, weight in ((1 / 5, 45), (2 / 4, 18), (1, 1)))
    assert found["top_k_jaccard", ""] == pytest.approx(chance, abs=0.1)
    assert found["weight_spearman", ""] == pytest.approx(1, abs=0.2)
    assert found["value_agreement", ""] == pytest.approx(1, abs=0.05)
    assert found["map_spearman", "dense"] == pytest.approx(1, abs=0.05)
    assert found["linear_cka", ""] > 0.9
    # Each of the 8 brightest of 36 is in the other set with probability 8/36.
    assert found["map_iou_20", "dense"] == pytest.approx(1 - (8 * 8 / 36) / (16 - 8 * 8 / 36), abs=0.04)
    assert unrelated(study, many, many) == found


def test_what_all_maps_share_is_no_agreement(study):
    """Maps that all light up in the middle are alike whatever the images: the ceiling says so."""
    first = evidence(0, n=600)
    middle = torch.zeros(6, 6)
    middle[2:4, 1:5] = 20
    second = {**first, "saliency/maps": first["saliency/maps"] + middle}
    plain, shared = unrelated(study, first, first), unrelated(study, second, second)
    assert shared["map_iou_20", "dense"] < 0.01 < 0.5 < plain["map_iou_20", "dense"]
    assert shared["map_spearman", "dense"] < 0.6 < plain["map_spearman", "dense"]
    assert {key: value for key, value in shared.items() if not key[0].startswith("map_")} == {
        key: value for key, value in plain.items() if not key[0].startswith("map_")
    }


def test_unrelated_changes_neither_side(study):
    first, second = evidence(0), evidence(1)
    before = {name: value.clone() for name, value in second.items()}
    unrelated(study, first, second)
    assert all(torch.equal(second[name], value) for name, value in before.items())
