import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsight.drift import effect_drift, energy_against_truth, weights_against_truth

HALF = torch.tensor([0.5]).double()


def test_weights_by_hand():
    weights = torch.tensor([[0.0, 1.0, 5.0], [0.0, 1.0, 5.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    effects = torch.tensor([[-3.0, 0.0, 0.1], [2.0, 1.0, 0.0], [1.0, 2.0, 3.0], [4.0, 4.0, 4.0]])
    found = weights_against_truth(weights, effects)
    assert found[:2].tolist() == [1, -1]
    assert found[2:].isnan().all(), "g without a concept, and effects without a difference"


def test_parts_out_of_sight_are_left_out():
    energy = torch.tensor([[0.1, 0.0, 0.3, 0.2]])
    effects = torch.tensor([[1.0, 9.0, 2.0, 3.0]])
    visible = torch.tensor([[True, False, True, True]])
    torch.testing.assert_close(energy_against_truth(energy, effects, visible), HALF)
    everything = torch.ones(1, 4, dtype=torch.bool)
    assert energy_against_truth(energy, effects, everything)[0] < 0


def test_what_has_no_order():
    energy = torch.tensor([[0.1, 0.2, 0.3], [torch.nan, torch.nan, torch.nan], [0.2, 0.2, 0.2], [0.1, 0.2, 0.3]])
    effects = torch.tensor([[1.0, 2.0, 3.0]]).repeat(4, 1)
    visible = torch.tensor([[True, True, False], [True] * 3, [True] * 3, [True] * 3])
    found = energy_against_truth(energy, effects, visible)
    assert found.isnan().tolist() == [True, True, True, False]
    assert found[3] == 1
    assert energy_against_truth(energy[:0], effects[:0], visible[:0]).shape == (0,)


def test_effects_by_hand():
    first, second = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 3.0, 2.0]])
    torch.testing.assert_close(effect_drift(first, second), HALF)
    torch.testing.assert_close(effect_drift(first, -first), 4 * HALF)
    assert effect_drift(first, torch.zeros(1, 3)).tolist() == effect_drift(torch.ones(1, 3), first).tolist() == [1]
    assert effect_drift(torch.ones(1, 3), torch.zeros(1, 3)).isnan().all()
    assert effect_drift(first[:, :2], second[:, :2]).isnan().all(), "two are in one order or the other"


def test_effects_of_visible_parts():
    first, second = torch.tensor([[1.0, 2.0, 3.0, 0.0]] * 2), torch.tensor([[1.0, 3.0, 2.0, 0.0]] * 2)
    visible = torch.tensor([[True, True, True, False], [True, True, False, False]])
    found = effect_drift(first, second, visible)
    torch.testing.assert_close(found[:1], HALF)
    assert found[1].isnan()


def test_what_is_out_of_sight_need_not_be_a_number():
    first, second = torch.tensor([[1.0, 2.0, 3.0, torch.nan]]), torch.tensor([[1.0, 3.0, 2.0, torch.inf]])
    visible = torch.tensor([[True, True, True, False]])
    torch.testing.assert_close(effect_drift(first, second, visible), HALF)
    torch.testing.assert_close(energy_against_truth(first, second, visible), HALF)
    everything = torch.ones(1, 4, dtype=torch.bool)
    assert effect_drift(first, second, everything).isnan().all()
    assert energy_against_truth(first, second, everything).isnan().all()


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-20, 0.5, 1e20]))
def test_invariants(seed, scale):
    draws = torch.Generator().manual_seed(seed)
    first, second = torch.randn(2, 20, 6, generator=draws).double()
    visible = torch.rand(20, 6, generator=draws) > 0.4
    counted = visible.sum(1) >= 3
    for measure in (
        effect_drift,
        lambda a, b: effect_drift(a, b, visible),
        lambda a, b: energy_against_truth(a, b, visible),
    ):
        found = measure(first, second)
        torch.testing.assert_close(found, measure(second, first), equal_nan=True)
        torch.testing.assert_close(found, measure(first * scale, second), equal_nan=True)
    assert torch.equal(energy_against_truth(first, second, visible).isnan(), ~counted)
    assert (effect_drift(first, first, visible)[counted] == 0).all()
    assert (energy_against_truth(first, first, visible)[counted] == 1).all()
