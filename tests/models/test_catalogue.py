"""Networks by torchvision's and timm's names."""

import subprocess
import sys

import pytest
import torch

from sparsight.errors import InputError
from sparsight.models import ModelSettings, Split, build_model, evaluating, find_split, forward_parts, split
from sparsight.models.catalogue import build_named, check_side

OWN = ModelSettings(name="mine:build")
IMAGES = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("torchvision:resnet19", "unknown network 'torchvision:resnet19'; near are resnet1"),
        ("torchvision:", "unknown network 'torchvision:'"),
        ("torchvision:squeezenet1_1", "a convolution, not from a linear layer; choose another"),
        ("torchvision:mnasnet0_5", "mnasnet0_5 cannot be studied"),
        ("timm:resnet10", "unknown network 'timm:resnet10'; near are .*resnet10t"),
        ("timm:resnet18.a1_in1k", "names weights, too; give timm:resnet18"),
        ("timm:" + "x" * 10_000, "timm lists"),
    ],
)
def test_names_that_cannot_be_studied(name, says):
    with pytest.raises(InputError, match=says) as error:
        ModelSettings(name=name)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


def test_timm_is_named_where_it_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InputError, match=r"timm:resnet18 needs timm: pip install 'sparsight\[timm\]'"):
        ModelSettings(name="timm:resnet18")


def test_known_names_need_no_library():
    code = (
        "import sys; from sparsight.models import ModelSettings; ModelSettings(name='torchvision:resnet50'); "
        "sys.exit('torchvision' in sys.modules or 'timm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Small ones. The rest was looked at by hand.
FOUND = ("densenet121", "efficientnet_b0", "googlenet", "regnet_y_400mf", "resnet18", "shufflenet_v2_x0_5")


@pytest.mark.parametrize("name", FOUND)
def test_networks_are_cut_where_one_pass_shows_it(name):
    settings = ModelSettings(name=f"torchvision:{name}")
    model = build_model(settings, 3, 0)
    assert find_split(settings, model, IMAGES) == find_split(OWN, model, IMAGES) == split(model)


@pytest.mark.parametrize(("name", "size"), [("alexnet", 4096), ("mobilenet_v3_small", 1024)])
def test_layers_between_the_last_map_and_the_head_are_no_hindrance(name, size):
    settings = ModelSettings(name=f"torchvision:{name}")
    model = build_model(settings, 3, 0)
    cut = find_split(settings, model, IMAGES)
    with torch.no_grad(), evaluating(model):
        parts = forward_parts(model, cut, IMAGES)
    assert cut.features == "features"
    assert parts.embedding.shape == (2, size)
    named = ModelSettings(name=f"torchvision:{name}", features="features.0")
    assert find_split(named, model, IMAGES) == Split("features.0", cut.head)


def test_a_transformer_with_its_channels_last():
    settings = ModelSettings(name="torchvision:swin_t")
    model = build_model(settings, 3, 0)
    cut = find_split(settings, model, IMAGES)
    assert cut == split(model) == Split("permute", "head")
    for wrong in ({"features": "features.7"}, {"embedding": ("features.1",)}):
        with pytest.raises(InputError, match=r"'features\.\d' gives \(2, .*, not \(b, l"):
            find_split(settings.model_copy(update=wrong), model, IMAGES)
    with pytest.raises(InputError, match="the blocks before 'permute'"):
        find_split(settings.model_copy(update={"embedding": "blocks"}), model, IMAGES)


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("test_resnet", Split("layer4", "fc")),
        ("test_byobnet", Split("final_conv", "head.fc")),
    ],
)
def test_timm(name, cut):
    settings = ModelSettings(name=f"timm:{name}")
    model, again = (build_model(settings, 3, 5) for _ in range(2))
    assert model.training
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in model.state_dict().items())
    assert find_split(settings, model, IMAGES) == cut


def test_timm_with_a_norm_behind_the_pool_asks_for_the_layer():
    settings = ModelSettings(name="timm:test_convnext")
    model = build_model(settings, 3, 0)
    with pytest.raises(InputError, match=r"no average .* 'head.fc'; .*model.features=LAYER: candidates are .*stages"):
        find_split(settings, model, IMAGES)
    assert find_split(settings.model_copy(update={"features": "stages"}), model, IMAGES) == Split("stages", "head.fc")


def test_inception_as_the_paper_has_it():
    settings = ModelSettings(name="torchvision:inception_v3", auxiliary=False)
    model = build_model(settings, 2, 0)
    assert not model.transform_input
    images = torch.rand(2, 3, 150, 150, generator=torch.Generator().manual_seed(0))
    assert split(model) == find_split(OWN, model, images) == Split("Mixed_7c", "fc")
    with torch.no_grad(), evaluating(model):
        assert forward_parts(model, split(model), images).embedding.shape == (2, 2048)
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        turned = settings.model_copy(update={"pretrained": "IMAGENET1K_V1"})
        assert build_named(turned, 2).transform_input


def test_the_smallest_images():
    inception = ModelSettings(name="torchvision:inception_v3")
    check_side(inception, 299)
    with pytest.raises(InputError, match=r"299 pixels and more, not 298; .*image_size=299, or model.auxiliary=false"):
        check_side(inception, 298)
    alone = ModelSettings(name="torchvision:inception_v3", auxiliary=False)
    check_side(alone, 75)
    with pytest.raises(InputError, match=r"75 pixels and more, not 74; set data.image_size=75$"):
        check_side(alone, 74)


def test_an_auxiliary_classifier_is_asked_of_those_that_have_one():
    with pytest.raises(InputError, match=r"model.auxiliary: torchvision:resnet18 has no auxiliary classifier"):
        ModelSettings(name="torchvision:resnet18", auxiliary=False)
