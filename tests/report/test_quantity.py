import math

import pandas as pd

from sparsight.report.quantity import points, quantity

RULES = {"magnitude": "right", "released-code": "toggled"}


def _rows(*rows):
    return pd.DataFrame(rows, columns=["arm", "seed", "repeat", "round", "weights_remaining", "unit_id", "value"])


def test_units_are_averaged_within_a_network_before_networks_are():
    # Seed 0 has two classes, seed 1 has one: the network means 0.3 and 0.9 count once each.
    rows = _rows(
        ("magnitude", 0, None, 1, 0.75, "a", 0.2),
        ("magnitude", 0, None, 1, 0.75, "b", 0.4),
        ("magnitude", 1, None, 1, 0.75, "a", 0.9),
    )
    (point,) = points(rows)
    assert (point.round, point.weights) == (1, 0.75)
    assert point.values == (0.30000000000000004, 0.9)
    assert math.isclose(point.mean, 0.6)
    assert (point.low, point.high) == (point.values[0], 0.9)


def test_the_range_may_be_over_units_instead():
    rows = _rows(("m", 0, None, 0, 1.0, "a", 0.2), ("m", 1, None, 0, 1.0, "a", 0.4), ("m", 0, None, 0, 1.0, "b", 0.9))
    (point,) = points(rows, ("unit_id",))
    assert [round(value, 9) for value in point.values] == [0.3, 0.9]


def test_undefined_values_do_not_count_and_all_undefined_is_undefined():
    rows = _rows(
        ("m", 0, None, 0, 1.0, "a", math.nan), ("m", 1, None, 0, 1.0, "a", 0.4), ("m", 0, 0, 1, 0.5, "a", math.nan)
    )
    first, second = points(rows)
    assert (first.mean, first.low, first.high) == (0.4, 0.4, 0.4)
    assert math.isnan(second.mean)


def test_arms_and_controls_are_told_apart_and_one_control_serves_all_rounds():
    rows = _rows(
        ("magnitude", 0, None, 0, 1.0, "", 0.9),
        ("magnitude", 0, None, 1, 0.75, "", 0.8),
        ("retrain:right", 0, 0, 0, 1.0, "", 0.7),
        ("dense:right", 0, 0, 0, 1.0, "", 0.1),
    )
    found = quantity("f", "f", rows, RULES)
    assert [point.mean for point in found.arms["magnitude"]] == [0.9, 0.8]
    assert found.arms["released-code"] == ()
    assert found.control("right", 1) == found.controls["right"][0]
    assert found.control("toggled", 1) is None
    assert found.at("magnitude", 1).mean == 0.8
    assert found.at("magnitude", 7) is None
    assert not found.empty


def test_a_control_with_rounds_of_its_own_serves_only_those():
    rows = _rows(("retrain:right", 0, 0, 1, 1.0, "", 0.7), ("retrain:right", 0, 0, 2, 1.0, "", 0.6))
    found = quantity("f", "f", rows, RULES)
    assert found.control("right", 2).mean == 0.6
    assert found.control("right", 0) is None
    assert found.empty
