"""Trained classifiers by the names that a command line gives them."""

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune

from sparsight.errors import InputError
from sparsight.models import fingerprint, given_model
from sparsight.models.given import IMAGENET
from sparsight.models.pretrained import normalisation_of

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def trained():
    torch.manual_seed(0)
    return torchvision.models.resnet18(num_classes=5).eval()


def answers(model):
    with torch.no_grad():
        return model(IMAGES)


def test_the_number_of_classes_comes_from_the_file(trained, tmp_path):
    save_file(trained.state_dict(), tmp_path / "dense@home.safetensors")
    name = f"torchvision:resnet18@{tmp_path / 'dense@home.safetensors'}"
    found = given_model(name, 99)
    assert torch.equal(answers(found.model), answers(trained))
    assert (found.name, found.class_names, found.normalisation) == (name, None, IMAGENET)
    assert not found.model.training


def test_what_torch_prune_left_behind_is_understood(trained, tmp_path):
    for module in trained.modules():
        if isinstance(module, nn.Conv2d):
            prune.l1_unstructured(module, "weight", 0.5)
    state = {
        f"_orig_mod.module.{name}": value.half() if value.is_floating_point() else value
        for name, value in trained.state_dict().items()
    }
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "sparse.pth")
    found = given_model(f"torchvision:resnet18@{tmp_path / 'sparse.pth'}", 0).model
    assert float((found.layer1[0].conv1.weight == 0).float().mean()) == pytest.approx(0.5, abs=0.01)
    torch.testing.assert_close(answers(found), answers(trained), atol=0.05, rtol=0.05)


def test_timm_says_how_its_images_are_normalised(tmp_path):
    torch.manual_seed(0)
    model = timm.create_model("vit_tiny_patch16_224", num_classes=4).eval()
    save_file(model.state_dict(), tmp_path / "vit.safetensors")
    found = given_model(f"timm:vit_tiny_patch16_224@{tmp_path / 'vit.safetensors'}", 0)
    assert found.normalisation == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert found.side == 224


def test_auxiliary_classifiers_may_be_there_or_not(tmp_path):
    torch.manual_seed(0)
    model = torchvision.models.googlenet(num_classes=3, aux_logits=True, init_weights=False)
    for name, keep in (("with", lambda key: True), ("without", lambda key: not key.startswith("aux"))):
        save_file({key: value for key, value in model.state_dict().items() if keep(key)}, tmp_path / name)
        found = given_model(f"torchvision:googlenet@{tmp_path / name}", 0).model
        assert torch.equal(found.fc.weight, model.fc.weight)


def test_own_functions_are_called_with_the_number_of_classes(tmp_path, monkeypatch):
    (tmp_path / "given_net.py").write_text(
        "from torch import nn\n"
        "def frozen(num_classes):\n"
        "    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(15376, num_classes))\n"
        "    return net.requires_grad_(False)\n"
    )
    monkeypatch.chdir(tmp_path)
    found = given_model("given_net:frozen", 7).model
    assert answers(found).shape == (2, 7)
    state = {name: torch.full_like(value, 0.5) for name, value in found.state_dict().items()}
    save_file(state, tmp_path / "half.safetensors")
    assert torch.equal(given_model("given_net:frozen@half.safetensors", 7).model[0].weight, state["0.weight"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torchvision:resnet18", "names no weights; give torchvision:resnet18@FILE, or torchvision's by their name"),
        ("timm:resnet18", "names no weights; give timm:resnet18@FILE"),
        ("resnet18", "not a form that is known; give torchvision:NAME@WEIGHTS"),
        ("torchvision:resnet@x.pt", "unknown network 'torchvision:resnet'; near are resnet"),
        ("torchvision:resnet18@nowhere.pt", "nowhere.pt: cannot be read"),
        ("torchvision:resnet18@IMAGENET1K_V7", "has no weights 'IMAGENET1K_V7'; torchvision has IMAGENET1K_V1"),
        ("nosuch.module:function", "no module 'nosuch'"),
        ("hf:nowhere", "nowhere: no such folder"),
        ("mine:function@", "not a form that is known"),
    ],
)
def test_names_that_are_no_model_are_refused_in_one_line(name, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        given_model(name, 3)


def test_narrower_layers_need_the_network_itself(trained, tmp_path):
    state = trained.state_dict()
    state["layer1.0.conv1.weight"] = state["layer1.0.conv1.weight"][:40].clone()
    save_file(state, tmp_path / "narrow.safetensors")
    with pytest.raises(InputError, match=r"of another shape .*give package\.module:function@FILE"):
        given_model(f"torchvision:resnet18@{tmp_path / 'narrow.safetensors'}", 0)


def test_files_that_are_no_weights_are_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("this must never run",))

    torch.save(Evil(), tmp_path / "evil.pt")
    with pytest.raises(InputError, match=r"can run code when loaded; .*save_file"):
        given_model(f"torchvision:resnet18@{tmp_path / 'evil.pt'}", 0)
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(6 << 30)
    with pytest.raises(InputError, match=r"large\.bin"):
        given_model(f"torchvision:resnet18@{tmp_path / 'large.bin'}", 0)
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "part.safetensors")
    with pytest.raises(
        InputError, match=r"its names are not those of .*resnet18, which has bn1\.weight.*; it has conv1"
    ):
        given_model(f"torchvision:resnet18@{tmp_path / 'part.safetensors'}", 0)


def test_image_classifiers_of_transformers(tmp_path, capfd):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.ViTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
        id2label={0: "cat", 1: "dog", 2: "owl"},
        label2id={"cat": 0, "dog": 1, "owl": 2},
    )
    model = transformers.ViTForImageClassification(config).eval()
    model.save_pretrained(tmp_path / "vit")
    capfd.readouterr()
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "vit")
    found = given_model(f"hf:{tmp_path / 'vit'}", 0)
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(found.model(images), model(pixel_values=images).logits)
    assert found.class_names == ("cat", "dog", "owl")
    assert found.normalisation == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert found.side == 32
    assert capfd.readouterr().err == "", "no bars, no warnings of other libraries"
    (tmp_path / "vit" / "model.safetensors").unlink()
    with pytest.raises(InputError, match="holds no safetensors"):
        given_model(f"hf:{tmp_path / 'vit'}", 0)
    (tmp_path / "vit" / "config.json").write_text("[")
    with pytest.raises(InputError, match="not a description of a model in JSON"):
        given_model(f"hf:{tmp_path / 'vit'}", 0)


def test_a_folder_of_transformers_without_a_classifier_is_refused(tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8
    )
    transformers.ViTModel(config).save_pretrained(tmp_path / "vit")
    before = transformers.utils.logging.get_verbosity()
    with pytest.raises(InputError, match=r"vit: its weights lack classifier\.bias, classifier\.weight, which would be"):
        given_model(f"hf:{tmp_path / 'vit'}", 0)
    assert transformers.utils.logging.get_verbosity() == before


def test_normalisation_is_that_of_the_networks_own_weights(trained, tmp_path):
    save_file(trained.state_dict(), tmp_path / "w")
    assert given_model(f"torchvision:resnet18@{tmp_path / 'w'}", 0).normalisation == IMAGENET
    assert normalisation_of("torchvision:efficientnet_v2_l", "IMAGENET1K_V1") == ((0.5,) * 3, (0.5,) * 3)
    assert normalisation_of("torchvision:efficientnet_v2_l", None) == ((0.5,) * 3, (0.5,) * 3)
    assert normalisation_of("torchvision:resnet50", "IMAGENET1K_V2") == IMAGENET


def test_what_torch_wraps_around_a_network_goes(tmp_path, monkeypatch):
    (tmp_path / "wrapped_net.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "def build(num_classes):\n"
        "    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 62 * 62, num_classes))\n"
        "    return nn.DataParallel(torch.compile(net, backend='eager'))\n"
    )
    monkeypatch.chdir(tmp_path)
    found = given_model("wrapped_net:build", 3).model
    assert type(found) is nn.Sequential
    save_file({f"module.{name}": value + 1 for name, value in found.state_dict().items()}, tmp_path / "w")
    again = given_model("wrapped_net:build@w", 3).model
    assert torch.equal(again[0].weight, found[0].weight + 1)


def test_a_name_is_told_by_the_files_behind_it(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_file(trained.state_dict(), tmp_path / "w")
    (tmp_path / "print_net.py").write_text("def build(num_classes): ...\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "config.json").write_text("{}")
    names = ("torchvision:resnet18@w", "print_net:build", "print_net:build@w", "hf:folder")
    first = [fingerprint(name) for name in names]
    assert list(map(len, first)) == [1, 1, 2, 1]
    save_file({"fc.weight": torch.zeros(1)}, tmp_path / "w")
    changed = [fingerprint(name) != before for name, before in zip(names, first, strict=True)]
    assert changed == [True, False, True, False]
    (tmp_path / "print_net.py").write_text("def build(num_classes): pass\n")
    (tmp_path / "folder" / "config.json").write_text("[]")
    assert all(fingerprint(name) != before for name, before in zip(names, first, strict=True))
    assert fingerprint("torchvision:resnet18@IMAGENET1K_V1") == fingerprint("torchvision:resnet18@nowhere.pt") == []


def test_a_convolutional_network_of_transformers_takes_the_size_of_its_processor(tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], num_labels=3)
    transformers.ResNetForImageClassification(config).save_pretrained(tmp_path / "net")
    assert given_model(f"hf:{tmp_path / 'net'}", 0).side is None
    transformers.ConvNextImageProcessor(size={"shortest_edge": 384}).save_pretrained(tmp_path / "net")
    assert given_model(f"hf:{tmp_path / 'net'}", 0).side == 384
