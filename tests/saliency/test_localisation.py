import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.nn import functional

from sparsight.saliency import mask_area, mask_energy, part_area, part_energy, pointing_game, relu


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_shares_by_hand_at_the_maps_own_resolution():
    maps = torch.tensor([[[1.0, -9.0], [2.0, 5.0]], [[1.0, 1.0], [1.0, 1.0]]])
    masks = torch.tensor([[[True, True], [False, False]], [[True, False], [False, False]]])
    torch.testing.assert_close(mask_energy(maps, masks), torch.tensor([1 / 8, 1 / 4]))
    assert mask_area(masks).tolist() == [0.5, 0.25]


def test_the_relu_comes_before_the_resizing():
    """1 beside -1, doubled: cut first gives (1, .75, .25, 0), resized first (1, .5, -.5, -1)."""
    maps = torch.tensor([[[1.0, -1.0]]])
    masks = torch.tensor([[[True, False, False, False]]])
    torch.testing.assert_close(mask_energy(maps, masks), torch.tensor([1 / 2]))


def test_a_dead_map_has_no_share():
    maps = torch.stack([torch.full((2, 2), -1.0), torch.zeros(2, 2), torch.ones(2, 2)])
    shares = mask_energy(maps, torch.ones(3, 4, 4, dtype=torch.bool))
    assert shares.isnan().tolist() == [True, True, False]
    assert shares[2] == 1


def test_resizing_agrees_with_pillow():
    maps, masks = draw(0, 3, 8, 8), draw(1, 3, 64, 64) > 0
    for found, one, mask in zip(mask_energy(maps, masks), maps, masks, strict=True):
        picture = Image.fromarray(np.maximum(one.numpy(), 0), mode="F").resize((64, 64), Image.Resampling.BILINEAR)
        energy = np.asarray(picture, dtype=np.float64)
        assert float(found) == pytest.approx(energy[mask.numpy()].sum() / energy.sum(), rel=1e-5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-30, 1e-3, 1.0, 1e30]), side=st.integers(1, 9))
def test_a_share_is_between_0_and_1_has_no_scale_and_shares_add_up(seed, scale, side):
    maps, masks = draw(seed, 2, side, side) + 0.5, draw(seed + 1, 2, 11, 9) > 0.3
    maps[:, 0, 0] = 1.0  # alive
    inside, outside = mask_energy(maps, masks), mask_energy(maps, ~masks)
    assert ((inside >= 0) & (inside <= 1)).all()
    torch.testing.assert_close(inside + outside, torch.ones(2))
    torch.testing.assert_close(mask_energy(maps * scale, masks), inside)
    torch.testing.assert_close(mask_energy(torch.ones_like(maps), masks), mask_area(masks))


@pytest.mark.parametrize(
    ("maps", "masks", "message"),
    [
        (torch.ones(2, 4, 4), torch.ones(2, 8, 8), "boolean masks"),
        (torch.ones(2, 4, 4), torch.ones(1, 8, 8, dtype=torch.bool), "boolean masks"),
        (torch.ones(2, 1, 4, 4), torch.ones(2, 8, 8, dtype=torch.bool), "boolean masks"),
        (torch.ones(2, 16, 4), torch.ones(2, 8, 8, dtype=torch.bool), "coarser"),
    ],
)
def test_what_does_not_fit(maps, masks, message):
    unchecked = inspect.unwrap(mask_energy)  # as a user runs it: without the tests' shape checks
    with pytest.raises(ValueError, match=message):
        unchecked(maps, masks)


def test_mask_energy_keeps_its_bits():
    """Runs hold it, and `verify` compares bits: the formula as it was, written out again."""
    maps, masks = draw(0, 50, 8, 8), draw(1, 50, 64, 64) > 0.5
    positive = relu(maps.double())
    scaled = (positive / positive.amax(dim=(1, 2), keepdim=True))[:, None]
    energy = functional.interpolate(scaled, size=masks.shape[1:], mode="bilinear", align_corners=False)[:, 0]
    share = (energy * masks).sum(dim=(1, 2)) / energy.sum(dim=(1, 2))
    assert torch.equal(mask_energy(maps, masks), share.to(maps.dtype))


def test_parts_by_hand():
    maps = torch.tensor([[[1.0, -9.0], [2.0, 5.0]], [[-1.0, 0.0], [-1.0, 0.0]]])
    parts = torch.tensor([[[1, 1], [3, 0]], [[1, 1], [3, 0]]], dtype=torch.uint8)
    found = part_energy(maps, parts, 3)
    torch.testing.assert_close(found[0], torch.tensor([1 / 8, 0, 2 / 8]))
    assert found[1].isnan().all()
    assert part_area(parts, 3).tolist() == [[0.5, 0, 0.25]] * 2
    assert part_energy(maps[:0], parts[:0], 3).shape == part_area(parts[:0], 3).shape == (0, 3)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-30, 1.0, 1e30]), side=st.integers(1, 9))
def test_parts_are_masks(seed, scale, side):
    maps = draw(seed, 3, side, side) + 0.5
    maps[:, 0, 0] = 1.0  # alive
    parts = (draw(seed + 1, 3, 11, 9) * 2).abs().clamp(max=4).to(torch.uint8)
    energy, area = part_energy(maps * scale, parts, 5), part_area(parts, 5)
    assert energy.shape == area.shape == (3, 5)
    for i in range(5):
        seen = mask_energy(maps, parts == i + 1).masked_fill((parts != i + 1).flatten(1).all(1), 0.0)
        torch.testing.assert_close(energy[:, i], seen)
        assert torch.equal(area[:, i], mask_area(parts == i + 1).nan_to_num(0.0))
    torch.testing.assert_close(energy.sum(1), mask_energy(maps, parts > 0))


def test_pointing_by_hand():
    maps = torch.tensor([[[1.0, -9.0], [2.0, 5.0]]] * 2)
    masks = torch.tensor([[[True, True], [True, False]], [[False, False], [False, True]]])
    assert pointing_game(maps, masks).tolist() == [0, 1]


def test_the_highest_position_is_sought_after_resizing():
    """(0, 3, 2, 2), four times as wide: 3 falls between pixels 5 and 6, and 6 is nearer to the 2 beside it."""
    maps = torch.tensor([[[0.0, 3.0, 2.0, 2.0]]]).expand(16, 1, 4)
    assert pointing_game(maps, torch.eye(16, dtype=torch.bool)[:, None]).nonzero().tolist() == [[6]]


def test_tied_positions_count_by_the_share_that_hits():
    masks = torch.tensor([[[True, False], [False, False]]] * 2)
    assert pointing_game(torch.tensor([[[3.0, 0.0], [1.0, 3.0]], [[1.0, 1.0], [1.0, 1.0]]]), masks).tolist() == [
        0.5,
        0.25,
    ]


def test_a_map_that_is_the_same_everywhere_hits_by_the_masks_area():
    """Interpolated ones differ in their last digits; they are tied all the same."""
    masks = draw(0, 4, 61, 47) > 0.3
    torch.testing.assert_close(pointing_game(torch.full((4, 7, 5), 0.3), masks), mask_area(masks))


def test_nothing_points_and_nothing_to_point_at():
    maps = torch.stack([torch.zeros(2, 2), -torch.ones(2, 2), torch.ones(2, 2)])
    masks = torch.ones(3, 4, 4, dtype=torch.bool)
    masks[2] = False
    assert pointing_game(maps, masks).isnan().all()


@pytest.mark.parametrize(
    ("maps", "parts", "message"),
    [
        (torch.ones(2, 4, 4), torch.ones(2, 8, 8), "uint8 parts"),
        (torch.ones(2, 4, 4), torch.ones(1, 8, 8, dtype=torch.uint8), "uint8 parts"),
        (torch.ones(2, 16, 4), torch.ones(2, 8, 8, dtype=torch.uint8), "coarser"),
        (torch.ones(2, 4, 4), torch.full((2, 8, 8), 4, dtype=torch.uint8), "part 4 of 3"),
    ],
)
def test_what_does_not_fit_parts(maps, parts, message):
    with pytest.raises(ValueError, match=message):
        inspect.unwrap(part_energy)(maps, parts, 3)


def test_what_does_not_fit_elsewhere():
    with pytest.raises(ValueError, match="part 4 of 3"):
        part_area(torch.full((2, 8, 8), 4, dtype=torch.uint8), 3)
    with pytest.raises(ValueError, match="boolean masks"):
        inspect.unwrap(pointing_game)(torch.ones(2, 4, 4), torch.ones(2, 8, 8))


def test_beside_an_empty_mask_nothing_is_known():
    maps, masks = torch.rand(3, 4, 4), torch.ones(3, 8, 8, dtype=torch.bool)
    masks[1] = False
    for found in (mask_energy(maps, masks), mask_area(masks), pointing_game(maps, masks)):
        assert found.isnan().tolist() == [False, True, False]


def test_batches_do_not_show(monkeypatch):
    maps = torch.rand(7, 4, 4) - 0.3
    masks, parts = torch.rand(7, 8, 8) > 0.5, torch.randint(0, 3, (7, 8, 8), dtype=torch.uint8)
    whole = mask_energy(maps, masks), mask_area(masks), pointing_game(maps, masks), part_energy(maps, parts, 2)
    monkeypatch.setattr("sparsight.saliency.localisation._AT_ONCE", 2)
    again = mask_energy(maps, masks), mask_area(masks), pointing_game(maps, masks), part_energy(maps, parts, 2)
    assert all(torch.equal(one, other) for one, other in zip(whole, again, strict=True))
    assert torch.equal(part_area(parts, 2).sum(1), (parts > 0).double().mean((1, 2)).float())
