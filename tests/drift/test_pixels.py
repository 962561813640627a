import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.drift import map_iou, map_spearman

MEASURES = {"spearman": map_spearman, "iou": map_iou}


def draw(seed, h=3, w=5):
    """Maps with ties and negative places; some are dead."""
    return torch.randint(-6, 4, (6, h, w), generator=torch.Generator().manual_seed(seed)).float()


def test_spearman_by_hand_after_the_relu():
    """(0, 0, 1, 2) against (1, 2, 3, 4): midranks 1.5, 1.5, 3, 4, a correlation of 4.5 / sqrt(4.5 * 5)."""
    first, second = torch.tensor([[[-7.0, -1.0], [1.0, 2.0]]]), torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    torch.testing.assert_close(map_spearman(first, second), torch.tensor([1 - 4.5 / (4.5 * 5) ** 0.5]).double())


def test_iou_by_hand():
    """The top half of four places: {1, 4} and {1, 2}; then {0, 1} and {0, 1}."""
    first = torch.tensor([[[4.0, -1.0], [0.5, 3.0]], [[5.0, 6.0], [1.0, 2.0]]])
    second = torch.tensor([[[9.0, 8.0], [1.0, 2.0]], [[6.0, 5.0], [0.0, 0.0]]])
    torch.testing.assert_close(map_iou(first, second, share=0.5), torch.tensor([1 - 1 / 3, 0.0]).double())


def test_equal_values_are_in_or_out_together():
    """Of (3, 1, 1, 0) the top half is all that is at least 1, whichever of the two would be taken first."""
    one, other = torch.tensor([[[3.0, 1.0, 1.0, 0.0]]]), torch.tensor([[[3.0, 0.0, 1.0, 1.0]]])
    torch.testing.assert_close(map_iou(one, other, share=0.5), torch.tensor([1 - 2 / 4]).double())
    torch.testing.assert_close(map_iou(one.flip(2), other.flip(2), share=0.5), torch.tensor([1 - 2 / 4]).double())


def test_only_positive_places_belong_to_the_top():
    """Of the top half of (5, 0, 0, -1) a single place is positive."""
    one, other = torch.tensor([[[5.0, 0.0, 0.0, -1.0]]]), torch.tensor([[[5.0, 4.0, 0.0, 0.0]]])
    assert map_iou(one, other, share=0.5).tolist() == [0.5]


@pytest.mark.parametrize(("share", "places"), [(0.2, 20), (0.07, 7), (0.29, 29), (0.001, 1), (0.201, 21), (1.0, 100)])
def test_the_share_rounds_up_and_only_up_from_a_fraction(share, places):
    """Against a map of k ordered places the top of 100 ordered ones is its first ``places``."""
    ordered = torch.arange(100, 0, -1.0).reshape(1, 10, 10)
    everything = torch.ones(1, 10, 10)
    found = map_iou(ordered, everything, share)
    torch.testing.assert_close(found, torch.tensor([1 - places / 100]).double())


def test_dead_and_constant_maps():
    maps = torch.stack([torch.zeros(2, 2), -torch.ones(2, 2), torch.ones(2, 2), torch.tensor([[1.0, 2.0], [3.0, 4.0]])])
    alive = maps[3:].expand(4, 2, 2)
    for first, second in ((maps, alive), (alive, maps)):
        assert map_spearman(first, second).tolist() == [1, 1, 1, 0], "one that looks nowhere has nothing in common"
        assert map_iou(first, second).tolist() == [1, 1, 1 - 1 / 4, 0]
    assert map_spearman(maps, maps).isnan().tolist() == [True, True, True, False]
    assert map_iou(maps, maps).isnan().tolist() == [True, True, False, False]
    assert map_spearman(maps[:1], maps[2:3]).isnan().all(), "neither says where"
    assert map_iou(maps[:1], maps[2:3]).tolist() == [1]
    assert map_iou(maps[2:3], maps[2:3]).tolist() == [0], "a constant map has all its places at the top"
    assert map_iou(maps[2:3], alive[:1]).tolist() == [1 - 1 / 4]


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_maps_that_are_not_numbers(measure):
    broken = torch.arange(1.0, 5.0).reshape(1, 2, 2).repeat(3, 1, 1)
    broken[0, 0, 0], broken[1, 1, 1] = torch.nan, torch.inf
    fine = torch.arange(1.0, 5.0).reshape(1, 2, 2).repeat(3, 1, 1)
    assert measure(broken, fine).isnan().tolist() == [True, True, False]
    assert measure(fine, broken).isnan().tolist() == [True, True, False]


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_another_resolution_is_refused(measure):
    unchecked = inspect.unwrap(measure)  # as a user runs it: without the tests' shape checks
    for first, second in (((2, 8, 8), (2, 4, 4)), ((2, 8, 8), (3, 8, 8)), ((2, 1, 8, 8), (2, 1, 8, 8))):
        with pytest.raises(ValueError, match="cannot be compared"):
            unchecked(torch.ones(first), torch.ones(second))


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_share_out_of_range(share):
    with pytest.raises(ValueError, match="share"):
        map_iou(torch.ones(1, 2, 2), torch.ones(1, 2, 2), share)


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-30, 0.3, 1e30]))
def test_invariants(seed, scale):
    first, second = draw(seed), draw(seed + 1)
    places = torch.randperm(15, generator=torch.Generator().manual_seed(seed))
    for measure, most in ((map_spearman, 2), (map_iou, 1)):
        itself = measure(first, first)
        assert (itself[~itself.isnan()] == 0).all()
        found = measure(first, second)
        torch.testing.assert_close(found, measure(second, first), equal_nan=True, rtol=0, atol=1e-12)
        torch.testing.assert_close(found, measure(first * scale, second), equal_nan=True, rtol=0, atol=0)
        torch.testing.assert_close(found, measure(first.clamp(min=0), second), equal_nan=True, rtol=0, atol=0)
        moved = [maps.flatten(1)[:, places].reshape(maps.shape) for maps in (first, second)]
        torch.testing.assert_close(found, measure(*moved), equal_nan=True, rtol=0, atol=1e-12)
        assert ((found >= 0) & (found <= most))[~found.isnan()].all()
