"""What one model shows, and what is said where it cannot."""

import pytest
import torch
from torch import nn

from sparsight.auditing import AuditSettings, look, looked_at, subject_of
from sparsight.data import ToyBirdsSettings, load_dataset, normalise
from sparsight.errors import InputError
from sparsight.models import Given

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def birds():
    return load_dataset(ToyBirdsSettings(train=96, validation=12, test=36, image_size=32))


class Net(nn.Module):
    """A small network; ``fault`` is called with its maps where there are more than eight images."""

    def __init__(self, fault=None):
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(nn.Conv2d(3, 8, 5, 4), nn.ReLU())
        self.head = nn.Linear(8, 12)
        self.fault = fault

    def forward(self, images):
        maps = self.features(images)
        if self.fault is not None and len(images) > 8:
            maps = self.fault(maps)
        return self.head(maps.mean((2, 3)))


def seen(model, birds, **saliency):
    settings = AuditSettings(saliency=saliency)
    with looked_at(model):
        subject = subject_of(Given("net", model), birds.class_names, normalise(birds.images[:2], birds, CPU))
        return look(subject, birds, settings.evidence, settings.concepts, settings.saliency, CPU, None)


def memory(maps):
    raise torch.OutOfMemoryError("Tried to allocate 20.00 GiB")


def value(maps):
    raise ValueError("four\nchannels")


def broken(maps):
    raise RuntimeError("shapes cannot be multiplied")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (memory, r"net: the device's memory is too small \(Tried to allocate .*\); lower evidence.batch_size"),
        (
            value,
            r"net: its forward pass on images of 3 x 32 x 32 fails in .*look.py, line \d+: ValueError: four chan",
        ),
        (broken, r"net: its forward pass .* fails in .*test_look.py, line \d+: RuntimeError: shapes cannot be mult"),
    ],
)
def test_what_fails_is_said_and_is_no_missing_map(birds, fault, said):
    with pytest.raises(InputError, match=said):
        seen(Net(fault), birds)


def test_a_method_that_does_not_suit_the_network_is_refused(birds):
    class Functional(Net):
        def forward(self, images):
            return self.head(self.features[0](images).relu().mean((2, 3)))

    model = Functional()
    del model.features[1]
    with pytest.raises(InputError, match=r"net: no maps by captum:GuidedBackprop: .* has none; .*; take another m"):
        seen(model, birds, method="captum:GuidedBackprop")


def test_a_network_without_gradients_lacks_maps_by_gradients_alone(birds):
    class Closed(Net):
        @torch.no_grad()
        def forward(self, images):
            return super().forward(images)

    found = seen(Closed(), birds, method="hirescam")
    assert found.maps is None
    said = "it has no gradients, as one of int8 numbers, under torch.no_grad or behind detach has none"
    assert found.missing["maps"] == f"{said}; captum:Occlusion needs none"
    assert found.concepts is not None
    pytest.importorskip("captum")
    found = seen(Closed(), birds, method="captum:Occlusion")
    assert not found.missing
    assert found.maps.signed.abs().sum() > 0


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_evidence_is_in_single_precision_whatever_the_networks(birds, kind):
    single, other = seen(Net(), birds), seen(Net().to(kind), birds)
    for name, values in other.arrays().items():
        assert values.dtype == single.arrays()[name].dtype
    difference = (single.seen.logits - other.seen.logits).abs().max()
    assert float(difference) < 20 * torch.finfo(kind if kind != torch.float64 else torch.float32).eps
    assert torch.corrcoef(torch.stack([single.maps.signed.flatten(), other.maps.signed.flatten()]))[0, 1] > 0.999


def test_a_head_that_is_no_linear_layer_of_torchs_has_the_maps_of_one(birds):
    class MyLinear(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = nn.ParameterList([inner.weight, inner.bias])

        def forward(self, embedding):
            return nn.functional.linear(embedding, *self.inner)

    plain, other = Net(), Net()
    other.head = MyLinear(other.head)
    first, second = seen(plain, birds), seen(other, birds)
    assert first.maps.closed_form
    assert not second.maps.closed_form
    torch.testing.assert_close(first.maps.signed, second.maps.signed, rtol=1e-4, atol=1e-7)
