import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sparsight.saliency import mask_area, mask_energy


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
