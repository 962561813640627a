import numpy as np
import pytest

from sparsight.verdict import Drifted, Levelled


def test_shapes_must_fit():
    with pytest.raises(Exception, match=r"do not fit|shape|type"):
        Drifted("a", "b", "c", "d", True, np.zeros((3, 4)), np.zeros((3, 5, 1)))
    with pytest.raises(Exception, match=r"do not fit|shape|type"):
        Levelled("accuracy", "a", "b", "c", "d", 0.02, np.zeros((3, 4)), np.zeros(2), np.zeros((3, 4, 1)))


def test_other_axes_only():
    tables = (np.zeros((3, 4)), np.zeros(3), np.zeros((3, 4, 1)))
    with pytest.raises(ValueError, match="similarity"):
        Levelled("similarity", "a", "b", "c", "d", 0.02, *tables)
    with pytest.raises(ValueError, match="margin"):
        Levelled("accuracy", "a", "b", "c", "d", 0.0, *tables)


def test_keys():
    drift = Drifted("a", "b", "c", "d", True, np.zeros((3, 4)), np.zeros((3, 4, 1)))
    assert drift.key == ("a", "b", "c", "d")
    assert drift.axis == "similarity"
