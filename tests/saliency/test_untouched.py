"""Looking at a network leaves no trace on it."""

import copy

import pytest
import torch

from sparsight.models import ModelSettings, build_model, split
from sparsight.saliency import SaliencySettings, closed_form_holds, grad_cam

IMAGES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
CLASSES = torch.tensor([[0, 1], [2, 3]])


def used_network():
    """A network in the middle of something: gradients pending, parts frozen, modes mixed, a hook of the user's."""
    model = build_model(ModelSettings(), 4, 0)
    model.layer2.requires_grad_(False)
    model(IMAGES).sum().backward()
    model.layer1.eval()
    model.layer3.register_forward_hook(user_hook)
    return model


def user_hook(_module, _inputs, output):
    return output


def trace(model):
    """Everything that could betray a visit; tensors as lists, so that == compares bits."""
    return {
        "state": {name: value.tolist() for name, value in model.state_dict().items()},
        "pointers": [p.data_ptr() for p in model.parameters()],
        "versions": [t._version for t in (*model.parameters(), *model.buffers())],
        "grad": [None if p.grad is None else p.grad.tolist() for p in model.parameters()],
        "requires_grad": [p.requires_grad for p in model.parameters()],
        "training": [m.training for m in model.modules()],
        "hooks": [
            [list(hooks.values()) for name, hooks in vars(m).items() if name.endswith("hooks")] for m in model.modules()
        ],
        "random": torch.get_rng_state().tolist(),
        "modes": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
    }


def fail(_logits):
    raise KeyboardInterrupt


VISITS = {
    "closed form": lambda model, cut: grad_cam(model, cut, IMAGES, CLASSES, closed_form=True),
    "autograd": lambda model, cut: grad_cam(model, cut, IMAGES, CLASSES),
    "named layer": lambda model, cut: grad_cam(model, cut, IMAGES, CLASSES, SaliencySettings(layer="layer1.0.bn2")),
    "check": lambda model, cut: closed_form_holds(model, cut, IMAGES),
}
FAILING = {
    "closed form": lambda model, cut: grad_cam(model, cut, IMAGES, fail, closed_form=True),
    "autograd": lambda model, cut: grad_cam(model, cut, IMAGES, fail),
    "in the pass": lambda model, cut: grad_cam(model, cut, torch.zeros(2, 9, 8, 8), CLASSES),
    "unknown layer": lambda model, cut: grad_cam(model, cut, IMAGES, CLASSES, SaliencySettings(layer="no")),
    "wrong layer": lambda model, cut: grad_cam(model, cut, IMAGES, CLASSES, SaliencySettings(layer="fc")),
    "check": lambda model, cut: closed_form_holds(model, cut, torch.zeros(2, 9, 8, 8)),
}


@pytest.mark.parametrize("name", VISITS)
def test_the_network_is_left_as_it_was_found(name):
    model = used_network()
    images, before = IMAGES.clone(), copy.deepcopy(trace(model))
    VISITS[name](model, split(model))
    assert trace(model) == before
    assert torch.equal(IMAGES, images)
    assert not IMAGES.requires_grad


@pytest.mark.parametrize("name", FAILING)
def test_also_when_something_fails_inside(name):
    model = used_network()
    before = copy.deepcopy(trace(model))
    with pytest.raises(BaseException):  # noqa: B017, PT011 - which error it is, is tested elsewhere
        FAILING[name](model, split(model))
    assert trace(model) == before


def test_the_trace_would_show_a_visit():
    """The comparison above can fail: each of these is seen."""
    model = used_network()
    before = trace(model)
    for leave in (
        lambda: model.layer1.train(),
        lambda: model.conv1.register_forward_hook(user_hook),
        lambda: model.fc.requires_grad_(False),
        lambda: torch.rand(1),
        lambda: model(IMAGES),
    ):
        leave()
        after = trace(model)
        assert after != before
        before = after
