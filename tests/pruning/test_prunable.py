"""Which parameters are pruned, which are named as not pruned, and which networks cannot be pruned as they are."""

import re

import pytest
import torch
from torch import nn
from torch.nn import utils
from torch.nn.utils import parametrizations, parametrize, prune

from sparsight.errors import InputError
from sparsight.pruning import check_prunable, full_mask, hold_at_zero, prunable, tied, unpruned, unpruned_notice


class Own(nn.Module):
    """A layer of somebody's own, with a matrix that no class of torch's holds."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.ones(4, 5))
        self.shift_bias = nn.Parameter(torch.ones(4))


class Derived(nn.Conv2d):
    """A convolution that does something else with its input."""


LAYERS = {
    "transposed": (nn.ConvTranspose2d(2, 3, 3), ["weight"]),
    "one-dimensional": (nn.Conv1d(2, 3, 3), ["weight"]),
    "derived": (Derived(2, 3, 3), ["weight"]),
    "bilinear": (nn.Bilinear(2, 3, 4), ["weight"]),
    "attention": (nn.MultiheadAttention(4, 2), ["in_proj_weight", "out_proj.weight"]),
    "attention of several widths": (
        nn.MultiheadAttention(4, 2, kdim=3, vdim=5),
        ["q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight"],
    ),
    "recurrent": (
        nn.LSTM(2, 3, bidirectional=True),
        [f"weight_{k}_l0{r}" for r in ("", "_reverse") for k in ("ih", "hh")],
    ),
    "gated": (nn.GRU(2, 3, num_layers=2), [f"weight_{k}_l{n}" for n in (0, 1) for k in ("ih", "hh")]),
    "cell": (nn.GRUCell(2, 3), ["weight_ih", "weight_hh"]),
    "lookup": (nn.Embedding(2, 3), []),
    "own": (Own(), []),
    "norm": (nn.LayerNorm(4), []),
}


@pytest.mark.parametrize("name", LAYERS)
def test_filters_and_matrices_of_torchs_layers_are_pruned(name):
    layer, expected = LAYERS[name]
    assert prunable(layer) == expected


def test_what_is_not_pruned_is_counted_and_named_with_what_that_makes_of_weights_left():
    model = nn.ModuleDict(
        {"linear": nn.Linear(4, 5), "own": Own(), "norm": nn.BatchNorm2d(50), "table": nn.Embedding(3, 10)}
    )
    found = unpruned(model)
    assert (found.layers, found.weights) == ({"table.weight": 30, "own.matrix": 20}, 70)
    said = unpruned_notice(model)
    assert said is not None
    assert said.startswith("not pruned: table.weight (30), own.matrix (20), 50 of 70 weights (71.4%), which belong")
    assert "where 50.0% of those are left, 85.7% of all are" in said  # (50 + 20 / 2) / 70
    assert unpruned_notice(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))) is None


def made_by(how: str) -> nn.Module:
    """A linear layer whose weight is made anew in each pass."""
    linear = nn.Linear(3, 4)
    if how == "torch.nn.utils.weight_norm":
        with pytest.warns(FutureWarning):
            return utils.weight_norm(linear)
    if how == "torch.nn.utils.spectral_norm":
        return utils.spectral_norm(linear)
    if how == "prune":
        prune.l1_unstructured(linear, "weight", 0.5)
        return prune.random_unstructured(linear, "weight", 0.5)
    return getattr(parametrizations, how)(linear)


HOW = (
    "weight_norm",
    "spectral_norm",
    "orthogonal",
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.spectral_norm",
    "prune",
)


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm`")
@pytest.mark.parametrize("how", HOW)
def test_a_weight_that_is_made_anew_is_refused_and_the_remedy_makes_it_a_parameter(how):
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Flatten(), made_by(how))
    with pytest.raises(InputError, match="weight of layer '2' is made anew") as caught:
        check_prunable("mine:net", model)
    found = re.search(r"call (torch\S+\.(\w+))\(LAYER(, 'weight')?\) ", str(caught.value))
    assert found, caught.value
    remedies = {
        "remove_parametrizations": parametrize.remove_parametrizations,
        "remove_weight_norm": utils.remove_weight_norm,
        "remove_spectral_norm": utils.remove_spectral_norm,
        "remove": prune.remove,
    }
    remedies[found[2]](model[2], "weight")
    check_prunable("mine:net", model)
    assert prunable(model) == ["0.weight", "2.weight"]


def test_projections_of_attention_that_are_made_anew_are_refused():
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.MultiheadAttention(4, 2))
    prune.l1_unstructured(model[1], "in_proj_weight", 0.5)
    with pytest.raises(InputError, match=r"in_proj_weight of layer '1'.*prune\.remove\(LAYER, 'in_proj_weight'\)"):
        check_prunable("mine:net", model)


def test_a_weight_that_code_of_its_own_makes_is_refused_and_a_fixed_one_is_not():
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Linear(3, 4))
    made = model[1].weight.detach().clone()
    del model[1].weight
    model[1].weight = made
    with pytest.raises(InputError, match="'1' is made anew in each pass by code of its own"):
        check_prunable("mine:net", model)
    del model[1].weight
    model[1].register_buffer("weight", made)  # a fixed filter bank is not learned, so it is no weight to prune
    check_prunable("mine:net", model)
    assert prunable(model) == ["0.weight"]


@pytest.mark.parametrize("model", [nn.Sequential(nn.BatchNorm2d(3), nn.Flatten()), Own(), nn.Embedding(3, 4)])
def test_a_network_without_a_weight_to_prune_is_refused(model):
    with pytest.raises(InputError, match="has no weight to prune"):
        check_prunable("mine:net", model)


def shared(module: bool) -> nn.ModuleDict:
    """Two layers with one parameter, or one layer under two names."""
    first, second = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3)
    second.weight = first.weight
    return nn.ModuleDict({"a": first, "b": first if module else second, "head": nn.Linear(3, 2)})


@pytest.mark.parametrize("module", [True, False])
def test_a_shared_parameter_has_one_entry_in_masks_and_is_zero_under_all_its_names(module):
    model = shared(module)
    check_prunable("mine:net", model)
    assert prunable(model) == ["a.weight", "head.weight"]
    assert tied(model) == {"b.weight": "a.weight", **({"b.bias": "a.bias"} if module else {})}
    mask = full_mask(model.state_dict(), prunable(model))
    mask["a.weight"][:, 0] = False
    hold_at_zero(model, mask)
    state = model.state_dict()
    assert state["b.weight"].equal(state["a.weight"])
    assert int((state["b.weight"] == 0).sum()) == 27


def test_two_parameters_in_one_memory_are_refused_and_the_remedies_end_well():
    model = shared(False)
    model["b"].weight = nn.Parameter(model["a"].weight.data)
    with pytest.raises(InputError, match=r"a\.weight and b\.weight are two parameters in one memory"):
        check_prunable("mine:net", model)
    model["b"].weight = nn.Parameter(model["a"].weight.data[:2])  # a part of it is no better
    with pytest.raises(InputError, match="in one memory"):
        check_prunable("mine:net", model)
    model["b"].weight = nn.Parameter(model["a"].weight.data.clone())
    check_prunable("mine:net", model)
    model["b"].weight = model["a"].weight
    check_prunable("mine:net", model)


def test_zeros_are_never_minus_zeros():
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[-1.0, -2.0]]))
    hold_at_zero(model, {"weight": torch.tensor([[False, True]])})
    assert model.weight.tolist() == [[0.0, -2.0]]
    assert not torch.signbit(model.weight[0, 0])
