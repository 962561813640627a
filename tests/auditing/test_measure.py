"""What two models' evidence is compared at, and how its numbers and gates come out, on looks made by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from sparsight.auditing import (
    AuditSettings,
    Look,
    ceilings,
    compared,
    comparing,
    drifts,
    floor_gates,
    gates,
    grid_of,
    similarity,
)
from sparsight.comparison import Drift
from sparsight.concepts import shown_weights
from sparsight.data import ToyBirdsSettings, load_dataset
from sparsight.drift import weight_spearman
from sparsight.evidence import TARGETS, Maps, Seen
from sparsight.verdict import decide_pair

IMAGES, SETTINGS = 60, AuditSettings()
IOU, SPEARMAN = ("map_iou_20", "dense"), ("map_spearman", "dense")


@pytest.fixture(scope="module")
def bare():
    """Images without concepts: what is compared are maps, embeddings and answers."""
    birds = load_dataset(ToyBirdsSettings(train=12, validation=12, test=IMAGES, image_size=32))
    return replace(birds, concepts=birds.concepts[:, :0], concept_names=(), concept_groups=())


def look(name, seed, *, side=4, dead=(), like=None, noise=0.0):
    """A look at 60 images, random, or another's with noise."""
    draws = torch.Generator().manual_seed(seed)
    logits, embedding = torch.randn(IMAGES, 12, generator=draws), torch.randn(IMAGES, 8, generator=draws)
    signed = torch.rand(IMAGES, 1, side, side, generator=draws).expand(-1, len(TARGETS), -1, -1).clone()
    if like is not None:
        logits = like.seen.logits + noise * logits
        embedding = like.seen.embedding + noise * embedding
        signed = like.maps.signed + noise * signed
    signed[list(dead)] = -1.0
    classes = torch.zeros(IMAGES, len(TARGETS), dtype=torch.int64)
    maps = Maps(classes, signed, (signed <= 0).flatten(2).all(2), None, True, None)
    return Look(name, Seen(torch.zeros(IMAGES, dtype=torch.int64), logits, embedding), maps, None, {})


def with_maps(one, signed):
    return replace(one, maps=replace(one.maps, signed=signed))


def measured(bare, original, other, again=()):
    """The metrics by name and target, and the reasons of failed gates by the gate's name."""
    study, grid = comparing(original, SETTINGS, bare), grid_of((original, other, *again))
    own = drifts(study, original, other, grid)
    floors = [drifts(study, original, one, grid) for one in again]
    metrics = compared(original, other, own, floors, ceilings(study, original, again or [other], grid))
    checks = [
        *gates(original, other, own, grid, SETTINGS, bare),
        *floor_gates(study, original, again, metrics, SETTINGS),
    ]
    failed = {gate.name: gate for gate in checks if not gate.passed}
    return {(one.metric, one.target): one for one in metrics}, failed


def test_a_floor_is_measured_at_the_resolution_of_the_pair(bare):
    original = look("original", 0)
    again = [look(f"again {s}", s, like=original, noise=0.8) for s in (1, 2, 3)]
    coarse = with_maps(again[0], torch.nn.functional.adaptive_avg_pool2d(again[0].maps.signed, (3, 3)))
    found, _ = measured(bare, original, coarse, again)
    for key in (IOU, SPEARMAN):
        assert found[key].method == "gradcam@3x3"
        assert found[key].floor[0] == found[key].drift.value, "the first of the floor, pooled, is the model"
    plain, _ = measured(bare, original, again[0], again)
    assert plain[IOU].floor[0] == plain[IOU].drift.value != found[IOU].drift.value


def test_a_map_that_died_has_nothing_in_common_and_dead_pairs_are_no_evidence(bare):
    original = look("original", 0)
    died, _ = measured(bare, original, look("model", 1, like=original, dead=range(6)))
    for key in (IOU, SPEARMAN):
        assert (died[key].drift.value, died[key].drift.units) == (pytest.approx(0.1), IMAGES)
    both = look("original", 0, dead=range(6))
    same, failed = measured(bare, both, look("model", 1, like=both, dead=range(6)))
    assert same[SPEARMAN].drift.units == IMAGES - 6
    assert failed["undefined values"].voids in (("map_spearman",), ("map_iou_20",))
    assert failed["undefined values"].reason.startswith("10 % of the values of map_")
    few, failed = measured(bare, look("original", 0, dead=range(3)), look("model", 0, dead=range(3)))
    assert few[SPEARMAN].drift.units == IMAGES - 3
    assert "undefined values" not in failed


def test_embeddings_of_more_dimensions_than_images_tell_are_not_compared(bare):
    def wide(one, width):
        spread = torch.randn(IMAGES, width, generator=torch.Generator().manual_seed(len(one.name)))
        return replace(one, seen=replace(one.seen, embedding=spread))

    original, other = look("original", 0), look("model", 1)
    assert "few pairs" not in measured(bare, original, other)[1]
    found, failed = measured(bare, original, wide(other, 1000))
    assert failed["few pairs"].voids == ("linear_cka",)
    assert failed["few pairs"].reason.startswith("60 images are ")
    assert failed["few pairs"].reason.endswith(" dimensions that the embedding fills in model (limit 10)")
    rows = similarity(tuple(found.values()), SETTINGS, tuple(failed.values()))
    assert {row.verdict for row in rows if row.compared.metric == "linear_cka"} == {"undecided"}
    again = [wide(look("again", 2), 1000), look("again 2", 3), look("again 3", 4)]
    assert " fills in again (limit 10)" in measured(bare, original, other, again)[1]["few pairs"].reason


def test_the_drift_of_embeddings_has_a_jackknife_over_images(bare):
    original = look("original", 0)
    found, _ = measured(bare, original, look("model", 1, like=original, noise=0.5))
    drift = found["linear_cka", ""].drift
    assert drift.units == IMAGES
    assert 0 < drift.interval(0.05)[0] < drift.value < drift.interval(0.05)[1] < 2
    unrelated, _ = measured(bare, original, look("model", 1))
    assert (
        0.8
        < unrelated["linear_cka", ""].drift.interval(0.05)[0]
        < 1
        < unrelated["linear_cka", ""].drift.interval(0.05)[1]
    )


def test_maps_of_few_positions_have_no_places(bare):
    for side, there in ((1, False), (2, False), (3, True)):
        found, failed = measured(bare, look("original", 0, side=side), look("model", 1, side=side))
        assert math.isnan(found[IOU].drift.value) is not there
        assert ("few places" in failed) is not there
    _, failed = measured(bare, look("original", 0, side=1), look("model", 1, side=1))
    assert failed["few places"].reason == "Maps of gradcam are compared at 1 x 1 positions (limit 9 in all)"
    assert failed["few places"].voids == ("map_spearman", "map_iou_20")


def test_a_floor_near_what_has_nothing_in_common_is_void_unless_the_evidence_is_identical(bare):
    original = look("original", 0)
    strangers = [look(f"again {s}", s) for s in (1, 2, 3)]
    found, failed = measured(bare, original, look("model", 4), strangers)
    assert failed["room"].reason.startswith("The floor of ")
    assert all(0.7 < found[key].ceiling < 1.1 for key in (IOU, SPEARMAN))
    rows = similarity(tuple(found.values()), SETTINGS, tuple(failed.values()))
    assert {row.verdict for row in rows} == {"undecided"}
    assert all(math.isfinite(one.ceiling) for one in found.values()), "also those that are not primary"
    same, failed = measured(bare, original, look("model", 0), strangers)
    assert "room" in failed
    assert {row.verdict for row in similarity(tuple(same.values()), SETTINGS, tuple(failed.values()))} == {"preserved"}
    near = [look(f"again {s}", s, like=original, noise=0.1) for s in (1, 2, 3)]
    assert "room" not in measured(bare, original, look("model", 4), near)[1]


def test_what_is_the_same_bit_for_bit_is_known_metric_by_metric(bare):
    original = look("original", 0)
    copy = look("model", 0)
    assert all(one.identical for one in measured(bare, original, copy)[0].values())
    logits = original.seen.logits.clone()
    logits[:, 3] += 100
    shifted = replace(copy, seen=replace(copy.seen, logits=logits))
    found, _ = measured(bare, original, shifted)
    assert {key[0] for key, one in found.items() if not one.identical} == {"flips"}
    signed = original.maps.signed.clone()
    signed[0, TARGETS.index("label"), 0, 0] += 1e-7
    found, _ = measured(bare, original, with_maps(copy, signed))
    assert {key for key, one in found.items() if not one.identical} == {
        ("map_spearman", "label"),
        ("map_iou_20", "label"),
    }


def test_two_classes_are_one_unit(bare):
    """300 random pairs of g: both rows of two classes hold the same numbers, and scatter says nothing."""
    original, words = look("original", 0), []
    draws = torch.Generator().manual_seed(0)
    for _ in range(300):
        first = torch.randn(2, 20, generator=draws).double()
        second = first + 0.5 * torch.randn(2, 20, generator=draws).double()
        rows = [shown_weights(one - one.mean(0)) for one in (first, second)]
        values = weight_spearman(*rows).numpy()
        assert values[0] == pytest.approx(values[1])
        drift = Drift("concepts", "weight_spearman", "pcbm", "", "train", "class", ("a", "b"), values)
        words += [compared(original, original, [drift], (), {})[0]]
    verdicts = decide_pair([replace(one, identical=False) for one in words], SETTINGS.verdict, 0.1)
    assert {row.verdict for row in verdicts} == {"undecided"}
    assert verdicts[0].reason.endswith("one unit has no interval")
    assert all(np.isnan([row.low, row.p_preserved]).all() for row in verdicts)


def test_intervals_stay_within_the_range_of_a_metric(bare):
    for metric, most in (("top_k_jaccard", 1.0), ("weight_spearman", 2.0)):
        values = np.array([0.0, most, 0.0])
        drift = Drift("concepts", metric, "pcbm", "", "train", "class", ("a", "b", "c"), values)
        one = compared(look("original", 0), look("model", 1), [drift], (), {})[0]
        low, high = one.drift.interval(0.05)
        assert 0 <= low < most / 3 < high <= most
