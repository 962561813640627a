"""Weights by torchvision's names, from a cache that the test fills; nothing is fetched."""

import os

import pytest
import torch

from sparsight.errors import InputError
from sparsight.models import ModelSettings, build_model, initial_weights, weights_notices

NAME = "torchvision:shufflenet_v2_x0_5"
FILE = "shufflenetv2_x0.5-f707e7126e.pth"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no way to the network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return tmp_path / "hub" / "checkpoints"


def test_default_becomes_the_name_that_it_stands_for():
    assert ModelSettings(name="torchvision:resnet50", pretrained="DEFAULT").pretrained == "IMAGENET1K_V2"
    assert ModelSettings(name="torchvision:resnet50", pretrained="IMAGENET1K_V1").pretrained == "IMAGENET1K_V1"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"name": "torchvision:resnet18", "pretrained": "IMAGENET1K_V9"}, "torchvision has IMAGENET1K_V1"),
        ({"name": "resnet8", "pretrained": "DEFAULT"}, "resnet8 is none; give model.weights"),
        ({"name": NAME, "pretrained": "DEFAULT", "weights": "w.pt"}, "model.weights is given, too"),
    ],
)
def test_names_that_are_none(settings, says):
    with pytest.raises(InputError, match=says):
        ModelSettings(**settings)


def test_weights_in_the_cache_are_taken(cache):
    settings = ModelSettings(name=NAME, pretrained="DEFAULT")
    cache.mkdir(parents=True)
    state = build_model(ModelSettings(name=NAME), 1000, 1).state_dict()
    torch.save(state, cache / FILE)
    assert initial_weights(settings) == cache / FILE
    from_file = settings.model_copy(update={"weights": initial_weights(settings)})
    loaded = build_model(from_file, 3, 0).state_dict()
    assert torch.equal(loaded["conv5.0.weight"], state["conv5.0.weight"])
    assert loaded["fc.weight"].shape == (3, 1024)
    (notice,) = weights_notices(from_file, 3, from_file.weights)
    assert notice.startswith("IMAGENET1K_V1 has 1000 classes, not 3: the head fc")


def test_weights_that_cannot_be_fetched_say_from_where_and_whereto(cache):
    with pytest.raises(InputError) as error:
        initial_weights(ModelSettings(name=NAME, pretrained="DEFAULT"))
    message = str(error.value)
    assert f"https://download.pytorch.org/models/{FILE} cannot be fetched" in message
    assert f"put it to {cache / FILE}, or set model.pretrained=null" in message
    assert "\n" not in message
    assert not (cache / FILE).exists()


def test_without_a_name_it_is_the_given_file_or_none(tmp_path):
    assert initial_weights(ModelSettings()) is None
    assert initial_weights(ModelSettings(weights=tmp_path / "w")) == tmp_path / "w"


def test_a_pipe_in_the_cache_is_not_waited_for(cache):
    cache.mkdir(parents=True)
    os.mkfifo(cache / FILE)
    with pytest.raises(InputError, match="not a file"):
        initial_weights(ModelSettings(name=NAME, pretrained="DEFAULT"))
