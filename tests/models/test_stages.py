"""All convolution blocks as the embedding."""

import pytest
import torch

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model, evaluating, find_split, forward_parts

IMAGES = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


def cut_at_blocks(name, images=IMAGES, embedding="blocks", **more):
    settings = ModelSettings(name=name, embedding=embedding, **more)
    model = build_model(settings, 3, 0)
    return model, find_split(settings, model, images)


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("resnet8", ("layer1.0", "layer2.0", "layer3")),
        ("torchvision:resnet18", ("layer1.1", "layer2.1", "layer3.1", "layer4")),
        ("torchvision:mobilenet_v2", ("features.1", "features.3", "features.6", "features.13", "features")),
        ("torchvision:densenet121", (*(f"features.denseblock{i}" for i in (1, 2, 3)), "features")),
        ("timm:test_resnet", ("layer1.0", "layer2.0", "layer3.0", "layer4")),
    ],
)
def test_the_last_block_of_each_resolution(name, blocks):
    assert cut_at_blocks(name)[1].blocks == blocks


def test_filters_without_padding_begin_no_stage():
    images = torch.rand(2, 3, 150, 150, generator=torch.Generator().manual_seed(0))
    _, cut = cut_at_blocks("torchvision:inception_v3", images, auxiliary=False)
    assert cut.blocks == ("Conv2d_2b_3x3", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c")


def test_the_embedding_is_their_averages_side_by_side_in_one_pass():
    model, cut = cut_at_blocks("resnet8")
    passes = []
    model.register_forward_hook(lambda *_: passes.append(1))
    with torch.no_grad(), evaluating(model):
        parts = forward_parts(model, cut, IMAGES)
        plain = forward_parts(model, type(cut)(cut.features, cut.head), IMAGES)
        x = torch.relu(model.bn1(model.conv1(IMAGES)))
        maps = [x := layer(x) for layer in (model.layer1, model.layer2, model.layer3)]
    assert len(passes) == 2
    torch.testing.assert_close(parts.embedding, torch.cat([values.mean((2, 3)) for values in maps], dim=1))
    assert torch.equal(parts.logits, plain.logits)
    assert torch.equal(parts.features, plain.features)
    assert not any(module._forward_hooks for module in model.layer1.modules())


def test_layers_can_be_named():
    model, cut = cut_at_blocks("resnet8", embedding=["layer1", "layer3.0.conv1"])
    assert cut.blocks == ("layer1", "layer3.0.conv1")
    assert cut_at_blocks("resnet8", embedding="layer2")[1].blocks == ("layer2",)
    with torch.no_grad(), evaluating(model):
        assert forward_parts(model, cut, IMAGES).embedding.shape == (2, 16 + 64)
    with pytest.raises(InputError, match="no layer 'layer9'"):
        cut_at_blocks("resnet8", embedding="layer9")
    with pytest.raises(ValueError, match="at least 1"):
        ModelSettings(embedding=[])


def test_settings_survive_being_written_and_read():
    for embedding in ("head", "blocks", "layer1", ["layer1", "layer2"]):
        settings = ModelSettings(embedding=embedding)
        assert ModelSettings(**settings.model_dump(mode="json")) == settings
