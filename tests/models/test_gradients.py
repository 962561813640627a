"""Whether a network has gradients."""

import pytest
import torch
from torch import nn

from sparsight.models import gradient_flaw

IMAGES = torch.rand(2, 3, 8, 8)


def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Dropout(), nn.Linear(4 * 36, 3))


def test_a_network_has_some_and_is_left_as_it_was():
    model = network()
    assert not gradient_flaw(model, IMAGES)
    assert model.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())
    assert not gradient_flaw(network().requires_grad_(False), IMAGES)
    with torch.inference_mode():
        assert not gradient_flaw(model, IMAGES)


@pytest.mark.filterwarnings("ignore")
def test_one_of_int8_numbers_has_none():
    small = torch.ao.quantization.quantize_dynamic(network(), {nn.Linear}, dtype=torch.qint8)
    assert gradient_flaw(small, IMAGES).startswith("it has no gradients, as one of int8 numbers")


def test_too_little_memory_is_no_answer():
    class Large(nn.Module):
        def forward(self, images):
            raise torch.OutOfMemoryError("20 GiB")

    with pytest.raises(torch.OutOfMemoryError):
        gradient_flaw(Large(), IMAGES)
