"""Parameters and zeros of trained networks, in every form that an audit takes."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from sparsight.pruning import counted_zeros
from tests.auditing.kinds import AUDITED, REFUSED, WITHOUT_MAPS, Net

WEIGHTS, PARAMETERS = 8 * 27 + 8 * 72 + 16, 8 * 27 + 8 * 72 + 16 + 18


def halved():
    """A network half of whose weights are zero, each layer's smallest."""
    net = Net()
    with torch.no_grad():
        for layer in (net.features[0], net.features[2], net.head):
            layer.weight[layer.weight.abs() <= layer.weight.abs().median()] = 0
    return net.eval()


def hooked():
    net = Net()
    for layer in (net.features[0], net.features[2], net.head):
        prune.l1_unstructured(layer, "weight", 0.5)
    return net.eval()


class Mask(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight):
        return weight * self.mask


def parametrised():
    net = Net()
    for layer in (net.features[0], net.features[2], net.head):
        mask = (layer.weight.abs() > layer.weight.abs().median()).float()
        nn.utils.parametrize.register_parametrization(layer, "weight", Mask(mask))
    return net.eval()


def int8_of_torchao():
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    net = halved()
    quantize_(net, Int8WeightOnlyConfig())
    return net


FORMS = {
    "plain": halved,
    "torch prune": hooked,
    "parametrisation": parametrised,
    "half": lambda: halved().half(),
    "bfloat16": lambda: halved().bfloat16(),
    "DataParallel": lambda: nn.DataParallel(halved()),
    "compiled": lambda: torch.compile(halved()),
    "script": lambda: torch.jit.script(halved()),
    "exported": lambda: torch.export.export(halved(), (torch.rand(2, 3, 32, 32),)).module(),
}


@pytest.mark.parametrize("form", FORMS)
def test_half_of_the_weights_are_zero_in_whatever_form(form):
    found = counted_zeros(FORMS[form]())
    assert (found.parameters, found.weights, found.zeros) == (PARAMETERS, WEIGHTS, 0.5)


@pytest.mark.parametrize("form", ["dynamic", "torchao"])
def test_zeros_of_int8_are_those_that_it_computes_with(form):
    """Some small weights are rounded to zero; those that were zero stay."""
    net = halved()
    if form == "dynamic":
        net = torch.ao.quantization.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8)
    else:
        net = int8_of_torchao()
    found = counted_zeros(net)
    assert found.weights == WEIGHTS
    assert found.parameters == PARAMETERS
    assert 0.5 <= found.zeros < 0.6


def test_what_several_layers_share_is_counted_once():
    net = halved()
    net.more = nn.Linear(8, 2)
    net.more.weight = net.head.weight
    net.again = net.features
    found = counted_zeros(net)
    assert (found.parameters, found.weights, found.zeros) == (PARAMETERS + 2, WEIGHTS, 0.5)


def test_scales_of_norms_and_biases_that_are_zero_do_not_count():
    net = nn.Sequential(Net(), nn.BatchNorm1d(2))
    nn.init.zeros_(net[1].weight)
    assert counted_zeros(net).zeros == 0
    assert math.isnan(counted_zeros(nn.Sequential(nn.BatchNorm2d(3))).zeros)
    assert counted_zeros(nn.Sequential(nn.BatchNorm2d(3))).parameters == 6
    assert math.isnan(counted_zeros(nn.Identity()).zeros)


def test_attention_and_recurrent_layers_count():
    attention = nn.MultiheadAttention(8, 2)
    with torch.no_grad():
        attention.in_proj_weight.zero_()
    assert counted_zeros(attention).zeros == 192 / 256
    lstm = nn.LSTM(4, 4)
    with torch.no_grad():
        lstm.weight_hh_l0.zero_()
    assert counted_zeros(lstm).zeros == 0.5


@pytest.mark.parametrize("kind", [*AUDITED, *WITHOUT_MAPS, "meta", "lazy"])
def test_every_network_that_is_audited_can_be_counted_and_stays_as_it_was(kind):
    model = (REFUSED[kind][0] if kind in REFUSED else (AUDITED | WITHOUT_MAPS)[kind])()
    before = {name: copy.deepcopy(value) for name, value in model.state_dict().items()} if kind == "plain" else {}
    found = counted_zeros(model)
    assert found.parameters >= 0
    assert math.isnan(found.zeros) or 0 <= found.zeros <= 1
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())
