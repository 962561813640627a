"""Where any classifier is cut: for maps as far as it has any, and always for its embedding."""

import pytest
import torch
import torchvision
from torch import nn

from sparsight.errors import InputError
from sparsight.models import Split, evaluating, forward_parts, locate
from tests.models.test_split import Tokens

IMAGES = torch.rand(2, 3, 40, 40, generator=torch.Generator().manual_seed(0))


def small_vit(**more):
    torch.manual_seed(0)
    model = torchvision.models.VisionTransformer(40, 10, 2, 2, 16, 32, num_classes=5, **more)
    nn.init.normal_(model.heads.head.weight)
    return model.eval()


@pytest.mark.parametrize(
    ("name", "features", "head"),
    [
        ("resnet18", "layer4", "fc"),
        ("mobilenet_v2", "features", "classifier.1"),
        ("shufflenet_v2_x0_5", "conv5", "fc"),
    ],
)
def test_torchvisions_networks_are_known(name, features, head):
    model = torchvision.models.get_model(name, num_classes=5)
    assert locate(name, model, IMAGES).split == Split(features, head)


def test_an_unknown_network_is_searched():
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(8, 4)
    )
    assert locate("mine", model, IMAGES).split == Split("1", "5")


def test_a_transformer_is_explained_at_the_last_norm_that_reaches_its_class_token():
    found = locate("vit", small_vit(), IMAGES)
    assert found.split == Split("encoder.layers.encoder_layer_1.ln_1", "heads.head", tokens=1)
    assert found.mapless == ""
    assert locate("mine", Tokens(prefix=3), IMAGES).split == Split("norm", "head", tokens=3)
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    model = timm.create_model("vit_tiny_patch16_224", img_size=32, depth=2, num_classes=5)
    cut = locate("timm", model, torch.rand(2, 3, 32, 32)).split
    assert cut == Split("blocks.1.norm1", "head", tokens=1)


def test_a_layer_whose_gradient_is_zero_is_refused():
    with pytest.raises(InputError, match=r"vit: the gradient at layer 'encoder.layers.encoder_layer_1.ln_2' is zero"):
        locate("vit", small_vit(), IMAGES, "encoder.layers.encoder_layer_1.ln_2")
    cut = locate("vit", small_vit(), IMAGES, "encoder.layers.encoder_layer_0.ln_2").split
    assert cut == Split("encoder.layers.encoder_layer_0.ln_2", "heads.head", tokens=1)


class ChannelsLast(nn.Module):
    """Maps of (b, h, w, l), as in Swin."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 48, 10, 10)
        self.block = nn.Linear(48, 48)
        self.head = nn.Linear(48 * 16, 4)

    def forward(self, images):
        return self.head(self.block(self.patch(images).permute(0, 2, 3, 1)).flatten(1))


def test_maps_with_channels_last_are_none():
    with pytest.raises(InputError, match=r"net: layer 'block' gives \(2, 4, 4, 48\) of images of 40 x 40, not a map"):
        locate("net", ChannelsLast(), IMAGES, "block")
    assert locate("net", ChannelsLast(), IMAGES).mapless.endswith("its last maps are patch")


def test_the_patches_of_an_image_that_is_no_square_are_places():
    model, images = Tokens(), torch.rand(2, 3, 40, 60)
    cut = locate("vit", model, images).split
    with torch.no_grad(), evaluating(model):
        assert forward_parts(model, cut, images).features.shape == (2, 8, 2, 3)


def test_maps_of_other_numbers_are_passed_over():
    class Masked(nn.Module):
        def forward(self, images):
            return images > 0

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.features, self.alive, self.head = nn.Conv2d(3, 8, 3), Masked(), nn.Linear(8, 4)

        def forward(self, images):
            maps = self.features(images)
            return self.head((maps * self.alive(maps)).mean((2, 3)))

    assert locate("net", Net(), IMAGES).split == Split("features", "head")


def test_half_precision_is_located_as_single_is():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))
    for kind in (torch.float16, torch.bfloat16, torch.float64):
        assert locate("mine", model.to(kind), IMAGES.to(kind)).split == Split("1", "4")


def test_a_layer_that_is_not_there_or_gives_no_map_is_refused():
    model = torchvision.models.resnet18(num_classes=5)
    with pytest.raises(InputError, match="no layer 'layer5'; near are"):
        locate("net", model, IMAGES, "layer5")
    with pytest.raises(InputError, match=r"'fc' gives \(2, 5\), not"):
        locate("net", model, IMAGES, "fc")
    assert locate("net", model, IMAGES, "layer3").split == Split("layer3", "fc")


def test_a_network_without_a_linear_head_has_its_logits_and_maps_of_a_named_layer():
    model, images = torchvision.models.squeezenet1_1(num_classes=5), torch.rand(2, 3, 64, 64)
    found = locate("net", model, images)
    assert found.split == Split("", "")
    assert found.headless.startswith("its logits are not the output of one linear layer")
    assert "name a layer by --layer: its last maps are" in found.mapless
    found = locate("net", model, images, "features")
    assert found.split == Split("features", "")
    assert not found.mapless
    assert found.headless


def test_where_no_map_goes_into_the_head_the_rest_goes_on():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 19 * 19, 4))
    found = locate("mine", model, IMAGES)
    assert found.split.head == "3"
    assert "name a layer by --layer: its last maps are 1, 0" in found.mapless
    assert locate("mine", model, IMAGES, "1").split == Split("1", "3")


@pytest.mark.filterwarnings("ignore")
def test_a_quantised_network_has_an_embedding():
    torch.manual_seed(0)
    model = torchvision.models.quantization.resnet18(num_classes=5, quantize=False).eval()
    model.fuse_model()
    model.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    prepared = torch.ao.quantization.prepare(model)
    prepared(IMAGES)
    model = torch.ao.quantization.convert(prepared)
    cut = locate("int8", model, IMAGES).split
    with torch.no_grad(), evaluating(model):
        parts = forward_parts(model, cut, IMAGES)
    assert not parts.embedding.is_quantized
    assert parts.embedding.shape == (2, 512)


def test_the_network_is_left_as_it_was_found():
    model = small_vit().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    locate("vit", model, IMAGES)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(module.training for module in model.modules())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_network_that_takes_images_of_another_size_is_named_once():
    images = torch.rand(2, 3, 30, 30)
    with pytest.raises(InputError) as caught:
        locate("net:vit", small_vit(), images)
    said = str(caught.value)
    assert said.startswith("net:vit: fails in evaluation on images of 3 x 30 x 30: ")
    assert said.count("net:vit") == 1
