"""Gates of a study, from evidence that is changed for it."""

import re
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import adaptive_avg_pool2d

from sparsight.results.faithfulness import faithfulness_rows
from sparsight.results.pairs import pairs
from sparsight.results.tables import accuracy_rows
from sparsight.results.verdict import judge

MAPS = ("map_spearman", "map_iou_20")


def at(grid, everything):
    """The networks, their maps averaged down to so few places."""

    def coarser(arrays):
        return {**arrays, "saliency/maps": adaptive_avg_pool2d(arrays["saliency/maps"], grid)}

    return [replace(one, arrays=coarser(one.arrays), dense=coarser(one.dense)) for one in everything]


def judged(networks, settings, data):
    kind = (settings.concepts, settings.saliency.method)
    tables = {
        "accuracy": [row for one in networks for row in accuracy_rows(one)],
        "faithfulness": [row for one in networks for row in faithfulness_rows(one, data, *kind)],
    }
    return judge(networks, list(pairs(networks, settings, data)), settings, data, tables)


def spread(one):
    """The network with embeddings in which each image goes its own way: 36 have one or two pairs a dimension."""
    lot = torch.Generator().manual_seed(one.key[1])
    own = torch.eye(36, 64) + 0.03 * torch.randn(36, 64, generator=lot)
    return replace(one, arrays={**one.arrays, "embedding/test": own})


def test_embeddings_of_more_dimensions_than_images_tell_are_not_judged_at_that_round(everything, settings, data):
    here = ("magnitude", 2)
    networks = [spread(one) if (one.key[0], one.key[3]) == here else one for one in everything]
    _, document = judged(networks, settings, data)
    gates = [one for one in document["gates"] if one["name"] == "few pairs"]
    assert [(one["passed"], one["voids"]) for one in gates] == [(True, ("linear_cka",)), (False, ("linear_cka",))]
    assert re.fullmatch(
        r"36 images are [01]\.\d\d pairs for each of the \d\d\d dimensions that the embedding fills in magnitude, "
        r"round 2, seed [012] \(limit 10\)",
        gates[1]["reason"],
    )
    voided = {(row["arm"], row["round"]) for row in document["rows"] if row["reason"] == gates[1]["reason"]}
    assert voided == {here}
    assert {row["metric"] for row in document["rows"] if row["reason"] == gates[1]["reason"]} == {"linear_cka"}
    retrained = [spread(one) if one.network.kind == "retrain" else one for one in everything]
    _, document = judged(retrained, settings, data)
    (gate, *others) = [one for one in document["gates"] if one["name"] == "few pairs"]
    assert not gate["passed"]
    assert not others
    own = [row for row in document["rows"] if row["metric"] == "linear_cka"]
    assert {row["reason"] for row in own} == {gate["reason"]}


@pytest.mark.parametrize(("grid", "seen"), [((2, 2), False), ((3, 3), True)])
def test_maps_of_fewer_than_nine_places_are_not_judged(everything, settings, data, grid, seen):
    rows, document = judged(at(grid, everything), settings, data)
    (gate,) = [one for one in document["gates"] if one["name"] == "few places"]
    assert (gate["value"], gate["limit"], gate["passed"]) == (grid[0] * grid[1], 9.0, seen)
    reason = f"Maps of gradcam are compared at {grid[0]} x {grid[1]} positions (limit 9 in all)"
    own = [row for row in document["rows"] if row["metric"] in MAPS]
    assert (reason in {row["reason"] for row in own}) is not seen  # rounds with mostly dead maps state that
    assert seen or {row["verdict"] for row in own} == {"undecided"}
    assert len(rows) == len(document["rows"])
