"""Gates of a study, from evidence that is changed for it."""

from dataclasses import replace

import pytest
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


@pytest.mark.parametrize(("grid", "judged"), [((2, 2), False), ((3, 3), True)])
def test_maps_of_fewer_than_nine_places_are_not_judged(everything, settings, data, grid, judged):
    few = at(grid, everything)
    kind = (settings.concepts, settings.saliency.method)
    tables = {
        "accuracy": [row for one in few for row in accuracy_rows(one)],
        "faithfulness": [row for one in few for row in faithfulness_rows(one, data, *kind)],
    }
    rows, document = judge(few, list(pairs(few, settings, data)), settings, data, tables)
    (gate,) = [one for one in document["gates"] if one["name"] == "few places"]
    assert (gate["value"], gate["limit"], gate["passed"]) == (grid[0] * grid[1], 9.0, judged)
    reason = f"Maps of gradcam are compared at {grid[0]} x {grid[1]} positions (limit 9 in all)"
    own = [row for row in document["rows"] if row["metric"] in MAPS]
    assert (reason in {row["reason"] for row in own}) is not judged  # rounds with mostly dead maps state that
    assert judged or {row["verdict"] for row in own} == {"undecided"}
    assert len(rows) == len(document["rows"])
