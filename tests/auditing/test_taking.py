"""Models as they are given to an audit."""

import copy

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from sparsight.auditing import check_names, looked_at, named, of_libraries, usual_side
from sparsight.errors import InputError
from sparsight.models import Given, given_model


def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "single_net.py").write_text(
        "from torch import nn\n"
        "def build(num_classes):\n"
        "    pool = nn.AdaptiveAvgPool2d(1), nn.Flatten()\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), *pool, nn.Linear(4, num_classes))\n"
        "MODEL = build(3)\n"
        "def single(num_classes):\n"
        "    return MODEL\n"
    )
    for name in ("dense", "pruned"):
        save_file(network().state_dict(), tmp_path / f"{name}.safetensors")
    monkeypatch.chdir(tmp_path)


def taken(*models):
    return named(models, ["original", *["model"] * (len(models) - 1)], 3, of_libraries(models))


def test_each_has_a_name_of_its_own(here):
    found = taken(network(), network(), network(), "single_net:build", "single_net:build")
    names = ["original", "model", "model (2)", "single_net:build", "single_net:build (2)"]
    assert [one.name for one in found] == names


def test_a_function_that_gives_the_same_network_twice_is_refused(here):
    dense, pruned = (f"single_net:single@{name}.safetensors" for name in ("dense", "pruned"))
    with pytest.raises(InputError, match=f"{dense} and {pruned}: share their weights, .* make a new network"):
        taken(dense, pruned)
    with pytest.raises(InputError, match=f"{dense} and {pruned}: one and the same network"):
        taken(given_model(dense, 3), given_model(pruned, 3))
    assert len(taken(dense, dense)) == 2
    assert len(taken(dense.replace("single@", "build@"), pruned.replace("single@", "build@"))) == 2


def test_a_network_pruned_in_place_is_no_other(here):
    model = network()
    with pytest.raises(InputError, match="original and model: one and the same network; prune a copy"):
        taken(model, model)
    with pytest.raises(InputError, match="one and the same network"):
        taken(network(), model, nn.DataParallel(model))
    with pytest.raises(InputError, match="one and the same network"):
        taken(model, nn.Sequential(*model))
    assert len(taken(network(), copy.deepcopy(model), model)) == 3


def test_images_are_as_large_as_the_first_network_of_a_library_takes_them():
    own, resnet = network(), torchvision.models.resnet18(num_classes=3)
    assert usual_side([own, own], {}) is None
    assert usual_side([own, resnet], {}) == 224
    assert usual_side([Given("net", own, side=96), resnet], {}) == 96
    assert usual_side(["hf:net", resnet], {"hf:net": Given("hf:net", own, side=160)}) == 160


def test_what_is_compiled_runs_as_it_is_written_while_it_is_looked_at():
    seen = []
    model = network()
    model[0] = torch.compile(model[0], backend="eager")
    model.compile(backend="eager")
    images = torch.rand(2, 3, 8, 8)
    model(images)
    hook = model[0]._orig_mod.register_forward_hook(lambda *_: seen.append(1))
    with looked_at(model):
        model(images)
    hook.remove()
    assert seen == [1]


def test_a_layer_that_a_model_lacks_is_told_before_images_are_decoded(here):
    model = torchvision.models.shufflenet_v2_x0_5(num_classes=3)
    save_file({name: value.clone() for name, value in model.state_dict().items()}, "shuffle.safetensors")
    name = "torchvision:shufflenet_v2_x0_5@shuffle.safetensors"
    assert list(of_libraries([name], "conv5")) == [name]
    with pytest.raises(InputError, match=r"ShuffleNetV2 has no layer 'conv9'; near are .*conv5"):
        of_libraries([name], "conv9")


@pytest.mark.parametrize(
    ("name", "layer", "said"),
    [
        ("single_net:bild", None, "no function 'bild' in .*it has build"),
        ("single_net:MODEL", None, None),
        ("single_net:build@single_net.py", None, "single_net.py: neither safetensors nor a file that torch.save"),
        ("single_net:build@nowhere.pt", None, "nowhere.pt: cannot be read"),
        ("nowhere:build", None, "no module 'nowhere'"),
        ("torchvision:resnet18@single_net.py", None, "single_net.py: neither safetensors"),
        ("single_net:build@pruned.safetensors", "layer9", None),
        ("a thing", None, "not a form that is known"),
    ],
)
def test_a_name_is_checked_before_the_images_are_known(here, name, layer, said):
    if said is None:
        check_names([name], layer)
        return
    with pytest.raises(InputError, match=said):
        check_names(["single_net:build", name], layer)
