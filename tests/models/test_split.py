import pytest
import torch
from torch import nn
from torch.nn import functional

from sparsight.errors import InputError
from sparsight.models import (
    KNOWN_MODELS,
    ModelSettings,
    Split,
    build_model,
    evaluating,
    forward_embedding,
    forward_parts,
    linear_head,
    named_module,
    split,
)

IMAGES = torch.rand(2, 3, 40, 48, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["resnet8", "resnet20", "torchvision:resnet18", "torchvision:mobilenet_v2"])
def test_the_parts_are_those_of_the_plain_forward_pass(name):
    model = build_model(ModelSettings(name=name), 5, 0)
    with torch.no_grad(), evaluating(model):
        parts = forward_parts(model, split(model), IMAGES)
        assert torch.equal(parts.logits, model(IMAGES))
        assert torch.equal(linear_head(model, split(model))(parts.embedding), parts.logits)
    torch.testing.assert_close(parts.features.mean(dim=(2, 3)), parts.embedding)
    assert parts.logits.shape == (2, 5)
    assert linear_head(model, split(model)).out_features == 5


@pytest.mark.parametrize("name", KNOWN_MODELS)
def test_every_known_network_has_its_split(name):
    model = build_model(ModelSettings(name=name), 3, 0)
    known = split(model)
    assert isinstance(named_module(model, known.features), nn.Sequential)
    assert linear_head(model, known) is [m for m in model.modules() if isinstance(m, nn.Linear)][-1]


def test_an_unknown_network_says_what_to_give():
    with pytest.raises(InputError, match=r"Sequential.*Split\(features=\.\.\., head=\.\.\.\)"):
        split(nn.Sequential(nn.Linear(2, 2)))


def test_a_known_network_whose_head_was_replaced_is_refused():
    model = build_model(ModelSettings(), 3, 0)
    model.fc = nn.Identity()
    with pytest.raises(InputError, match=r"'fc' is Identity, not nn\.Linear"):
        split(model)


def test_an_unknown_layer_gives_its_neighbours():
    model = build_model(ModelSettings(), 3, 0)
    with pytest.raises(InputError, match=r"no layer 'layer4'; near are .*layer3"):
        named_module(model, "layer4")
    with pytest.raises(InputError, match=r"no layer 'zzzzzzzz'; near are conv1, bn1"):
        named_module(model, "zzzzzzzz")
    with pytest.raises(InputError, match="no layer ''"):
        named_module(model, "")


class Odd(nn.Module):
    """In-place ReLU behind the features, one layer used twice, one never."""

    def __init__(self, output=lambda logits: logits):
        super().__init__()
        self.output = output
        self.features = nn.Conv2d(3, 4, 3)
        self.twice = nn.Conv2d(4, 4, 1)
        self.never = nn.Conv2d(4, 4, 1)
        self.pair = nn.Identity()
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        x = self.features(x)
        functional.relu(x, inplace=True)
        x = self.twice(self.twice(x))
        x, _ = self.pair((x, x))
        return self.output(self.head(x.mean((2, 3))))


def test_what_follows_in_place_does_not_reach_the_features():
    model = Odd()
    with torch.no_grad():
        parts = forward_parts(model, Split("features", "head"), IMAGES)
        assert (parts.features < 0).any()
        assert torch.equal(parts.features, model.features(IMAGES))
        assert torch.equal(parts.logits, model(IMAGES))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("twice", "'twice' runs 2 times"),
        ("never", "'never' runs 0 times"),
        ("pair", r"'pair' gives tuple, not \(b, l, h, w\)"),
        ("head", r"'head' gives \(2, 2\), not \(b, l, h, w\)"),
    ],
)
def test_layers_that_cannot_be_features_are_refused_and_no_hook_stays(layer, message):
    model = Odd()
    with pytest.raises(InputError, match=message):
        forward_parts(model, Split(layer, "head"), IMAGES)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_a_head_that_is_not_linear_and_an_output_that_is_not_logits():
    with pytest.raises(InputError, match=r"'twice' is Conv2d, not nn\.Linear"):
        linear_head(Odd(), Split("features", "twice"))
    with pytest.raises(InputError, match=r"Odd gives dict, not \(b, k\)"):
        forward_parts(Odd(output=lambda logits: {"logits": logits}), Split("features", "head"), IMAGES)


def test_hooks_are_removed_when_the_pass_fails():
    model = Odd()
    with pytest.raises(RuntimeError):
        forward_parts(model, Split("features", "head"), torch.zeros(2, 5, 8, 8))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_forward_parts_does_not_change_the_mode():
    model = build_model(ModelSettings(), 3, 0)
    mean = model.bn1.running_mean.clone()
    forward_parts(model, split(model), IMAGES)
    assert model.training
    assert not torch.equal(model.bn1.running_mean, mean)  # training mode was in force


def test_evaluating_puts_each_flag_back_also_on_an_error():
    model = build_model(ModelSettings(), 3, 0)
    model.layer2.eval()
    model.layer3[0].bn1.eval()
    flags = [m.training for m in model.modules()]
    with evaluating(model):
        assert not any(m.training for m in model.modules())
    assert [m.training for m in model.modules()] == flags
    with pytest.raises(KeyError), evaluating(model):
        raise KeyError
    assert [m.training for m in model.modules()] == flags
    assert len(set(flags)) == 2


class Tokens(nn.Module):
    """A small transformer: a class token before four patches, which one layer lets the class token see."""

    def __init__(self, prefix=1):
        super().__init__()
        torch.manual_seed(0)
        self.patch = nn.Conv2d(3, 8, 20, stride=20)
        self.first = nn.Parameter(torch.randn(1, prefix, 8))
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.last = nn.LayerNorm(8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        tokens = torch.cat([self.first.expand(len(x), -1, -1), self.patch(x).flatten(2).transpose(1, 2)], dim=1)
        normed = self.norm(tokens)
        return self.head(self.last(tokens + self.attention(normed, normed, normed)[0])[:, 0])


def test_tokens_are_a_map_that_stands_in_the_graph():
    model, images = Tokens(), torch.rand(2, 3, 40, 40)
    parts = forward_parts(model, Split("norm", "head", tokens=1), images)
    torch.testing.assert_close(parts.logits, model(images))
    assert parts.features.shape == (2, 8, 2, 2)
    patches = model.norm(torch.cat([model.first.expand(2, -1, -1), model.patch(images).flatten(2).mT], 1))[:, 1:]
    torch.testing.assert_close(parts.features.flatten(2).mT, patches)
    (gradient,) = torch.autograd.grad(parts.logits[:, 0].sum(), parts.features)
    assert gradient.abs().sum() > 0


def test_the_embedding_is_had_without_a_feature_map():
    model = build_model(ModelSettings(), 3, 0).eval()
    cut = split(model)
    logits, embedding = forward_embedding(model, cut, IMAGES)
    parts = forward_parts(model, cut, IMAGES)
    assert torch.equal(logits, parts.logits)
    assert torch.equal(embedding, parts.embedding)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
