import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model, split
from sparsight.saliency import SaliencySettings, dead, mask_energy, released_maps
from sparsight.saliency.released import added, by_column
from tests.saliency.test_untouched import CLASSES, IMAGES, fail, trace, used_network

IN = {"released": SaliencySettings(method="released"), "a layer": SaliencySettings(method="released", layer="layer1")}


def test_by_hand():
    features = torch.tensor([[[1.0, 0.0], [3.0, 0.0]], [[1.0, -2.0], [5.0, -4.0]]])
    values = added(features, torch.tensor([1.0, -1.0]))
    assert values.tolist() == [[1.0, -1.0], [4.0, -2.0]]
    assert by_column(values).tolist() == [[0.25, 1.0], [1.0, 2.0]], "a negative maximum turns the signs"
    assert by_column(torch.tensor([[0.0, -1.0], [0.0, 0.0]])).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 6))
def test_every_column_reaches_one(seed, h, w):
    values = torch.rand(h, w, generator=torch.Generator().manual_seed(seed)) + 1e-3
    assert torch.equal(by_column(values).amax(dim=0), torch.ones(w))


@pytest.mark.parametrize("settings", IN.values(), ids=IN)
def test_the_network_is_left_as_it_was_found(settings):
    model = used_network()
    before = copy.deepcopy(trace(model))
    order = list(model.state_dict())
    released_maps(model, split(model), IMAGES, CLASSES, settings)
    assert trace(model) == before
    assert list(model.state_dict()) == order
    with pytest.raises(KeyboardInterrupt):
        released_maps(model, split(model), IMAGES, fail, settings)
    hook = model.bn1.register_forward_hook(fail_on_one)
    with pytest.raises(ZeroDivisionError):
        released_maps(model, split(model), IMAGES, CLASSES, settings)
    hook.remove()
    assert trace(model) == before


def fail_on_one(_module, _inputs, output):
    """Fails where maps are made, image by image, and not where logits are."""
    return output if len(output) > 1 else 1 / 0


def test_images_do_not_mix_though_norms_are_in_training_mode():
    model = build_model(ModelSettings(), 4, 0)
    both = released_maps(model, split(model), IMAGES, CLASSES).maps
    alone = released_maps(model, split(model), IMAGES[1:], CLASSES[1:]).maps
    assert torch.equal(both[1:], alone)


def test_logits_and_own_predictions_are_of_evaluation_mode():
    model = build_model(ModelSettings(), 4, 0)
    found = released_maps(model, split(model), IMAGES, lambda logits: logits.argmax(1, keepdim=True))
    with torch.no_grad():
        logits = model.eval()(IMAGES)
    assert torch.equal(found.logits, logits)
    assert torch.equal(found.classes[:, 0], logits.argmax(1))


def test_a_dead_layer_gives_zeros_that_count_as_dead():
    model = build_model(ModelSettings(), 4, 0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    maps = released_maps(model, split(model), IMAGES, CLASSES).maps
    assert not maps.any()
    assert dead(maps).all()


def test_a_living_layer_is_never_dead_and_has_energy():
    model = build_model(ModelSettings(), 4, 0)
    maps = released_maps(model, split(model), IMAGES, CLASSES).maps
    assert not dead(maps).any()
    energy = mask_energy(maps[:, 0], torch.ones(2, 32, 32, dtype=torch.bool))
    torch.testing.assert_close(energy, torch.ones(2))


def test_a_norm_with_one_value_a_channel_is_refused():
    model = build_model(ModelSettings(name="torchvision:resnet18"), 4, 0)
    with pytest.raises(InputError, match=r"saliency\.method: released .*single value a channel"):
        released_maps(model, split(model), IMAGES, CLASSES)
