"""Weights in tensors of torchao's classes: one line, whose remedy ends well."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from sparsight.errors import InputError
from sparsight.models import given_model, read_state

quantization = pytest.importorskip("torchao.quantization")
NET = """
import torch
from torch import nn
def build(num_classes):
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
def quantised(num_classes):
    from torchao.quantization import Int8WeightOnlyConfig, quantize_
    model = build(num_classes)
    quantize_(model, Int8WeightOnlyConfig())
    model.load_state_dict(torch.load("int8.pt", weights_only=True))
    return model
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "quantised_net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def _quantised() -> nn.Module:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    quantization.quantize_(model, quantization.Int8WeightOnlyConfig())
    return model


def test_they_are_refused_in_one_line_and_the_remedy_ends_well(place):
    model = _quantised()
    torch.save(model.state_dict(), place / "int8.pt")
    with pytest.raises(
        InputError, match=r"Int8Tensor.*write a function that makes the network and loads them"
    ) as error:
        read_state(place / "int8.pt")
    assert "\n" not in str(error.value)
    images = torch.randn(2, 3, 8, 8)
    assert torch.equal(given_model("quantised_net:quantised", 2).model(images), model(images))


def test_so_they_are_in_a_process_without_torchao(place):
    torch.save(_quantised().state_dict(), place / "int8.pt")
    code = "from sparsight.models import read_state; from pathlib import Path; read_state(Path('int8.pt'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False)
    assert "InputError: int8.pt: holds tensors of a class of its own, torchao" in done.stderr
