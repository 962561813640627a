"""A network's digest follows its names and numbers, whatever they are kept as."""

import copy

import pytest
import torch
from torch import nn

from sparsight.models import network_digest


def small():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


def int8():
    return torch.ao.quantization.quantize_dynamic(small(), {nn.Linear}, dtype=torch.qint8)


def torchao():
    quantization = pytest.importorskip("torchao.quantization")
    model = small()
    quantization.quantize_(model, quantization.Int8WeightOnlyConfig())
    return model


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [small, int8, torchao, lambda: torch.jit.script(small())])
def test_it_follows_the_numbers(make):
    model = make()
    assert network_digest(model) == network_digest(make())
    other = copy.deepcopy(model)
    with torch.no_grad():
        next(value for value in other.state_dict().values() if value.is_floating_point()).mul_(1.5)
    assert network_digest(other) != network_digest(model)


@pytest.mark.filterwarnings("ignore")
def test_numbers_that_are_packed_count():
    model = int8()
    before = network_digest(model)
    weight, bias = model[3]._weight_bias()
    model[3].set_weight_bias(torch.quantize_per_tensor(weight.dequantize() * 0.5, 0.01, 0, torch.qint8), bias)
    assert network_digest(model) != before


@pytest.mark.filterwarnings("ignore")
def test_a_tensor_without_memory_counts_by_its_shape():
    assert network_digest(nn.Linear(3, 2, device="meta")) != network_digest(nn.Linear(3, 4, device="meta"))
    sparse = nn.Linear(3, 2, bias=False)
    sparse.weight = nn.Parameter(sparse.weight.detach().to_sparse_csr(), requires_grad=False)
    before = network_digest(sparse)
    sparse.weight = nn.Parameter((sparse.weight.to_dense() * 2).to_sparse_csr(), requires_grad=False)
    assert network_digest(sparse) != before
