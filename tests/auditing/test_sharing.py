"""Models that hold the same weights in memory."""

import copy
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from sparsight.auditing import named, sharing_notes
from sparsight.errors import InputError
from sparsight.models import Given


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))


def noted(*models: nn.Module) -> list[str]:
    return sharing_notes(named(models, ["original", *["model"] * (len(models) - 1)], 3, {}))


class Wrapper(nn.Module):
    """Normalises by constants of its own, and passes on."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.register_buffer("mean", torch.zeros(3, 1, 1))

    def forward(self, x):
        return self.inner(x - self.mean)


def assigned(model):
    """Another network that was given the parameters of the first one."""
    other = network()
    for name, parameter in model.named_parameters():
        layer, _, key = name.rpartition(".")
        setattr(other.get_submodule(layer), key, parameter)
    return other


def by_data(model):
    """Other parameters in the same memory."""
    other = network()
    for own, parameter in zip(other.parameters(), model.parameters(), strict=True):
        own.data = parameter.data
    return other


SAME = {
    "a shallow copy": copy.copy,
    "its layers again": lambda model: nn.Sequential(*model),
    "a wrapper": Wrapper,
    "its parameters": assigned,
    "the memory of its parameters": by_data,
    "in parallel": nn.DataParallel,
}


@pytest.mark.parametrize("how", SAME)
def test_what_shares_all_weights_is_one_network_and_a_deep_copy_is_not(how):
    model = network()
    other = SAME[how](model)
    prune.l1_unstructured(model[4], "weight", 0.5)
    prune.remove(model[4], "weight")
    other = SAME[how](model)
    with pytest.raises(
        InputError, match=r"original and model: one and the same network; prune a copy, as copy\.deepcopy"
    ):
        noted(model, other)
    assert noted(model, SAME[how](copy.deepcopy(model))) == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", [torch.jit.script, torch.fx.symbolic_trace])
def test_another_form_of_a_network_is_compared_with_a_caution(form):
    model = network().eval()
    (note,) = noted(model, form(model))
    assert note.startswith("CAUTION: model shares 284 of its 284 numbers (100%) in memory with original")


@pytest.mark.filterwarnings("ignore")
def test_quantised_networks_are_held_apart_by_the_memory_of_their_numbers():
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    model = network()
    quantize_(model, Int8WeightOnlyConfig())
    with pytest.raises(InputError, match="one and the same network"):
        noted(model, copy.copy(model))
    assert noted(model, copy.deepcopy(model)) == []


def test_a_backbone_under_two_heads_is_noted_with_its_share():
    first = network()
    second = nn.Sequential(*first[:4], nn.Linear(8, 3))
    (note,) = noted(first, second, network())
    # 3 * 8 * 9 + 8 of the convolution, 16 and 17 of the norm and its statistics; 27 of the head
    assert note.startswith("CAUTION: model shares 257 of its 284 numbers (90%) in memory with original")


class Adapter(nn.Module):
    """A frozen base and a small correction of its own."""

    def __init__(self, base):
        super().__init__()
        self.base, self.low, self.high = base, nn.Linear(3, 1, bias=False), nn.Linear(1, 3, bias=False)

    def forward(self, x):
        logits = self.base(x)
        return logits + self.high(self.low(logits))


def test_a_base_under_an_adapter_is_noted():
    base = network()
    (note,) = noted(base, Adapter(base))
    assert "model shares 284 of its 290 numbers (98%)" in note


def test_what_is_not_worth_a_word_is_left_out():
    constant = torch.zeros(3, 1, 1)
    first, second = Wrapper(network()), Wrapper(network())
    first.mean = second.mean = constant
    first.inner, second.inner = (nn.Sequential(nn.Conv2d(3, 32, 5), *network()[2:4], nn.Linear(32, 3)) for _ in "ab")
    assert noted(first, second) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert noted(nn.Sequential(nn.Flatten()), nn.Sequential(nn.Flatten())) == []


def test_the_same_model_by_one_name_is_no_two():
    given = Given("net", network())
    assert sharing_notes(named([given, given], ["original", "model"], 3, {})) == []
