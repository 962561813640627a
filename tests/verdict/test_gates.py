import math
from dataclasses import replace

import numpy as np
import pytest

from sparsight.verdict import (
    dead_maps,
    few_images,
    few_pairs,
    random_bank,
    random_labels,
    randomised_model,
    room,
    voided,
)

nan = float("nan")


def test_the_stage_with_the_most_similar_maps_decides():
    noticed = randomised_model("gradcam", {"head": 0.3, "all": 0.2}, 0.5, ("spearman",))
    deaf = randomised_model("gradcam", {"head": 0.8, "all": 0.1}, 0.5, ("spearman",))
    assert (noticed.passed, noticed.value, noticed.limit) == (True, 0.3, 0.5)
    assert (deaf.passed, deaf.value, deaf.voids) == (False, 0.8, ("spearman",))
    assert deaf.reason == (
        "Maps of gradcam stay at a similarity of 0.80 at the most while layers are randomised "
        "from the head down to head (limit 0.5)"
    )
    assert not randomised_model("gradcam", {}, 0.5, ()).passed


def test_concepts_must_beat_random_labels():
    random = np.linspace(0.4, 0.6, 101)
    gate = random_labels("predictor", np.array([0.9, nan, 0.7]), random, ("jaccard",))
    assert gate.passed
    assert (gate.value, gate.limit) == pytest.approx((0.8, 0.59))
    assert not random_labels("predictor", np.array([0.58, 0.58]), random, ("jaccard",)).passed
    nothing = random_labels("predictor", np.array([nan]), random, ("jaccard",))
    assert not nothing.passed
    assert "could not be measured" in nothing.reason
    assert not random_labels("predictor", np.array([0.9]), np.array([nan]), ("jaccard",)).passed


def test_concepts_must_be_steadier_than_random_directions():
    gate = random_bank("jaccard", 0.2, 0.5, ("jaccard",))
    assert (gate.passed, gate.value, gate.limit) == (True, 0.2, 0.5)
    assert gate.reason == "The floor of jaccard (0.20) is below that of a bank of random directions (0.50)"
    near, same = random_bank("jaccard", 0.503, 0.501, ()), random_bank("jaccard", 0.0, 0.0, ())
    assert not near.passed
    assert near.reason == "The floor of jaccard (0.503) is not below that of a bank of random directions (0.501)"
    assert not same.passed
    assert same.reason == "The floor of jaccard (0.00) is the same as that of a bank of random directions (0.00)"
    for floor, random in ((nan, 0.5), (0.5, nan)):
        undefined = random_bank("jaccard", floor, random, ())
        assert not undefined.passed
        assert "could not be measured" in undefined.reason


def test_the_network_with_most_dead_maps_decides():
    gate = dead_maps("gradcam", {"dense": 0.0, "round 9": 0.3, "round 8": 0.1}, 0.2, ("iou",))
    assert (gate.passed, gate.value) == (False, 0.3)
    assert gate.reason == "30 % of the maps of gradcam are dead in round 9 (limit 20 %)"
    assert dead_maps("gradcam", {"dense": 0.2}, 0.2, ()).passed
    assert not dead_maps("gradcam", {}, 0.2, ()).passed
    assert not dead_maps("gradcam", {"dense": 0.0, "round 1": nan}, 0.2, ()).passed


def test_few_images():
    assert few_images("gradcam", 30, 30, ()).passed
    gate = few_images("gradcam", 29, 30, ("iou",))
    assert not gate.passed
    assert gate.reason == "29 images for gradcam (limit 30)"


def test_failed_gates_void_their_metrics():
    keys = [("pixels", "iou", "gradcam", "label"), ("concepts", "jaccard", "predictor", "label")]
    gates = [
        few_images("gradcam", 100, 30, ("jaccard",)),
        few_images("gradcam", 2, 30, ("iou",)),
        dead_maps("gradcam", {"dense": 1.0}, 0.2, ("iou",)),
    ]
    assert voided(gates, keys) == {keys[0]: "2 images for gradcam (limit 30)"}
    assert voided([], keys) == {}


def test_a_gate_of_one_method_and_target_voids_no_other_of_the_name():
    dense, label, other = (
        ("pixels", "iou", method, target)
        for method, target in (("gradcam", "dense"), ("gradcam", "label"), ("layercam", "dense"))
    )
    gate = replace(room("iou", 0.95, 0.97, 0.02, ("iou",)), method="gradcam", target="dense")
    assert voided([gate], [dense, label, other]) == {dense: gate.reason}
    assert set(voided([replace(gate, method=None)], [dense, label, other])) == {dense, other}
    assert "target" not in gate.document()
    assert gate.document()["voids"] == ("iou",)


def test_a_floor_near_what_has_nothing_in_common_leaves_no_room():
    assert room("jaccard", 0.5, 0.97, 0.02, ("jaccard",)).passed
    assert room("jaccard", 0.5, float("inf"), 0.02, ()).passed
    full = room("jaccard", 0.95, 0.97, 0.02, ("jaccard",))
    assert not full.passed
    assert full.reason == "The floor of jaccard (0.95) leaves no room below what has nothing in common (0.97)"


def test_pairs_of_images_are_held_against_the_dimensions_of_an_embedding():
    gate = few_pairs("embedding", 30, {"dense": 12.0, "magnitude, seed 3": 43.5, "constant": nan}, ("linear_cka",))
    assert (gate.passed, gate.value, gate.limit) == (True, 10, 10)
    crowded = few_pairs("embedding", 33, {"dense": 12.0, "magnitude, seed 3": 1250.4}, ("linear_cka",))
    assert (crowded.passed, crowded.voids) == (False, ("linear_cka",))
    assert crowded.reason == (
        "33 images are 0.42 pairs for each of the 1,250 dimensions that the embedding fills in magnitude, "
        "seed 3 (limit 10)"
    )
    assert few_pairs("embedding", 33, {"dense": 0.2}, ()).value == 33 * 32 / 2, "no embedding fills less than one"
    alone = few_pairs("embedding", 33, {"dense": 5.0, "dead": math.inf}, ())
    assert not alone.passed
    assert alone.reason == "Of 33 images no two have more in common than any others in the embedding of dead"
    assert "could not be measured" in few_pairs("embedding", 33, {"dense": nan}, ()).reason
